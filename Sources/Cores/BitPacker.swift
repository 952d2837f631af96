// SPDX-License-Identifier: Apache-2.0

/// Writes fields one after the other into 64-bit limbs, the first in the low bits.
struct BitPacker {
  /// The bits so far, and zeros above them.
  private(set) var limbs: [UInt64]
  private var position = 0

  /// Room for so many bits.
  init(width: Int) {
    limbs = Array(repeating: 0, count: (width + 63) / 64)
  }

  /// Adds a two's complement field of any width.
  mutating func append(_ value: Int, width: Int) {
    var rest = value
    var left = width
    while left > 0 {
      let taken = min(left, 64 - position & 63)
      put(UInt64(bitPattern: Int64(rest)), count: taken)
      rest = taken == 64 ? (rest < 0 ? -1 : 0) : rest >> taken
      left -= taken
    }
  }

  /// Adds `count` bits of `source` from bit `first` on, bit i being bit i mod 64 of limb i / 64.
  mutating func append(_ source: ArraySlice<UInt64>, from first: Int, count: Int) {
    var bit = first
    while bit < first + count {
      let taken = min(first + count - bit, 64 - bit & 63, 64 - position & 63)
      put(source[source.startIndex + bit >> 6] >> UInt64(bit & 63), count: taken)
      bit += taken
    }
  }

  /// Adds the low bits of `bits`; they must fit into the present limb.
  private mutating func put(_ bits: UInt64, count: Int) {
    let mask: UInt64 = count == 64 ? .max : 1 << UInt64(count) - 1
    limbs[position >> 6] |= (bits & mask) << UInt64(position & 63)
    position += count
  }
}

/// `16...31`, or `16` alone.
func span(_ first: Int, _ count: Int) -> String {
  count == 1 ? "\(first)" : "\(first)...\(first + count - 1)"
}

/// Says in the comment of a word which mode it is for, where there are several.
func inMode(_ mode: Int, of modes: Int) -> String {
  modes == 1 ? "" : ", \(mode + 1) level\(mode == 0 ? "" : "s") in use"
}
