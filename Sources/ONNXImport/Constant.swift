// SPDX-License-Identifier: Apache-2.0

/// A tensor whose numbers the file gives, or that follow from such numbers alone.
struct Constant {
  var type: ElementType
  /// Sizes, slowest axis first; empty for a scalar.
  var shape: [Int]
  /// As many values as the product of the sizes, each exactly a value of `type`.
  var values: [Double]
  /// The initializer that the numbers come from; a layer without a name is called after it.
  var source: String?

  init(_ type: ElementType, shape: [Int], values: [Double], source: String? = nil) {
    self.type = type
    self.shape = shape
    self.values = values
    self.source = source
  }

  /// A scalar.
  init(_ type: ElementType, _ value: Double) {
    self.init(type, shape: [], values: [value])
  }

  /// The one value of a tensor whose elements are all equal.
  var uniform: Double? {
    guard let first = values.first, values.allSatisfy({ $0 == first }) else { return nil }
    return first
  }

  /// The values as integers, for shapes and axes.
  var integers: [Int]? {
    guard type == .int64 || type == .int32, shape.count <= 1 else { return nil }
    return values.map { $0 == .infinity ? .max : $0 == -.infinity ? .min : Int($0) }
  }

  /// The value for each channel of a map, when it is the same for every image and pixel.
  func perChannel(of layout: Layout) -> [Double]? {
    let channels = layout.shape.channels
    if let uniform { return Array(repeating: uniform, count: channels) }
    // Aligned at the last axis, as ONNX broadcasts; axis 0 is the batch.
    let missing = layout.dimensions.count + 1 - shape.count
    guard missing >= 0 else { return nil }
    let full = Array(repeating: 1, count: missing) + shape
    for (axis, size) in full.enumerated() where size != 1 {
      guard axis > 0, layout.axes[axis - 1] == .channel, size == channels else { return nil }
    }
    return values.count == channels ? values : nil
  }

  /// `a FLOAT [256, 10] constant`
  var description: String { "a \(type.name) \(shape) constant" }
}

/// The number of elements of a shape, or nil when a size is negative or the sizes are too large:
/// the product of any of them that are not 0 fits an `Int`.
func elementCount(_ shape: [Int]) -> Int? {
  var count = 1
  for size in shape {
    guard size >= 0 else { return nil }
    let (product, overflow) = count.multipliedReportingOverflow(by: max(size, 1))
    guard !overflow else { return nil }
    count = product
  }
  return shape.contains(0) ? 0 : count
}
