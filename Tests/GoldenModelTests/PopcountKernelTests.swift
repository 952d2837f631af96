// SPDX-License-Identifier: Apache-2.0

import PopcountKernels
import TestSupport
import Testing

/// Every instruction set counts the same.
@Suite(.tags(.unit)) struct PopcountKernelTests {
  @Test(arguments: [resbin_best, resbin_plain, resbin_popcnt, resbin_avx2, resbin_avx512])
  func equalsBitByBit(instructions: resbin_instructions) {
    var random = SeededRandom(seed: 5)
    for words in [1, 2, 7, 8, 9, 16, 17, 33] {
      for (rows, levels) in [(1, 1), (5, 3), (16, 8)] {
        let weights = (0..<rows * words).map { _ in random.next() }
        let masks = (0..<rows * words).map { _ in random.next() }
        let planes = (0..<levels * words).map { _ in random.next() }
        for masks in [nil, masks] {
          var counted = Array(repeating: Int32(-1), count: rows * levels)
          if let masks {
            resbin_count_differences(
              instructions, weights, masks, rows, words, planes, levels, &counted)
          } else {
            resbin_count_differences(
              instructions, weights, nil, rows, words, planes, levels, &counted)
          }
          var expected: [Int32] = []
          for row in 0..<rows {
            for level in 0..<levels {
              var count: Int32 = 0
              for bit in 0..<words * 64 {
                let word = bit / 64
                let isActive =
                  masks.map { $0[row * words + word] >> UInt64(bit % 64) & 1 == 1 } ?? true
                let differs =
                  (weights[row * words + word] ^ planes[level * words + word]) >> UInt64(bit % 64)
                  & 1 == 1
                if isActive && differs { count += 1 }
              }
              expected.append(count)
            }
          }
          #expect(counted == expected, "\(instructions), \(words) words")
        }
      }
    }
  }

  @Test func plainCodeIsAlwaysThere() {
    #expect(resbin_has(resbin_plain) == 1)
    #expect(resbin_has(resbin_best) == 1)
  }
}
