/* SPDX-License-Identifier: Apache-2.0
 *
 * Registers and interrupt of an accelerator through Linux UIO (driver uio_pdrv_genirq).
 *
 *   struct resbin_uio uio;
 *   resbin_uio_open(&uio, "/dev/uio0", RESBIN_REGISTER_BYTES);
 *   struct resbin_bus bus = resbin_uio_bus(&uio);
 *   resbin_open(&device, &bus, &mnist_256x3_m2_design);
 *
 * Timeouts on this bus are in microseconds. The same functions serve an AXI DMA that is a UIO
 * device (RESBIN_UIO_DMA_BYTES).
 */
#ifndef RESBIN_UIO_H
#define RESBIN_UIO_H

#include "resbin.h"

#ifdef __cplusplus
extern "C" {
#endif

#define RESBIN_UIO_DMA_BYTES 0x1000u

struct resbin_uio {
  int file;
  void *base;
  size_t bytes;
};

/* RESBIN_E_SYSTEM: errno says why. Closes what it opened when it fails. */
int resbin_uio_open(struct resbin_uio *uio, const char *path, size_t bytes);
int resbin_uio_close(struct resbin_uio *uio);
struct resbin_bus resbin_uio_bus(const struct resbin_uio *uio);

/* Waits for the accelerator's interrupt, at most `milliseconds` (negative: for ever), and
 * acknowledges what is pending; `*interrupts` are those bits of IRQ_STATUS, at least one of them
 * enabled. Enable them before with `resbin_enable_interrupts`. RESBIN_E_TIMEOUT, _SYSTEM. */
int resbin_uio_wait(struct resbin_uio *uio, struct resbin *device, int milliseconds,
                    uint32_t *interrupts);

#ifdef __cplusplus
}
#endif

#endif
