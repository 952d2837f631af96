// SPDX-License-Identifier: Apache-2.0

#ifndef RESBIN_POPCOUNT_KERNELS_H
#define RESBIN_POPCOUNT_KERNELS_H

#include <stddef.h>
#include <stdint.h>

/// Which instructions count.
enum resbin_instructions {
  /// The best that this processor has.
  resbin_best = 0,
  /// Plain code, on every processor.
  resbin_plain = 1,
  /// x86 POPCNT.
  resbin_popcnt = 2,
  /// x86 AVX2.
  resbin_avx2 = 3,
  /// x86 AVX-512 VPOPCNTDQ.
  resbin_avx512 = 4,
};

/// Whether this processor has the instructions.
int resbin_has(enum resbin_instructions instructions);

/// Counts, for each row of weights and each bit plane of a code, the positions that differ:
///
///     different[row * levels + level] = popcount((rows[row] ^ planes[level]) & masks[row])
///
/// `rows` and `masks` hold `row_count` rows of `words` words, `planes` `levels` planes of `words`
/// words. Without masks (null) every position counts. Instructions that the processor has not
/// are replaced by plain code.
void resbin_count_differences(enum resbin_instructions instructions, const uint64_t *rows,
                              const uint64_t *masks, size_t row_count, size_t words,
                              const uint64_t *planes, size_t levels, int32_t *different);

#endif
