// SPDX-License-Identifier: Apache-2.0

/// Finds the largest score of a vector; of equal ones the first.
///
///     index = min { o : score_o ≥ score_p for every p },   o = group · units + unit
///
/// - Shape: `units` signed scores a beat, `groups` beats a vector → one index a vector.
/// - Exactness: integer comparisons; nothing is rounded.
/// - Hardware: one beat a cycle, latency 1 + `compareCycles` cycles after the last beat; the best of a
///   beat is found by a tournament of log₂ `units` rounds; RTL/rb_arg_max.v.
public struct ArgMax: Core {
  /// Scores in a beat.
  public var units: Int
  /// Bits of a score, signed.
  public var scoreWidth: Int
  /// Beats of a vector.
  public var groups: Int
  /// Bits of an index.
  public var indexWidth: Int
  /// Cycles of the tournament, each of at most ``mostRoundsInOneCycle`` rounds.
  public var compareCycles: Int

  public init(units: Int, scoreWidth: Int, groups: Int, indexWidth: Int) {
    self.units = units
    self.scoreWidth = scoreWidth
    self.groups = groups
    self.indexWidth = indexWidth
    compareCycles = 1
    compareCycles = max(1, (rounds + Self.mostRoundsInOneCycle - 1) / Self.mostRoundsInOneCycle)
  }

  /// Rounds that take up to about 3.8 ns, without routing, in the estimate of RTL/README.md.
  public static let mostRoundsInOneCycle = 2

  public var longestPath: LogicPath {
    let last = LogicPath(levels: 3, nanoseconds: groups > 1 ? 2.9 : 1.7)
    return .longer(Self.path(rounds: (rounds + compareCycles - 1) / compareCycles), last)
  }

  private static func path(rounds: Int) -> LogicPath {
    LogicPath(levels: 3 * rounds, nanoseconds: 0.7 + 1.6 * Double(rounds))
  }

  /// Cuts the tournament in as few cycles as keep the longest path within `limit` nanoseconds by the
  /// estimate; where none does, in one a round.
  ///
  /// With ``LogicPath/usualLimit`` it stays as it is from the start.
  public mutating func cut(to limit: Double) {
    compareCycles =
      (1...max(1, rounds)).first { cycles in
        Self.path(rounds: (rounds + cycles - 1) / cycles).nanoseconds <= limit
      } ?? max(1, rounds)
  }

  /// Rounds of the tournament.
  var rounds: Int { counterWidth(units) }

  public var moduleName: String { "rb_arg_max" }

  public var parameters: [CoreParameter] {
    [
      CoreParameter("UNITS", units), CoreParameter("SCORE_WIDTH", scoreWidth),
      CoreParameter("GROUPS", groups), CoreParameter("INDEX_WIDTH", indexWidth),
      CoreParameter("COMPARE_CYCLES", compareCycles),
    ]
  }

  public var inputs: [StreamPort] {
    [StreamPort("scores", lanes: units, bitsPerLane: scoreWidth)]
  }

  public var outputs: [StreamPort] {
    [StreamPort("index", lanes: 1, bitsPerLane: indexWidth)]
  }

  public var files: [RTLFile] {
    [RTLFile(name: "rb_arg_max.v", bytes: PackageResources.rb_arg_max_v)]
  }

  public var structure: CoreStructure {
    let counter = counterWidth(groups)
    let best = indexWidth + scoreWidth
    // Where a beat holds all scores, the last winner's is compared with none, and only its index kept.
    let chosen = groups > 1 ? units : units - 1
    var structure = CoreStructure(
      parts: [
        .base: 1, .counterBit: counter, .adderBit: chosen * scoreWidth,
        .selectedBit: max(0, chosen - 1) * scoreWidth,
      ],
      flipFlops: 2 * compareCycles + 2)
    structure.flipFlops += groups > 1 ? counter + best + indexWidth : indexWidth
    for round in 0..<max(1, rounds) where endsCycle(round) {
      let isLast = round + 1 >= rounds
      let winners = isLast ? 1 : 1 << (rounds - round - 1)
      // Of a winner those bits of its unit that its place does not say.
      let waiting = rounds == 0 ? 1 : max(0, (1 << rounds) - units) >> round
      structure.flipFlops += winners * (isLast && groups == 1 ? 0 : scoreWidth)
      structure.flipFlops += winners * (round + 1) - waiting
    }
    return structure
  }

  /// Whether the winners of a round are kept for the next cycle.
  private func endsCycle(_ round: Int) -> Bool {
    rounds == 0 || (round + 1) * compareCycles / rounds != round * compareCycles / rounds
  }

  public var handshake: Handshake { .pipeline(depth: 1 + compareCycles, period: groups) }
}
