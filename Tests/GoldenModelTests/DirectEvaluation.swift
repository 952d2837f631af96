// SPDX-License-Identifier: Apache-2.0

import IntegerNetwork

/// The equations of an integer network as they are written, bit by bit and without haste: nothing
/// is shared with the golden model.
struct DirectEvaluation {
  let graph: IntegerGraph

  /// The values of every node.
  func run(_ image: [UInt8]) -> [[Int]] {
    var values: [[Int]] = []
    for node in graph.nodes {
      let source = node.inputs.first.map { values[$0] } ?? []
      switch node.operation {
      case .input:
        values.append(image.map(Int.init))
      case .popcount(let popcount):
        let code = weights(of: node.inputs[0])
        values.append((0..<popcount.outputs).map { sum(popcount, output: $0, source, code) })
      case .maxPool, .sumPool:
        preconditionFailure("random graphs hold no pools")
      case .encode(let tree):
        values.append(
          source.indices.map { encoded(source[$0], tree.thresholds[$0], tree.code.weights.count) })
      case .score(let score):
        values.append(source.indices.map { score.multipliers[$0] * source[$0] + score.offsets[$0] })
      case .argMax:
        let largest = source.max() ?? 0
        values.append([source.firstIndex(of: largest) ?? 0])
      }
    }
    return values
  }

  /// g_1 … g_M of the codes that a node sends.
  private func weights(of node: Int) -> [Int] {
    switch graph.nodes[node].operation {
    case .input(let code): code.weights
    case .encode(let tree): tree.code.weights
    default: []
    }
  }

  /// s = Σ_l g_l · P_l,  P_l = 2·popcount(xnor(b_l, w) ∧ mask) − popcount(mask)
  private func sum(
    _ popcount: MaskedPopcount, output: Int, _ codes: [Int], _ weights: [Int]
  ) -> Int {
    var sum = 0
    for (index, weight) in weights.enumerated() {
      // b_1 is the most significant bit.
      let level = weights.count - 1 - index
      var equal = 0
      var active = 0
      for input in codes.indices {
        if let mask = popcount.mask, !mask[output, input] { continue }
        active += 1
        let bit = codes[input] / (1 << level) % 2 == 1
        if bit == popcount.weights[output, input] { equal += 1 }
      }
      sum += weight * (2 * equal - active)
    }
    return sum
  }

  /// b_1 = [s ≥ T()],  b_2 = [s ≥ T(b_1)],  b_3 = [s ≥ T(b_1 b_2)] …
  private func encoded(_ sum: Int, _ thresholds: [Int], _ levels: Int) -> Int {
    var bits: [Int] = []
    for level in 0..<levels {
      // T(p) of the prefixes p of one length stand side by side, in the order of p as a number.
      let prefix = bits.reduce(0) { 2 * $0 + $1 }
      let shorter = (0..<level).reduce(0) { total, length in total + (1 << length) }
      bits.append(sum >= thresholds[shorter + prefix] ? 1 : 0)
    }
    return bits.reduce(0) { 2 * $0 + $1 }
  }
}
