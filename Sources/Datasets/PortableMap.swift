// SPDX-License-Identifier: Apache-2.0

import Diagnostics

/// A grey (P5) or colour (P6) picture of the Netpbm family, 8 bits a value.
///
/// - Shape: height × width × 1 or 3.
/// - Source: netpbm.sourceforge.net/doc/pgm.html and ppm.html.
enum PortableMap {
  /// Whether a file begins as one of the family does.
  static func begins(_ bytes: [UInt8]) -> Bool {
    bytes.count >= 2 && bytes[0] == UInt8(ascii: "P")
      && (UInt8(ascii: "1")...UInt8(ascii: "7")).contains(bytes[1])
  }

  /// Checks the bytes of a file.
  static func image(_ file: InputFile) throws -> LabelledImages {
    let bytes = file.bytes
    guard begins(bytes), bytes[1] == UInt8(ascii: "5") || bytes[1] == UInt8(ascii: "6") else {
      throw Diagnostic(
        at: file.path, "the file does not begin as a binary PGM or PPM picture does ('P5' or 'P6')",
        hint: "convert it, for instance with ImageMagick: `convert … picture.png`")
    }
    let channels = bytes[1] == UInt8(ascii: "6") ? 3 : 1
    var header = Header(rest: bytes[2...])
    guard let width = header.number(), let height = header.number(), let top = header.number(),
      header.skipOneSpace()
    else {
      throw Diagnostic(
        at: file.path, "the header of the picture is damaged; width, height and 255 are expected")
    }
    guard top == 255, width > 0, height > 0 else {
      throw Diagnostic(
        at: file.path,
        "the picture has \(width) columns, \(height) rows and values up to \(top); 255 (8 bits) is "
          + "supported", hint: "convert it, for instance with ImageMagick: `convert … picture.png`")
    }
    guard header.rest.count == elementCount([height, width, channels]) else {
      throw Diagnostic(
        at: file.path,
        "the picture holds \(header.rest.count) bytes after its header; "
          + "\(height)×\(width)×\(channels) are expected",
        hint: "fetch the file again; it is cut short or has a tail")
    }
    return LabelledImages(
      pixels: Array(header.rest), labels: [], height: height, width: width, channels: channels)
  }

  /// What is left of the file; numbers are taken from its start.
  private struct Header {
    var rest: ArraySlice<UInt8>

    private static let spaces: Set<UInt8> = [9, 10, 11, 12, 13, 32]

    mutating func number() -> Int? {
      while let first = rest.first, Self.spaces.contains(first) || first == UInt8(ascii: "#") {
        // A comment ends with its line.
        rest =
          first == UInt8(ascii: "#")
          ? rest.drop { $0 != 10 && $0 != 13 } : rest.drop { Self.spaces.contains($0) }
      }
      let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
      rest = rest.dropFirst(digits.count)
      return digits.count <= 9 ? Int(String(decoding: digits, as: UTF8.self)) : nil
    }

    mutating func skipOneSpace() -> Bool {
      rest.popFirst().map { Self.spaces.contains($0) } ?? false
    }
  }
}
