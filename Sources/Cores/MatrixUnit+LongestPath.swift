// SPDX-License-Identifier: Apache-2.0

extension MatrixUnit {
  /// What a number of lanes takes that are counted in one cycle, measured: fewer count as the next more.
  private static let popcounts: [(lanes: Int, path: LogicPath)] = [
    (6, LogicPath(levels: 2, nanoseconds: 1.8)), (8, LogicPath(levels: 3, nanoseconds: 2.3)),
    (16, LogicPath(levels: 4, nanoseconds: 2.9)),
    (32, LogicPath(levels: 6, nanoseconds: 3.5)), (64, LogicPath(levels: 8, nanoseconds: 4.7)),
    (144, LogicPath(levels: 11, nanoseconds: 5.2)), (288, LogicPath(levels: 13, nanoseconds: 7)),
  ]

  /// The same in the second of two cycles.
  private static let halves: [(lanes: Int, path: LogicPath)] = [
    (16, LogicPath(levels: 3, nanoseconds: 1.7)), (32, LogicPath(levels: 5, nanoseconds: 2.4)),
    (64, LogicPath(levels: 6, nanoseconds: 3.3)), (144, LogicPath(levels: 9, nanoseconds: 3.8)),
    (288, LogicPath(levels: 11, nanoseconds: 5.7)), (576, LogicPath(levels: 13, nanoseconds: 7)),
  ]

  /// The same of whole lanes.
  private static let sumsOfLanes: [(lanes: Int, path: LogicPath)] = [
    (3, LogicPath(levels: 3, nanoseconds: 2.3)), (6, LogicPath(levels: 4, nanoseconds: 3.1)),
    (16, LogicPath(levels: 6, nanoseconds: 4.5)), (64, LogicPath(levels: 8, nanoseconds: 6.1)),
    (256, LogicPath(levels: 10, nanoseconds: 7.9)),
  ]

  /// The first of two cycles: counters of three synapses, then of six bits.
  private static let firstHalf = LogicPath(levels: 2, nanoseconds: 1.7)

  /// The sum of four numbers, and the running total.
  private static let sumOfFour = LogicPath(levels: 4, nanoseconds: 2.4)
  private static let total = LogicPath(levels: 2, nanoseconds: 1.8)

  /// What a mask adds.
  private static let masking = LogicPath(levels: 1, nanoseconds: 0.4)

  /// What `lanes` take; beyond the last row one step more for each doubling.
  private static func path(
    _ lanes: Int, in rows: [(lanes: Int, path: LogicPath)]
  ) -> LogicPath {
    if let row = rows.first(where: { lanes <= $0.lanes }) { return row.path }
    guard var (widest, path) = rows.last else { return total }
    while widest < lanes {
      widest *= 2
      path = path + LogicPath(levels: 2, nanoseconds: 1.3)
    }
    return path
  }

  /// Whether the weights come out of block RAM.
  public var readsBlockRAM: Bool {
    let (width, depth) = (units * lanes, groups * weightLevels * words)
    let fit: MemoryFit =
      loadBases == nil
      ? .rom(width: width, depth: depth, memory) : .loadable(width: width, depth: depth, memory)
    return fit.ramb18s > 0
  }

  /// The longest cycle of a popcount that is cut like this.
  private func countingPath(cycles: Int, parts: Int) -> LogicPath {
    var start = LogicPath(levels: 0, nanoseconds: 0)
    if readsBlockRAM { start = start + .blockRAM }
    if mask != nil { start = start + Self.masking }
    let partLanes = (lanes + parts - 1) / parts
    let sums = parts > 1 ? Self.sumOfFour : Self.total
    if usesAdderTree {
      return .longer(Self.path(partLanes, in: Self.sumsOfLanes) + start, sums)
    }
    if cycles == 1 { return .longer(Self.path(lanes, in: Self.popcounts) + start, sums) }
    return .longer(
      .longer(Self.firstHalf + start, Self.path(partLanes, in: Self.halves)), sums)
  }

  public var longestPath: LogicPath {
    if isShared {
      let counts = SharedCounts.longestPath(lanes: lanes, units: units, neurons: sharedNeurons)
      return .longer(counts, Self.total)
    }
    return .longer(countingPath(cycles: popcountCycles, parts: popcountParts), Self.total)
  }

  /// Cuts the popcount, or the sum of whole lanes, in as few cycles as keep the longest path within
  /// `limit` nanoseconds by the estimate; where none does, in as many as there can be.
  ///
  /// With ``LogicPath/usualLimit`` it stays as it is from the start.
  public mutating func cut(to limit: Double) {
    // Parts of as many lanes as the rows have, the widest first; 64 of them at most.
    func parts(of width: Int) -> Int {
      let widest = (lanes + 64 * width - 1) / (64 * width) * width
      return (lanes + widest - 1) / widest
    }
    if isShared {
      sharedNeurons = SharedCounts.neuronsOfBlock(lanes: lanes, units: units, limit: limit)
    }
    if usesAdderTree {
      // As if behind a block RAM: more than three lanes at once take more LUTs, too.
      let widths = Self.sumsOfLanes.map(\.lanes)
      let within = widths.last {
        (Self.path($0, in: Self.sumsOfLanes) + .blockRAM).nanoseconds <= limit
      }
      popcountParts = parts(of: within ?? widths[0])
      return
    }
    (popcountCycles, popcountParts) = (1, 1)
    guard countingPath(cycles: 1, parts: 1).nanoseconds > limit else { return }
    popcountCycles = 2
    let widths = Self.halves.map(\.lanes)
    let within = widths.last { Self.path($0, in: Self.halves).nanoseconds <= limit }
    popcountParts = min(64, (lanes + (within ?? widths[0]) - 1) / (within ?? widths[0]))
  }
}
