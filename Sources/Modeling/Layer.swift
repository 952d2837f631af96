// SPDX-License-Identifier: Apache-2.0

import Diagnostics

/// A part of a network: a primitive layer, or a ``Block`` of layers.
public protocol Layer: Sendable {}

/// A layer made of layers, as a view is made of views.
///
///     struct BinaryBlock: Block {
///       var width: Int
///       var body: [any Layer] {
///         Dense(width)
///         BatchNorm()
///         ResidualSign(levels: 2)
///       }
///     }
public protocol Block: Layer {
  /// The layers, in order.
  @NetworkBuilder var body: [any Layer] { get }
}

/// A layer that the lowering knows: it has a kind, a shape rule and parameters.
public protocol PrimitiveLayer: Layer {
  /// The word for it in messages, for instance `Dense`.
  static var kind: String { get }
  /// How a layer without a name gets one.
  static var naming: LayerNaming { get }
  /// How many maps enter: 1, or 2 where a skip connection joins.
  static var inputs: Int { get }
  /// The user's name for it, if any.
  var name: String? { get }

  /// What leaves the layer when `input` enters, or nil after an error.
  func output(
    for input: Feature, at path: String, _ diagnostics: inout DiagnosticCollector
  ) -> Feature?

  /// What leaves the layer when `inputs` enter, ``inputs`` of them, or nil after an error.
  func output(
    for inputs: [Feature], at path: String, _ diagnostics: inout DiagnosticCollector
  ) -> Feature?

  /// The parameters that it needs when `input` enters.
  func slots(for input: Feature) -> [ParameterSlot]

  /// Rules for parameter values beyond their shapes.
  func check(
    _ parameters: [String: Tensor], at path: String, _ diagnostics: inout DiagnosticCollector)
}

extension PrimitiveLayer {
  public static var inputs: Int { 1 }

  public func output(
    for inputs: [Feature], at path: String, _ diagnostics: inout DiagnosticCollector
  ) -> Feature? {
    inputs.first.flatMap { output(for: $0, at: path, &diagnostics) }
  }

  public func slots(for input: Feature) -> [ParameterSlot] { [] }

  public func check(
    _ parameters: [String: Tensor], at path: String, _ diagnostics: inout DiagnosticCollector
  ) {}
}

/// How a layer without a name gets one.
public enum LayerNaming: Sendable {
  /// A number is added: `dense1`.
  case numbered(String)
  /// Added to the name of the numbered layer before it: `dense1_norm`.
  case suffix(String)
}

/// A parameter that a layer takes.
public struct ParameterSlot: Equatable, Sendable {
  /// The part after the layer's name.
  public var name: String
  /// The shape that the tensor must have.
  public var shape: [Int]
  /// False when the layer works without it.
  public var isRequired: Bool

  public init(_ name: String, shape: [Int], isRequired: Bool = true) {
    self.name = name
    self.shape = shape
    self.isRequired = isRequired
  }
}

/// Collects the layers of a network or block.
@resultBuilder
public enum NetworkBuilder {
  public static func buildExpression(_ layer: any Layer) -> [any Layer] { [layer] }
  public static func buildExpression(_ layers: [any Layer]) -> [any Layer] { layers }
  public static func buildBlock(_ parts: [any Layer]...) -> [any Layer] { parts.flatMap { $0 } }
  public static func buildOptional(_ part: [any Layer]?) -> [any Layer] { part ?? [] }
  public static func buildEither(first: [any Layer]) -> [any Layer] { first }
  public static func buildEither(second: [any Layer]) -> [any Layer] { second }
  public static func buildArray(_ parts: [[any Layer]]) -> [any Layer] { parts.flatMap { $0 } }
}
