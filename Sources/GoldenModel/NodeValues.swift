// SPDX-License-Identifier: Apache-2.0

import Modeling
import PopcountKernels

/// The values of one node, as the kernels keep them: codes as planes of bits, those of an image and
/// of a table as bytes too, all else as numbers.
final class NodeValues {
  let shape: Shape
  /// Levels of the codes; 0 where there are none.
  let levels: Int
  /// Words of a plane, and of the planes of one pixel.
  let words: Int
  let pixelWords: Int
  /// From one pixel's numbers to the next: whole blocks.
  let stride: Int
  /// [level][word], level 1 first: the bits of the whole map in stream order.
  let planes: UnsafeMutablePointer<UInt64>
  /// [pixel][channel].
  let numbers: UnsafeMutablePointer<Int64>
  /// The codes in stream order; empty where there are only planes.
  let bytes: Buffer<UInt8>
  private let planeBuffer: Buffer<UInt64>
  private let numberBuffer: Buffer<Int64>

  init(_ shape: Shape, levels: Int, hasBytes: Bool) {
    self.shape = shape
    self.levels = levels
    words = (shape.count + 63) / 64
    pixelWords = (shape.channels + 63) / 64
    stride = (shape.channels + resbin_block - 1) / resbin_block * resbin_block
    // Kernels for bytes read four at a time.
    bytes = Buffer(hasBytes ? (shape.count + 3) / 4 * 4 : 0)
    planeBuffer = Buffer(levels * words)
    numberBuffer = Buffer(levels > 0 ? 0 : shape.height * shape.width * stride)
    planes = planeBuffer.start
    numbers = numberBuffer.start
  }

  /// Pixels of the map.
  var pixels: Int { shape.height * shape.width }

  /// The planes of a pixel's codes, side by side.
  func read(pixel: Int, into codes: UnsafeMutablePointer<UInt64>) {
    for level in 0..<levels {
      resbin_copy_bits(
        codes + level * pixelWords, 0, planes + level * words, pixel * shape.channels,
        shape.channels)
    }
  }

  /// Writes a pixel's codes; pixels are written in order.
  func write(pixel: Int, from codes: UnsafePointer<UInt64>) {
    for level in 0..<levels {
      resbin_copy_bits(
        planes + level * words, pixel * shape.channels, codes + level * pixelWords, 0,
        shape.channels)
    }
  }

  /// How many codes differ from those of another map of this shape and these levels.
  func differingCodes(from other: NodeValues) -> Int {
    (0..<words).reduce(0) { count, word in
      let differing = (0..<levels).reduce(0 as UInt64) {
        $0 | (planes[$1 * words + word] ^ other.planes[$1 * words + word])
      }
      return count + differing.nonzeroBitCount
    }
  }

  /// In stream order.
  var values: [Int] {
    if bytes.count > 0 { return (0..<shape.count).map { Int(bytes.start[$0]) } }
    guard levels > 0 else {
      return (0..<pixels).flatMap { pixel in
        (0..<shape.channels).map { Int(numbers[pixel * stride + $0]) }
      }
    }
    return (0..<shape.count).map { position in
      var code = 0
      for level in 0..<levels {
        let word = planes[level * words + position / 64]
        code = 2 * code + Int(word >> UInt64(position % 64) & 1)
      }
      return code
    }
  }
}
