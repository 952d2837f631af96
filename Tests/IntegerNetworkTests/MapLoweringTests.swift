// SPDX-License-Identifier: Apache-2.0

import GoldenModel
import Modeling
import TestSupport
import Testing

@testable import IntegerNetwork

/// Networks on maps: convolutions, pools, quantizers, borders and orders.
@Suite(.tags(.unit)) struct MapLoweringTests {
  /// Ten random networks a seed against the layers' own equations, in floating point on numbers
  /// for which floating point is exact.
  @Test(arguments: 0..<UInt64(TestData.isExhaustive ? 400 : 40))
  func equalsTheEquations(seed: UInt64) throws {
    // Seeds beside each other give one stream, a number apart: far seeds give other networks.
    var random = SeededRandom(seed: seed &* 1_000_003)
    for number in 0..<10 {
      let trained = RandomNetwork.map(using: &random, exact: true)
      let graph = try trained.network.lowered(
        with: trained.parameters, options: LoweringOptions(gammaBits: 12, scoreBits: 32))
      try graph.check()
      for code in graph.lowering.codes { #expect(code.bound == 0, "seed \(seed): \(code)") }
      let golden = GoldenExecutor(graph)
      for _ in 0..<4 {
        let image = RandomNetwork.image(for: trained.network, using: &random)
        let problem = difference(
          graph, golden.trace(image), RealReference.run(trained, image: image))
        #expect(problem == nil, "seed \(seed), network \(number): \(trained.network.layers)")
      }
    }
  }

  /// The first node whose values differ from those of the equations, or nil.
  private func difference(
    _ graph: IntegerGraph, _ trace: [[Int]], _ expected: RealReference.Result
  ) -> String? {
    for (index, node) in graph.nodes.enumerated() {
      if graph.code(of: index) != nil, trace[index] != expected.codes[node.name] {
        return "\(node.name): \(trace[index]), \(expected.codes[node.name] ?? []) are expected"
      }
      if case .score(let score) = node.operation {
        let bound = graph.lowering.scores?.bound ?? 0
        guard trace[index].count == expected.reals.count else { return "\(node.name): its size" }
        for (value, real) in zip(trace[index], expected.reals)
        where abs(Double(value) * score.step - real) > bound + 1e-9 * (1 + abs(real)) {
          return "\(node.name): \(Double(value) * score.step), \(real) is expected"
        }
      }
      if case .argMax = node.operation {
        guard expected.reals.indices.contains(trace[index][0]) else { return "no such class" }
        let (most, chosen) = (expected.reals.max() ?? 0, expected.reals[trace[index][0]])
        let bound = 2 * (graph.lowering.scores?.bound ?? 0)
        if chosen < most - bound - 1e-9 * (1 + abs(most)) {
          return "\(node.name): the score \(chosen); the largest is \(most)"
        }
      }
    }
    return nil
  }

  /// A vector that is flattened again stays in its order.
  @Test func aSecondFlattenKeepsTheOrder() throws {
    let weights = (0..<12).map { $0 % 5 < 2 ? 1.0 : -1 }
    func outputs(_ again: Bool) throws -> [Int] {
      let network = Network("n", input: .image(2, 3, channels: 2, bits: 4)) {
        Flatten(.channelsFirst)
        if again { Flatten() }
        Dense(1, name: "fc")
      }
      let graph = try network.lowered(
        with: Parameters(["fc.weight": Tensor(shape: [1, 12], values: weights)]))
      return GoldenExecutor(graph).outputs(Array(0..<12))
    }
    #expect(try outputs(true) == outputs(false))
  }

  /// A 1×1 convolution of a flattened map is its dense layer.
  @Test(arguments: [1, 2, 4]) func aConvolutionFollowsTheOrderOfAFlatten(groups: Int) throws {
    let seen = 12 / groups
    var random = SeededRandom(seed: 5)
    let rows = (0..<4).map { _ in
      (0..<seen).map { _ in Bool.random(using: &random) ? 1.0 : -1 }
    }
    func outputs(_ layer: some Layer, _ shape: [Int], _ values: [Double]) throws -> [Int] {
      let network = Network("n", input: .image(2, 3, channels: 2, bits: 4)) {
        Flatten(.channelsFirst)
        layer
      }
      let graph = try network.lowered(
        with: Parameters(["l.weight": Tensor(shape: shape, values: values)]))
      return GoldenExecutor(graph).outputs(Array(0..<12))
    }
    let full = rows.enumerated().flatMap { row, values in
      (0..<12).map { column in
        let group = row / (4 / groups)
        return column / seen == group ? values[column % seen] : 0
      }
    }
    #expect(
      try outputs(
        Conv(4, kernel: 1, groups: groups, name: "l"), [4, seen, 1, 1], rows.flatMap { $0 })
        == outputs(Dense(4, name: "l"), [4, 12], full))
  }

  /// A flattened map has no rows any more; what would need them is refused.
  @Test(arguments: [Flatten.Order.channelsLast, .channelsFirst])
  func aFlattenedMapIsNoMap(order: Flatten.Order) {
    func error(_ layer: any PrimitiveLayer) -> String {
      let network = Network("n", input: .image(2, 3, channels: 2)) {
        Flatten(order)
        layer
      }
      let weight = Tensor(shape: [1, 12, 3, 3], values: Array(repeating: 1, count: 108))
      return printedError { try network.lowered(with: Parameters(["l.weight": weight])) }
    }
    for pool in [MaxPool(1), MaxPool(1, stride: 2), AveragePool(1), GlobalAveragePool()]
      as [any PrimitiveLayer]
    {
      #expect(
        error(pool).contains(
          """
          pooling a flattened map is not supported
            hint: pool before the flattening
          """))
    }
    #expect(
      error(Conv(1, kernel: 3, padding: .all(1), name: "l")) == """
        error: n.layers[1] (Conv): a border round a flattened map is not supported
          hint: leave out the flattening before it, or the padding
        """)
  }

  /// The number of thresholds that are reached, also where equal ones differ in their rules.
  @Test func equalThresholdsOfEveryRule() throws {
    for rules in 0..<8 {
      let zero = (0..<3).map { rules >> $0 & 1 == 1 ? ZeroRule.positive : .negative }
      let network = Network("n", input: .vector(3)) {
        Dense(1, name: "fc")
        Quantizer(scale: 1, offset: 0, zero: zero, name: "q")
      }
      let graph = try network.lowered(
        with: Parameters([
          "fc.weight": Tensor(shape: [1, 3], values: [1, 1, 1]),
          "q.thresholds": Tensor(shape: [1, 3], values: [1, 1, 1]),
        ]))
      let golden = GoldenExecutor(graph)
      #expect(golden.outputs([1, 0, 0]) == [0])
      #expect(golden.outputs([1, 1, 0]) == [rules.nonzeroBitCount])
      #expect(golden.outputs([1, 1, 1]) == [3])
    }
  }
}

extension Network {
  /// The layers in a line, for messages.
  var layers: String { nodes.map { "\($0.layer)" }.joined(separator: "\n") }
}
