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
    if let problem = problemOfModes() { throw Diagnostic(at: name, problem) }
    for mode in 0..<modes - 1 { try inMode(mode).check() }
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
    let isJoin = if case .add = node.operation { true } else { false }
    guard node.inputs.count == (isJoin ? 2 : 1), node.inputs.allSatisfy((0..<index).contains) else {
      return "inputs are nodes \(node.inputs); "
        + (isJoin ? "two earlier nodes are expected" : "one earlier node is expected")
    }
    return problem(of: node, at: index, reading: node.inputs[0])
  }

  private func problem(of node: Node, at index: Int, reading source: Int) -> String? {
    let before = nodes[source].shape
    let shape = node.shape
    switch node.operation {
    case .input:
      return nil
    case .lookup(let table):
      guard case .input(let code) = nodes[source].operation else {
        return "the input is expected to enter"
      }
      if let problem = problem(of: table.code) { return problem }
      let (entries, codes) = (1 << code.levels, 1 << table.code.levels)
      guard shape == before, table.entries.count == entries,
        table.entries.allSatisfy({ (0..<codes).contains($0) })
      else { return "\(entries) entries from 0 to \(codes - 1) are expected" }
    case .popcount(let popcount):
      guard code(of: source) != nil else { return "codes are expected to enter" }
      return problem(of: popcount, from: before, to: shape)
        ?? popcount.window.flatMap { problem(of: $0.border, for: source) }
    case .maxPool(let window):
      guard isPooled(source) else { return "codes or sums are expected to enter" }
      return problem(of: window, from: before, to: shape)
    case .sumPool(let pool):
      guard isPooled(source) else { return "codes or sums are expected to enter" }
      guard code(of: source) != nil || !pool.window.isPadded else {
        return "sums are pooled without a border"
      }
      if let problem = problem(of: pool.window, from: before, to: shape) { return problem }
      let largest = code(of: source)?.range ?? sumLimits(of: source).max() ?? 0
      let (sum, overflows) = largest.multipliedReportingOverflow(by: pool.window.taps)
      guard !overflows, sum < 1 << 60 else {
        return "sums of \(pool.window.taps) values up to \(largest) are too large"
      }
      return problem(of: pool.border, for: source)
    case .encode(let tree):
      guard isSum(source) else { return "sums are expected to enter" }
      if let problem = problem(of: tree.code) { return problem }
      let nodes = 1 << tree.code.levels - 1
      guard shape == before, tree.thresholds.count == shape.channels,
        tree.thresholds.allSatisfy({ $0.count == nodes && $0.allSatisfy(isReasonable) }),
        tree.falling.isEmpty || tree.falling.count == shape.channels
      else { return "\(before.channels) channels of \(nodes) thresholds are expected" }
    case .add:
      guard node.inputs.allSatisfy(isSum) else { return "sums are expected to enter" }
      guard node.inputs.allSatisfy({ nodes[$0].shape == shape }) else {
        return "two maps of \(shape) are expected"
      }
      guard sumLimits(of: index).allSatisfy({ $0 < 1 << 50 }) else {
        return "the sums of the two maps are too large"
      }
    case .score(let score), .rescale(let score):
      guard isSum(source) else { return "sums are expected to enter" }
      let limit = sumLimits(of: source).max() ?? 0
      guard shape == before, score.multipliers.count == shape.channels,
        score.offsets.count == shape.channels, score.offsets.allSatisfy(isReasonable),
        score.multipliers.allSatisfy({
          isReasonable($0) && $0.magnitude.multipliedFullWidth(by: UInt(limit)) < (0, 1 << 60)
        })
      else { return "\(before.channels) multipliers and offsets are expected" }
    case .argMax:
      guard case .score = nodes[source].operation else { return "scores are expected to enter" }
      guard shape.count == 1 else { return "one index is expected to leave" }
    }
    return nil
  }

  private func isSum(_ index: Int) -> Bool {
    switch nodes[index].operation {
    case .popcount, .sumPool, .rescale, .add: true
    case .maxPool: code(of: index) == nil
    case .input, .lookup, .encode, .score, .argMax: false
    }
  }

  private func isPooled(_ index: Int) -> Bool {
    code(of: index) != nil || isSum(index)
  }

  private func problem(of window: Window, from before: Shape, to shape: Shape) -> String? {
    if let problem = window.problem(on: before) { return problem }
    let positions = window.positions(on: before)
    guard positions == Extent(shape.height, shape.width), shape.channels == before.channels else {
      return "the shape \(shape) is not that of a \(window) window on \(before)"
    }
    return nil
  }

  private func problem(of border: MapWindow.Border, for source: Int) -> String? {
    guard case .code(let code) = border else { return nil }
    let levels = self.code(of: source)?.levels ?? 0
    return (0..<1 << levels).contains(code)
      ? nil : "the border holds the code \(code); one of \(levels) bits is expected"
  }

  private func problem(of code: ResidualCode) -> String? {
    guard (1...8).contains(code.levels), code.weights.allSatisfy({ (0...1 << 20).contains($0) })
    else { return "levels weigh \(code.weights); 1…8 weights from 0 to 2^20 are expected" }
    return nil
  }

  private func problem(
    of popcount: MaskedPopcount, from before: Shape, to shape: Shape
  ) -> String? {
    let planes = popcount.scales.count
    guard (1...8).contains(planes), popcount.weights.rows % planes == 0,
      popcount.scales.allSatisfy({ (1...1 << 10).contains($0) })
    else { return "weights of \(planes) planes that are worth \(popcount.scales)" }
    let inputs: Int
    let positions: Extent
    if let window = popcount.window?.window {
      if let problem = window.problem(on: before) { return problem }
      inputs = window.taps.multipliedReportingOverflow(by: before.channels).partialValue
      positions = window.positions(on: before)
    } else {
      inputs = before.count
      positions = 1
    }
    guard popcount.inputs == inputs,
      shape
        == Shape(height: positions.height, width: positions.width, channels: popcount.outputs)
    else {
      let (found, expected) =
        popcount.window == nil
        ? ("", "") : (" at \(positions) positions", " at \(shape.height)×\(shape.width)")
      return "\(popcount.outputs) × \(popcount.inputs) weights\(found); "
        + "\(shape.channels) × \(inputs)\(expected) are expected"
    }
    // Far from overflow: 2^24 inputs, a code of 2^23, planes of 2^13.
    guard let mask = popcount.mask else { return nil }
    guard mask.rows == popcount.weights.rows, mask.columns == popcount.inputs else {
      return "a mask of \(mask.rows) × \(mask.columns) bits; "
        + "\(popcount.weights.rows) × \(popcount.inputs) are expected"
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
