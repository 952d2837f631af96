// SPDX-License-Identifier: Apache-2.0

import Diagnostics

/// Turns a map into a vector.
///
/// - Shape: height × width × channels → height · width · channels.
/// - Exactness: moves values, changes none.
/// - Hardware: none. A stream carries raster pixels, channel fastest; another order permutes the
///   weights of the layer that follows.
public struct Flatten: PrimitiveLayer, Equatable {
  public static let kind = "Flatten"
  public static let naming = LayerNaming.suffix("flatten")

  /// The order of the values in the vector.
  public enum Order: String, Sendable, Codable {
    /// (y, x, c), c fastest: FINN, TensorFlow, the stream.
    case channelsLast
    /// (c, y, x), x fastest: PyTorch, ONNX.
    case channelsFirst
  }

  /// The order of the values in the vector.
  public var order: Order
  public var name: String?

  public init(_ order: Order = .channelsLast, name: String? = nil) {
    self.order = order
    self.name = name
  }

  public func output(
    for input: Feature, at path: String, _ diagnostics: inout DiagnosticCollector
  ) -> Feature? {
    guard input.values != .index else {
      diagnostics.error(
        at: path, "the input is a class index; a map is expected",
        hint: "put `ArgMax()` last")
      return nil
    }
    return Feature(.vector(input.shape.count), input.values)
  }

  /// For each position of the stream, the position in the flattened vector.
  ///
  /// - Parameter shape: the map that is flattened.
  public func sources(of shape: Shape) -> [Int] {
    switch order {
    case .channelsLast:
      return Array(0..<shape.count)
    case .channelsFirst:
      var sources: [Int] = []
      sources.reserveCapacity(shape.count)
      for pixel in 0..<shape.height * shape.width {
        for channel in 0..<shape.channels {
          sources.append(channel * shape.height * shape.width + pixel)
        }
      }
      return sources
    }
  }
}
