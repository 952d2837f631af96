// SPDX-License-Identifier: Apache-2.0

import Diagnostics
import Modeling

extension IntegerGraph {
  /// This network under the names of `other`, which has its shape: the same layers on maps of the same
  /// size, with as many levels and weight bits. Weights, masks, thresholds, gammas, scores and tables are
  /// its own; where only `other` has masks, all weights are active.
  ///
  /// - Throws: ``Diagnostic`` for another number of steps, ``InvalidInput`` with each layer of another
  ///   shape.
  public func renamed(like other: IntegerGraph) throws -> IntegerGraph {
    guard nodes.count == other.nodes.count else {
      throw Diagnostic(
        at: name, "the network has \(nodes.count) steps; '\(other.name)' has \(other.nodes.count)",
        hint: "give a model of the same layers")
    }
    var diagnostics = DiagnosticCollector()
    if modes != other.modes {
      diagnostics.error(
        at: name,
        "the network can be used with \(modes == 1 ? "a fixed number of levels" : "1 to \(modes) levels"); "
          + "'\(other.name)' with \(other.modes == 1 ? "a fixed number" : "1 to \(other.modes)")",
        hint: other.modes == 1
          ? "give one output of the model"
          : "give a model with an output for each number of levels, or its level banks")
    }
    var graph = self
    graph.name = other.name
    for (index, (node, like)) in zip(nodes, other.nodes).enumerated() {
      if case .popcount(var popcount) = node.operation, popcount.mask == nil,
        case .popcount(let masked) = like.operation, masked.mask != nil
      {
        popcount.mask = BitMatrix(
          rows: popcount.weights.rows, columns: popcount.weights.columns, filled: true)
        graph.nodes[index].operation = .popcount(popcount)
      }
      graph.nodes[index].name = like.name
      let (found, expected) = (graph.form(of: index), other.form(of: index))
      if found != expected || node.inputs != like.inputs {
        diagnostics.error(
          at: "\(name).\(node.name)",
          "\(found); '\(other.name)' has \(expected) there (\(like.name))",
          hint: node.hasMask && !like.hasMask
            ? "generate the design from this model: those without inactive weights can be loaded then, too"
            : "give a model of the same layers")
      }
    }
    try diagnostics.throwIfErrors()
    return graph
  }

  /// All of a node but its trained numbers, in words.
  private func form(of index: Int) -> String {
    let node = nodes[index]
    let text = "\(node.operation.kind) to \(node.shape)"
    switch node.operation {
    case .input(let code):
      return "\(text) of \(code.levels) bits"
    case .lookup(let table):
      return "\(text), \(table.entries.count) entries of \(table.code.levels) bits"
    case .popcount(let popcount):
      let window = popcount.window.map { ", window \($0.form)" } ?? ""
      let bits = popcount.scales.count
      return "\(text) from \(popcount.inputs) values" + window
        + ", weights of \(bits) bit\(bits == 1 ? "" : "s")"
        + (popcount.mask == nil ? "" : ", some inactive")
    case .maxPool(let window):
      return "\(text), window \(window)"
    case .sumPool(let pool):
      return "\(text), window \(pool.form)"
    case .encode(let tree):
      return "\(text), \(tree.code.levels) level\(tree.code.levels == 1 ? "" : "s")"
    case .rescale, .add, .score, .argMax:
      return text
    }
  }
}

extension IntegerGraph.Node {
  /// Whether weights may be inactive.
  fileprivate var hasMask: Bool {
    guard case .popcount(let popcount) = operation else { return false }
    return popcount.mask != nil
  }
}

extension MapWindow {
  /// Its size, steps and border.
  fileprivate var form: String {
    guard window.isPadded else { return "\(window)" }
    switch border {
    case .absent: return "\(window) round which nothing is"
    case .code(let code): return "\(window) round which the code is \(code)"
    }
  }
}
