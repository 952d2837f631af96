// SPDX-License-Identifier: Apache-2.0

import Diagnostics

/// Batch normalisation with trained statistics.
///
///     y_c = scale_c · (x_c − mean_c) / √(variance_c + epsilon) + bias_c
///
/// - Shape: any map of reals → the same.
/// - Exactness: moves into the integer thresholds that follow, without rounding; a negative scale
///   flips the weights of its channel, a zero scale makes its bits constant.
/// - Hardware: none.
/// - Throws: through the lowering, when a variance is not positive.
public struct BatchNorm: PrimitiveLayer, Equatable {
  public static let kind = "BatchNorm"
  public static let naming = LayerNaming.suffix("norm")

  /// Added to the variance.
  public var epsilon: Double
  public var name: String?

  public init(epsilon: Double = 1e-5, name: String? = nil) {
    self.epsilon = epsilon
    self.name = name
  }

  public func output(
    for input: Feature, at path: String, _ diagnostics: inout DiagnosticCollector
  ) -> Feature? {
    guard input.values == .real else {
      diagnostics.error(
        at: path,
        "the input is \(input.values == .index ? "a class index" : "a residual code"); "
          + "the sums of a linear layer are expected",
        hint: "put `BatchNorm()` directly after `Dense`")
      return nil
    }
    return input
  }

  public func slots(for input: Feature) -> [ParameterSlot] {
    ["scale", "bias", "mean", "variance"].map {
      ParameterSlot($0, shape: [input.shape.channels])
    }
  }

  public func check(
    _ parameters: [String: Tensor], at path: String, _ diagnostics: inout DiagnosticCollector
  ) {
    guard epsilon.isFinite else {
      diagnostics.error(at: path, "epsilon is \(epsilon); a finite number is expected")
      return
    }
    guard let variance = parameters["variance"] else { return }
    for (channel, value) in variance.values.enumerated() where !(value + epsilon > 0) {
      diagnostics.error(
        at: path,
        "variance[\(channel)] + epsilon is \(value + epsilon); it must be positive")
      return
    }
  }
}
