// SPDX-License-Identifier: Apache-2.0

import Modeling
import TestSupport
import Testing

@testable import IntegerNetwork

/// A graph from a file may hold anything; what would crash is found first.
@Suite(.tags(.unit)) struct IntegerGraphChecksTests {
  /// input of 3 → fc of 2 → sign of 2 levels → out of 2 → scores → class
  private func graph() throws -> IntegerGraph {
    let network = Network("n", input: .vector(3, bits: 2)) {
      Dense(2, name: "fc")
      ResidualSign(levels: 2, name: "sign")
      Dense(2, name: "out")
      ArgMax()
    }
    return try network.lowered(
      with: Parameters([
        "fc.weight": Tensor(shape: [2, 3], values: [1, 0, -1, 1, 1, 1]),
        "sign.gammas": Tensor([1, 0.5]),
        "out.weight": Tensor(shape: [2, 2], values: [1, -1, -1, 1]),
      ]))
  }

  private func error(_ change: (inout [IntegerGraph.Node]) -> Void) throws -> String {
    var graph = try graph()
    change(&graph.nodes)
    return printedError { try graph.check() }
  }

  @Test func whatTheLoweringMakesIsRight() throws {
    #expect(try error { _ in } == "no error")
  }

  @Test(arguments: 0..<100 as Range<UInt64>) func everyRandomNetworkIsRight(seed: UInt64) throws {
    var random = SeededRandom(seed: 7000 + seed)
    let trained = RandomNetwork.make(using: &random)
    let graph = try trained.network.lowered(with: trained.parameters)
    #expect(printedError { try graph.check() } == "no error", "seed \(seed)")
  }

  @Test func thereAreNodes() throws {
    #expect(try error { $0 = [] } == "error: n: the network has no nodes")
  }

  @Test(arguments: [[], [2], [3], [-1], [0, 0], [99]]) func aNodeReadsOneEarlierNode(inputs: [Int])
    throws
  {
    #expect(
      try error { $0[2].inputs = inputs }.contains(
        "error: n.sign: inputs are nodes \(inputs); one earlier node is expected"))
  }

  @Test func anInputStandsFirst() throws {
    let message = "an input stands first and reads nothing"
    #expect(try error { $0[0].inputs = [1] } == "error: n.input: \(message)")
    #expect(try error { $0[2].operation = $0[0].operation }.contains("error: n.sign: \(message)"))
  }

  @Test(arguments: [(0, 1, 1), (1, -1, 1), (1, 1, 1 << 25), (1 << 20, 1 << 20, 1), (.max, .max, 1)])
  func shapesArePossible(height: Int, width: Int, channels: Int) throws {
    let shape = Shape(height: height, width: width, channels: channels)
    #expect(
      try error { $0[5].shape = shape } == "error: n.class: the shape \(shape) is not possible")
  }

  @Test(arguments: [[], [-1], [1 << 21], [1, 1, 1, 1, 1, 1, 1, 1, 1]]) func codesHaveWeights(
    weights: [Int]
  ) throws {
    let message = "levels weigh \(weights); 1…8 weights from 0 to 2^20 are expected"
    #expect(
      try error { $0[0].operation = .input(ResidualCode(weights: weights)) }
        .contains("error: n.input: \(message)"))
    #expect(
      try error { nodes in
        guard case .encode(var tree) = nodes[2].operation else { return }
        tree.code.weights = weights
        nodes[2].operation = .encode(tree)
      }.contains("error: n.sign: \(message)"))
  }

  @Test func weightsFitTheirLayer() throws {
    #expect(
      try error {
        $0[1].operation = .popcount(
          MaskedPopcount(weights: BitMatrix(rows: 2, columns: 4), mask: nil))
      } == "error: n.fc: 2 × 4 weights; 2 × 3 are expected")
    #expect(
      try error {
        $0[1].operation = .popcount(
          MaskedPopcount(weights: BitMatrix(rows: 3, columns: 3), mask: nil))
      } == "error: n.fc: 3 × 3 weights; 2 × 3 are expected")
    #expect(try error { $0[3].inputs = [1] } == "error: n.out: codes are expected to enter")
  }

  @Test func masksFitTheirWeights() throws {
    #expect(
      try error {
        $0[1].operation = .popcount(
          MaskedPopcount(
            weights: BitMatrix(rows: 2, columns: 3), mask: BitMatrix(rows: 2, columns: 2)))
      } == "error: n.fc: a mask of 2 × 2 bits; 2 × 3 are expected")
    #expect(
      try error {
        $0[1].operation = .popcount(
          MaskedPopcount(
            weights: BitMatrix(rows: 2, columns: 3, filled: true),
            mask: BitMatrix(rows: 2, columns: 3)))
      } == "error: n.fc: a weight that the mask leaves out is not 0")
  }

  /// Hardware with a mask takes a network without one, not the other way round.
  @Test func inactiveWeightsNeedAMask() throws {
    let masked = try graph()
    var whole = masked
    let weights = BitMatrix(rows: 2, columns: 3)
    whole.nodes[1].operation = .popcount(MaskedPopcount(weights: weights, mask: nil))
    guard case .popcount(let popcount) = try whole.renamed(like: masked).nodes[1].operation else {
      Issue.record("no popcount")
      return
    }
    #expect(popcount.mask == BitMatrix(rows: 2, columns: 3, filled: true))
    #expect(
      printedError { _ = try masked.renamed(like: whole) } == """
        error: n.fc: popcount to 2 from 3 values, weights of 1 bit, some inactive; 'n' has popcount to 2 from \
        3 values, weights of 1 bit there (fc)
          hint: generate the design from this model: those without inactive weights can be loaded then, too
        """)
  }

  @Test(arguments: [[[0, 0, 0]], [[0, 0, 0], [0, 0]], [[0, 0, 0], [0, 0, 1 << 60]]])
  func thresholdsFitTheirChannels(thresholds: [[Int]]) throws {
    let tree = ThresholdTree(code: ResidualCode(weights: [2, 1]), thresholds: thresholds)
    #expect(
      try error { $0[2].operation = .encode(tree) }
        == "error: n.sign: 2 channels of 3 thresholds are expected")
  }

  @Test(arguments: [[1], [1, 2, 3], [1, 1 << 59], [1, .min]]) func scoresFitTheirChannels(
    values: [Int]
  ) throws {
    for (multipliers, offsets) in [(values, [0, 0]), ([1, 1], values)] {
      let score = AffineScore(multipliers: multipliers, offsets: offsets, step: 1)
      #expect(
        try error { $0[4].operation = .score(score) }
          == "error: n.scores: 2 multipliers and offsets are expected")
    }
  }

  @Test func theRightValuesEnter() throws {
    #expect(try error { $0[2].inputs = [0] }.contains("n.sign: sums are expected to enter"))
    #expect(try error { $0[4].inputs = [2] }.contains("n.scores: sums are expected to enter"))
    #expect(try error { $0[5].inputs = [3] } == "error: n.class: scores are expected to enter")
    #expect(
      try error { $0[5].shape = .vector(2) } == "error: n.class: one index is expected to leave")
  }
}
