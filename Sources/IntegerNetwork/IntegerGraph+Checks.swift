// SPDX-License-Identifier: Apache-2.0

import Diagnostics
import Modeling

extension IntegerGraph {
  /// Checks everything that running this graph relies on: a graph from a file may hold anything.
  ///
  /// - Throws: ``Diagnostic`` with the first error: what follows a wrong node means nothing.
  public func check() throws {
    guard !nodes.isEmpty else { throw Diagnostic(at: name, "the network has no nodes") }
    for (index, node) in nodes.enumerated() {
      if let problem = problem(of: node, at: index) {
        throw Diagnostic(at: "\(name).\(node.name)", problem)
      }
    }
  }

  private func problem(of node: Node, at index: Int) -> String? {
    let limit = 1 << 24
    let sizes = [node.shape.height, node.shape.width, node.shape.channels]
    guard sizes.allSatisfy({ (1...limit).contains($0) }), sizes[0] * sizes[1] <= limit,
      node.shape.count <= limit
    else { return "the shape \(node.shape) is not possible" }
    if case .input(let code) = node.operation {
      return index == 0 && node.inputs.isEmpty
        ? problem(of: code) : "an input stands first and reads nothing"
    }
    guard node.inputs.count == 1, (0..<index).contains(node.inputs[0]) else {
      return "inputs are nodes \(node.inputs); one earlier node is expected"
    }
    return problem(of: node, reading: node.inputs[0])
  }

  private func problem(of node: Node, reading source: Int) -> String? {
    let before = nodes[source].shape.count
    let count = node.shape.count
    switch node.operation {
    case .input:
      return nil
    case .popcount(let popcount):
      guard code(of: source) != nil else { return "codes are expected to enter" }
      guard popcount.inputs == before, popcount.outputs == count else {
        return "\(popcount.outputs) × \(popcount.inputs) weights; \(count) × \(before) are expected"
      }
      return problem(of: popcount)
    case .encode(let tree):
      guard case .popcount = nodes[source].operation else { return "sums are expected to enter" }
      if let problem = problem(of: tree.code) { return problem }
      let nodes = 1 << tree.code.levels - 1
      guard tree.thresholds.count == count, count == before,
        tree.thresholds.allSatisfy({ $0.count == nodes && $0.allSatisfy(isReasonable) })
      else { return "\(before) channels of \(nodes) thresholds are expected" }
    case .score(let score):
      guard case .popcount(let popcount) = nodes[source].operation else {
        return "sums are expected to enter"
      }
      // Below 2^47: the largest code times the largest vector.
      let limit = popcount.inputs * (nodes[source].inputs.first.flatMap(code(of:))?.range ?? 0)
      guard count == before, score.multipliers.count == count, score.offsets.count == count,
        score.offsets.allSatisfy(isReasonable),
        score.multipliers.allSatisfy({
          isReasonable($0) && $0.magnitude.multipliedFullWidth(by: UInt(limit)) < (0, 1 << 60)
        })
      else { return "\(before) multipliers and offsets are expected" }
    case .argMax:
      guard case .score = nodes[source].operation else { return "scores are expected to enter" }
      guard count == 1 else { return "one index is expected to leave" }
    }
    return nil
  }

  private func problem(of code: ResidualCode) -> String? {
    guard (1...8).contains(code.levels), code.weights.allSatisfy({ (0...1 << 20).contains($0) })
    else { return "levels weigh \(code.weights); 1…8 weights from 0 to 2^20 are expected" }
    return nil
  }

  private func problem(of popcount: MaskedPopcount) -> String? {
    guard let mask = popcount.mask else { return nil }
    guard mask.rows == popcount.outputs, mask.columns == popcount.inputs else {
      return "a mask of \(mask.rows) × \(mask.columns) bits; "
        + "\(popcount.outputs) × \(popcount.inputs) are expected"
    }
    guard zip(popcount.weights.words, mask.words).allSatisfy({ $0 & ~$1 == 0 }) else {
      return "a weight that the mask leaves out is not 0"
    }
    return nil
  }

  /// Far from overflow in any sum or product.
  private func isReasonable(_ value: Int) -> Bool {
    value.magnitude < 1 << 50
  }
}
