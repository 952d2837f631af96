// SPDX-License-Identifier: Apache-2.0

import Modeling
import PopcountKernels
import TestSupport
import Testing

@testable import GoldenModel
@testable import IntegerNetwork

@Suite(.tags(.unit)) struct GoldenExecutorTests {
  // MARK: Against the equations

  /// The golden model with every instruction set of this processor.
  private func everyKernel(_ graph: IntegerGraph) -> [GoldenExecutor] {
    PopcountKernelTests.all.filter { resbin_has($0) == 1 }.map {
      GoldenExecutor(graph, instructions: $0)
    }
  }

  @Test(arguments: 0..<60 as Range<UInt64>) func everyValueIsThatOfTheEquations(seed: UInt64) {
    var random = SeededRandom(seed: 500 + seed)
    let graph = RandomGraph.make(using: &random, depth: Int.random(in: 1...3, using: &random))
    let direct = DirectEvaluation(graph: graph)
    for _ in 0..<3 {
      let image = RandomGraph.images(1, for: graph, using: &random)
      let expected = direct.run(image)
      for golden in everyKernel(graph) {
        #expect(golden.trace(image) == expected, "seed \(seed)")
      }
    }
  }

  @Test(arguments: 0..<150 as Range<UInt64>)
  func everyValueOfAMapIsThatOfTheEquations(seed: UInt64) throws {
    var random = SeededRandom(seed: 7000 + seed)
    let graph = RandomGraph.makeMap(using: &random, depth: Int.random(in: 1...3, using: &random))
    try graph.check()
    let image = RandomGraph.images(1, for: graph, using: &random)
    let expected = DirectEvaluation(graph: graph).run(image)
    for golden in everyKernel(graph) {
      let computed = golden.trace(image)
      for node in graph.nodes.indices {
        #expect(
          computed[node] == expected[node],
          "seed \(seed), node \(node) of \(graph.nodes.map { "\($0.operation)".prefix(12) })")
      }
    }
  }

  /// The random maps hold what they are there to try.
  @Test func randomMapsHoldEveryOperation() {
    func border(of window: MapWindow) -> String {
      !window.window.isPadded ? "open" : window.border == .absent ? "absent" : "code"
    }
    var seen: Set<String> = []
    for seed in 0..<150 as Range<UInt64> {
      var random = SeededRandom(seed: 7000 + seed)
      let graph = RandomGraph.makeMap(using: &random, depth: Int.random(in: 1...3, using: &random))
      for node in graph.nodes.dropFirst() {
        let source = graph.code(of: node.inputs[0]) == nil ? "sums" : "codes"
        let pixels = node.shape.height * node.shape.width > 1 ? "map" : "pixel"
        switch node.operation {
        case .popcount(let popcount):
          let border = popcount.window.map(border(of:)) ?? "dense"
          seen.insert("popcount \(border) mask \(popcount.mask != nil)")
          if popcount.scales.count > 1 { seen.insert("planes of weights \(pixels)") }
        case .maxPool(let window):
          seen.insert("max pool \(source) padded \(window.isPadded)")
        case .sumPool(let pool):
          seen.insert("sum pool \(source) \(border(of: pool))")
        case .encode(let tree):
          seen.insert("encode \(pixels) falling \(!tree.falling.isEmpty)")
        case .score: seen.insert("score \(pixels)")
        case .rescale: seen.insert("rescaling \(pixels)")
        case .add: seen.insert("addition \(pixels) of one map \(Set(node.inputs).count == 1)")
        case .argMax: seen.insert("arg max")
        case .lookup: seen.insert("lookup")
        case .input: break
        }
      }
    }
    let expected: Set = [
      "popcount dense mask false", "popcount dense mask true", "popcount open mask false",
      "popcount open mask true", "popcount absent mask false", "popcount absent mask true",
      "popcount code mask false", "popcount code mask true", "planes of weights map",
      "planes of weights pixel", "max pool codes padded false", "max pool codes padded true",
      "max pool sums padded false", "max pool sums padded true", "sum pool codes open",
      "sum pool codes absent", "sum pool codes code", "sum pool sums open",
      "encode map falling true",
      "encode map falling false", "encode pixel falling true", "score map", "score pixel",
      "arg max", "lookup", "rescaling map", "rescaling pixel", "addition map of one map true",
      "addition map of one map false", "addition pixel of one map true",
    ]
    #expect(expected.subtracting(seen).isEmpty)
  }

  /// Every size beside the limits of a word, with every number of levels, masked and not.
  @Test(arguments: RandomGraph.sizes, 1...8) func everySizeAndLevel(size: Int, levels: Int) {
    var random = SeededRandom(seed: UInt64(size * 8 + levels))
    let code = ResidualCode(
      weights: (0..<levels).map { _ in Int.random(in: 0...255, using: &random) })
    for mask in [nil, BitMatrix(rows: 3, columns: size)] as [BitMatrix?] {
      var popcount = RandomGraph.popcount(rows: 3, columns: size, &random)
      if mask == nil { popcount.mask = nil }
      let graph = IntegerGraph(
        name: "g",
        nodes: [
          .init(name: "in", operation: .input(code), inputs: [], shape: .vector(size)),
          .init(name: "fc", operation: .popcount(popcount), inputs: [0], shape: .vector(3)),
        ], lowering: LoweringReport())
      let image = RandomGraph.images(1, for: graph, using: &random)
      #expect(GoldenExecutor(graph).trace(image) == DirectEvaluation(graph: graph).run(image))
    }
  }

  /// The reference must be able to differ.
  @Test func theEquationsNoticeAFlippedWeight() {
    var random = SeededRandom(seed: 77)
    var graph = RandomGraph.make(using: &random, depth: 1)
    guard case .popcount(var popcount) = graph.nodes[1].operation else {
      Issue.record("node 1 is no popcount")
      return
    }
    popcount.mask = nil
    graph.nodes[1].operation = .popcount(popcount)
    let before = GoldenExecutor(graph)
    popcount.weights[0, 0].toggle()
    graph.nodes[1].operation = .popcount(popcount)
    let image = RandomGraph.images(1, for: graph, using: &random)
    let sums = DirectEvaluation(graph: graph).run(image)[1]
    #expect(before.trace(image)[1] != sums)
    #expect(GoldenExecutor(graph).trace(image)[1] == sums)
  }

  // MARK: Agreement

  @Test(arguments: 0..<20 as Range<UInt64>) func outputsPredictionsAndTraceAgree(seed: UInt64) {
    var random = SeededRandom(seed: 900 + seed)
    let graph = RandomGraph.make(using: &random, depth: 2)
    let golden = GoldenExecutor(graph)
    let count = [0, 1, 2, 9, 100].randomElement(using: &random) ?? 1
    let images = RandomGraph.images(count, for: graph, using: &random)
    // One image after the other, on one processor.
    let size = golden.inputCount
    let serial: [[Int]] = (0..<count).map { image in
      golden.trace(images[image * size..<(image + 1) * size])[graph.output]
    }
    let joined: [Int] = serial.flatMap { $0 }
    #expect(golden.outputs(images) == joined, "seed \(seed)")
    #expect(serial.allSatisfy { $0.count == golden.outputCount })
    let isIndex = if case .argMax = graph.nodes[graph.output].operation { true } else { false }
    let classes: [Int] = serial.map { values in
      isIndex ? values[0] : values.firstIndex(of: values.max() ?? 0) ?? -1
    }
    #expect(golden.predictions(images) == classes, "seed \(seed)")
  }

  @Test func differingCodesAreCounted() {
    var differing = 0
    for seed in 1200..<1220 as Range<UInt64> {
      var random = SeededRandom(seed: seed)
      var graph = RandomGraph.makeMap(using: &random, depth: 3)
      let one = GoldenExecutor(graph)
      let nodes = graph.nodes.indices.filter { graph.code(of: $0) != nil }
      for node in nodes {
        guard case .encode(var tree) = graph.nodes[node].operation else { continue }
        for channel in tree.thresholds.indices where channel % 3 == 0 {
          tree.thresholds[channel][0].negate()
        }
        graph.nodes[node].operation = .encode(tree)
      }
      let other = GoldenExecutor(graph)
      let images = RandomGraph.images(5, for: graph, using: &random)
      let expected = (0..<5).map { image in
        let bytes = images[image * one.inputCount..<(image + 1) * one.inputCount]
        let (left, right) = (one.trace(bytes), other.trace(bytes))
        return nodes.reduce(0) { $0 + zip(left[$1], right[$1]).count { $0 != $1 } }
      }
      #expect(
        one.differingCodes(from: other, nodes: nodes, on: images) == expected, "seed \(seed)")
      differing += expected.reduce(0, +)
    }
    #expect(differing > 0)
  }

  /// Chunks of images on several processors, for numbers of images around the sizes of chunks.
  @Test func parallelIsSerial() {
    var random = SeededRandom(seed: 12)
    let graph = RandomGraph.make(using: &random, depth: 2)
    let golden = GoldenExecutor(graph)
    let all = RandomGraph.images(600, for: graph, using: &random)
    let size = golden.inputCount
    let serial = (0..<600).map { golden.trace(all[$0 * size..<($0 + 1) * size]) }
    for count in [0, 1, 7, 8, 9, 15, 16, 17, 63, 64, 65, 511, 512, 513, 600] {
      let images = Array(all.prefix(count * size))
      let expected: [Int] = serial.prefix(count).flatMap { $0[graph.output] }
      #expect(golden.outputs(images) == expected, "\(count) images")
    }
  }

  @Test func theOrderOfImagesStays() {
    var random = SeededRandom(seed: 31)
    let graph = RandomGraph.make(using: &random, depth: 2)
    let golden = GoldenExecutor(graph)
    let size = golden.inputCount
    let images = RandomGraph.images(50, for: graph, using: &random)
    func reversed<Value>(_ values: [Value], size: Int) -> [Value] {
      (0..<50).reversed().flatMap { values[$0 * size..<($0 + 1) * size] }
    }
    let outputs = golden.outputs(images)
    let reversedOutputs = reversed(outputs, size: golden.outputCount)
    #expect(golden.outputs(reversed(images, size: size)) == reversedOutputs)
  }

  // MARK: Ties

  @Test func theFirstOfEqualsIsTheLargest() {
    #expect(argMax([3]) == 0)
    #expect(argMax([1, 3, 3, 2]) == 1)
    #expect(argMax([5, 5, 5]) == 0)
    #expect(argMax([-4, -2, -3, -2]) == 1)
    #expect(argMax([Int.min, Int.min]) == 0)
    #expect(argMax([0, Int.max]) == 1)
  }

  @Test func tiesInANetworkGoToTheFirst() {
    let code = ResidualCode.unsigned(bits: 1)
    let popcount = MaskedPopcount(weights: BitMatrix(rows: 4, columns: 2), mask: nil)
    let score = AffineScore(multipliers: [1, -1, -1, 1], offsets: [0, 1, 1, 0], step: 1)
    var nodes: [IntegerGraph.Node] = [
      .init(name: "in", operation: .input(code), inputs: [], shape: .vector(2)),
      .init(name: "fc", operation: .popcount(popcount), inputs: [0], shape: .vector(4)),
      .init(name: "scores", operation: .score(score), inputs: [1], shape: .vector(4)),
    ]
    let scores = GoldenExecutor(
      IntegerGraph(name: "g", nodes: nodes, lowering: LoweringReport()))
    nodes.append(.init(name: "class", operation: .argMax, inputs: [2], shape: .vector(1)))
    let classes = GoldenExecutor(
      IntegerGraph(name: "g", nodes: nodes, lowering: LoweringReport()))
    // All weights −1: sums −2, 0 and 2, scores ±s and 1 − s.
    #expect(scores.outputs([1, 1, 0, 1, 0, 0]) == [-2, 3, 3, -2, 0, 1, 1, 0, 2, -1, -1, 2])
    #expect(scores.predictions([1, 1, 0, 1, 0, 0]) == [1, 1, 0])
    #expect(classes.outputs([1, 1, 0, 1, 0, 0]) == [1, 1, 0])
    #expect(classes.predictions([1, 1, 0, 1, 0, 0]) == [1, 1, 0])
  }
}

extension GoldenExecutorTests {
  /// A single score is class 0, whatever its value; an index is itself.
  @Test func aSingleScoreIsNoIndex() throws {
    for (endsInIndex, output, expected) in [
      (false, [7], 0), (true, [7], 7), (false, [1, 5, 5], 1),
    ] {
      let network = Network("n", input: .vector(2)) {
        Dense(output.count, name: "fc")
        if endsInIndex { ArgMax() }
      }
      let weights = Tensor(
        shape: [output.count, 2], values: Array(repeating: 1, count: 2 * output.count))
      let graph = try network.lowered(with: Parameters(["fc.weight": weights]))
      #expect(graph.prediction(from: output) == expected)
    }
  }
}
