// SPDX-License-Identifier: Apache-2.0

/// The graph's input as 8-bit pixels.
struct GraphInput {
  var pixels: Pixels
  /// Images at a time.
  var batch: Int

  /// Stands for a batch that the file leaves open: a prime larger than any other size, so that no
  /// shape has it by accident.
  static let openBatch = 67_108_879

  /// Values of an image that a network may have.
  static let mostValues = 1 << 24

  /// Reads the input's declaration.
  ///
  /// - Throws: ``Rejection`` when it is not UINT8 of a known size behind the batch.
  init(_ input: ONNXValueInfoProto) throws(Rejection) {
    guard case .tensorType(let tensor) = input.type.value else {
      throw Rejection("it has no tensor type; UINT8 [N, channels, height, width] is expected")
    }
    guard tensor.elemType == ElementType.uint8.rawValue else {
      throw Rejection(
        "it is \(ElementType.name(tensor.elemType)); UINT8 is expected, as the hardware takes "
          + "8-bit pixels",
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
    self.pixels = Pixels(
      name: LayerNames.cleaned(input.name) ?? "image", inputDimensions: dimensions,
      dimensions: dimensions, type: .uint8)
  }
}
