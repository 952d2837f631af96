// SPDX-License-Identifier: Apache-2.0

/// The digits of a number of so many bits: ⌈width / 4⌉ of them.
package func hexadecimal(_ limbs: [UInt64], width: Int) -> String {
  let digits = (width + 3) / 4
  var text: [UInt8] = []
  text.reserveCapacity(digits)
  for digit in (0..<digits).reversed() {
    let limb = digit >> 4
    let value = limb < limbs.count ? limbs[limb] >> UInt64((digit & 15) * 4) & 15 : 0
    text.append(UInt8(value < 10 ? 48 + value : 87 + value))
  }
  return String(decoding: text, as: UTF8.self)
}

extension CoreParameter.Value {
  /// The bits of a packed vector and how many they are; nil for other values.
  package var packedBits: (limbs: [UInt64], width: Int)? {
    guard case .packed(let elements, let elementWidth) = self else { return nil }
    let width = elements.count * elementWidth
    var packer = BitPacker(width: width)
    for element in elements { packer.append(element, width: elementWidth) }
    return (packer.limbs, width)
  }

  /// The same in pieces that every tool reads as one number, the highest first: Verilator takes no more than
  /// 65,536 bits, Icarus no more than 16,384 characters. Nil for other values.
  package var packedPieces: [(limbs: [UInt64], width: Int)]? {
    guard let (limbs, width) = packedBits else { return nil }
    return stride(from: 0, to: width, by: Self.widestPiece).reversed().map { first in
      let last = min(limbs.count, (first + Self.widestPiece) / 64)
      return (Array(limbs[first / 64..<last]), min(Self.widestPiece, width - first))
    }
  }

  /// Bits of a piece, whole limbs.
  private static let widestPiece = 1 << 15
}
