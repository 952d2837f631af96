// SPDX-License-Identifier: Apache-2.0

import Diagnostics
import Foundation

/// A file of unsigned bytes with sizes, as MNIST is distributed; plain or gzip.
///
/// - Source: the IDX format, yann.lecun.com/exdb/mnist.
public struct IDXFile: Equatable, Sendable {
  /// Slowest axis first.
  public var sizes: [Int]
  /// As many as the product of the sizes.
  public var bytes: [UInt8]

  /// Reads and checks a file.
  ///
  /// - Throws: ``Diagnostic`` when it is missing or damaged.
  public init(contentsOf url: URL) throws {
    let file = try InputFile(contentsOf: url)
    try self.init(bytes: file.bytes, path: file.path)
  }

  /// Checks the bytes of a file.
  init(bytes file: [UInt8], path: String) throws {
    guard file.count >= 4, file[0] == 0, file[1] == 0 else {
      throw Diagnostic(
        at: path, "the file does not begin as an IDX file does (two zero bytes)",
        hint: "name an original MNIST file, for instance t10k-images-idx3-ubyte.gz")
    }
    guard file[2] == 8 else {
      throw Diagnostic(
        at: path, "the IDX file holds elements of type \(file[2]); 8 (unsigned bytes) is supported")
    }
    let axes = Int(file[3])
    let header = 4 + 4 * axes
    guard file.count >= header else {
      throw Diagnostic(
        at: path,
        "the file ends inside its header: \(file.count) bytes, "
          + "\(header) are expected for \(axes) axes")
    }
    sizes = (0..<axes).map { axis in
      (0..<4).reduce(0) { $0 << 8 | Int(file[4 + 4 * axis + $1]) }
    }
    let expected = elementCount(sizes) ?? .max
    guard file.count - header == expected else {
      throw Diagnostic(
        at: path,
        "the file holds \(file.count - header) bytes after its header; "
          + "its sizes \(sizes) ask for \(expected)",
        hint: "fetch the file again; it is cut short or has a tail")
    }
    bytes = Array(file[header...])
  }
}
