// SPDX-License-Identifier: Apache-2.0

import Modeling
import TestSupport

@testable import IntegerNetwork

/// Random integer networks: any levels, any thresholds, any masks, sizes around the words of the
/// bit-packed model.
enum RandomGraph {
  /// Widths beside the limits of 64-bit words.
  static let sizes = [1, 2, 7, 63, 64, 65, 130]

  /// input → (popcount → encode)… → popcount → score → arg max, cut off at a random place.
  static func make(using random: inout SeededRandom, depth: Int) -> IntegerGraph {
    var nodes: [IntegerGraph.Node] = []
    func append(_ operation: IntegerGraph.Operation, _ count: Int) {
      nodes.append(
        IntegerGraph.Node(
          name: "n\(nodes.count)", operation: operation,
          inputs: nodes.isEmpty ? [] : [nodes.count - 1], shape: .vector(count)))
    }
    var code = ResidualCode.unsigned(bits: Int.random(in: 1...8, using: &random))
    var count = size(&random)
    append(.input(code), count)
    for layer in 1...depth {
      let popcount = popcount(rows: size(&random), columns: count, &random)
      let limit = count * code.range
      count = popcount.outputs
      append(.popcount(popcount), count)
      let end = layer == depth ? Int.random(in: 0..<4, using: &random) : 3
      if end == 0 { break }
      if end < 3 {
        append(score(channels: count, &random), count)
        if end == 2 { append(.argMax, 1) }
        break
      }
      code = ResidualCode(
        weights: (1...Int.random(in: 1...8, using: &random)).map { _ in
          Int.random(in: 0...300, using: &random)
        })
      append(encode(code, channels: count, limit: limit, &random), count)
    }
    return IntegerGraph(name: "random", nodes: nodes, lowering: LoweringReport())
  }

  /// So many images for a graph.
  static func images(
    _ count: Int, for graph: IntegerGraph, using random: inout SeededRandom
  ) -> [UInt8] {
    let bits = graph.code(of: 0)?.levels ?? 1
    return (0..<count * graph.nodes[0].shape.count).map { _ in
      UInt8.random(in: 0...UInt8(1 << bits - 1), using: &random)
    }
  }

  private static func size(_ random: inout SeededRandom) -> Int {
    sizes.randomElement(using: &random) ?? 1
  }

  static func popcount(
    rows: Int, columns: Int, _ random: inout SeededRandom
  ) -> MaskedPopcount {
    let isMasked = Bool.random(using: &random)
    // Some masks leave nothing, some nearly everything.
    let density = Int.random(in: 0...8, using: &random)
    var weights = BitMatrix(rows: rows, columns: columns)
    var mask = BitMatrix(rows: rows, columns: columns)
    for row in 0..<rows {
      for column in 0..<columns {
        let isActive = !isMasked || Int.random(in: 0..<8, using: &random) < density
        mask[row, column] = isActive
        weights[row, column] = isActive && Bool.random(using: &random)
      }
    }
    return MaskedPopcount(weights: weights, mask: isMasked ? mask : nil)
  }

  private static func encode(
    _ code: ResidualCode, channels: Int, limit: Int, _ random: inout SeededRandom
  ) -> IntegerGraph.Operation {
    let thresholds = (0..<channels).map { _ in
      (0..<(1 << code.levels) - 1).map { _ in
        Int.random(in: -limit - 1...limit + 1, using: &random)
      }
    }
    return .encode(ThresholdTree(code: code, thresholds: thresholds))
  }

  private static func score(
    channels: Int, _ random: inout SeededRandom
  ) -> IntegerGraph.Operation {
    // Few values, so that the largest often comes twice.
    .score(
      AffineScore(
        multipliers: (0..<channels).map { _ in Int.random(in: -2...2, using: &random) },
        offsets: (0..<channels).map { _ in Int.random(in: -2...2, using: &random) }, step: 1))
  }
}
