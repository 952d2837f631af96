// SPDX-License-Identifier: Apache-2.0

import Diagnostics

/// Which bit a value of exactly zero gets.
public enum ZeroRule: String, Sendable, Codable {
  /// sign(0) = +1: the comparison is ≥.
  case positive
  /// sign(0) = −1: the comparison is >.
  case negative
}

/// Binarises each value into `levels` signs whose weighted sum approximates it.
///
///     r₁ = x,   b_l = sign(r_l),   r_(l+1) = r_l − γ_l·b_l,   value = Σ γ_l·b_l
///
/// - Shape: any map of reals → the same map, `levels` bits a value.
/// - Exactness: each bit is a comparison of the layer's integer sum with an integer; nothing is
///   rounded here. The integers that stand for γ in the next layer are chosen by the lowering.
/// - Hardware: RTL/rb_residual_encoder.v, one beat a cycle, latency 1 + `levels` cycles.
/// - Throws: through the lowering, when a γ is negative or not finite.
/// - Source: ResBinNet, arXiv 1711.01243, residual binarization.
public struct ResidualSign: PrimitiveLayer, Equatable {
  public static let kind = "ResidualSign"
  public static let naming = LayerNaming.suffix("sign")

  /// Levels, 1…4.
  public var levels: Int
  /// Which bit a value of exactly zero gets.
  public var zero: ZeroRule
  public var name: String?

  public init(levels: Int, zero: ZeroRule = .positive, name: String? = nil) {
    self.levels = levels
    self.zero = zero
    self.name = name
  }

  public func output(
    for input: Feature, at path: String, _ diagnostics: inout DiagnosticCollector
  ) -> Feature? {
    guard (1...4).contains(levels) else {
      diagnostics.error(at: path, "\(levels) levels; 1…4 are supported")
      return nil
    }
    return signed(input, levels: levels, at: path, &diagnostics)
  }

  public func slots(for input: Feature) -> [ParameterSlot] {
    [ParameterSlot("gammas", shape: [levels])]
  }

  public func check(
    _ parameters: [String: Tensor], at path: String, _ diagnostics: inout DiagnosticCollector
  ) {
    guard let gammas = parameters["gammas"]?.values else { return }
    for (index, gamma) in gammas.enumerated() where gamma < 0 {
      diagnostics.error(
        at: path, "gamma \(index + 1) is \(gamma); a gamma is at least 0",
        hint: "a negative gamma swaps the bit's meaning: export its magnitude")
      return
    }
    if gammas.allSatisfy({ $0 == 0 }) {
      diagnostics.error(at: path, "every gamma is 0; the layer's output would always be 0")
      return
    }
    for index in gammas.indices.dropFirst() where gammas[index] > gammas[index - 1] {
      diagnostics.warning(
        at: path,
        "gamma \(index + 1) (\(gammas[index])) is larger than gamma \(index) "
          + "(\(gammas[index - 1])); residual levels are expected to decrease",
        hint: "train with gammas that decrease by construction")
      return
    }
    for index in gammas.indices {
      let rest = gammas[(index + 1)...].reduce(0, +)
      if gammas[index] < rest {
        diagnostics.warning(
          at: path,
          "gamma \(index + 1) (\(gammas[index])) is less than the sum of the later ones (\(rest)); "
            + "the codes are not ordered as their values: pooling codes would differ from "
            + "pooling values")
        return
      }
    }
  }
}

/// Binarises each value into its sign: −1 or +1.
///
/// - Shape: any map of reals → the same map, one level.
/// - Exactness: an integer comparison; nothing is rounded.
/// - Hardware: RTL/rb_residual_encoder.v with one level.
/// - Source: Binarized Neural Networks, arXiv 1602.02830.
public struct Sign: PrimitiveLayer, Equatable {
  public static let kind = "Sign"
  public static let naming = LayerNaming.suffix("sign")

  /// Which bit a value of exactly zero gets.
  public var zero: ZeroRule
  public var name: String?

  public init(zero: ZeroRule = .positive, name: String? = nil) {
    self.zero = zero
    self.name = name
  }

  public func output(
    for input: Feature, at path: String, _ diagnostics: inout DiagnosticCollector
  ) -> Feature? {
    signed(input, levels: 1, at: path, &diagnostics)
  }
}

/// Codes in place of reals, or nil after an error.
func signed(
  _ input: Feature, levels: Int, at path: String, _ diagnostics: inout DiagnosticCollector
) -> Feature? {
  guard input.values == .real else {
    diagnostics.error(
      at: path,
      "the input is \(input.values == .index ? "a class index" : "a residual code already"); "
        + "real sums are expected",
      hint: "put it after `Dense` or `BatchNorm`")
    return nil
  }
  return Feature(input.shape, .code(levels: levels))
}
