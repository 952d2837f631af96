// SPDX-License-Identifier: Apache-2.0

import Diagnostics
import Foundation

/// Images of unsigned bytes, with labels where there are some.
public struct LabelledImages: Equatable, Sendable {
  /// Image after image: raster pixels, channel fastest.
  public var pixels: [UInt8]
  /// One an image, or empty.
  public var labels: [UInt8]
  /// Rows of an image.
  public var height: Int
  /// Columns of an image.
  public var width: Int
  /// Values of a pixel.
  public var channels: Int

  /// Images.
  public var count: Int { pixels.count / imageSize }

  /// Bytes of an image.
  public var imageSize: Int { height * width * channels }

  public init(pixels: [UInt8], labels: [UInt8], height: Int, width: Int, channels: Int) {
    self.pixels = pixels
    self.labels = labels
    self.height = height
    self.width = width
    self.channels = channels
  }

  /// The first `count` images, or all.
  public func prefix(_ count: Int) -> LabelledImages {
    var images = self
    images.pixels = Array(pixels.prefix(count * imageSize))
    images.labels = Array(labels.prefix(count))
    return images
  }

  /// The images of these indices, in their order.
  public func selecting(_ indices: some Sequence<Int>) -> LabelledImages {
    var images = self
    (images.pixels, images.labels) = ([], [])
    for index in indices {
      images.pixels += pixels[index * imageSize..<(index + 1) * imageSize]
      if !labels.isEmpty { images.labels.append(labels[index]) }
    }
    return images
  }

  /// The images as a network with inputs of `bits` bits takes them: the top bits of each byte.
  public func quantized(toBits bits: Int) -> [UInt8] {
    bits == 8 ? pixels : pixels.map { $0 >> UInt8(8 - bits) }
  }
}
