// SPDX-License-Identifier: Apache-2.0

#include "popcount_kernels.h"

// One body, compiled for each instruction set.
#define BODY                                                                                       \
  for (size_t row = 0; row < row_count; row++) {                                                   \
    const uint64_t *weights = rows + row * words;                                                  \
    const uint64_t *mask = masks ? masks + row * words : 0;                                        \
    for (size_t level = 0; level < levels; level++) {                                              \
      const uint64_t *plane = planes + level * words;                                              \
      uint64_t total = 0;                                                                          \
      if (mask)                                                                                    \
        for (size_t word = 0; word < words; word++)                                                \
          total += (uint64_t)__builtin_popcountll((weights[word] ^ plane[word]) & mask[word]);     \
      else                                                                                         \
        for (size_t word = 0; word < words; word++)                                                \
          total += (uint64_t)__builtin_popcountll(weights[word] ^ plane[word]);                    \
      different[row * levels + level] = (int32_t)total;                                            \
    }                                                                                              \
  }

#define ARGUMENTS                                                                                  \
  const uint64_t *rows, const uint64_t *masks, size_t row_count, size_t words,                     \
      const uint64_t *planes, size_t levels, int32_t *different

static void count_plainly(ARGUMENTS) { BODY }

#if defined(__x86_64__)

__attribute__((target("popcnt"))) static void count_popcnt(ARGUMENTS) { BODY }

__attribute__((target("avx2,popcnt"))) static void count_avx2(ARGUMENTS) { BODY }

__attribute__((target("avx512f,avx512vl,avx512vpopcntdq,popcnt"))) static void
count_avx512(ARGUMENTS) { BODY }

int resbin_has(enum resbin_instructions instructions) {
  switch (instructions) {
  case resbin_best:
  case resbin_plain:
    return 1;
  case resbin_popcnt:
    return __builtin_cpu_supports("popcnt") != 0;
  case resbin_avx2:
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt");
  case resbin_avx512:
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512vpopcntdq");
  }
  return 0;
}

#else

#define count_popcnt count_plainly
#define count_avx2 count_plainly
#define count_avx512 count_plainly

int resbin_has(enum resbin_instructions instructions) { return instructions <= resbin_plain; }

#endif

void resbin_count_differences(enum resbin_instructions instructions, const uint64_t *rows,
                              const uint64_t *masks, size_t row_count, size_t words,
                              const uint64_t *planes, size_t levels, int32_t *different) {
  if (instructions == resbin_best)
    instructions = resbin_has(resbin_avx512)   ? resbin_avx512
                   : resbin_has(resbin_avx2)   ? resbin_avx2
                   : resbin_has(resbin_popcnt) ? resbin_popcnt
                                               : resbin_plain;
  if (!resbin_has(instructions))
    instructions = resbin_plain;
  switch (instructions) {
  case resbin_avx512:
    count_avx512(rows, masks, row_count, words, planes, levels, different);
    break;
  case resbin_avx2:
    count_avx2(rows, masks, row_count, words, planes, levels, different);
    break;
  case resbin_popcnt:
    count_popcnt(rows, masks, row_count, words, planes, levels, different);
    break;
  case resbin_best:
  case resbin_plain:
    count_plainly(rows, masks, row_count, words, planes, levels, different);
    break;
  }
}
