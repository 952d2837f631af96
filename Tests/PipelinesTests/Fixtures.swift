// SPDX-License-Identifier: Apache-2.0

import Cores
import Folding
import Modeling
import Pipelines
import TestSupport

@testable import IntegerNetwork

/// Integer networks and pipelines of them.
enum Fixture {
  /// 12 values of `bits` bits → fc1 with 6 outputs → `levels` levels → fc2 with 4 outputs.
  static func graph(
    bits: Int = 8, levels: Int = 2, masked: Bool = false
  ) throws -> IntegerGraph {
    let network = Network("n", input: .vector(12, bits: bits)) {
      Dense(6, name: "fc1")
      ResidualSign(levels: levels, name: "sign1")
      Dense(4, name: "fc2")
      ArgMax()
    }
    var random = SeededRandom(seed: 5)
    func weights(_ rows: Int, _ columns: Int) -> Tensor {
      Tensor(
        shape: [rows, columns],
        values: (0..<rows * columns).map { _ in
          masked && Int.random(in: 0..<3, using: &random) == 0
            ? 0 : Bool.random(using: &random) ? 1 : -1
        })
    }
    let gammas = [0.9, 0.5, 0.25, 0.125].prefix(levels)
    return try network.lowered(
      with: Parameters([
        "fc1.weight": weights(6, 12), "fc2.weight": weights(4, 6),
        "sign1.gammas": Tensor(Array(gammas)),
      ]))
  }

  /// A random network with a random fold of every layer.
  static func randomFolding(using random: inout SeededRandom) throws -> FoldedNetwork {
    let trained = RandomNetwork.make(using: &random)
    let graph = try trained.network.lowered(with: trained.parameters)
    let target = [1, 8, 64, 1000].randomElement(using: &random) ?? 1
    guard Bool.random(using: &random) else { return try graph.folded(to: .cycles(target)) }
    var folds: [String: LayerFold] = [:]
    var unitsBefore = 1
    for node in graph.nodes {
      guard case .popcount(let popcount) = node.operation else { continue }
      let lanes = divisors(of: popcount.inputs).filter {
        $0 % unitsBefore == 0 || unitsBefore % $0 == 0
      }
      let fold = LayerFold(
        units: divisors(of: popcount.outputs).randomElement(using: &random) ?? 1,
        lanes: lanes.randomElement(using: &random) ?? 1,
        schedule: LevelSchedule.allCases.randomElement(using: &random) ?? .series)
      folds[node.name] = fold
      unitsBefore = fold.units
    }
    return try graph.folded(overrides: folds)
  }

  static func divisors(of number: Int) -> [Int] {
    (1...number).filter { number % $0 == 0 }
  }
}

extension Pipeline {
  /// The stage of this name.
  func stage(_ name: String) -> Stage? {
    stages.first { $0.name == name }
  }
}
