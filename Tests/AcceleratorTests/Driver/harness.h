/* SPDX-License-Identifier: Apache-2.0
 *
 * An accelerator in simulation (Verilator), with what stands round it on a board: a bus master on its
 * AXI4-Lite port, and an AXI DMA in simple mode with a memory, behind width converters. One library
 * for two clients: test_driver.c links it, test_driver.py loads it.
 *
 * There is one accelerator a process. Time passes only inside these functions: each access of a
 * register takes the cycles that it takes.
 */
#ifndef HARNESS_H
#define HARNESS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HARNESS_MEMORY_BASE 0x10000000u
#define HARNESS_MEMORY_BYTES 0x00400000u

/* A new accelerator after its reset, and an empty memory. `seed` 0 has no pauses: the source always
 * offers and the sink always takes. */
void harness_open(uint32_t seed);

uint32_t harness_read(uint32_t offset);
void harness_write(uint32_t offset, uint32_t value);
uint32_t harness_dma_read(uint32_t offset);
void harness_dma_write(uint32_t offset, uint32_t value);

void harness_step(uint32_t cycles);
uint32_t harness_cycles(void);
int harness_interrupt(void);
uint8_t *harness_memory(void);

/* Beats that the source may still send and the sink may still take; negative: any number. */
void harness_limit_source(int64_t beats);
void harness_limit_sink(int64_t beats);

/* What broke a rule of AXI or of the DMA, the first one; NULL when nothing did. */
const char *harness_fault(void);

#ifdef __cplusplus
}
#endif

#endif
