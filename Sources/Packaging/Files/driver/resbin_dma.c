/* SPDX-License-Identifier: Apache-2.0
 *
 * See resbin_dma.h. Register names and behaviour: PG021.
 */
#include "resbin_dma.h"

static uint32_t get(const struct resbin_dma *dma, uint32_t offset) {
  return dma->bus.read(dma->bus.context, offset);
}

static void set(struct resbin_dma *dma, uint32_t offset, uint32_t value) {
  dma->bus.write(dma->bus.context, offset, value);
}

uint32_t resbin_dma_stride(const struct resbin_dma *dma, size_t bytes) {
  /* 0: the DMA was not opened. */
  size_t alignment = dma->alignment == 0 ? 1 : dma->alignment;
  return (uint32_t)((bytes + alignment - 1) / alignment * alignment);
}

/* A reset of either channel resets both, and everything in them. */
static int reset(struct resbin_dma *dma, uint32_t timeout) {
  struct resbin_timer timer;
  dma->is_sending = false;
  dma->is_receiving = false;
  set(dma, RESBIN_DMA_MM2S + RESBIN_DMA_CONTROL, RESBIN_DMA_CONTROL_RESET);
  resbin_timer_start(&timer, &dma->bus, timeout);
  for (;;) {
    bool over = resbin_timer_over(&timer, &dma->bus);
    uint32_t control = get(dma, RESBIN_DMA_MM2S + RESBIN_DMA_CONTROL) |
                       get(dma, RESBIN_DMA_S2MM + RESBIN_DMA_CONTROL);
    if ((control & RESBIN_DMA_CONTROL_RESET) == 0) break;
    if (over) return RESBIN_E_TIMEOUT;
  }
  set(dma, RESBIN_DMA_MM2S + RESBIN_DMA_CONTROL, RESBIN_DMA_CONTROL_RUN);
  set(dma, RESBIN_DMA_S2MM + RESBIN_DMA_CONTROL, RESBIN_DMA_CONTROL_RUN);
  resbin_timer_start(&timer, &dma->bus, timeout);
  for (;;) {
    bool over = resbin_timer_over(&timer, &dma->bus);
    uint32_t status = get(dma, RESBIN_DMA_MM2S + RESBIN_DMA_STATUS) |
                      get(dma, RESBIN_DMA_S2MM + RESBIN_DMA_STATUS);
    if ((status & RESBIN_DMA_STATUS_HALTED) == 0) return RESBIN_OK;
    if (over) return RESBIN_E_TIMEOUT;
  }
}

int resbin_dma_open(struct resbin_dma *dma, const struct resbin_bus *bus, uint32_t timeout) {
  if (dma == NULL || bus == NULL || bus->read == NULL || bus->write == NULL) {
    return RESBIN_E_ARGUMENT;
  }
  dma->bus = *bus;
  dma->alignment = RESBIN_DMA_ALIGNMENT;
  dma->longest = RESBIN_DMA_LONGEST;
  dma->is_wide = false;
  dma->error = 0;
  if ((get(dma, RESBIN_DMA_MM2S + RESBIN_DMA_STATUS) & RESBIN_DMA_STATUS_SCATTER) != 0) {
    return RESBIN_E_SCATTER;
  }
  return reset(dma, timeout);
}

/* ---- Transfers --------------------------------------------------------------------------- */

static int check(const struct resbin_dma *dma, uint64_t address, uint64_t last, size_t bytes) {
  if (bytes == 0 || last < address || (!dma->is_wide && (last + bytes - 1) >> 32 != 0)) {
    return RESBIN_E_ARGUMENT;
  }
  if (address % dma->alignment != 0 || last % dma->alignment != 0) return RESBIN_E_ALIGNMENT;
  return bytes > dma->longest ? RESBIN_E_TOO_LONG : RESBIN_OK;
}

static void start(struct resbin_dma *dma, uint32_t channel, uint64_t address, uint32_t bytes) {
  set(dma, channel + RESBIN_DMA_STATUS, RESBIN_DMA_STATUS_IOC_IRQ | RESBIN_DMA_STATUS_ERROR_IRQ);
  set(dma, channel + RESBIN_DMA_ADDRESS, (uint32_t)address);
  if (dma->is_wide) set(dma, channel + RESBIN_DMA_ADDRESS_MSB, (uint32_t)(address >> 32));
  set(dma, channel + RESBIN_DMA_LENGTH, bytes);
}

int resbin_dma_send(struct resbin_dma *dma, uint64_t address, uint32_t bytes) {
  int result = check(dma, address, address, bytes);
  if (result == RESBIN_OK && dma->is_sending) result = RESBIN_E_ARGUMENT;
  if (result != RESBIN_OK) return result;
  dma->is_sending = true;
  start(dma, RESBIN_DMA_MM2S, address, bytes);
  return RESBIN_OK;
}

int resbin_dma_receive(struct resbin_dma *dma, uint64_t address, uint32_t bytes) {
  int result = check(dma, address, address, bytes);
  if (result == RESBIN_OK && dma->is_receiving) result = RESBIN_E_ARGUMENT;
  if (result != RESBIN_OK) return result;
  dma->is_receiving = true;
  start(dma, RESBIN_DMA_S2MM, address, bytes);
  return RESBIN_OK;
}

/* The bit Idle is 0 before the first transfer, so that it says something only after a start. */
static bool is_done(struct resbin_dma *dma, uint32_t channel, int *result) {
  uint32_t status = get(dma, channel + RESBIN_DMA_STATUS);
  if ((status & RESBIN_DMA_STATUS_ERRORS) != 0) {
    dma->error = status;
    *result = RESBIN_E_DMA;
    return false;
  }
  *result = RESBIN_OK;
  return (status & RESBIN_DMA_STATUS_IDLE) != 0;
}

bool resbin_dma_is_sent(struct resbin_dma *dma, int *result) {
  *result = RESBIN_OK;
  if (dma->is_sending && is_done(dma, RESBIN_DMA_MM2S, result)) {
    dma->is_sending = false;
    return true;
  }
  return false;
}

bool resbin_dma_is_received(struct resbin_dma *dma, uint32_t *bytes, int *result) {
  *result = RESBIN_OK;
  if (dma->is_receiving && is_done(dma, RESBIN_DMA_S2MM, result)) {
    dma->is_receiving = false;
    /* After a transfer this register holds what came, up to TLAST. */
    *bytes = get(dma, RESBIN_DMA_S2MM + RESBIN_DMA_LENGTH);
    return true;
  }
  return false;
}

static int check_batch(const struct resbin_dma *dma, const struct resbin_design *design,
                       const struct resbin_batch *batch) {
  uint64_t steps = batch->count - 1u;
  int result = check(dma, batch->images, batch->images + steps * batch->image_stride,
                     resbin_image_bytes(design));
  if (result != RESBIN_OK) return result;
  result = check(dma, batch->results, batch->results + steps * batch->result_stride,
                 resbin_result_bytes(design));
  if (result != RESBIN_OK) return result;
  if (batch->count == 1) return RESBIN_OK;
  if (batch->image_stride < resbin_image_bytes(design) ||
      batch->result_stride < resbin_result_bytes(design)) {
    return RESBIN_E_ARGUMENT;
  }
  return batch->image_stride % dma->alignment == 0 && batch->result_stride % dma->alignment == 0
             ? RESBIN_OK
             : RESBIN_E_ALIGNMENT;
}

int resbin_dma_run(struct resbin_dma *dma, const struct resbin *device,
                   const struct resbin_batch *batch, uint32_t timeout) {
  struct resbin_timer timer;
  uint32_t sent = 0, received = 0, image_bytes, result_bytes;
  int result;
  if (dma == NULL || device == NULL || batch == NULL || dma->is_sending || dma->is_receiving) {
    return RESBIN_E_ARGUMENT;
  }
  if (batch->count == 0) return RESBIN_OK;
  result = check_batch(dma, device->design, batch);
  if (result != RESBIN_OK) return result;
  image_bytes = (uint32_t)resbin_image_bytes(device->design);
  result_bytes = (uint32_t)resbin_result_bytes(device->design);

  resbin_timer_start(&timer, &dma->bus, timeout);
  /* A result may leave before the last rows of its image came, where no pixel of it needs them. */
  while (received < batch->count || sent < batch->count) {
    uint32_t bytes = 0;
    bool over = resbin_timer_over(&timer, &dma->bus), moved = false;
    /* The buffer for a result is there before its image is sent. */
    if (!dma->is_receiving && received < batch->count) {
      result = resbin_dma_receive(
          dma, batch->results + (uint64_t)received * batch->result_stride, result_bytes);
      if (result != RESBIN_OK) return result;
    }
    if (!dma->is_sending && sent < batch->count) {
      result = resbin_dma_send(dma, batch->images + (uint64_t)sent * batch->image_stride,
                               image_bytes);
      if (result != RESBIN_OK) return result;
    }
    if (resbin_dma_is_sent(dma, &result)) {
      sent++;
      moved = true;
    }
    if (result != RESBIN_OK) return result;
    if (resbin_dma_is_received(dma, &bytes, &result)) {
      received++;
      moved = true;
      if (bytes != result_bytes) return RESBIN_E_LENGTH;
    }
    if (result != RESBIN_OK) return result;
    if (moved) {
      resbin_timer_start(&timer, &dma->bus, timeout);
    } else if (over) {
      return RESBIN_E_TIMEOUT;
    }
  }
  return RESBIN_OK;
}

int resbin_dma_abort(struct resbin_dma *dma, struct resbin *device, uint64_t scratch,
                     uint32_t timeout) {
  struct resbin_timer timer;
  uint32_t bytes;
  uint32_t result_bytes = (uint32_t)resbin_result_bytes(device->design);
  int result = check(dma, scratch, scratch, result_bytes), ignored = RESBIN_OK;
  bool is_clean = false;
  if (result != RESBIN_OK) return result;

  /* Not waiting: the reset ends only when the begun result has been taken, perhaps below. */
  (void)resbin_reset(device, RESBIN_RESET_DROP, 0);
  resbin_timer_start(&timer, &dma->bus, timeout);
  while (!is_clean) {
    bool over = resbin_timer_over(&timer, &dma->bus);
    bool is_resetting = (device->bus.read(device->bus.context, RESBIN_CONTROL) &
                         RESBIN_CONTROL_RESET) != 0;
    (void)resbin_dma_is_sent(dma, &ignored);
    if (ignored == RESBIN_OK) (void)resbin_dma_is_received(dma, &bytes, &ignored);
    if (ignored != RESBIN_OK || over) break;
    is_clean = !is_resetting && !dma->is_sending && !resbin_is_dropping(device);
    if (is_resetting && !dma->is_receiving) {
      result = resbin_dma_receive(dma, scratch, result_bytes);
      if (result != RESBIN_OK) return result;
    }
  }
  if (is_clean) return reset(dma, timeout);

  /* The DMA stopped within an image, or nobody sends the rest of it. A result that has begun to
   * leave still has to be taken, by the DMA as it is after its reset. */
  result = reset(dma, timeout);
  if (result != RESBIN_OK) return result;
  result = resbin_dma_receive(dma, scratch, result_bytes);
  if (result != RESBIN_OK) return result;
  result = resbin_reset(device, RESBIN_RESET_ABANDON, timeout);
  if (result != RESBIN_OK) return result;
  return reset(dma, timeout);
}
