// SPDX-License-Identifier: Apache-2.0

#ifndef RESBIN_POPCOUNT_KERNELS_H
#define RESBIN_POPCOUNT_KERNELS_H

#include <stddef.h>
#include <stdint.h>

/// Which instructions compute.
enum resbin_instructions {
  /// The best that this processor has.
  resbin_best = 0,
  /// Plain code, on every processor.
  resbin_plain = 1,
  /// x86 POPCNT.
  resbin_popcnt = 2,
  /// x86 AVX2.
  resbin_avx2 = 3,
  /// x86 AVX-512 with VPOPCNTDQ.
  resbin_avx512 = 4,
  /// Arm NEON.
  resbin_neon = 5,
};

/// Whether this processor has the instructions.
int resbin_has(enum resbin_instructions instructions);

/// `instructions` where the processor has them, plain code where it has not; the best by name.
enum resbin_instructions resbin_available(enum resbin_instructions instructions);

/// Rows are kept in blocks of so many, a word of each row beside the other: the words of a block
/// lie in the lanes of a vector, and sums never cross lanes.
enum { resbin_block = 8 };

/// Binary weights of a layer.
struct resbin_weights {
  /// [plane of weights][block][word][row of the block].
  const uint64_t *rows;
  /// Which weights count, in the same order, or null when all do.
  const uint64_t *masks;
  /// Blocks of rows, and words of a row.
  size_t blocks, words;
  /// Planes of weights, and of codes.
  size_t planes, levels;
  /// [plane of weights][level]: what a pair of planes is worth, below 2^31.
  const int64_t *scales;
};

/// The sums of a layer at each of `positions` windows:
///
///     sums[p][o] = bases[p][o] − 2 · Σ_k Σ_l scales[k][l] · popcount((rows[k][o] ^ codes[p][l]) & masks[k][o])
///
/// `codes` holds [position][level][word]; sums and bases have blocks · 8 values a position.
void resbin_sum_bits(enum resbin_instructions instructions, const struct resbin_weights *weights,
                     const uint64_t *codes, size_t positions, const int64_t *const *bases,
                     int64_t *sums);

/// Small integer weights of a layer for inputs of a byte.
struct resbin_byte_weights {
  /// [block][group of four inputs][row of the block][input of the group], each at most 64 in size.
  const int8_t *rows;
  /// Blocks of rows, and groups of four inputs.
  size_t blocks, groups;
  /// How many groups are summed up in 16 bits.
  size_t run;
};

/// The sums of a layer for inputs of a byte at each of `positions` windows:
///
///     sums[p][o] = bases[p][o] + 2 · Σ_i rows[o][i] · values[p][i]
///
/// `values` holds 4 · groups bytes a position.
void resbin_sum_bytes(enum resbin_instructions instructions,
                      const struct resbin_byte_weights *weights, const uint8_t *values,
                      size_t positions, const int64_t *const *bases, int64_t *sums);

/// Thresholds of a residual code.
struct resbin_thresholds {
  /// [node of the tree][channel], the channels filled up to a whole block with the largest integer.
  const int64_t *values;
  /// A bit for each channel whose code falls as the sum rises.
  const uint64_t *falling;
  /// Blocks of channels, and levels of the code.
  size_t blocks, levels;
};

/// The codes of a pixel's sums, as planes of ⌈blocks / 8⌉ words: bits are sum ≥ threshold.
void resbin_encode(enum resbin_instructions instructions,
                   const struct resbin_thresholds *thresholds, const int64_t *sums,
                   uint64_t *codes);

/// Bytes as planes of `words` words, the bit of value 2^(levels − 1) first.
void resbin_pack(enum resbin_instructions instructions, const uint8_t *bytes, size_t count,
                 size_t levels, uint64_t *planes, size_t words);

/// Copies bits. The word that holds bit `at` keeps the bits below it; bits above the last one
/// become 0 in the last word that is written.
static inline void resbin_copy_bits(uint64_t *to, size_t at, const uint64_t *from, size_t first,
                                    size_t count) {
  to += at / 64;
  from += first / 64;
  at %= 64;
  first %= 64;
  if (!(at | first)) {
    for (; count >= 64; count -= 64)
      *to++ = *from++;
    if (count)
      *to = *from & (((uint64_t)1 << count) - 1);
    return;
  }
  while (count) {
    size_t length = count < 64 - at ? count : 64 - at;
    uint64_t bits = *from >> first;
    if (first + length > 64)
      bits |= from[1] << (64 - first);
    if (length < 64)
      bits &= ((uint64_t)1 << length) - 1;
    *to = (at ? *to & (((uint64_t)1 << at) - 1) : 0) | bits << at;
    to++;
    at = 0;
    first += length;
    from += first / 64;
    first %= 64;
    count -= length;
  }
}

#endif
