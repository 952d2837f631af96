// SPDX-License-Identifier: Apache-2.0

import Diagnostics
import Modeling

/// What differs in a network while fewer levels are in use than its codes have: thresholds, the weights
/// of the levels, scores. The layers, their weights and masks are those of the whole network.
///
/// In the mode of m levels a code of M levels has its first min(m, M); the network's modes are
/// m = 1 … M.
/// - Source: ResBinNet, arXiv 1711.01243 (levels as a dial between speed and accuracy).
public struct LevelMode: Equatable, Codable, Sendable {
  /// m.
  public var levels: Int
  /// The encoders and scores of the network, in the order of its nodes, as they are in this mode.
  public var steps: [Step]
  /// The step of the scores, where the network has them.
  public var scores: ScoreQuantization?

  /// An encoder or a score.
  public struct Step: Equatable, Codable, Sendable {
    /// Its node.
    public var node: Int
    /// What it computes.
    public var operation: IntegerGraph.Operation

    public init(node: Int, operation: IntegerGraph.Operation) {
      self.node = node
      self.operation = operation
    }
  }

  public init(levels: Int, steps: [Step], scores: ScoreQuantization?) {
    self.levels = levels
    self.steps = steps
    self.scores = scores
  }

  /// What of `graph` may differ in a mode.
  init(of graph: IntegerGraph, levels: Int) {
    self.init(
      levels: levels,
      steps: graph.stepNodes.map { Step(node: $0, operation: graph.nodes[$0].operation) },
      scores: graph.lowering.scores)
  }
}

extension IntegerGraph {
  /// How many modes there are: 1, or as many as levels where those in use are chosen at run time.
  public var modes: Int { (fewerLevels?.count ?? 0) + 1 }

  /// The network with the levels of mode `mode` alone, that of one level being mode 0; the last mode is
  /// that of all levels.
  public func inMode(_ mode: Int) -> IntegerGraph {
    var graph = self
    graph.fewerLevels = nil
    guard let fewerLevels, fewerLevels.indices.contains(mode) else { return graph }
    graph.lowering.scores = fewerLevels[mode].scores
    for step in fewerLevels[mode].steps { graph.nodes[step.node].operation = step.operation }
    for index in nodes.indices {
      guard let source = nodes[index].inputs.first,
        let unused = code(of: source).flatMap({ whole in
          graph.code(of: source).map { whole.levels - $0.levels }
        })
      else { continue }
      graph.nodes[index].operation.border { $0 >> unused }
    }
    return graph
  }

  /// The same, of networks of 1, 2 … M levels that were trained together.
  public static func choosingLevels(
    among networks: [TrainedNetwork], options: LoweringOptions = LoweringOptions()
  ) throws -> IntegerGraph {
    var options = options
    options.keepsWeights = true
    return try choosingLevels(
      among: networks.map { try $0.network.lowered(with: $0.parameters, options: options) })
  }

  /// A network in which the levels in use are chosen at run time.
  ///
  /// - Parameter graphs: the same network with 1, 2 … M levels, M being the most of an activation: the
  ///   same layers and weights, thresholds and scores of their own. An activation of fewer levels has all
  ///   of its levels as soon as so many are in use.
  /// - Throws: ``InvalidInput`` with each layer in which they differ otherwise.
  public static func choosingLevels(among graphs: [IntegerGraph]) throws -> IntegerGraph {
    guard var whole = graphs.last else {
      throw Diagnostic(at: "levels", "there is no network to choose from")
    }
    guard graphs.count == whole.levels else {
      throw Diagnostic(
        at: whole.name,
        "there are networks of \(graphs.count) numbers of levels; "
          + "activations of \(whole.levels) levels need \(whole.levels)",
        hint: "give one for each number of levels from 1 to \(whole.levels)")
    }
    guard !whole.hasJoins else {
      throw Diagnostic(
        at: whole.name,
        "the network has skip connections; their maps have one scale for all levels",
        hint: "generate it without a choice of levels")
    }
    guard whole.levels > 1 else {
      throw Diagnostic(
        at: whole.name, "every activation has one level: there is nothing to choose",
        hint: "generate it without a choice of levels")
    }
    var diagnostics = DiagnosticCollector()
    for (mode, graph) in graphs.dropLast().enumerated() {
      whole.checkStructure(of: graph, levels: mode + 1, &diagnostics)
    }
    try diagnostics.throwIfErrors()
    whole.fewerLevels = graphs.dropLast().enumerated().map {
      LevelMode(of: $1, levels: $0 + 1)
    }
    for (mode, graph) in graphs.dropLast().enumerated() {
      let other = whole.inMode(mode)
      for index in whole.nodes.indices {
        let (node, found) = (graph.nodes[index], other.nodes[index].operation)
        guard let difference = node.operation.difference(from: found) else { continue }
        diagnostics.error(
          at: "\(graph.name).\(node.name)",
          "\(difference) others than in the network of \(whole.levels) levels "
            + "(\(whole.nodes[index].name)); the levels in use may change thresholds and scores",
          hint: "train one set of weights for all numbers of levels, or calibrate the model")
      }
    }
    try diagnostics.throwIfErrors()
    return whole
  }

  /// The nodes that are encoders or scores.
  var stepNodes: [Int] {
    nodes.indices.filter {
      switch nodes[$0].operation {
      case .encode, .score: true
      case .input, .lookup, .popcount, .maxPool, .sumPool, .rescale, .add, .argMax: false
      }
    }
  }

  /// Whether `graph` has the nodes of this network and codes of at most `levels` levels.
  private func checkStructure(
    of graph: IntegerGraph, levels: Int, _ diagnostics: inout DiagnosticCollector
  ) {
    guard graph.nodes.count == nodes.count else {
      diagnostics.error(
        at: graph.name,
        "the network has \(graph.nodes.count) steps; that of \(self.levels) levels has \(nodes.count)",
        hint: "give networks of the same layers")
      return
    }
    for (node, whole) in zip(graph.nodes, nodes) {
      guard node.operation.kind == whole.operation.kind, node.shape == whole.shape,
        node.inputs == whole.inputs
      else {
        diagnostics.error(
          at: "\(graph.name).\(node.name)",
          "a \(node.operation.kind) of \(node.shape); "
            + "the network of \(self.levels) levels has a \(whole.operation.kind) of \(whole.shape)",
          hint: "give networks of the same layers")
        return
      }
      guard case .encode(let tree) = node.operation, case .encode(let full) = whole.operation
      else { continue }
      let expected = min(levels, full.code.levels)
      if tree.code.levels != expected {
        diagnostics.error(
          at: "\(graph.name).\(node.name)",
          "the activation has \(tree.code.levels) level\(tree.code.levels == 1 ? "" : "s"); "
            + "\(expected) expected where \(levels) of \(self.levels) are in use")
      }
    }
  }

  /// What is wrong with ``fewerLevels``, in a graph whose nodes are right.
  func problemOfModes() -> String? {
    guard let fewerLevels else { return nil }
    guard fewerLevels.count == levels - 1, !fewerLevels.isEmpty else {
      return "there are \(fewerLevels.count) modes of fewer levels; \(levels - 1) are expected"
    }
    for (index, mode) in fewerLevels.enumerated() {
      guard mode.levels == index + 1, mode.steps.map(\.node) == stepNodes else {
        return "mode \(index + 1) is not that of \(index + 1) levels of every activation and score"
      }
      guard mode.scores != nil || lowering.scores == nil,
        mode.scores.map({ $0.step > 0 }) ?? true
      else { return "mode \(index + 1): the step of its scores is missing, or not positive" }
      for step in mode.steps {
        switch (step.operation, nodes[step.node].operation) {
        case (.encode(let tree), .encode(let whole)):
          guard tree.code.levels == min(mode.levels, whole.code.levels) else {
            return "mode \(index + 1): \(nodes[step.node].name) has \(tree.code.levels) levels"
          }
        case (.score, .score): break
        default: return "mode \(index + 1): \(nodes[step.node].name) is of another kind"
        }
      }
    }
    return nil
  }
}

extension IntegerGraph.Operation {
  /// Its name in messages.
  var kind: String {
    switch self {
    case .input: "input"
    case .lookup: "lookup"
    case .popcount: "popcount"
    case .maxPool: "max pool"
    case .sumPool: "sum pool"
    case .encode: "sign"
    case .rescale: "rescaling"
    case .add: "addition"
    case .score: "score"
    case .argMax: "arg max"
    }
  }

  /// Changes the code that the border holds, if it holds one.
  fileprivate mutating func border(_ change: (Int) -> Int) {
    switch self {
    case .popcount(var popcount):
      guard case .code(let code)? = popcount.window?.border else { return }
      popcount.window?.border = .code(change(code))
      self = .popcount(popcount)
    case .sumPool(var pool):
      guard case .code(let code) = pool.border else { return }
      pool.border = .code(change(code))
      self = .sumPool(pool)
    case .input, .lookup, .maxPool, .encode, .rescale, .add, .score, .argMax: return
    }
  }

  /// What of it is not as in another operation of its kind.
  fileprivate func difference(from other: IntegerGraph.Operation) -> String? {
    guard self != other else { return nil }
    guard case .popcount(let own) = self, case .popcount(let found) = other else {
      return "the parameters are"
    }
    if own.weights != found.weights { return "the weights are" }
    if own.mask != found.mask { return "the active weights are" }
    if own.scales != found.scales { return "the planes of the weights are worth" }
    return "the window and its border are"
  }
}
