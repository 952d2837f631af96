// SPDX-License-Identifier: Apache-2.0

import Diagnostics

/// Arrays of numbers in a MATLAB file of version 5, plain or deflated.
///
/// - Exactness: numbers that are no bytes are an error; nothing is rounded.
/// - Source: MathWorks, "MAT-File Format", Level 5.
struct MATFile {
  /// An array of bytes.
  struct Variable: Equatable {
    /// Fastest axis first, as MATLAB stores them.
    var sizes: [Int]
    /// As many as the product of the sizes.
    var bytes: [UInt8]
  }

  /// By name.
  private(set) var variables: [String: Variable] = [:]

  private let path: String

  /// Reads the variables of these names; others are passed over.
  init(_ file: InputFile, names: Set<String>) throws {
    path = file.path
    let bytes = file.bytes
    if bytes.starts(with: Array("MATLAB 7.3 MAT-file".utf8)) {
      throw Diagnostic(
        at: path, "the file is of MATLAB's version 7.3; version 5 is supported",
        hint: "save it with `save('-v7', …)` in MATLAB, or `scipy.io.savemat` in Python")
    }
    guard bytes.count >= 128 else {
      throw Diagnostic(
        at: path, "the file holds \(bytes.count) bytes; a MATLAB file begins with 128",
        hint: "fetch the file again")
    }
    let isBigEndian: Bool
    switch (bytes[126], bytes[127]) {
    case (0x49, 0x4D): isBigEndian = false
    case (0x4D, 0x49): isBigEndian = true
    default:
      throw Diagnostic(
        at: path, "the file has no byte order mark of a MATLAB file of version 5 at byte 126",
        hint: "name an original file of SVHN's cropped digits, for instance test_32x32.mat")
    }
    var elements = MATElements(bytes[128...], isBigEndian: isBigEndian, path: path)
    while let element = try elements.next() {
      switch element.type {
      case MATElement.matrix:
        try add(element.bytes, isBigEndian: isBigEndian, names: names)
      case MATElement.compressed:
        let unpacked: [UInt8]
        do {
          unpacked = try Inflation.zlib.unpack(element.bytes, limit: InputFile.limit)
        } catch {
          throw Diagnostic(
            at: path, "a deflated part of the MATLAB file is damaged",
            hint: "fetch the file again")
        }
        var inner = MATElements(unpacked[...], isBigEndian: isBigEndian, path: path)
        if let element = try inner.next(), element.type == MATElement.matrix {
          try add(element.bytes, isBigEndian: isBigEndian, names: names)
        }
      default: break
      }
    }
  }

  private mutating func add(
    _ bytes: ArraySlice<UInt8>, isBigEndian: Bool, names: Set<String>
  ) throws {
    var parts = MATElements(bytes, isBigEndian: isBigEndian, path: path)
    guard let flags = try parts.next(), let dimensions = try parts.next(),
      let nameBytes = try parts.next(), flags.type == 6, flags.bytes.count == 8,
      dimensions.type == 5
    else { return }
    let name = String(decoding: nameBytes.bytes, as: UTF8.self)
    guard names.contains(name) else { return }
    let word = flags.integer(at: 0, bytes: 4)
    guard (6...15).contains(word & 0xFF), word & 0x800 == 0 else {
      throw Diagnostic(
        at: path, "the variable '\(name)' is no array of real numbers (class \(word & 0xFF))")
    }
    let sizes = (0..<dimensions.bytes.count / 4).map {
      Int(Int32(truncatingIfNeeded: dimensions.integer(at: 4 * $0, bytes: 4)))
    }
    guard let values = try parts.next() else {
      throw Diagnostic(
        at: path, "the variable '\(name)' has no values", hint: "fetch the file again")
    }
    let found = try values.byteValues(of: name, path: path)
    let expected = elementCount(sizes)
    guard found.count == expected else {
      throw Diagnostic(
        at: path,
        "the variable '\(name)' holds \(found.count) values; its sizes \(sizes) ask for "
          + "\(expected.map(String.init) ?? "too many")",
        hint: "fetch the file again")
    }
    variables[name] = Variable(sizes: sizes, bytes: found)
  }
}

/// A tagged part of a MATLAB file.
struct MATElement {
  static let matrix = 14
  static let compressed = 15

  var type: Int
  var bytes: ArraySlice<UInt8>
  var isBigEndian: Bool

  /// The unsigned integer of `count` bytes that begins `offset` bytes after the start.
  func integer(at offset: Int, bytes count: Int) -> UInt64 {
    let start = bytes.startIndex + offset
    return (0..<count).reduce(0) { sum, index in
      sum << 8 | UInt64(bytes[start + (isBigEndian ? index : count - 1 - index)])
    }
  }

  /// The numbers as bytes.
  func byteValues(of name: String, path: String) throws -> [UInt8] {
    if type == 2 { return Array(bytes) }
    let kinds: [Int: (width: Int, value: (UInt64) -> UInt8?)] = [
      1: (1, { UInt8(exactly: Int8(truncatingIfNeeded: $0)) }),
      3: (2, { UInt8(exactly: Int16(truncatingIfNeeded: $0)) }),
      4: (2, { UInt8(exactly: $0) }),
      5: (4, { UInt8(exactly: Int32(truncatingIfNeeded: $0)) }),
      6: (4, { UInt8(exactly: $0) }),
      7: (4, { UInt8(exactly: Float(bitPattern: UInt32(truncatingIfNeeded: $0))) }),
      9: (8, { UInt8(exactly: Double(bitPattern: $0)) }),
      12: (8, { UInt8(exactly: Int64(bitPattern: $0)) }),
      13: (8, { UInt8(exactly: $0) }),
    ]
    guard let kind = kinds[type] else {
      throw Diagnostic(
        at: path, "the variable '\(name)' holds elements of type \(type), which are no numbers")
    }
    return try (0..<bytes.count / kind.width).map { index in
      guard let value = kind.value(integer(at: index * kind.width, bytes: kind.width)) else {
        throw Diagnostic(
          at: path,
          "value \(index) of the variable '\(name)' is no integer from 0 to 255")
      }
      return value
    }
  }
}

/// Takes one part of a MATLAB file after the other.
private struct MATElements {
  private var rest: ArraySlice<UInt8>
  private let isBigEndian: Bool
  private let path: String

  init(_ bytes: ArraySlice<UInt8>, isBigEndian: Bool, path: String) {
    rest = bytes
    self.isBigEndian = isBigEndian
    self.path = path
  }

  /// The next part, or nil at the end.
  mutating func next() throws -> MATElement? {
    guard !rest.isEmpty else { return nil }
    guard rest.count >= 8 else { throw cut(8) }
    let tag = MATElement(type: 0, bytes: rest.prefix(8), isBigEndian: isBigEndian)
    let first = Int(tag.integer(at: 0, bytes: 4))
    // Up to four bytes stand in the tag itself.
    if first >> 16 != 0 {
      let bytes = tag.bytes.dropFirst(4).prefix(first >> 16)
      guard bytes.count == first >> 16 else { throw cut(first >> 16) }
      rest = rest.dropFirst(8)
      return MATElement(type: first & 0xFFFF, bytes: bytes, isBigEndian: isBigEndian)
    }
    let count = Int(tag.integer(at: 4, bytes: 4))
    rest = rest.dropFirst(8)
    guard count <= rest.count else { throw cut(count) }
    let element = MATElement(type: first, bytes: rest.prefix(count), isBigEndian: isBigEndian)
    // Deflated parts stand close; others begin at a multiple of eight bytes.
    rest = rest.dropFirst(first == MATElement.compressed ? count : (count + 7) & ~7)
    return element
  }

  private func cut(_ expected: Int) -> Diagnostic {
    Diagnostic(
      at: path, "the MATLAB file ends inside a part: \(rest.count) bytes, \(expected) are expected",
      hint: "fetch the file again; it is cut short or damaged")
  }
}
