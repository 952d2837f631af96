// SPDX-License-Identifier: Apache-2.0

import Modeling

/// The graph's input as 8-bit pixels.
struct GraphInput {
  var pixels: Pixels
  /// What the reader of the file should know about it.
  var remark: String?
  /// Images at a time.
  var batch: Int

  /// Stands for a batch that the file leaves open: a prime larger than any other size, so that no
  /// shape has it by accident.
  static let openBatch = 67_108_879

  /// Values of an image that a network may have.
  static let mostValues = 1 << 24

  /// Reads the input's declaration.
  ///
  /// - Throws: ``Rejection`` when it is neither UINT8 nor FLOAT of a known size behind the
  ///   batch.
  init(_ input: ONNXValueInfoProto) throws(Rejection) {
    guard case .tensorType(let tensor) = input.type.value else {
      throw Rejection("it has no tensor type; UINT8 [N, channels, height, width] is expected")
    }
    guard let type = ElementType(rawValue: tensor.elemType), type == .uint8 || type == .float
    else {
      throw Rejection(
        "it is \(ElementType.name(tensor.elemType)); UINT8, or FLOAT for pixels u / 255, is "
          + "expected, as the hardware takes 8-bit pixels",
        hint: "export with a uint8 input, and Cast, Mul and Sub as the first nodes")
    }
    var sizes: [Int] = []
    for (axis, dimension) in tensor.shape.dim.enumerated() {
      switch dimension.value {
      case .dimValue(let size) where size > 0:
        sizes.append(Int(size))
      case .dimValue(let size) where axis > 0 || size < 0:
        throw Rejection("size \(size) of axis \(axis) is not possible")
      default:
        guard axis == 0 else {
          throw Rejection(
            "the size of axis \(axis) is not given; only the batch, axis 0, may be open")
        }
        sizes.append(Self.openBatch)
      }
    }
    guard (2...4).contains(sizes.count) else {
      throw Rejection(
        "it has \(sizes.count) ax\(sizes.count == 1 ? "is" : "es"); [N, channels, height, width], [N, height, width] or "
          + "[N, values] is expected")
    }
    let dimensions = Array(sizes.dropFirst())
    guard let count = elementCount(dimensions), count <= Self.mostValues else {
      throw Rejection(
        "its sizes \(dimensions) are too large; at most \(Self.mostValues) values are supported")
    }
    self.batch = sizes[0]
    let layout = Self.layout(dimensions)
    self.pixels = Pixels(
      name: LayerNames.cleaned(input.name) ?? "image", inputLayout: layout, layout: layout,
      type: type)
    if type == .float {
      // What loaders of images give: float32(u) / 255.
      pixels.grid?.scale = 1.0 / 255
      pixels.values = pixels.values.map { Double(Float($0) / 255) }
      remark = "the input is FLOAT; it is read as 8-bit pixels u with the values u / 255, 0…1"
    }
  }

  /// [channels], [height, width] or [channels, height, width].
  private static func layout(_ sizes: [Int]) -> Layout {
    switch sizes.count {
    case 1:
      return .vector(sizes[0])
    case 2:
      return Layout(
        shape: Shape(height: sizes[0], width: sizes[1], channels: 1), dimensions: sizes,
        axes: [.row, .column])
    default:
      return .image(Shape(height: sizes[1], width: sizes[2], channels: sizes[0]))
    }
  }
}
