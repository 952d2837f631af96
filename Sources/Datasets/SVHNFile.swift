// SPDX-License-Identifier: Apache-2.0

import Diagnostics

/// The cropped digits of Street View House Numbers, a MATLAB file of the arrays `X` and `y`.
///
/// - Shape: `X` height × width × channels × images with the first axis fastest; `y` a label an image,
///   where 10 stands for the digit 0.
/// - Source: ufldl.stanford.edu/housenumbers, "Format 2: Cropped Digits".
enum SVHNFile {
  /// Checks the arrays of a file, and brings the pixels into raster order.
  static func images(_ file: InputFile) throws -> LabelledImages {
    let arrays = try MATFile(file, names: ["X", "y"]).variables
    guard let pixels = arrays["X"], let labels = arrays["y"] else {
      let missing = ["X", "y"].filter { arrays[$0] == nil }.map { "'\($0)'" }
      throw Diagnostic(
        at: file.path,
        "the MATLAB file has no array \(missing.joined(separator: " and no array "))",
        hint: "name an original file of SVHN's cropped digits, for instance test_32x32.mat")
    }
    // MATLAB leaves out a last axis of one.
    let sizes = pixels.sizes.count == 3 ? pixels.sizes + [1] : pixels.sizes
    guard sizes.count == 4, sizes.allSatisfy({ $0 > 0 }) else {
      throw Diagnostic(
        at: file.path,
        "the array 'X' has sizes \(pixels.sizes); height, width, channels and images are expected")
    }
    guard labels.bytes.count == sizes[3] else {
      throw Diagnostic(
        at: file.path,
        "the array 'y' has sizes \(labels.sizes); one label for each of the \(sizes[3]) images is "
          + "expected")
    }
    if let index = labels.bytes.firstIndex(where: { !(1...10).contains($0) }) {
      throw Diagnostic(
        at: file.path,
        "the label of image \(index) is \(labels.bytes[index]); 1 to 10 are expected, where 10 "
          + "stands for the digit 0")
    }
    return LabelledImages(
      pixels: raster(pixels.bytes, height: sizes[0], width: sizes[1], channels: sizes[2]),
      labels: labels.bytes.map { $0 % 10 }, height: sizes[0], width: sizes[1], channels: sizes[2])
  }

  private static func raster(
    _ columns: [UInt8], height: Int, width: Int, channels: Int
  ) -> [UInt8] {
    let size = height * width * channels
    return [UInt8](unsafeUninitializedCapacity: columns.count) { pixels, filled in
      columns.withUnsafeBufferPointer { columns in
        var target = 0
        for start in stride(from: 0, to: columns.count, by: size) {
          for row in 0..<height {
            for column in 0..<width {
              for channel in 0..<channels {
                pixels[target] = columns[start + row + height * (column + width * channel)]
                target += 1
              }
            }
          }
        }
        filled = target
      }
    }
  }
}
