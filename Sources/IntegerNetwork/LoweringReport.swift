// SPDX-License-Identifier: Apache-2.0

import Diagnostics

/// What the lowering decided, and what it cost in exactness.
public struct LoweringReport: Equatable, Codable, Sendable {
  /// Each binarised layer's gammas.
  public var codes: [CodeQuantization] = []
  /// The output scores, where the network has them.
  public var scores: ScoreQuantization?
  /// The maps that are added, where there are skip connections.
  public var maps: [ScoreQuantization]?
  /// Channels whose batch norm scale was negative: weights and comparison were flipped. Exact.
  public var flippedChannels = 0
  /// Channels whose batch norm scale was zero: their bits are constant. Exact.
  public var constantChannels = 0

  public init() {}
}

/// How real gammas became integers: γ_l ≈ step · g_l.
public struct CodeQuantization: Equatable, Codable, Sendable {
  /// The layer that makes the codes.
  public var layer: String
  /// γ_l of the source.
  public var gammas: [Double]
  /// g_l.
  public var weights: [Int]
  /// What one step of g means.
  public var step: Double
  /// Σ_l |γ_l − step · g_l|: the most by which one value can be wrong.
  public var bound: Double
}

/// How real scores, or values of a map, became integers: score ≈ step · (A·s + C).
public struct ScoreQuantization: Equatable, Codable, Sendable {
  /// The layer that makes the sums of the scores, or adds the maps.
  public var layer: String
  /// What one step of a score means.
  public var step: Double
  /// The most by which one score can be wrong, in the source's numbers; in a map, by what this
  /// addition rounds.
  public var bound: Double
}
