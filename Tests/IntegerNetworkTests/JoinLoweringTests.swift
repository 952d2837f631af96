// SPDX-License-Identifier: Apache-2.0

import GoldenModel
import Modeling
import TestSupport
import Testing

@testable import IntegerNetwork

/// Skip connections: maps that are brought to one step and added.
@Suite(.tags(.unit)) struct JoinLoweringTests {
  /// Random networks whose numbers floating point holds: every code is that of the layers' equations,
  /// and nothing is lost in a map.
  @Test(arguments: 0..<UInt64(TestData.isExhaustive ? 400 : 40))
  func equalsTheEquations(seed: UInt64) throws {
    var random = SeededRandom(seed: 31 + seed &* 1_000_003)
    for _ in 0..<5 {
      let trained = RandomNetwork.shortcuts(using: &random, exact: true)
      let graph = try trained.network.lowered(
        with: trained.parameters,
        options: LoweringOptions(gammaBits: 12, scoreBits: 32, mapBits: 16))
      try graph.check()
      for map in graph.lowering.maps ?? [] { #expect(map.bound == 0, "seed \(seed): \(map)") }
      let golden = GoldenExecutor(graph)
      for _ in 0..<3 {
        let image = RandomNetwork.image(for: trained.network, using: &random)
        let (trace, expected) = (golden.trace(image), RealReference.run(trained, image: image))
        for (index, node) in graph.nodes.enumerated() where graph.code(of: index) != nil {
          #expect(trace[index] == expected.codes[node.name], "seed \(seed), \(node.name)")
        }
        guard let index = graph.nodes.firstIndex(where: { $0.name == "scores" }),
          case .score(let score) = graph.nodes[index].operation
        else { continue }
        let bound = graph.lowering.scores?.bound ?? 0
        for (value, real) in zip(trace[index], expected.reals) {
          let isNear = abs(Double(value) * score.step - real) <= bound + 1e-9 * (1 + abs(real))
          #expect(isNear, "seed \(seed): \(Double(value) * score.step), \(real) is expected")
        }
      }
    }
  }

  /// Batch norms of any numbers: a value of the first addition is off by at most what the report says.
  @Test(arguments: 0..<UInt64(20), [2, 5, 12, 24]) func isOffByTheBound(seed: UInt64, bits: Int)
    throws
  {
    var random = SeededRandom(seed: 77 + seed &* 1_000_003)
    let network = Network("n", input: .image(4, 3, channels: 2, bits: 2)) {
      Conv(5, kernel: 1)
      BatchNorm()
      Shortcut {
        ResidualSign(levels: 2)
        Conv(5, kernel: 3, padding: .same)
        BatchNorm()
      }
    }
    let trained = try TrainedNetwork(
      network: network, parameters: network.randomParameters(using: &random))
    let graph = try network.lowered(
      with: trained.parameters, options: LoweringOptions(gammaBits: 20, mapBits: bits))
    let map = try #require(graph.lowering.maps?.first)
    #expect(map.layer == "add1")
    // Trained gammas are 0.8 and 0.4 here, 2 : 1 exactly.
    #expect(graph.lowering.codes[0].weights == [2, 1])
    let index = try #require(graph.nodes.firstIndex { $0.name == "add1" })
    let image = RandomNetwork.image(for: network, using: &random)
    let values = GoldenExecutor(graph).trace(image)[index]
    let reals = RealReference.run(trained, image: image).reals
    #expect(values.count == reals.count)
    for (value, real) in zip(values, reals) {
      #expect(abs(Double(value) * map.step - real) <= map.bound * (1 + 1e-9) + 1e-9)
    }
    // The multipliers have no more bits than were asked for.
    let largest = graph.nodes.flatMap { node -> [Int] in
      guard case .rescale(let map) = node.operation else { return [] }
      return map.multipliers.map { abs($0) }
    }.max()
    #expect(largest.map { (0..<1 << (bits - 1)).contains($0) } == true)
  }

  /// A map that has a step already goes into the next addition as it is.
  @Test func aMapIsScaledOnce() throws {
    var random = SeededRandom(seed: 5)
    let network = Network("n", input: .image(4, 3, channels: 2)) {
      Conv(4, kernel: 1)
      BatchNorm()
      for _ in 0..<3 {
        Shortcut {
          ResidualSign(levels: 1)
          Conv(4, kernel: 3, padding: .same)
          BatchNorm()
        }
      }
    }
    let graph = try network.lowered(with: network.randomParameters(using: &random))
    let names = graph.nodes.map(\.name)
    #expect(names.contains("add1_map0") && names.contains("add1_map1"))
    #expect(names.contains("add2_map0") && !names.contains("add2_map1"))
    #expect(names.contains("add3_map0") && !names.contains("add3_map1"))
    let steps = try #require(graph.lowering.maps).map(\.step)
    #expect(Set(steps).count == 1)
  }

  /// Both readers see the sums as they are: a batch norm that falls turns the comparison round for its own.
  @Test func sumsMayHaveTwoReaders() throws {
    let network = Network("n", input: .vector(2, bits: 1)) {
      Dense(2, name: "fc")
      Shortcut {
        BatchNorm(epsilon: 0, name: "norm")
        Sign(name: "falls")
      } through: {
        Sign(name: "rises")
      }
    }
    let ones = Tensor([1, 1])
    let parameters = Parameters([
      "fc.weight": Tensor(shape: [2, 2], values: [1, 1, 1, -1]),
      "norm.scale": Tensor([-1, -1]), "norm.bias": Tensor([0.5, 0.5]),
      "norm.mean": Tensor([0, 0]), "norm.variance": ones,
    ])
    let trained = TrainedNetwork(network: network, parameters: parameters)
    let graph = try network.lowered(with: parameters)
    for image: [UInt8] in [[0, 0], [0, 1], [1, 0], [1, 1]] {
      let expected = RealReference.run(trained, image: image)
      let trace = GoldenExecutor(graph).trace(image)
      for (index, node) in graph.nodes.enumerated() where expected.codes[node.name] != nil {
        guard graph.code(of: index) != nil else { continue }
        #expect(trace[index] == expected.codes[node.name], "\(node.name) of \(image)")
      }
    }
  }

  @Test func aFlattenedMapIsNotAdded() throws {
    let network = Network("n", input: .image(2, 2, channels: 3, bits: 1)) {
      Shortcut {
        Flatten(.channelsFirst)
        Dense(12, name: "fc")
      } through: {
        Flatten(.channelsFirst)
      }
    }
    let weights = Tensor(shape: [12, 12], values: Array(repeating: 1, count: 144))
    #expect(
      printedError { try network.lowered(with: Parameters(["fc.weight": weights])) } == """
        error: n.layers[3] (Add): adding a flattened map is not supported
          hint: add before the flattening
        """)
  }

  @Test func levelsAreNotChosenBesideShortcuts() throws {
    var random = SeededRandom(seed: 5)
    let graphs = try (1...2).map { levels in
      let network = Network("n", input: .vector(4)) {
        Dense(4)
        ResidualSign(levels: levels)
        Shortcut { Dense(4) }
      }
      return try network.lowered(with: network.randomParameters(using: &random))
    }
    #expect(
      printedError { try IntegerGraph.choosingLevels(among: graphs) } == """
        error: n: the network has skip connections; their maps have one scale for all levels
          hint: generate it without a choice of levels
        """)
  }
}
