// SPDX-License-Identifier: Apache-2.0

/// Trained numbers with a shape, the last axis fastest.
///
/// Doubles hold every value that a model file has (float32, float64, int8) exactly.
public struct Tensor: Equatable, Sendable {
  /// Trained numbers are less: float32's range, far from where doubles overflow.
  static let limit = 0x1p128

  /// Sizes, slowest axis first.
  public var shape: [Int]
  /// As many values as the product of the sizes.
  public var values: [Double]

  public init(shape: [Int], values: [Double]) {
    self.shape = shape
    self.values = values
  }

  /// A vector.
  public init(_ values: [Double]) {
    self.init(shape: [values.count], values: values)
  }
}

/// The trained numbers of a network, by `<layer>.<parameter>`, for instance `fc1.weight`.
public struct Parameters: Equatable, Sendable {
  /// All tensors by name.
  public var tensors: [String: Tensor]

  public init(_ tensors: [String: Tensor] = [:]) {
    self.tensors = tensors
  }

  /// The tensor of that name, if there is one.
  public subscript(name: String) -> Tensor? {
    get { tensors[name] }
    set { tensors[name] = newValue }
  }

  /// The tensor of a layer's slot, if there is one.
  public subscript(layer: String, slot: String) -> Tensor? {
    get { tensors["\(layer).\(slot)"] }
    set { tensors["\(layer).\(slot)"] = newValue }
  }
}
