// SPDX-License-Identifier: Apache-2.0

/// Finds the largest score of a vector; of equal ones the first.
///
///     index = min { o : score_o ≥ score_p for every p },   o = group · units + unit
///
/// - Shape: `units` signed scores a beat, `groups` beats a vector → one index a vector.
/// - Exactness: integer comparisons; nothing is rounded.
/// - Hardware: one beat a cycle, latency 2 cycles after the last beat; the best of a beat is found
///   in one cycle, so few units are better than many; RTL/rb_arg_max.v.
public struct ArgMax: Core {
  /// Scores in a beat.
  public var units: Int
  /// Bits of a score, signed.
  public var scoreWidth: Int
  /// Beats of a vector.
  public var groups: Int
  /// Bits of an index.
  public var indexWidth: Int

  public init(units: Int, scoreWidth: Int, groups: Int, indexWidth: Int) {
    self.units = units
    self.scoreWidth = scoreWidth
    self.groups = groups
    self.indexWidth = indexWidth
  }

  public var moduleName: String { "rb_arg_max" }

  public var parameters: [CoreParameter] {
    [
      CoreParameter("UNITS", units), CoreParameter("SCORE_WIDTH", scoreWidth),
      CoreParameter("GROUPS", groups), CoreParameter("INDEX_WIDTH", indexWidth),
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
    return CoreStructure(
      parts: [
        .base: 1, .counterBit: counter, .adderBit: units * scoreWidth,
        .selectedBit: (units - 1) * best,
      ],
      // Where a beat holds all scores, only its index is kept.
      flipFlops: groups > 1 ? counter + indexWidth + 2 * best + 6 : 2 * indexWidth + 4)
  }

  public var handshake: Handshake { .pipeline(depth: 2, period: groups) }
}
