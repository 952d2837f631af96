// SPDX-License-Identifier: Apache-2.0

import Diagnostics

/// A raw tensor: one array of NumPy, of unsigned bytes or of integers that fit into them.
///
/// - Exactness: numbers that are no bytes are an error.
/// - Source: numpy.org, "The NPY format", versions 1 to 3.
struct NPYFile: Equatable {
  /// Slowest axis first.
  var sizes: [Int]
  /// As many as the product of the sizes.
  var bytes: [UInt8]

  static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

  /// Checks the bytes of a file.
  init(_ file: InputFile) throws {
    func damaged(_ message: String, hint: String? = nil) -> Diagnostic {
      Diagnostic(
        at: file.path, message, hint: hint ?? "save the array with `numpy.save` again")
    }
    guard file.bytes.starts(with: Self.magic), file.bytes.count >= 12 else {
      throw damaged("the file does not begin as a NumPy file does")
    }
    let version = file.bytes[6]
    guard (1...3).contains(version) else {
      throw damaged("the NumPy file has version \(version); 1 to 3 are supported")
    }
    let lengthBytes = version == 1 ? 2 : 4
    let length = (0..<lengthBytes).reversed().reduce(0) { $0 << 8 | Int(file.bytes[8 + $1]) }
    let start = 8 + lengthBytes + length
    // NumPy itself reads no longer header.
    guard length <= 10_000, start <= file.bytes.count else {
      throw damaged("the NumPy file ends inside its header of \(length) bytes")
    }
    let header = String(decoding: file.bytes[(8 + lengthBytes)..<start], as: UTF8.self)
    guard let type = header.firstMatch(of: /'descr'\s*:\s*'([^']*)'/)?.1,
      let order = header.firstMatch(of: /'fortran_order'\s*:\s*(True|False)/)?.1,
      let shape = header.firstMatch(of: /'shape'\s*:\s*\(([0-9, ]*)\)/)?.1
    else { throw damaged("the header of the NumPy file lacks 'descr', 'fortran_order' or 'shape'") }
    guard let kind = type.wholeMatch(of: /([<>|])([iu])([1248])/), let width = Int(kind.3) else {
      throw damaged(
        "the NumPy file holds elements of type '\(type)'; '|u1' (unsigned bytes) is supported",
        hint: "save the array as `array.astype(numpy.uint8)`")
    }
    let sizes = shape.split { ", ".contains($0) }.map { Int($0) ?? -1 }
    guard order == "False" || sizes.count <= 1 else {
      throw damaged(
        "the NumPy file is in Fortran order; C order is supported",
        hint: "save the array as `numpy.ascontiguousarray(array)`")
    }
    let expected = elementCount(sizes)
    let values = file.bytes[start...]
    guard let expected, expected <= values.count, expected * width == values.count else {
      throw damaged(
        "the NumPy file holds \(values.count) bytes after its header; its shape \(sizes) of "
          + "'\(type)' asks for \(expected.map { "\($0) × \(width)" } ?? "too many")",
        hint: "it is cut short or has a tail; save the array with `numpy.save` again")
    }
    self.sizes = sizes
    guard width > 1 || kind.2 == "i" else {
      bytes = Array(values)
      return
    }
    bytes = try (0..<expected).map { index in
      let element = values.dropFirst(index * width).prefix(width)
      let value = kind.1 == ">" ? Array(element) : element.reversed()
      guard value.dropLast().allSatisfy({ $0 == 0 }), let byte = value.last,
        kind.2 == "u" || width > 1 || byte < 128
      else {
        throw damaged(
          "element \(index) of the NumPy file is no integer from 0 to 255",
          hint: "save the array as `array.astype(numpy.uint8)`")
      }
      return byte
    }
  }
}
