/* SPDX-License-Identifier: Apache-2.0
 *
 * Moves images to an accelerator and results back through a Xilinx AXI DMA (v7.1) in simple mode
 * ("direct register mode", c_include_sg 0), MM2S for images and S2MM for results.
 *
 * Source of the registers and of their behaviour: PG021, AXI DMA LogiCORE IP Product Guide.
 *
 * One transfer is one image. Results are taken while images are sent, so that the accelerator is
 * kept full; but each transfer costs some register accesses, and a network that is faster than
 * the processor's register bus waits for them.
 *
 * Addresses are those that the DMA sees, not pointers. Caches are the caller's: clean the images
 * before `resbin_dma_run`, invalidate the results before it and after it, or use memory that is
 * not cached.
 */
#ifndef RESBIN_DMA_H
#define RESBIN_DMA_H

#include "resbin.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Offsets in bytes (PG021, table "Direct Register Mode Register Address Map"). */
#define RESBIN_DMA_MM2S 0x00u /* a channel's registers begin here */
#define RESBIN_DMA_S2MM 0x30u
#define RESBIN_DMA_CONTROL 0x00u     /* DMACR */
#define RESBIN_DMA_STATUS 0x04u      /* DMASR */
#define RESBIN_DMA_ADDRESS 0x18u     /* SA or DA, bits 31:0 */
#define RESBIN_DMA_ADDRESS_MSB 0x1Cu /* bits 63:32 */
#define RESBIN_DMA_LENGTH 0x28u      /* bytes; writing it starts a transfer */

#define RESBIN_DMA_CONTROL_RUN 0x00000001u       /* RS */
#define RESBIN_DMA_CONTROL_RESET 0x00000004u     /* resets both channels; reads 1 until done */
#define RESBIN_DMA_CONTROL_IOC_IRQ 0x00001000u   /* interrupt when a transfer is complete */
#define RESBIN_DMA_CONTROL_ERROR_IRQ 0x00004000u /* and when one fails */

#define RESBIN_DMA_STATUS_HALTED 0x00000001u
#define RESBIN_DMA_STATUS_IDLE 0x00000002u     /* 0 also before the first transfer */
#define RESBIN_DMA_STATUS_SCATTER 0x00000008u  /* SGIncld */
#define RESBIN_DMA_STATUS_INTERNAL 0x00000010u /* DMAIntErr: a packet did not fit its buffer */
#define RESBIN_DMA_STATUS_SLAVE 0x00000020u    /* DMASlvErr: the memory answered SLVERR */
#define RESBIN_DMA_STATUS_DECODE 0x00000040u   /* DMADecErr: there is no memory at the address */
#define RESBIN_DMA_STATUS_ERRORS 0x00000070u
#define RESBIN_DMA_STATUS_IOC_IRQ 0x00001000u   /* write 1 to clear */
#define RESBIN_DMA_STATUS_ERROR_IRQ 0x00004000u /* write 1 to clear */

/* Buffers and strides are multiples of this, unless `alignment` says otherwise: the widest data
 * path that the DMA can have, which holds whole cache lines too. */
#define RESBIN_DMA_ALIGNMENT 128u
/* What the block design of the design folder builds: c_sg_length_width 26. */
#define RESBIN_DMA_LONGEST 0x03FFFFFFu

struct resbin_dma {
  struct resbin_bus bus;
  uint32_t alignment; /* bytes, a power of two; the DMA's memory-map data width is enough */
  uint32_t longest;   /* bytes of a transfer: 2^c_sg_length_width - 1 */
  bool is_wide;       /* built with addresses of more than 32 bits */
  bool is_sending, is_receiving;
  uint32_t error; /* the channel's status register at the last RESBIN_E_DMA */
};

/* Where N images and N results are; strides in bytes. */
struct resbin_batch {
  uint64_t images;
  uint32_t image_stride;
  uint64_t results;
  uint32_t result_stride;
  uint32_t count;
};

/* Bytes rounded up to the alignment: the least stride. */
uint32_t resbin_dma_stride(const struct resbin_dma *dma, size_t bytes);

/* Resets the DMA, checks that it is one in simple mode, and starts both channels. Alignment,
 * longest and is_wide get the values above and may be changed afterwards.
 * RESBIN_E_TIMEOUT, _SCATTER. */
int resbin_dma_open(struct resbin_dma *dma, const struct resbin_bus *bus, uint32_t timeout);

/* Sends a batch and waits until its last result is in memory. The timeout begins anew with each
 * image that was sent and each result that came. RESBIN_E_ARGUMENT, _ALIGNMENT, _TOO_LONG: nothing
 * was started. RESBIN_E_TIMEOUT, _DMA, _LENGTH: images are in flight, call `resbin_dma_abort`. */
int resbin_dma_run(struct resbin_dma *dma, const struct resbin *device,
                   const struct resbin_batch *batch, uint32_t timeout);

/* Ends whatever is going on: the accelerator drops its images while the DMA still delivers what
 * it had begun and takes the result that had begun to leave (into `scratch`, room for one
 * result); then the DMA is reset. When that does not end in time the rest is abandoned. After
 * RESBIN_OK both are as new; ENABLE stays as it was. */
int resbin_dma_abort(struct resbin_dma *dma, struct resbin *device, uint64_t scratch,
                     uint32_t timeout);

/* One transfer at a time, for programs with a loop of their own. `is_done` says whether the
 * channel's transfer is complete, or RESBIN_E_DMA in `*result`. */
int resbin_dma_send(struct resbin_dma *dma, uint64_t address, uint32_t bytes);
int resbin_dma_receive(struct resbin_dma *dma, uint64_t address, uint32_t bytes);
bool resbin_dma_is_sent(struct resbin_dma *dma, int *result);
bool resbin_dma_is_received(struct resbin_dma *dma, uint32_t *bytes, int *result);

#ifdef __cplusplus
}
#endif

#endif
