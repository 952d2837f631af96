// SPDX-License-Identifier: Apache-2.0

import Diagnostics

/// A fully connected layer with binary weights.
///
///     y_o = Σ_i w_oi · x_i + bias_o,   w_oi ∈ {−α_o, 0, +α_o}
///
/// A weight of 0 is inactive: it is masked out and costs nothing in accuracy or range. Rows of
/// integers up to 15 times α are weights of a few bits.
///
/// - Shape: vector of codes → `units` real sums.
/// - Exactness: integers; α, bias and batch norm move into the thresholds that follow.
/// - Hardware: RTL/rb_matrix_unit.v.
/// - Source: XNOR-Net, arXiv 1603.05279; Bitwise Neural Networks, arXiv 1601.06071 (the mask).
public struct Dense: PrimitiveLayer, Equatable {
  public static let kind = "Dense"
  public static let naming = LayerNaming.numbered("dense")

  /// Outputs.
  public var units: Int
  public var name: String?

  public init(_ units: Int, name: String? = nil) {
    self.units = units
    self.name = name
  }

  public func output(
    for input: Feature, at path: String, _ diagnostics: inout DiagnosticCollector
  ) -> Feature? {
    guard units > 0 else {
      diagnostics.error(at: path, "\(units) outputs; at least 1 is expected")
      return nil
    }
    guard units <= Shape.most else {
      diagnostics.error(at: path, "\(units) outputs; at most \(Shape.most) are supported")
      return nil
    }
    guard case .code = input.values else {
      diagnostics.error(
        at: path,
        "the input is \(input.values == .index ? "a class index" : "real-valued"); "
          + "a binary layer takes residual codes",
        hint: "put `Sign()` or `ResidualSign(levels: 2)` before it")
      return nil
    }
    guard input.shape.isVector else {
      diagnostics.error(
        at: path, "the input is a \(input.shape) map; a vector is expected",
        hint: "put `Flatten()` before it")
      return nil
    }
    return Feature(.vector(units), .real)
  }

  public func slots(for input: Feature) -> [ParameterSlot] {
    [
      ParameterSlot("weight", shape: [units, input.shape.count]),
      ParameterSlot("bias", shape: [units], isRequired: false),
    ]
  }

  public func check(
    _ parameters: [String: Tensor], at path: String, _ diagnostics: inout DiagnosticCollector
  ) {
    checkWeights(parameters["weight"], at: path, &diagnostics)
  }
}
