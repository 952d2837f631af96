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
  /// The weights in each mode but the last, as many as levels are in use then; empty: no modes.
  public var gammasOfFewerLevels: [[Int]]
  /// Whether flag 0 of a beat says that its codes are absent: padding of value 0.
  public var isPadded: Bool
  /// Bits of a sum.
  public var sumWidth: Int

  /// - Parameter sumWidth: Bits that hold `taps` · Σγ, and twice that where `isPadded`; nil: just
  ///   those.
  public init(
    lanes: Int, taps: Int, gammas: [Int], gammasOfFewerLevels: [[Int]] = [],
    isPadded: Bool = false, sumWidth: Int? = nil
  ) {
    self.lanes = lanes
    self.taps = taps
    self.gammas = gammas
    self.gammasOfFewerLevels = gammasOfFewerLevels
    self.isPadded = isPadded
    let reach = (gammasOfFewerLevels + [gammas]).map { $0.reduce(0, +) }.max() ?? 0
    let largest = taps * reach * (isPadded ? 2 : 1)
    self.sumWidth = sumWidth ?? max(1, Int.bitWidth - largest.leadingZeroBitCount)
  }

  /// Bits of a code.
  public var levels: Int { gammas.count }

  public var modes: Int { gammasOfFewerLevels.count + 1 }

  /// The weight of each level in each mode, 0 where it is not in use.
  private var gammasOfModes: [[Int]] {
    (gammasOfFewerLevels + [gammas]).map {
      $0 + Array(repeating: 0, count: max(0, levels - $0.count))
    }
  }

  /// Bits of a γ.
  public var gammaWidth: Int {
    max(1, Int.bitWidth - (gammasOfModes.joined().max() ?? 0).leadingZeroBitCount)
  }

  public var moduleName: String { "rb_sum_pool" }

  public var parameters: [CoreParameter] {
    [
      CoreParameter("LANES", lanes), CoreParameter("LEVELS", levels),
      CoreParameter("MODES", modes), CoreParameter("TAPS", taps),
      CoreParameter("PADDED", isPadded ? 1 : 0), CoreParameter("GAMMA_WIDTH", gammaWidth),
      CoreParameter("GAMMAS", .packed(gammasOfModes.flatMap(\.self), elementWidth: gammaWidth)),
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

  public var structure: CoreStructure {
    let isInteger = modes == 1 && gammas == (0..<levels).reversed().map { 1 << $0 }
    let counter = counterWidth(taps)
    let (values, shared) = valueBits
    return CoreStructure(
      parts: [
        .base: 1, .counterBit: counter, .totalBit: lanes * sumWidth,
        .selectedBit: isInteger && !isPadded ? 0 : lanes * values,
      ],
      flipFlops: counter + lanes * (values + sumWidth) + shared + (taps > 1 ? 2 : 0) + 4)
  }

  /// Bits of a value that differ from each other and change, in a lane; and those that are the same
  /// in all lanes, for they say only whether the beat is absent.
  private var valueBits: (ofLane: Int, shared: Int) {
    let total = gammasOfModes.map { $0.reduce(0, +) }.max() ?? 0
    let width = min(max(1, counterWidth(total * (isPadded ? 2 : 1) + 1)), sumWidth)
    guard levels <= 8, modes == 1 else { return (width, 0) }
    var tables: Set<[Bool]> = []
    let codes = 1 << levels
    for place in 0..<width {
      tables.insert(
        (0..<(isPadded ? 2 : 1) * codes).map { code in
          let value = gammas.enumerated().reduce(0) { sum, gamma in
            sum + (code >> (levels - 1 - gamma.offset) & 1) * gamma.element
          }
          return (code >= codes ? total : isPadded ? 2 * value : value) >> place & 1 == 1
        })
    }
    let changing = tables.filter { $0.contains(true) && $0.contains(false) }
    let absent = changing.filter { table in table.indices.allSatisfy { table[$0] == ($0 >= codes) }
    }
    return (changing.count - absent.count, absent.count)
  }

  public var handshake: Handshake { .pipeline(depth: 2, period: taps) }
}
