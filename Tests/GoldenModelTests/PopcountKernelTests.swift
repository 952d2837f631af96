// SPDX-License-Identifier: Apache-2.0

import PopcountKernels
import TestSupport
import Testing

/// Every instruction set computes what its equation says, bit by bit.
@Suite(.tags(.unit)) struct PopcountKernelTests {
  static let all = [
    resbin_best, resbin_plain, resbin_popcnt, resbin_avx2, resbin_avx512, resbin_neon,
  ]

  /// One case of the sums of bits.
  struct Bits {
    var words: Int
    var blocks = 1
    var planes = 1
    var levels = 1
    var positions = 1
    var isMasked = false
  }

  static let bits: [Bits] = [1, 2, 7, 9, 30, 31, 32, 63, 65].flatMap { words in
    [
      Bits(words: words), Bits(words: words, blocks: 2, levels: 3, isMasked: true),
      Bits(words: words, blocks: 3, planes: 2, levels: 2, positions: 3),
    ]
  }

  @Test(arguments: all, bits) func sumsOfBits(instructions: resbin_instructions, size: Bits) {
    var random = SeededRandom(seed: 5)
    let rows = size.planes * size.blocks * size.words * 8
    let weights = (0..<rows).map { _ in random.next() }
    let masks = (0..<rows).map { _ in size.isMasked ? random.next() : .max }
    let codes = (0..<size.positions * size.levels * size.words).map { _ in random.next() }
    // The largest scales that there may be.
    let isFull = size.words > 30
    let scales = (0..<size.planes * size.levels).map { _ in
      isFull ? (1 << 31) - 1 : Int64.random(in: 0...1000, using: &random)
    }
    let bases = (0..<size.positions * size.blocks * 8).map { _ in
      Int64.random(in: -1000...1000, using: &random)
    }
    var sums = Array(repeating: Int64(0), count: bases.count)
    weights.withUnsafeBufferPointer { weights in
      masks.withUnsafeBufferPointer { masks in
        scales.withUnsafeBufferPointer { scales in
          bases.withUnsafeBufferPointer { bases in
            var layer = resbin_weights(
              rows: weights.baseAddress, masks: size.isMasked ? masks.baseAddress : nil,
              blocks: size.blocks, words: size.words, planes: size.planes, levels: size.levels,
              scales: scales.baseAddress)
            let starts = (0..<size.positions).map {
              bases.baseAddress?.advanced(by: $0 * size.blocks * 8)
            }
            resbin_sum_bits(instructions, &layer, codes, size.positions, starts, &sums)
          }
        }
      }
    }
    for position in 0..<size.positions {
      for row in 0..<size.blocks * 8 {
        var expected = bases[position * size.blocks * 8 + row]
        for plane in 0..<size.planes {
          for level in 0..<size.levels {
            var different = 0
            for word in 0..<size.words {
              let index = ((plane * size.blocks + row / 8) * size.words + word) * 8 + row % 8
              let code = codes[(position * size.levels + level) * size.words + word]
              let differs = (weights[index] ^ code) & masks[index]
              for bit in 0..<64 where differs >> bit & 1 == 1 {
                different += 1
              }
            }
            expected -= 2 * scales[plane * size.levels + level] * Int64(different)
          }
        }
        #expect(sums[position * size.blocks * 8 + row] == expected, "\(size), row \(row)")
      }
    }
  }

  @Test(arguments: all, [1, 2, 63, 64, 65, 200]) func sumsOfBytes(
    instructions: resbin_instructions, groups: Int
  ) {
    var random = SeededRandom(seed: 6)
    for largest in [1, 3, 64] as [Int8] {
      let (blocks, positions) = (2, 3)
      // Some rows and positions are as large as they may be: nothing may overflow.
      let weights = (0..<blocks * groups * 32).map { index in
        index / 4 % 8 < 2
          ? (index / 4 % 2 == 0 ? largest : -largest)
          : Int8.random(in: -largest...largest, using: &random)
      }
      let values = (0..<positions * groups * 4).map { index in
        index < groups * 4 ? 255 : UInt8.random(in: 0...255, using: &random)
      }
      let base = (0..<blocks * 8).map { _ in Int64.random(in: -1000...1000, using: &random) }
      var sums = Array(repeating: Int64(0), count: positions * blocks * 8)
      weights.withUnsafeBufferPointer { weights in
        base.withUnsafeBufferPointer { base in
          var layer = resbin_byte_weights(
            rows: weights.baseAddress, blocks: blocks, groups: groups,
            run: 32767 / (510 * Int(largest)))
          let starts = Array(repeating: base.baseAddress, count: positions)
          resbin_sum_bytes(instructions, &layer, values, positions, starts, &sums)
        }
      }
      for position in 0..<positions {
        for row in 0..<blocks * 8 {
          var expected = Int(base[row])
          for input in 0..<groups * 4 {
            let index = ((row / 8 * groups + input / 4) * 8 + row % 8) * 4 + input % 4
            expected += 2 * Int(weights[index]) * Int(values[position * groups * 4 + input])
          }
          #expect(Int(sums[position * blocks * 8 + row]) == expected, "\(largest), row \(row)")
        }
      }
    }
  }

  @Test(arguments: all, 1...8) func codesOfSums(instructions: resbin_instructions, levels: Int) {
    var random = SeededRandom(seed: UInt64(levels))
    for blocks in [1, 7, 8, 9, 17] {
      let channels = blocks * 8
      let nodes = 1 << levels - 1
      let sums = (0..<channels).map { _ in Int64.random(in: -3...3, using: &random) }
      let values = (0..<nodes * channels).map { index in
        index % 11 == 0 ? Int64.max : Int64.random(in: -3...3, using: &random)
      }
      let words = (blocks + 7) / 8
      let falling = (0..<words).map { _ in random.next() }
      var codes = Array(repeating: UInt64(0), count: levels * words)
      values.withUnsafeBufferPointer { values in
        falling.withUnsafeBufferPointer { falling in
          var tree = resbin_thresholds(
            values: values.baseAddress, falling: falling.baseAddress, blocks: blocks,
            levels: levels)
          resbin_encode(instructions, &tree, sums, &codes)
        }
      }
      for channel in 0..<channels {
        let falls = falling[channel / 64] >> (channel % 64) & 1 == 1
        var node = 1
        for level in 0..<levels {
          let reaches = sums[channel] >= values[(node - 1) * channels + channel]
          let bit = codes[level * words + channel / 64] >> (channel % 64) & 1 == 1
          #expect(bit == (reaches != falls), "channel \(channel) of \(channels), level \(level)")
          node = 2 * node + (bit ? 1 : 0)
        }
      }
    }
  }

  @Test(arguments: all, 1...8) func planesOfBytes(instructions: resbin_instructions, levels: Int) {
    var random = SeededRandom(seed: UInt64(levels))
    for count in [1, 8, 31, 32, 33, 63, 64, 65, 127, 128, 200] {
      let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
      let words = (count + 63) / 64
      var planes = Array(repeating: UInt64.max, count: levels * words)
      resbin_pack(instructions, bytes, count, levels, &planes, words)
      for level in 0..<levels {
        for bit in 0..<words * 64 {
          let expected = bit < count ? bytes[bit] >> (levels - 1 - level) & 1 : 0
          let packed = planes[level * words + bit / 64] >> (bit % 64) & 1
          #expect(packed == UInt64(expected), "bit \(bit) of \(count), level \(level)")
        }
      }
    }
  }

  /// From every place to every place of a word.
  @Test func copiedBits() {
    var random = SeededRandom(seed: 9)
    for at in 0..<64 {
      for first in [0, 1, 31, 63, 64, 65, at] {
        for count in [0, 1, 27, 63, 64, 65, 128, 130] {
          let from = (0..<5).map { _ in random.next() }
          var to = (0..<5).map { _ in random.next() }
          let before = to
          resbin_copy_bits(&to, at, from, first, count)
          let end = count == 0 ? at : (at + count + 63) / 64 * 64
          let isRight = (0..<320).allSatisfy { bit in
            let expected =
              if bit < at || bit >= end {
                before[bit / 64] >> (bit % 64) & 1
              } else if bit < at + count {
                from[(first + bit - at) / 64] >> ((first + bit - at) % 64) & 1
              } else {
                0 as UInt64
              }
            return to[bit / 64] >> (bit % 64) & 1 == expected
          }
          #expect(isRight, "\(count) bits from \(first) to \(at)")
        }
      }
    }
  }

  @Test func plainCodeIsAlwaysThere() {
    #expect(resbin_has(resbin_plain) == 1)
    #expect(resbin_available(resbin_plain) == resbin_plain)
    for instructions in Self.all where resbin_has(instructions) == 0 {
      #expect(resbin_available(instructions) == resbin_plain)
    }
    #expect(resbin_has(resbin_available(resbin_best)) == 1)
  }
}
