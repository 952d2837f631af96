// SPDX-License-Identifier: Apache-2.0

import Modeling
import TestSupport
import Testing

@testable import GoldenModel
@testable import IntegerNetwork

@Suite(.tags(.unit)) struct LevelCalibrationTests {
  private let count = IntegerGraph.leastCalibrationImages

  /// Random networks of 2 or 3 levels, their seeds beside them, and images for them.
  private func networks(
    _ seeds: Range<UInt64>, maps: Bool = false
  ) throws -> [(seed: UInt64, graph: IntegerGraph, images: [UInt8])] {
    try seeds.compactMap { seed in
      var random = SeededRandom(seed: seed)
      var graph =
        maps
        ? RandomGraph.makeMap(using: &random, depth: 3, joins: false)
        : RandomGraph.make(using: &random, depth: 3)
      guard graph.levels > 1 else { return nil }
      // Up to 8 levels would make 7 modes.
      if graph.levels > 3 { graph = try graph.droppingLevels().inMode(2) }
      return (seed, graph, RandomGraph.images(count, for: graph, using: &random))
    }
  }

  // MARK: What is kept

  @Test(arguments: [false, true]) func everyModeIsANetworkOfItsLevels(maps: Bool) throws {
    let networks = try networks(9000..<9016, maps: maps)
    #expect(networks.count > 7)
    for (seed, graph, images) in networks {
      let calibrated = try graph.calibrated(on: images)
      try calibrated.check()
      #expect(calibrated.modes == graph.levels, "seed \(seed)")
      #expect(calibrated.inMode(graph.levels - 1) == graph, "seed \(seed)")
      for mode in 0..<graph.levels - 1 {
        let fewer = calibrated.inMode(mode)
        #expect(fewer.levels == mode + 1, "seed \(seed)")
        for (node, whole) in zip(fewer.nodes, graph.nodes) {
          if case .popcount(let popcount) = node.operation,
            case .popcount(let wholePopcount) = whole.operation
          {
            #expect(popcount.weights == wholePopcount.weights, "seed \(seed)")
          }
        }
      }
      #expect(try graph.calibrated(on: images) == calibrated, "seed \(seed)")
    }
  }

  /// Nothing before the first sign has levels: its thresholds are those of the network.
  @Test func theFirstSignKeepsItsThresholds() throws {
    for (seed, graph, images) in try networks(9100..<9110) {
      let calibrated = try graph.calibrated(on: images)
      let first = try #require(graph.nodes.firstIndex { $0.tree != nil })
      let whole = try #require(graph.nodes[first].tree)
      for mode in 0..<graph.levels - 1 {
        let tree = try #require(calibrated.inMode(mode).nodes[first].tree)
        let kept = 1 << tree.code.levels - 1
        #expect(tree.thresholds == whole.thresholds.map { Array($0.prefix(kept)) }, "seed \(seed)")
        #expect(tree.falling == whole.falling, "seed \(seed)")
      }
    }
  }

  // MARK: What is made

  /// A channel whose weights are turned round and whose comparison is turned with them is the same channel.
  @Test func aFallingChannelIsCalibratedAsARisingOne() throws {
    var turned = 0
    for seed in 9200..<9212 as Range<UInt64> {
      var random = SeededRandom(seed: seed)
      var graph = RandomGraph.make(using: &random, depth: 3)
      guard graph.levels > 1 else { continue }
      if graph.levels > 3 { graph = try graph.droppingLevels().inMode(2) }
      let images = RandomGraph.images(count, for: graph, using: &random)
      var other = graph
      for index in graph.nodes.indices {
        guard var tree = graph.nodes[index].tree,
          case .popcount(var popcount) = graph.nodes[graph.nodes[index].inputs[0]].operation
        else { continue }
        if tree.falling.isEmpty { tree.falling = tree.thresholds.map { _ in false } }
        for channel in tree.thresholds.indices where Bool.random(using: &random) {
          popcount.flip(output: channel)
          tree.thresholds[channel] = tree.thresholds[channel].map { 1 - $0 }
          tree.falling[channel].toggle()
          turned += 1
        }
        tree = ThresholdTree(code: tree.code, thresholds: tree.thresholds, falling: tree.falling)
        other.nodes[graph.nodes[index].inputs[0]].operation = .popcount(popcount)
        other.nodes[index].operation = .encode(tree)
      }
      let (one, two) = try (graph.calibrated(on: images), other.calibrated(on: images))
      for mode in 0..<one.modes {
        #expect(
          GoldenExecutor(one.inMode(mode)).outputs(images)
            == GoldenExecutor(two.inMode(mode)).outputs(images), "seed \(seed), mode \(mode)")
      }
    }
    #expect(turned > 50)
  }

  /// One level weighs 1; of more, the weights are to each other as the gammas that the images say.
  @Test func gammasAreOfTheMode() throws {
    var compared = 0
    for (seed, graph, images) in try networks(9300..<9312) {
      let calibrated = try graph.calibrated(on: images)
      for mode in 0..<graph.levels - 1 {
        let fewer = calibrated.inMode(mode)
        for index in graph.nodes.indices {
          guard let tree = fewer.nodes[index].tree, let whole = graph.nodes[index].tree,
            tree.code.levels < whole.code.levels
          else { continue }
          if tree.code.levels == 1 { #expect(tree.code.weights == [1], "seed \(seed)") }
          guard tree.code.levels == 2 else { continue }
          // e · b_1, e · b_2, b_1 · b_2
          var sums = [0, 0, 0]
          let size = graph.nodes[0].shape.count
          let (executor, wholeExecutor) = (GoldenExecutor(fewer), GoldenExecutor(graph))
          for image in 0..<count {
            let pixels = images[image * size..<(image + 1) * size]
            let codes = executor.trace(pixels)[index]
            for (e, code) in zip(wholeExecutor.trace(pixels)[index], codes) {
              let value = whole.code.value(of: e)
              let (first, second) = (code >> 1 == 1 ? 1 : -1, code & 1 == 1 ? 1 : -1)
              sums[0] += value * first
              sums[1] += value * second
              sums[2] += first * second
            }
          }
          // (n, p; p, n) · γ = (x, y)
          let total = count * graph.nodes[index].shape.count
          let first = Double(total * sums[0] - sums[2] * sums[1])
          let second = Double(total * sums[1] - sums[2] * sums[0])
          guard abs(sums[2]) < total, first > 0, second >= 0, second <= first else { continue }
          let ratio = Double(tree.code.weights[1]) / Double(tree.code.weights[0])
          #expect(abs(ratio - second / first) < 1 / 128, "seed \(seed)")
          compared += 1
        }
      }
    }
    #expect(compared > 5)
  }

  // MARK: What cannot be

  @Test func oneLevelLeavesNoChoice() {
    let graph = IntegerGraph(
      name: "n",
      nodes: [
        IntegerGraph.Node(
          name: "image", operation: .input(.unsigned(bits: 1)), inputs: [], shape: .vector(1))
      ], lowering: LoweringReport())
    #expect(
      printedError { try graph.calibrated(on: [1]) } == """
        error: n: every activation has one level: there is nothing to choose
          hint: use it as it is
        """)
  }

  @Test(arguments: [0, 1, 49]) func fewImagesAreAnError(count: Int) throws {
    let (_, graph, images) = try #require(networks(9400..<9404).first)
    let few = Array(images.prefix(count * graph.nodes[0].shape.count))
    #expect(
      printedError { try graph.calibrated(on: few) } == """
        error: random: a calibration on \(count) image\(count == 1 ? "" : "s"); at least 50 are needed
          hint: give some hundred
        """)
  }
}

@Suite(.tags(.unit)) struct LinearEquationsTests {
  @Test func equationsAreSolved() throws {
    let found = try #require(solution(of: [[4, 2, 1, 11], [2, 5, 3, 21], [1, 3, 6, 25]]))
    for (value, expected) in zip(found, [1.0, 2, 3]) { #expect(abs(value - expected) < 1e-12) }
    #expect(solution(of: [[0, 3]]) == nil)
    // Signs that are always the same, or always opposite.
    #expect(solution(of: [[9, 9, 4], [9, 9, 4]]) == nil)
    #expect(solution(of: [[9, -9, 4], [-9, 9, -4]]) == nil)
  }
}

@Suite(.tags(.unit)) struct SumMomentsTests {
  private func moments(_ pairs: [(sum: Int, whole: Int)]) -> SumMoments {
    pairs.reduce(into: SumMoments()) { $0.add($1.sum, whole: $1.whole) }
  }

  /// s = 3·S − 7 exactly: so are the thresholds, S reaching T between T − 1 and T.
  @Test func aLineIsFound() {
    let moments = moments((-5...9).map { (3 * $0 - 7, $0) })
    let line = moments.lineFromWhole(limit: 100, wholeLimit: 30)
    for threshold in -20...20 {
      // 3 · (T − ½) − 7, rounded up
      #expect(
        line.threshold(for: threshold, limit: 100, wholeLimit: 30) == 3 * threshold - 8,
        "\(threshold)")
    }
    #expect(abs(moments.lineToWhole.slope - 1.0 / 3) < 1e-9)
    #expect(abs(moments.lineToWhole.intercept - 7.0 / 3) < 1e-9)
  }

  @Test func thresholdsStayInReach() {
    let line = moments((-5...9).map { (10 * $0, $0) }).lineFromWhole(limit: 40, wholeLimit: 10)
    func threshold(_ value: Int) -> Int { line.threshold(for: value, limit: 40, wholeLimit: 10) }
    #expect(threshold(-10) == -40)
    #expect(threshold(-9) == -40)
    #expect(threshold(2) == 15)
    #expect(threshold(10) == 41)
    #expect(threshold(11) == 41)
  }

  /// Sums that do not vary, or not together, keep their distance in shares of the limit.
  @Test(arguments: [[1, 1, 1, 1], [0, 1, 0, 1], [3, 2, 1, 0]]) func sumsThatDoNotTell(sums: [Int]) {
    for whole in [[4, 4, 4, 4], [2, 2, 6, 6]] where !(sums == [3, 2, 1, 0] && whole[0] == 4) {
      let moments = moments(Array(zip(sums, whole)))
      let line = moments.lineFromWhole(limit: 10, wholeLimit: 20)
      #expect(line.slope == 0.5)
      let mean = Double(sums.reduce(0, +)) / 4
      #expect(line.intercept == mean - 2)
      #expect(moments.lineToWhole.slope == 0)
      #expect(moments.lineToWhole.intercept == 4)
    }
  }

  @Test func partsAddUp() {
    let pairs = (0..<40).map { (sum: $0 * 7 % 11, whole: $0 * 5 % 13 + $0 * 7 % 11) }
    var parts = moments(Array(pairs.prefix(13)))
    parts.add(moments(Array(pairs.dropFirst(13))))
    let (one, two) = (
      parts.lineFromWhole(limit: 1, wholeLimit: 1),
      moments(pairs).lineFromWhole(limit: 1, wholeLimit: 1)
    )
    #expect(one.slope == two.slope && one.intercept == two.intercept)
    #expect(one.slope > 0 && one.slope != 1)
  }
}

extension IntegerGraph.Node {
  fileprivate var tree: ThresholdTree? {
    if case .encode(let tree) = operation { tree } else { nil }
  }
}
