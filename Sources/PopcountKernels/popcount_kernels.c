// SPDX-License-Identifier: Apache-2.0

#include "popcount_kernels.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

// Loops that are written once and compiled for several instruction sets.
#define INLINE static inline __attribute__((always_inline))

// MARK: Plain

INLINE void sum_bits(const struct resbin_weights *weights, const uint64_t *codes,
                     size_t positions, const int64_t *const *bases, int64_t *sums) {
  size_t words = weights->words, blocks = weights->blocks, levels = weights->levels;
  for (size_t block = 0; block < blocks; block++)
    for (size_t position = 0; position < positions; position++) {
      int64_t different[resbin_block] = {0};
      for (size_t plane = 0; plane < weights->planes; plane++)
        for (size_t level = 0; level < levels; level++) {
          size_t first = (plane * blocks + block) * words * resbin_block;
          const uint64_t *row = weights->rows + first;
          const uint64_t *mask = weights->masks ? weights->masks + first : 0;
          const uint64_t *code = codes + (position * levels + level) * words;
          int64_t count[resbin_block] = {0};
          for (size_t word = 0; word < words; word++)
            for (size_t lane = 0; lane < resbin_block; lane++) {
              uint64_t differs = row[word * resbin_block + lane] ^ code[word];
              if (mask)
                differs &= mask[word * resbin_block + lane];
              count[lane] += __builtin_popcountll(differs);
            }
          for (size_t lane = 0; lane < resbin_block; lane++)
            different[lane] += weights->scales[plane * levels + level] * count[lane];
        }
      size_t first = block * resbin_block;
      int64_t *sum = sums + position * blocks * resbin_block + first;
      for (size_t lane = 0; lane < resbin_block; lane++)
        sum[lane] = bases[position][first + lane] - 2 * different[lane];
    }
}

static void sum_bits_plain(const struct resbin_weights *weights, const uint64_t *codes,
                           size_t positions, const int64_t *const *bases, int64_t *sums) {
  sum_bits(weights, codes, positions, bases, sums);
}

static void sum_bytes_plain(const struct resbin_byte_weights *weights, const uint8_t *values,
                            size_t positions, const int64_t *const *bases, int64_t *sums) {
  size_t groups = weights->groups, blocks = weights->blocks;
  for (size_t block = 0; block < blocks; block++)
    for (size_t position = 0; position < positions; position++) {
      const int8_t *row = weights->rows + block * groups * 4 * resbin_block;
      const uint8_t *value = values + position * groups * 4;
      int32_t total[resbin_block] = {0};
      for (size_t group = 0; group < groups; group++, row += 4 * resbin_block, value += 4)
        for (size_t lane = 0; lane < resbin_block; lane++)
          for (size_t input = 0; input < 4; input++)
            total[lane] += row[lane * 4 + input] * value[input];
      size_t first = block * resbin_block;
      int64_t *sum = sums + position * blocks * resbin_block + first;
      for (size_t lane = 0; lane < resbin_block; lane++)
        sum[lane] = bases[position][first + lane] + 2 * (int64_t)total[lane];
    }
}

/// A bit for each of eight sums that reaches its threshold.
INLINE uint64_t reached_plain(const int64_t *sums, const int64_t *thresholds) {
  uint64_t bits = 0;
  for (size_t lane = 0; lane < resbin_block; lane++)
    bits |= (uint64_t)(sums[lane] >= thresholds[lane]) << lane;
  return bits;
}

/// The bits of one value of 32 bytes.
INLINE uint64_t pack_plain(const uint8_t *bytes, size_t bit) {
  uint64_t bits = 0;
  for (size_t part = 0; part < 4; part++) {
    uint64_t eight;
    memcpy(&eight, bytes + 8 * part, 8);
    // Bit 0 of byte i goes to bit 56 + i.
    eight = (eight >> bit & 0x0101010101010101u) * 0x0102040810204080u >> 56;
    bits |= eight << 8 * part;
  }
  return bits;
}

// The bodies of what is left differ in one step only.

#define ENCODE(NAME, TARGET, REACHED)                                                              \
  TARGET static void NAME(const struct resbin_thresholds *tree, const int64_t *sums,               \
                          uint64_t *codes) {                                                       \
    size_t words = (tree->blocks + 7) / 8;                                                         \
    size_t stride = tree->blocks * resbin_block;                                                   \
    for (size_t word = 0; word < words; word++) {                                                  \
      uint64_t prefix[8];                                                                          \
      size_t blocks = tree->blocks - 8 * word < 8 ? tree->blocks - 8 * word : 8;                   \
      for (size_t level = 0; level < tree->levels; level++) {                                      \
        /* The answers of all nodes of a level; the bits before choose one, the first first. */    \
        uint64_t answers[128];                                                                     \
        for (size_t node = 0; node < (size_t)1 << level; node++) {                                 \
          const int64_t *values =                                                                  \
              tree->values + (((size_t)1 << level) - 1 + node) * stride + word * 64;               \
          uint64_t bits = 0;                                                                       \
          for (size_t block = 0; block < blocks; block++)                                          \
            bits |= REACHED(sums + word * 64 + block * resbin_block,                               \
                            values + block * resbin_block)                                         \
                    << 8 * block;                                                                  \
          answers[node] = bits ^ tree->falling[word];                                              \
        }                                                                                          \
        for (size_t bit = 0; bit < level; bit++) {                                                 \
          size_t half = (size_t)1 << (level - 1 - bit);                                            \
          for (size_t node = 0; node < half; node++)                                               \
            answers[node] ^= (answers[node] ^ answers[node + half]) & prefix[bit];                 \
        }                                                                                          \
        prefix[level] = answers[0];                                                                \
        codes[level * words + word] = answers[0];                                                  \
      }                                                                                            \
    }                                                                                              \
  }

#define PACK(NAME, TARGET, PACK32)                                                                 \
  TARGET static void NAME(const uint8_t *bytes, size_t count, size_t levels, uint64_t *planes,     \
                          size_t words) {                                                          \
    uint8_t rest[64] = {0};                                                                        \
    for (size_t word = 0; word < words; word++) {                                                  \
      const uint8_t *next = bytes + word * 64;                                                     \
      if (count < word * 64 + 64) {                                                                \
        if (count > word * 64)                                                                     \
          memcpy(rest, next, count - word * 64);                                                   \
        next = rest;                                                                               \
      }                                                                                            \
      for (size_t level = 0; level < levels; level++) {                                            \
        size_t bit = levels - 1 - level;                                                           \
        planes[level * words + word] = PACK32(next, bit) | PACK32(next + 32, bit) << 32;           \
      }                                                                                            \
    }                                                                                              \
  }

ENCODE(encode_plain, , reached_plain)
PACK(pack_bytes_plain, , pack_plain)

#if defined(__x86_64__)

// MARK: POPCNT

__attribute__((target("popcnt"))) static void
sum_bits_popcnt(const struct resbin_weights *weights, const uint64_t *codes, size_t positions,
                const int64_t *const *bases, int64_t *sums) {
  sum_bits(weights, codes, positions, bases, sums);
}

// MARK: AVX2

#define AVX2 __attribute__((target("avx2,popcnt")))

/// The ones of each byte, by a table of the ones of four bits.
AVX2 INLINE __m256i ones_of_bytes(__m256i bits) {
  const __m256i table = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1,
                                         2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
  const __m256i four = _mm256_set1_epi8(15);
  return _mm256_add_epi8(
      _mm256_shuffle_epi8(table, _mm256_and_si256(bits, four)),
      _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi16(bits, 4), four)));
}

AVX2 INLINE __m256i load(const void *values) {
  return _mm256_loadu_si256((const __m256i *)values);
}

AVX2 INLINE void sum_bits_256(const struct resbin_weights *weights, const uint64_t *codes,
                              size_t positions, const int64_t *const *bases, int64_t *sums,
                              int is_masked) {
  const __m256i zero = _mm256_setzero_si256();
  size_t words = weights->words, blocks = weights->blocks, levels = weights->levels;
  for (size_t block = 0; block < blocks; block++)
    for (size_t position = 0; position < positions; position++) {
      __m256i low = zero, high = zero;
      for (size_t plane = 0; plane < weights->planes; plane++)
        for (size_t level = 0; level < levels; level++) {
          size_t first = (plane * blocks + block) * words * resbin_block;
          const uint64_t *code = codes + (position * levels + level) * words;
          __m256i scale = _mm256_set1_epi64x(weights->scales[plane * levels + level]);
          for (size_t word = 0; word < words;) {
            // A byte holds the ones of 31 bytes.
            size_t end = word + 31 < words ? word + 31 : words;
            __m256i low_bytes = zero, high_bytes = zero;
            for (; word < end; word++) {
              const uint64_t *row = weights->rows + first + word * resbin_block;
              __m256i bits = _mm256_set1_epi64x((int64_t)code[word]);
              __m256i a = _mm256_xor_si256(load(row), bits);
              __m256i b = _mm256_xor_si256(load(row + 4), bits);
              if (is_masked) {
                const uint64_t *mask = weights->masks + first + word * resbin_block;
                a = _mm256_and_si256(a, load(mask));
                b = _mm256_and_si256(b, load(mask + 4));
              }
              low_bytes = _mm256_add_epi8(low_bytes, ones_of_bytes(a));
              high_bytes = _mm256_add_epi8(high_bytes, ones_of_bytes(b));
            }
            low = _mm256_add_epi64(low, _mm256_mul_epu32(_mm256_sad_epu8(low_bytes, zero), scale));
            high =
                _mm256_add_epi64(high, _mm256_mul_epu32(_mm256_sad_epu8(high_bytes, zero), scale));
          }
        }
      const int64_t *base = bases[position] + block * resbin_block;
      int64_t *sum = sums + (position * blocks + block) * resbin_block;
      _mm256_storeu_si256((__m256i *)sum,
                          _mm256_sub_epi64(load(base), _mm256_slli_epi64(low, 1)));
      _mm256_storeu_si256((__m256i *)(sum + 4),
                          _mm256_sub_epi64(load(base + 4), _mm256_slli_epi64(high, 1)));
    }
}

AVX2 static void sum_bits_avx2(const struct resbin_weights *weights, const uint64_t *codes,
                               size_t positions, const int64_t *const *bases, int64_t *sums) {
  if (weights->masks)
    sum_bits_256(weights, codes, positions, bases, sums, 1);
  else
    sum_bits_256(weights, codes, positions, bases, sums, 0);
}

AVX2 static void sum_bytes_avx2(const struct resbin_byte_weights *weights, const uint8_t *values,
                                size_t positions, const int64_t *const *bases, int64_t *sums) {
  const __m256i zero = _mm256_setzero_si256();
  size_t groups = weights->groups, blocks = weights->blocks;
  for (size_t block = 0; block < blocks; block++)
    for (size_t position = 0; position < positions; position++) {
      const int8_t *row = weights->rows + block * groups * 4 * resbin_block;
      const uint8_t *value = values + position * groups * 4;
      __m256i total = zero;
      for (size_t group = 0; group < groups;) {
        size_t end = group + weights->run < groups ? group + weights->run : groups;
        __m256i pairs = zero;
        for (; group < end; group++) {
          int32_t four;
          memcpy(&four, value + 4 * group, 4);
          pairs = _mm256_add_epi16(
              pairs,
              _mm256_maddubs_epi16(_mm256_set1_epi32(four), load(row + group * 4 * resbin_block)));
        }
        total = _mm256_add_epi32(total, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
      }
      const int64_t *base = bases[position] + block * resbin_block;
      int64_t *sum = sums + (position * blocks + block) * resbin_block;
      __m256i low = _mm256_cvtepi32_epi64(_mm256_castsi256_si128(total));
      __m256i high = _mm256_cvtepi32_epi64(_mm256_extracti128_si256(total, 1));
      _mm256_storeu_si256((__m256i *)sum,
                          _mm256_add_epi64(load(base), _mm256_slli_epi64(low, 1)));
      _mm256_storeu_si256((__m256i *)(sum + 4),
                          _mm256_add_epi64(load(base + 4), _mm256_slli_epi64(high, 1)));
    }
}

AVX2 INLINE uint64_t reached_avx2(const int64_t *sums, const int64_t *thresholds) {
  int low = _mm256_movemask_pd(
      _mm256_castsi256_pd(_mm256_cmpgt_epi64(load(thresholds), load(sums))));
  int high = _mm256_movemask_pd(
      _mm256_castsi256_pd(_mm256_cmpgt_epi64(load(thresholds + 4), load(sums + 4))));
  return 255 ^ (uint64_t)(low | high << 4);
}

AVX2 INLINE uint64_t pack_avx2(const uint8_t *bytes, size_t bit) {
  return (uint32_t)_mm256_movemask_epi8(_mm256_slli_epi16(load(bytes), 7 - (int)bit));
}

ENCODE(encode_avx2, AVX2, reached_avx2)
PACK(pack_bytes_avx2, AVX2, pack_avx2)

// MARK: AVX-512

#define AVX512 __attribute__((target("avx512f,avx512vl,avx512vpopcntdq,avx2,popcnt")))

AVX512 INLINE void sum_bits_512(const struct resbin_weights *weights, const uint64_t *codes,
                                size_t positions, const int64_t *const *bases, int64_t *sums,
                                int is_masked) {
  size_t words = weights->words, blocks = weights->blocks, levels = weights->levels;
  for (size_t block = 0; block < blocks; block++)
    for (size_t position = 0; position < positions; position++) {
      __m512i different = _mm512_setzero_si512();
      for (size_t plane = 0; plane < weights->planes; plane++)
        for (size_t level = 0; level < levels; level++) {
          size_t first = (plane * blocks + block) * words * resbin_block;
          const uint64_t *code = codes + (position * levels + level) * words;
          __m512i count = _mm512_setzero_si512();
          for (size_t word = 0; word < words; word++) {
            __m512i bits = _mm512_xor_si512(
                _mm512_loadu_si512(weights->rows + first + word * resbin_block),
                _mm512_set1_epi64((int64_t)code[word]));
            if (is_masked)
              bits = _mm512_and_si512(
                  bits, _mm512_loadu_si512(weights->masks + first + word * resbin_block));
            count = _mm512_add_epi64(count, _mm512_popcnt_epi64(bits));
          }
          different = _mm512_add_epi64(
              different, _mm512_mul_epu32(count, _mm512_set1_epi64(
                                                     weights->scales[plane * levels + level])));
        }
      __m512i base = _mm512_loadu_si512(bases[position] + block * resbin_block);
      _mm512_storeu_si512(sums + (position * blocks + block) * resbin_block,
                          _mm512_sub_epi64(base, _mm512_slli_epi64(different, 1)));
    }
}

AVX512 static void sum_bits_avx512(const struct resbin_weights *weights, const uint64_t *codes,
                                   size_t positions, const int64_t *const *bases, int64_t *sums) {
  if (weights->masks)
    sum_bits_512(weights, codes, positions, bases, sums, 1);
  else
    sum_bits_512(weights, codes, positions, bases, sums, 0);
}

AVX512 INLINE uint64_t reached_avx512(const int64_t *sums, const int64_t *thresholds) {
  return _mm512_cmpge_epi64_mask(_mm512_loadu_si512(sums), _mm512_loadu_si512(thresholds));
}

ENCODE(encode_avx512, AVX512, reached_avx512)

#elif defined(__aarch64__)

// MARK: NEON

/// The sums of two rows beside each other.
static void sum_bits_neon(const struct resbin_weights *weights, const uint64_t *codes,
                          size_t positions, const int64_t *const *bases, int64_t *sums) {
  size_t words = weights->words, blocks = weights->blocks, levels = weights->levels;
  for (size_t block = 0; block < blocks; block++)
    for (size_t position = 0; position < positions; position++) {
      uint64x2_t different[4];
      for (size_t pair = 0; pair < 4; pair++)
        different[pair] = vdupq_n_u64(0);
      for (size_t plane = 0; plane < weights->planes; plane++)
        for (size_t level = 0; level < levels; level++) {
          size_t first = (plane * blocks + block) * words * resbin_block;
          const uint64_t *code = codes + (position * levels + level) * words;
          uint32_t scale = (uint32_t)weights->scales[plane * levels + level];
          for (size_t word = 0; word < words;) {
            // A byte holds the ones of 31 bytes.
            size_t end = word + 31 < words ? word + 31 : words;
            uint8x16_t bytes[4];
            for (size_t pair = 0; pair < 4; pair++)
              bytes[pair] = vdupq_n_u8(0);
            for (; word < end; word++)
              for (size_t pair = 0; pair < 4; pair++) {
                size_t index = first + word * resbin_block + 2 * pair;
                uint64x2_t bits = veorq_u64(vld1q_u64(weights->rows + index),
                                            vdupq_n_u64(code[word]));
                if (weights->masks)
                  bits = vandq_u64(bits, vld1q_u64(weights->masks + index));
                bytes[pair] = vaddq_u8(bytes[pair], vcntq_u8(vreinterpretq_u8_u64(bits)));
              }
            for (size_t pair = 0; pair < 4; pair++) {
              uint64x2_t count = vpaddlq_u32(vpaddlq_u16(vpaddlq_u8(bytes[pair])));
              different[pair] =
                  vmlal_u32(different[pair], vmovn_u64(count), vdup_n_u32(scale));
            }
          }
        }
      const int64_t *base = bases[position] + block * resbin_block;
      int64_t *sum = sums + (position * blocks + block) * resbin_block;
      for (size_t pair = 0; pair < 4; pair++)
        vst1q_s64(sum + 2 * pair,
                  vsubq_s64(vld1q_s64(base + 2 * pair),
                            vreinterpretq_s64_u64(vshlq_n_u64(different[pair], 1))));
    }
}

#endif

// MARK: The choice

int resbin_has(enum resbin_instructions instructions) {
  switch (instructions) {
  case resbin_best:
  case resbin_plain:
    return 1;
#if defined(__x86_64__)
  case resbin_popcnt:
    return __builtin_cpu_supports("popcnt") != 0;
  case resbin_avx2:
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt");
  case resbin_avx512:
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512vpopcntdq");
#elif defined(__aarch64__)
  case resbin_neon:
    return 1;
#endif
  default:
    return 0;
  }
}

enum resbin_instructions resbin_available(enum resbin_instructions instructions) {
  static const enum resbin_instructions order[] = {resbin_avx512, resbin_avx2, resbin_popcnt,
                                                   resbin_neon};
  if (instructions == resbin_best)
    for (size_t index = 0; index < sizeof order / sizeof *order; index++)
      if (resbin_has(order[index]))
        return order[index];
  return instructions != resbin_best && resbin_has(instructions) ? instructions : resbin_plain;
}

void resbin_sum_bits(enum resbin_instructions instructions, const struct resbin_weights *weights,
                     const uint64_t *codes, size_t positions, const int64_t *const *bases,
                     int64_t *sums) {
  switch (resbin_available(instructions)) {
#if defined(__x86_64__)
  case resbin_avx512:
    return sum_bits_avx512(weights, codes, positions, bases, sums);
  case resbin_avx2:
    return sum_bits_avx2(weights, codes, positions, bases, sums);
  case resbin_popcnt:
    return sum_bits_popcnt(weights, codes, positions, bases, sums);
#elif defined(__aarch64__)
  case resbin_neon:
    return sum_bits_neon(weights, codes, positions, bases, sums);
#endif
  default:
    return sum_bits_plain(weights, codes, positions, bases, sums);
  }
}

void resbin_sum_bytes(enum resbin_instructions instructions,
                      const struct resbin_byte_weights *weights, const uint8_t *values,
                      size_t positions, const int64_t *const *bases, int64_t *sums) {
  switch (resbin_available(instructions)) {
#if defined(__x86_64__)
  case resbin_avx512:
  case resbin_avx2:
    return sum_bytes_avx2(weights, values, positions, bases, sums);
#endif
  default:
    return sum_bytes_plain(weights, values, positions, bases, sums);
  }
}

void resbin_encode(enum resbin_instructions instructions,
                   const struct resbin_thresholds *thresholds, const int64_t *sums,
                   uint64_t *codes) {
  switch (resbin_available(instructions)) {
#if defined(__x86_64__)
  case resbin_avx512:
    return encode_avx512(thresholds, sums, codes);
  case resbin_avx2:
    return encode_avx2(thresholds, sums, codes);
#endif
  default:
    return encode_plain(thresholds, sums, codes);
  }
}

void resbin_pack(enum resbin_instructions instructions, const uint8_t *bytes, size_t count,
                 size_t levels, uint64_t *planes, size_t words) {
  switch (resbin_available(instructions)) {
#if defined(__x86_64__)
  case resbin_avx512:
  case resbin_avx2:
    return pack_bytes_avx2(bytes, count, levels, planes, words);
#endif
  default:
    return pack_bytes_plain(bytes, count, levels, planes, words);
  }
}
