// SPDX-License-Identifier: Apache-2.0

import ResBin
import TestSupport
import Testing

/// Designs whose memories can be written at run time: the Verilog of one network computes another of
/// its shape after that was loaded, and its own where nothing was.
@Suite(.tags(.rtl), .enabled(if: Simulator.isAvailable, whyNoSimulator))
struct ReloadTests {
  /// Dense layers of all kinds, tables, masks, levels in series and in parallel.
  @Test(arguments: 0..<UInt64(TestData.isExhaustive ? 100 : 8))
  func aLoadedModelEqualsTheGoldenModel(seed: UInt64) throws {
    var random = SeededRandom(seed: 9000 + seed)
    try check(RandomNetwork.make(using: &random), images: 6, seed: seed, using: &random)
  }

  /// Convolutions with borders, groups, pools of codes and of sums, weights of a few bits.
  @Test(arguments: 0..<UInt64(TestData.isExhaustive ? 100 : 6))
  func aLoadedModelEqualsTheGoldenModelOnMaps(seed: UInt64) throws {
    var random = SeededRandom(seed: 11_000 + 1_000_003 * seed)
    try check(RandomNetwork.map(using: &random), images: 3, seed: seed, using: &random)
  }

  /// With fewer levels in use gammas may need more bits than with all of them.
  @Test(arguments: 0..<UInt64(TestData.isExhaustive ? 20 : 3))
  func everyModeOfALoadedModelEqualsTheGoldenModel(seed: UInt64) throws {
    var random = SeededRandom(seed: 13_000 + seed)
    var (trained, graph) = (RandomNetwork.make(using: &random), IntegerGraph?.none)
    while graph == nil {
      trained = RandomNetwork.make(using: &random)
      let lowered = try trained.network.lowered(with: trained.parameters)
      if lowered.levels > 1 { graph = lowered }
    }
    var whole = try #require(graph)
    whole.setRandomModes(gammas: 100...900, using: &random)
    let folding = try whole.folded(to: .cycles(64), headroom: Headroom(for: whole))
    try EndToEndTests.check(
      folding, of: trained.network, loading: whole.withOtherParameters(using: &random), images: 6,
      stalls: [.none, .random], seed: seed, using: &random)
  }

  private func check(
    _ trained: TrainedNetwork, images: Int, seed: UInt64, using random: inout SeededRandom
  ) throws {
    let graph = try trained.network.lowered(with: trained.parameters)
    let cycles = [1, 8, 64, 1000].randomElement(using: &random) ?? 1
    let schedule = LevelSchedule.allCases.randomElement(using: &random) ?? .series
    let folds = try graph.folded(to: cycles, schedule: schedule).folds
    let folding = try graph.folded(overrides: folds, headroom: Headroom(for: graph))
    let other = graph.withOtherParameters(using: &random)
    try EndToEndTests.check(
      folding, of: trained.network, loading: other, images: images, stalls: [.none, .random],
      seed: seed, using: &random)
  }
}

extension IntegerGraph {
  /// The same layers with weights, masks, thresholds, gammas, tables and scores at random.
  fileprivate func withOtherParameters(using random: inout SeededRandom) -> IntegerGraph {
    var graph = self
    for index in nodes.indices {
      switch nodes[index].operation {
      case .popcount(var popcount):
        for row in 0..<popcount.weights.rows {
          for column in 0..<popcount.weights.columns {
            let isActive = popcount.mask == nil || Bool.random(using: &random)
            popcount.mask?[row, column] = isActive
            popcount.weights[row, column] = isActive && Bool.random(using: &random)
          }
        }
        graph.nodes[index].operation = .popcount(popcount)
      case .encode(var tree):
        // The gammas of whole numbers, and those that a pool adds up, are hardware.
        let isPooled = graph.isPooled(index)
        if tree.code != .unsigned(bits: tree.code.levels), !isPooled {
          tree.code.weights = tree.code.weights.map { _ in Int.random(in: 0...255, using: &random) }
        }
        let limits = graph.sumLimits(of: nodes[index].inputs[0])
        tree.thresholds = limits.map { limit in
          (1..<1 << tree.code.levels).map { _ in
            Int.random(in: -limit / 4 - 1...limit / 4 + 1, using: &random)
          }
        }
        graph.nodes[index].operation = .encode(
          ThresholdTree(
            code: tree.code, thresholds: tree.thresholds,
            falling: limits.map { _ in random.next() >> 62 == 0 }))
      case .score(var score):
        let limits = graph.sumLimits(of: nodes[index].inputs[0])
        score.multipliers = limits.map { _ in Int.random(in: -32767...32767, using: &random) }
        score.offsets = limits.map { Int.random(in: -9 * $0 - 1...9 * $0 + 1, using: &random) }
        graph.nodes[index].operation = .score(score)
      case .lookup(var table):
        table.entries = table.entries.map { _ in
          Int.random(in: 0..<1 << table.code.levels, using: &random)
        }
        graph.nodes[index].operation = .lookup(table)
      case .input, .maxPool, .sumPool, .rescale, .add, .argMax: break
      }
    }
    return graph
  }

  /// Whether a sum pool reads the codes of node `index`, as they are or through other pools.
  private func isPooled(_ index: Int) -> Bool {
    consumers(of: index).contains { reader in
      switch nodes[reader].operation {
      case .sumPool: true
      case .maxPool: isPooled(reader)
      case .input, .lookup, .popcount, .encode, .rescale, .add, .score, .argMax: false
      }
    }
  }
}
