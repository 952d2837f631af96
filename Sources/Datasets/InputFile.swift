// SPDX-License-Identifier: Apache-2.0

import Diagnostics
import Foundation

/// The bytes of a file, unpacked when it is a gzip file.
struct InputFile {
  /// What the file holds.
  var bytes: [UInt8]
  /// For messages.
  var path: String
  /// Its name without `.gz`, in lower case.
  var name: String

  /// The most bytes of a file, packed or not: more than the greatest data set of small images.
  static let limit = 1 << 32
}

extension InputFile {
  /// Reads a file.
  ///
  /// - Throws: ``Diagnostic`` when it is missing, no file, too large or a damaged gzip file.
  init(contentsOf url: URL) throws {
    path = url.path
    let name = url.lastPathComponent.lowercased()
    self.name = name.hasSuffix(".gz") ? String(name.dropLast(3)) : name
    // A device or a pipe may have no end.
    let target = url.resolvingSymlinksInPath()
    let attributes = try? FileManager.default.attributesOfItem(atPath: target.path)
    guard let attributes else { throw Diagnostic(at: path, "there is no such file") }
    guard attributes[.type] as? FileAttributeType == .typeRegular else {
      throw Diagnostic(at: path, "the file cannot be read")
    }
    let size = (attributes[.size] as? NSNumber)?.intValue ?? 0
    guard size <= Self.limit else {
      throw Diagnostic(
        at: path, "the file holds \(size) bytes; at most \(Self.limit) are read",
        hint: "split it")
    }
    guard let data = try? Data(contentsOf: target) else {
      throw Diagnostic(at: path, "the file cannot be read")
    }
    bytes = [UInt8](data)
    guard bytes.starts(with: [0x1f, 0x8b]) else { return }
    do {
      bytes = try Inflation.gzip.unpack(bytes[...], limit: Self.limit)
    } catch Inflation.Failure.tooLarge {
      throw Diagnostic(
        at: path, "the gzip file unpacks to more than \(Self.limit) bytes", hint: "split it")
    } catch {
      throw Diagnostic(
        at: path, "the gzip file is damaged or cut short",
        hint: "fetch the file again; `gzip -t '\(path)'` tests it")
    }
  }
}

/// The product of sizes, or nil where one is negative or the product too large for an `Int`.
func elementCount(_ sizes: [Int]) -> Int? {
  var product = 1
  for size in sizes {
    let (next, overflow) = product.multipliedReportingOverflow(by: size)
    guard !overflow, size >= 0 else { return nil }
    product = next
  }
  return product
}
