// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// The bytes of an IDX file.
func idx(type: UInt8 = 8, sizes: [Int], bytes: [UInt8]) -> [UInt8] {
  [0, 0, type, UInt8(sizes.count)]
    + sizes.flatMap { size in (0..<4).reversed().map { UInt8(size >> (8 * $0) & 255) } } + bytes
}

extension URL {
  /// Writes a file below this folder.
  @discardableResult
  func write(_ name: String, _ bytes: [UInt8]) throws -> URL {
    let file = appending(path: name)
    try Data(bytes).write(to: file)
    return file
  }

  /// Packs a file below this folder; the plain one goes.
  @discardableResult
  func gzip(_ name: String) throws -> URL {
    guard let gzip = ExternalTool("gzip") else { throw CocoaError(.fileNoSuchFile) }
    _ = try gzip.run([appending(path: name).path], in: self)
    return appending(path: name + ".gz")
  }
}
