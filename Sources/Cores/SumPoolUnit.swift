// SPDX-License-Identifier: Apache-2.0

/// The sum of the values of a window, lane by lane.
///
///     u_ti = Σ_l γ_l · b_l(in_ti),   out_i = Σ_t u_ti,   b_l ∈ {0, 1}
///
/// The window's signed sum is 2 · out − `taps` · Σγ. With `isPadded` everything is doubled, and a
/// flagged tap, whose codes are absent, adds Σγ where others add 2u: the signed sum is
/// out − `taps` · Σγ, and an absent code counts 0 in it.
///
/// - Shape: `taps` beats of the same channels, then `taps` of the next ones, `lanes` codes of
///   `levels` bits each → one beat of `lanes` unsigned sums for `taps`.
/// - Exactness: integers only; nothing is rounded.
/// - Hardware: one beat a cycle, latency 2 cycles after the last tap; a small table and an adder a
///   lane; RTL/rb_sum_pool.v.
public struct SumPoolUnit: Core {
  /// Codes in a beat.
  public var lanes: Int
  /// Beats of a window.
  public var taps: Int
  /// The weight of each level, level 1 first; none is negative.
  public var gammas: [Int]
  /// Whether flag 0 of a beat says that its codes are absent: padding of value 0.
  public var isPadded: Bool
  /// Bits of a sum.
  public var sumWidth: Int

  /// - Parameter sumWidth: Bits that hold `taps` · Σγ, and twice that where `isPadded`; nil: just
  ///   those.
  public init(
    lanes: Int, taps: Int, gammas: [Int], isPadded: Bool = false, sumWidth: Int? = nil
  ) {
    self.lanes = lanes
    self.taps = taps
    self.gammas = gammas
    self.isPadded = isPadded
    let largest = taps * gammas.reduce(0, +) * (isPadded ? 2 : 1)
    self.sumWidth = sumWidth ?? max(1, Int.bitWidth - largest.leadingZeroBitCount)
  }

  /// Bits of a code.
  public var levels: Int { gammas.count }

  /// Bits of a γ.
  public var gammaWidth: Int {
    max(1, Int.bitWidth - (gammas.max() ?? 0).leadingZeroBitCount)
  }

  public var moduleName: String { "rb_sum_pool" }

  public var parameters: [CoreParameter] {
    [
      CoreParameter("LANES", lanes), CoreParameter("LEVELS", levels), CoreParameter("TAPS", taps),
      CoreParameter("PADDED", isPadded ? 1 : 0), CoreParameter("GAMMA_WIDTH", gammaWidth),
      CoreParameter("GAMMAS", .packed(gammas, elementWidth: gammaWidth)),
      CoreParameter("SUM_WIDTH", sumWidth),
    ]
  }

  public var inputs: [StreamPort] {
    [StreamPort("in", lanes: lanes, bitsPerLane: levels, flags: isPadded ? 1 : 0)]
  }

  public var outputs: [StreamPort] { [StreamPort("out", lanes: lanes, bitsPerLane: sumWidth)] }

  public var files: [RTLFile] {
    [RTLFile(name: "rb_sum_pool.v", bytes: PackageResources.rb_sum_pool_v)]
  }

  public var handshake: Handshake { .pipeline(depth: 2, period: taps) }
}
