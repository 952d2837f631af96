// SPDX-License-Identifier: Apache-2.0

import CZlib
import Diagnostics
import Foundation
import TestSupport
import Testing

@testable import Datasets

extension InputFile {
  /// A file that is nowhere.
  init(_ bytes: [UInt8], name: String = "f") {
    self.init(bytes: bytes, path: name, name: name)
  }
}

/// Bytes that a seed gives.
func randomBytes(_ count: Int, seed: UInt64) -> [UInt8] {
  var random = SeededRandom(seed: seed)
  return (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
}

/// Deflated bytes in a zlib stream.
func deflated(_ bytes: [UInt8]) -> [UInt8] {
  var packed = [UInt8](repeating: 0, count: bytes.count + bytes.count / 100 + 100)
  var size = uLongf(packed.count)
  let status = compress(&packed, &size, bytes, uLong(bytes.count))
  #expect(status == Z_OK)
  return Array(packed.prefix(Int(size)))
}

/// An integer of four bytes.
func word(_ value: Int, isBigEndian: Bool = true) -> [UInt8] {
  let bytes = (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  return isBigEndian ? bytes.reversed() : bytes
}

/// The bytes of a PNG picture: rows of `depth` bits a value, packed, without filters.
func png(
  width: Int, height: Int, depth: Int = 8, colour: Int = 2, rows: [UInt8],
  chunks: [(String, [UInt8])] = []
) -> [UInt8] {
  let size = height == 0 ? 0 : rows.count / height
  let filtered =
    rows.isEmpty ? [] : (0..<height).flatMap { [0] + rows[$0 * size..<($0 + 1) * size] }
  return PNGFile.magic
    + pngChunk(
      "IHDR", word(width) + word(height) + [UInt8(depth), UInt8(colour), 0, 0, 0])
    + chunks.flatMap { pngChunk($0.0, $0.1) } + pngChunk("IDAT", deflated(filtered))
    + pngChunk("IEND", [])
}

/// A chunk with its length and checksum.
func pngChunk(_ type: String, _ bytes: [UInt8]) -> [UInt8] {
  let body = Array(type.utf8) + bytes
  return word(bytes.count) + body + word(Int(crc32(0, body, uInt(body.count))))
}

/// A MATLAB file, part by part.
struct MATBytes {
  var isBigEndian = false
  /// Small parts stand in their tags, as MATLAB writes them.
  var isSmall = false

  func file(_ elements: [UInt8]) -> [UInt8] {
    var header = Array("MATLAB 5.0 MAT-file".utf8)
    header += Array(repeating: 32, count: 124 - header.count)
    return header + (isBigEndian ? [1, 0, 0x4D, 0x49] : [0, 1, 0x49, 0x4D]) + elements
  }

  func element(_ type: Int, _ bytes: [UInt8]) -> [UInt8] {
    if isSmall, bytes.count <= 4 {
      return word(bytes.count << 16 | type, isBigEndian: isBigEndian) + bytes
        + Array(repeating: 0, count: 4 - bytes.count)
    }
    let padding = type == 15 ? 0 : (8 - bytes.count % 8) % 8
    return word(type, isBigEndian: isBigEndian) + word(bytes.count, isBigEndian: isBigEndian)
      + bytes + Array(repeating: 0, count: padding)
  }

  func array(
    _ name: String, sizes: [Int], type: Int = 2, _ bytes: [UInt8], flags: Int = 9
  ) -> [UInt8] {
    func words(_ values: [Int]) -> [UInt8] { values.flatMap { word($0, isBigEndian: isBigEndian) } }
    return element(
      14,
      element(6, words([flags, 0])) + element(5, words(sizes)) + element(1, Array(name.utf8))
        + element(type, bytes))
  }

  func compressed(_ element: [UInt8]) -> [UInt8] { self.element(15, deflated(element)) }
}

/// Damages a file in every way: what is read then is an error with one message, or some images;
/// never a trap.
///
/// - Parameter isCutFound: whether every cut file must be an error.
func expectDiagnosed<Result>(
  _ bytes: [UInt8], isCutFound: Bool = true, seed: UInt64 = 1,
  sourceLocation: SourceLocation = #_sourceLocation,
  by read: (InputFile) throws -> Result
) {
  func isRead(_ bytes: [UInt8], _ what: @autoclosure () -> String) -> Bool {
    do {
      _ = try read(InputFile(bytes))
      return true
    } catch is Diagnostic {
      return false
    } catch {
      Issue.record("\(what()): \(error) is no diagnostic", sourceLocation: sourceLocation)
      return false
    }
  }
  #expect(isRead(bytes, "the whole file"), sourceLocation: sourceLocation)
  for count in 0..<bytes.count where isRead(Array(bytes.prefix(count)), "cut to \(count)") {
    #expect(!isCutFound, "cut to \(count) bytes", sourceLocation: sourceLocation)
  }
  var random = SeededRandom(seed: seed)
  for round in 0..<2000 {
    var damaged = bytes
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      // Headers are small: half of the damage is there.
      let end = Bool.random(using: &random) ? bytes.count : min(bytes.count, 300)
      let index = Int.random(in: 0..<end, using: &random)
      switch Int.random(in: 0..<3, using: &random) {
      case 0: damaged[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 1: damaged[index] = [0, 1, 127, 128, 255].randomElement(using: &random) ?? 0
      default: damaged[index] = UInt8.random(in: 0...255, using: &random)
      }
    }
    _ = isRead(damaged, "seed \(seed), round \(round)")
  }
}
