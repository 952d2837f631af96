// SPDX-License-Identifier: Apache-2.0

import Modeling
import TestSupport
import Testing

@testable import IntegerNetwork

/// Networks in which the levels in use are chosen at run time.
@Suite(.tags(.unit)) struct LevelModesTests {
  /// input of 3 → fc of 2 → norm → sign of so many levels → out of 2 → scores
  private func trained(
    _ levels: Int, weights: [Double] = [1, 0, -1, 1, 1, 1], scale: [Double] = [1, -1],
    out: String = "out"
  ) -> TrainedNetwork {
    let network = Network("n\(levels)", input: .vector(3, bits: 2)) {
      Dense(2, name: "fc")
      BatchNorm(name: "norm")
      ResidualSign(levels: levels, name: "sign")
      Dense(2, name: out)
    }
    return TrainedNetwork(
      network: network,
      parameters: Parameters([
        "fc.weight": Tensor(shape: [2, 3], values: weights),
        "norm.scale": Tensor(scale), "norm.bias": Tensor([0.25, Double(levels)]),
        "norm.mean": Tensor([0, 1]), "norm.variance": Tensor([1, 4]),
        "sign.gammas": Tensor(Array([1, 0.5, 0.25].prefix(levels))),
        "\(out).weight": Tensor(shape: [2, 2], values: [1, -1, -1, 1]),
      ]))
  }

  private func error(_ networks: TrainedNetwork...) -> String {
    printedError { _ = try IntegerGraph.choosingLevels(among: networks) }
  }

  /// A channel that falls in one mode alone keeps its weights: its comparisons are turned.
  @Test func eachModeIsTheNetworkOfSoManyLevels() throws {
    let networks = [trained(1, scale: [-1, 1]), trained(2), trained(3, scale: [1, 1])]
    let graph = try IntegerGraph.choosingLevels(among: networks)
    try graph.check()
    #expect(graph.modes == 3)
    #expect(graph.name == "n3")
    for (mode, network) in networks.enumerated() {
      let options = LoweringOptions(keepsWeights: true)
      let alone = try network.network.lowered(with: network.parameters, options: options)
      #expect(graph.inMode(mode).nodes == alone.nodes)
      #expect(graph.inMode(mode).lowering.scores == alone.lowering.scores)
      #expect(graph.inMode(mode).fewerLevels == nil)
    }
    #expect(graph.inMode(2).nodes == graph.nodes)
    let falling = (0..<3).map { mode in
      graph.inMode(mode).nodes.compactMap { node -> [Bool]? in
        if case .encode(let tree) = node.operation { tree.falling } else { nil }
      }.first ?? []
    }
    #expect(falling == [[true, false], [false, true], []])
  }

  @Test func whatIsNotTheSameNetworkIsRefused() {
    #expect(
      error(trained(1), trained(3))
        == """
        error: n3: there are networks of 2 numbers of levels; activations of 3 levels need 3
          hint: give one for each number of levels from 1 to 3
        """)
    #expect(error(trained(1)).contains("n1: every activation has one level"))
    #expect(
      error(trained(2), trained(2)).contains(
        "n2.sign: the activation has 2 levels; 1 expected where 1 of 2 are in use"))
    #expect(
      error(trained(1, weights: [1, -1, 0, 1, 1, 1]), trained(2, weights: [1, 0, -1, 1, 1, 1]))
        .contains("n1.fc: the active weights are others than in the network of 2 levels (fc)"))
    #expect(
      error(trained(1, weights: [1, 0, -1, 1, -1, 1]), trained(2)).contains(
        "n1.fc: the weights are others than in the network of 2 levels (fc)"))
    // Names may differ: an exporter gives each output layers of its own.
    #expect(error(trained(1, out: "out_m1"), trained(2)) == "no error")
  }

  @Test func aDamagedModeIsFound() throws {
    let graph = try IntegerGraph.choosingLevels(among: [trained(1), trained(2)])
    /// With the only mode changed.
    func error(_ change: (inout LevelMode) -> Void) throws -> String {
      var graph = graph
      var mode = try #require(graph.fewerLevels?.first)
      change(&mode)
      graph.fewerLevels = [mode]
      return printedError { try graph.check() }
    }
    #expect(try error { _ in } == "no error")
    #expect(try error { $0.levels = 2 }.contains("mode 1 is not that of 1 levels"))
    #expect(try error { $0.steps.removeLast() }.contains("mode 1 is not that"))
    #expect(try error { $0.scores = nil }.contains("the step of its scores is missing"))
    #expect(try error { $0.scores?.step = -1 }.contains("or not positive"))
    #expect(try error { $0.steps[0].node = 99 }.contains("mode 1 is not that"))
    #expect(try error { $0.steps[0].operation = .argMax }.contains("sign is of another kind"))
    #expect(
      try error { $0.steps[0].operation = graph.nodes[2].operation }
        .contains("mode 1: sign has 2 levels"))
    let narrow = ThresholdTree(code: ResidualCode(weights: [1]), thresholds: [[1]])
    #expect(
      try error { $0.steps[0].operation = .encode(narrow) }
        .contains("2 channels of 1 thresholds are expected"))
    var none = graph
    none.fewerLevels = []
    #expect(printedError { try none.check() }.contains("there are 0 modes of fewer levels; 1 are"))
  }
}
