// SPDX-License-Identifier: Apache-2.0

import Diagnostics

/// What enters a network: a map of unsigned integers u of `bits` bits, meaning scale · u + offset.
///
/// An unsigned integer is a residual code as it stands: 2u = (2^bits − 1) + Σ 2^(bits−l) b_l, with
/// the most significant bit as level 1. Nothing is rounded here.
///
/// - Shape: any.
/// - Hardware: none; pixels are the code.
public struct Input: PrimitiveLayer, Equatable {
  public static let kind = "Input"
  public static let naming = LayerNaming.numbered("input")

  /// The size of the map.
  public var shape: Shape
  /// Bits of a value, 1…8.
  public var bits: Int
  /// What a step of u means.
  public var scale: Double
  /// What u = 0 means.
  public var offset: Double
  public var name: String?

  public init(
    _ shape: Shape, bits: Int, scale: Double, offset: Double, name: String? = "image"
  ) {
    self.shape = shape
    self.bits = bits
    self.scale = scale
    self.offset = offset
    self.name = name
  }

  /// An image whose values span −1…+1; one bit means −1 or +1.
  public static func image(
    _ height: Int, _ width: Int, channels: Int = 1, bits: Int = 8
  ) -> Input {
    Input(
      Shape(height: height, width: width, channels: channels), bits: bits,
      scale: bits >= 1 && bits <= 8 ? 2 / Double((1 << bits) - 1) : 0, offset: -1)
  }

  /// A vector whose values span −1…+1; one bit means −1 or +1.
  public static func vector(_ count: Int, bits: Int = 1) -> Input {
    var input = image(1, 1, channels: count, bits: bits)
    input.name = "input"
    return input
  }

  public func output(
    for input: Feature, at path: String, _ diagnostics: inout DiagnosticCollector
  ) -> Feature? {
    guard (1...8).contains(bits) else {
      diagnostics.error(
        at: path, "\(bits) bits a value; 1…8 are supported",
        hint: "scale the values to 8 bits before they enter")
      return nil
    }
    guard shape.height > 0, shape.width > 0, shape.channels > 0 else {
      diagnostics.error(at: path, "the shape \(shape) has no values; every size must be positive")
      return nil
    }
    guard shape.height <= Shape.most, shape.width <= Shape.most, shape.channels <= Shape.most,
      shape.height * shape.width <= Shape.most, shape.count <= Shape.most
    else {
      diagnostics.error(
        at: path, "the shape \(shape) has more than \(Shape.most) values",
        hint: "check the sizes; the file may be damaged")
      return nil
    }
    guard scale.magnitude < Tensor.limit, offset.magnitude < Tensor.limit, scale != 0 else {
      diagnostics.error(
        at: path,
        "scale \(scale) and offset \(offset); numbers of float32's range are expected, "
          + "the scale not zero")
      return nil
    }
    return Feature(shape, .code(levels: bits))
  }
}
