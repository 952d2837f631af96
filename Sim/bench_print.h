// SPDX-License-Identifier: Apache-2.0
//
// Where the text of $display, $error and Verilator itself goes. Included before Verilator's own
// files, which are compiled with VL_PRINTF=bench_printf.

#ifndef RESBIN_BENCH_PRINT_H_
#define RESBIN_BENCH_PRINT_H_

#ifdef __cplusplus
extern "C" {
#endif
int bench_printf(const char* format, ...) __attribute__((format(printf, 1, 2)));
#ifdef __cplusplus
}
#endif

#endif  // RESBIN_BENCH_PRINT_H_
