// SPDX-License-Identifier: Apache-2.0

import CZlib

/// The CRC-32 of zlib: polynomial 0xEDB88320, reflected, inverted before and after.
public enum CRC32 {
  /// Of words as four bytes each, the lowest first.
  public static func checksum(of words: [UInt32]) -> UInt32 {
    let words = words.map(\.littleEndian)
    return UInt32(
      words.withUnsafeBytes { bytes in
        crc32(0, bytes.bindMemory(to: UInt8.self).baseAddress, UInt32(bytes.count))
      })
  }
}
