// SPDX-License-Identifier: Apache-2.0

import Diagnostics

/// Turns each value into the number q of its channel's thresholds that it reaches; q means
/// scale · q + offset.
///
/// A uniform quantizer of k bits has 2^k − 1 thresholds, half a step beside its values; any
/// ascending thresholds will do. The result is a residual code with weights that halve.
///
/// - Shape: any map of reals → the same map, as many levels as q has bits.
/// - Exactness: each bit is a comparison of the layer's integer sum with an integer; nothing is
///   rounded.
/// - Hardware: RTL/rb_residual_encoder.v.
/// - Source: XNOR-Net, arXiv 1603.05279, q_k; QONNX, Quant and MultiThreshold.
public struct Quantizer: PrimitiveLayer, Equatable {
  public static let kind = "Quantizer"
  public static let naming = LayerNaming.suffix("quant")

  /// What a step of q means; positive.
  public var scale: Double
  /// What q = 0 means.
  public var offset: Double
  /// For each threshold, in ascending order, what a value that equals it does: `.positive` reaches
  /// it (≥), `.negative` does not (>). As many as there are thresholds, 1…15.
  public var zero: [ZeroRule]
  public var name: String?

  public init(scale: Double, offset: Double, zero: [ZeroRule], name: String? = nil) {
    self.scale = scale
    self.offset = offset
    self.zero = zero
    self.name = name
  }

  /// Bits of q.
  public var levels: Int {
    Int.bitWidth - zero.count.leadingZeroBitCount
  }

  public func output(
    for input: Feature, at path: String, _ diagnostics: inout DiagnosticCollector
  ) -> Feature? {
    guard (1...15).contains(zero.count) else {
      diagnostics.error(
        at: path, "\(zero.count) thresholds; 1…15 (1 to 4 bits) are supported")
      return nil
    }
    guard scale > 0, scale < Tensor.limit, offset.magnitude < Tensor.limit else {
      diagnostics.error(
        at: path,
        "scale \(scale) and offset \(offset); numbers of float32's range are expected, "
          + "the scale positive")
      return nil
    }
    return signed(input, levels: levels, at: path, &diagnostics)
  }

  public func slots(for input: Feature) -> [ParameterSlot] {
    [ParameterSlot("thresholds", shape: [input.shape.channels, zero.count])]
  }

  public func check(
    _ parameters: [String: Tensor], at path: String, _ diagnostics: inout DiagnosticCollector
  ) {
    guard let values = parameters["thresholds"]?.values, !zero.isEmpty else { return }
    for index in values.indices where index % zero.count > 0 && values[index] < values[index - 1] {
      diagnostics.error(
        at: path,
        "thresholds[\(index / zero.count), \(index % zero.count)] is \(values[index]), the one "
          + "before it \(values[index - 1]); ascending thresholds are expected")
      return
    }
  }
}
