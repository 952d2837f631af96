// SPDX-License-Identifier: Apache-2.0

/// What the bits of a value mean: value ∝ Σ_l g_l · b_l, b_l ∈ {−1, +1}, with integer g.
///
/// A value is stored as an unsigned integer whose most significant bit is b_1; a bit 1 means +1.
/// The source's step and offset have moved into the thresholds that read the sums.
public struct ResidualCode: Equatable, Codable, Sendable {
  /// g_1…g_M, none negative.
  public var weights: [Int]

  public init(weights: [Int]) {
    self.weights = weights
  }

  /// An unsigned integer of so many bits.
  public static func unsigned(bits: Int) -> ResidualCode {
    ResidualCode(weights: (0..<bits).reversed().map { 1 << $0 })
  }

  /// M.
  public var levels: Int { weights.count }

  /// The largest |Σ g_l · b_l|.
  public var range: Int { weights.reduce(0, +) }

  /// Σ g_l · b_l of a code.
  public func value(of code: Int) -> Int {
    var value = 0
    for (index, weight) in weights.enumerated() {
      value += code >> (levels - 1 - index) & 1 == 1 ? weight : -weight
    }
    return value
  }
}
