// SPDX-License-Identifier: Apache-2.0

import Diagnostics

/// A batch of CIFAR-10's binary version: records of a label and three colour planes.
///
/// - Shape: 32×32×3 an image.
/// - Source: www.cs.toronto.edu/~kriz/cifar.html, "binary version".
enum CIFARFile {
  private static let plane = 32 * 32
  private static let record = 1 + 3 * plane

  /// Checks the records of a file.
  static func images(_ file: InputFile) throws -> LabelledImages {
    let count = file.bytes.count / record
    guard count > 0, file.bytes.count % record == 0 else {
      throw Diagnostic(
        at: file.path,
        "the file holds \(file.bytes.count) bytes; CIFAR-10's files hold records of \(record)",
        hint: "fetch the file again; name a batch of the binary version, for instance "
          + "test_batch.bin")
    }
    var labels: [UInt8] = []
    for index in 0..<count {
      let label = file.bytes[index * record]
      guard label < 10 else {
        throw Diagnostic(
          at: file.path, "the label of image \(index) is \(label); 0 to 9 are expected",
          hint: "fetch the file again; name a batch of the binary version, for instance "
            + "test_batch.bin")
      }
      labels.append(label)
    }
    let pixels = [UInt8](unsafeUninitializedCapacity: count * 3 * plane) { pixels, filled in
      file.bytes.withUnsafeBufferPointer { bytes in
        var target = 0
        for index in 0..<count {
          let start = index * record + 1
          for pixel in start..<start + plane {
            pixels[target] = bytes[pixel]
            pixels[target + 1] = bytes[pixel + plane]
            pixels[target + 2] = bytes[pixel + 2 * plane]
            target += 3
          }
        }
        filled = target
      }
    }
    return LabelledImages(pixels: pixels, labels: labels, height: 32, width: 32, channels: 3)
  }
}
