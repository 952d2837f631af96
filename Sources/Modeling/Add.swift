// SPDX-License-Identifier: Apache-2.0

import Diagnostics

/// The sum of two maps, value by value: where a skip connection joins.
///
///     y = x_0 + x_1
///
/// - Shape: two maps of the same size, reals or codes → reals.
/// - Exactness: each map becomes fixed-point numbers of one step (``LoweringReport/maps``); the addition
///   is exact.
/// - Hardware: RTL/rb_add.v, with a queue before each input; RTL/rb_score.v where a map has another step.
/// - Source: Bi-Real Net, arXiv 1808.00278 (shortcuts round binary convolutions).
public struct Add: PrimitiveLayer, Equatable {
  public static let kind = "Add"
  public static let naming = LayerNaming.numbered("add")
  public static let inputs = 2

  public var name: String?

  public init(name: String? = nil) {
    self.name = name
  }

  public func output(
    for inputs: [Feature], at path: String, _ diagnostics: inout DiagnosticCollector
  ) -> Feature? {
    for input in inputs where input.values == .index {
      diagnostics.error(
        at: path, "a class index enters; maps of sums or codes are expected",
        hint: "put `ArgMax()` last")
      return nil
    }
    guard let first = inputs.first, let second = inputs.last, first.shape == second.shape else {
      diagnostics.error(
        at: path,
        "the maps that enter are \(inputs.map { "\($0.shape)" }.joined(separator: " and ")); "
          + "they must have the same size",
        hint: "change the layers of one branch, or put a convolution of 1×1 into the other "
          + "with `Shortcut { … } through: { … }`")
      return nil
    }
    return Feature(first.shape, .real)
  }

  public func output(
    for input: Feature, at path: String, _ diagnostics: inout DiagnosticCollector
  ) -> Feature? {
    output(for: [input, input], at: path, &diagnostics)
  }
}

/// What layers make of a map, added to the map itself or to what other layers make of it.
///
///     Shortcut {
///       ResidualSign(levels: 2)
///       Conv(64, kernel: 3, padding: .same)
///       BatchNorm()
///     }
///
///     Shortcut {
///       ResidualSign(levels: 2)
///       Conv(128, kernel: 3, stride: 2, padding: .same)
///       BatchNorm()
///     } through: {
///       ResidualSign(levels: 2)
///       Conv(128, kernel: 1, stride: 2)
///       BatchNorm()
///     }
public struct Shortcut: Layer {
  /// The way that makes what is added.
  var layers: [any Layer]
  /// The way to what it is added to; empty: the map itself.
  var shortcut: [any Layer]
  /// The name of the addition.
  var name: String?

  /// - Parameter name: of the ``Add`` that joins the two ways.
  public init(
    name: String? = nil, @NetworkBuilder _ layers: () -> [any Layer],
    @NetworkBuilder through shortcut: () -> [any Layer] = { [] }
  ) {
    self.name = name
    self.layers = layers()
    self.shortcut = shortcut()
  }
}
