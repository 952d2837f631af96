// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Rows of bits, packed into 64-bit words; bit i of a row is bit i mod 64 of word i / 64.
///
/// Bits past the last column are 0.
public struct BitMatrix: Equatable, Sendable {
  /// Rows.
  public let rows: Int
  /// Bits of a row.
  public let columns: Int
  /// Words of a row.
  public let wordsPerRow: Int
  /// The rows one after the other.
  public private(set) var words: [UInt64]

  /// All bits 0, or all bits 1.
  public init(rows: Int, columns: Int, filled: Bool = false) {
    self.rows = rows
    self.columns = columns
    wordsPerRow = (columns + 63) / 64
    words = Array(repeating: filled ? .max : 0, count: rows * wordsPerRow)
    if filled, columns % 64 != 0 {
      for row in 0..<rows {
        words[(row + 1) * wordsPerRow - 1] = (1 << UInt64(columns % 64)) - 1
      }
    }
  }

  public subscript(row: Int, column: Int) -> Bool {
    get { words[row * wordsPerRow + column >> 6] >> UInt64(column & 63) & 1 == 1 }
    set {
      let bit: UInt64 = 1 << UInt64(column & 63)
      if newValue {
        words[row * wordsPerRow + column >> 6] |= bit
      } else {
        words[row * wordsPerRow + column >> 6] &= ~bit
      }
    }
  }

  /// The words of a row.
  public func row(_ row: Int) -> ArraySlice<UInt64> {
    words[row * wordsPerRow..<(row + 1) * wordsPerRow]
  }

  /// Ones in a row.
  public func count(row: Int) -> Int {
    self.row(row).reduce(0) { $0 + $1.nonzeroBitCount }
  }

  /// Swaps ones and zeros of a row.
  mutating func invert(row: Int) {
    for word in row * wordsPerRow..<(row + 1) * wordsPerRow { words[word] = ~words[word] }
    if columns % 64 != 0 {
      words[(row + 1) * wordsPerRow - 1] &= (1 << UInt64(columns % 64)) - 1
    }
  }
}

extension BitMatrix: Codable {
  private enum Key: String, CodingKey { case rows, columns, words }

  /// The words as base64 of their little-endian bytes.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(rows, forKey: .rows)
    try container.encode(columns, forKey: .columns)
    let data = words.reduce(into: Data(capacity: words.count * 8)) { data, word in
      withUnsafeBytes(of: word.littleEndian) { data.append(contentsOf: $0) }
    }
    try container.encode(data, forKey: .words)
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    let rows = try container.decode(Int.self, forKey: .rows)
    let columns = try container.decode(Int.self, forKey: .columns)
    let data = try container.decode(Data.self, forKey: .words)
    guard rows > 0, columns > 0, rows < 1 << 24, columns < 1 << 24,
      data.count == rows * ((columns + 63) / 64) * 8
    else {
      throw DecodingError.dataCorruptedError(
        forKey: .words, in: container,
        debugDescription: "\(data.count) bytes do not hold \(rows) rows of \(columns) bits")
    }
    self.init(rows: rows, columns: columns)
    let bytes = [UInt8](data)
    for index in words.indices {
      var word: UInt64 = 0
      for byte in 0..<8 { word |= UInt64(bytes[index * 8 + byte]) << UInt64(byte * 8) }
      words[index] = word
    }
    // Bits past the last column would count as ones.
    if columns % 64 != 0 {
      for row in 0..<rows {
        words[(row + 1) * wordsPerRow - 1] &= (1 << UInt64(columns % 64)) - 1
      }
    }
  }
}
