// SPDX-License-Identifier: Apache-2.0

import Diagnostics

/// The part of a file's graph that its output depends on, checked: every name that a node uses has
/// one origin, and nodes come after those that they use.
struct ONNXGraph {
  /// Where messages say they are: the file's name.
  var file: String
  /// Empty when the file gives none.
  var name: String
  /// The one input that is no initializer.
  var input: ONNXValueInfoProto
  /// The one output that is read.
  var output: GraphOutput
  /// In an order in which inputs come before their users.
  var nodes: [ONNXNode]
  /// By name.
  var initializers: [String: ONNXTensorProto]

  /// Checks a graph as it was read.
  ///
  /// - Parameter output: the name of the output to read, or nil for the first.
  /// - Throws: ``InvalidInput`` with everything that is wrong with its structure.
  init(_ graph: ONNXGraphProto, output: String?, file: String) throws {
    var diagnostics = DiagnosticCollector()
    self.file = file
    self.name = graph.name
    self.initializers = Dictionary(
      graph.initializer.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    let initializers = self.initializers
    // Up to IR version 3 every initializer is an input too.
    let inputs = graph.input.filter { initializers[$0.name] == nil }
    if graph.node.isEmpty {
      diagnostics.error(at: file, "the graph has no nodes")
    }
    if inputs.count != 1 {
      diagnostics.error(
        at: file,
        "the graph has \(inputs.count) inputs"
          + "\(inputs.isEmpty ? "" : " (\(quoted(inputs.map(\.name))))"); one is expected")
    }
    var chosen: GraphOutput?
    do {
      chosen = try GraphOutput(output, of: graph.output.map(\.name))
    } catch {
      diagnostics.add(error.diagnostic(at: file))
    }
    try diagnostics.throwIfErrors()
    guard let input = inputs.first, let output = chosen else {
      throw InvalidInput([Diagnostic(.error, at: file, "the graph has no input or output")])
    }
    self.input = input
    self.output = output

    let nodes = graph.node.enumerated().map { ONNXNode($1, index: $0) }
    let origins = Origins(nodes, graph, file: file, input: input.name, &diagnostics)
    try diagnostics.throwIfErrors()
    self.nodes = origins.sorted(from: output.name, &diagnostics)
    try diagnostics.throwIfErrors()
  }
}

/// `'a', 'b'`, at most 8 of them.
func quoted(_ names: [String]) -> String {
  names.prefix(8).map { "'\($0)'" }.joined(separator: ", ") + (names.count > 8 ? ", …" : "")
}

/// Who makes each value.
private struct Origins {
  private var nodes: [ONNXNode]
  private var file: String
  /// The node that makes a value.
  private var makers: [String: Int] = [:]
  /// Names that need no node.
  private var given: Set<String>
  private var sparse: Set<String>

  init(
    _ nodes: [ONNXNode], _ graph: ONNXGraphProto, file: String, input: String,
    _ diagnostics: inout DiagnosticCollector
  ) {
    self.nodes = nodes
    self.file = file
    self.given = [input]
    self.sparse = Set(graph.sparseInitializer.map(\.values.name))
    for initializer in graph.initializer where !given.insert(initializer.name).inserted {
      diagnostics.error(
        at: file, "the name '\(initializer.name)' has two origins; a value is made once")
    }
    for node in nodes {
      for output in node.outputs where !output.isEmpty {
        if given.contains(output) || makers[output] != nil {
          diagnostics.error(
            at: "\(file): \(node.description)",
            "output '\(output)' is made elsewhere too; a value is made once")
        }
        makers[output] = node.index
      }
    }
  }

  /// The nodes that `output` depends on, each after those that it uses.
  func sorted(from output: String, _ diagnostics: inout DiagnosticCollector) -> [ONNXNode] {
    guard let last = makers[output] else {
      diagnostics.error(
        at: file,
        "the output '\(output)' is made by no node" + (given.contains(output) ? "" : " at all"))
      return []
    }
    var makers: [Int: [Int]] = [:]
    var open = [last]
    while let index = open.popLast() {
      guard makers[index] == nil else { continue }
      let behind = nodes[index].inputs.compactMap { self.makers[$0] }
      makers[index] = behind
      open += behind
    }
    let needed = makers.keys.sorted()
    for index in needed { reportMissingInputs(of: nodes[index], &diagnostics) }
    // The file's order is nearly always right.
    if needed.allSatisfy({ node in makers[node, default: []].allSatisfy { $0 < node } }) {
      return needed.map { nodes[$0] }
    }
    var missing = makers.mapValues(\.count)
    var users: [Int: [Int]] = [:]
    for index in needed {
      for maker in makers[index, default: []] { users[maker, default: []].append(index) }
    }
    var ready = Array(needed.filter { missing[$0] == 0 }.reversed())
    var order: [ONNXNode] = []
    while let index = ready.popLast() {
      order.append(nodes[index])
      for user in users[index] ?? [] {
        missing[user, default: 0] -= 1
        if missing[user] == 0 { ready.append(user) }
      }
    }
    let stuck = missing.filter { $0.value > 0 }
    if var index = stuck.keys.min() {
      // Each of them waits for another of them: the walk back ends in the cycle.
      var passed: Set<Int> = []
      while passed.insert(index).inserted {
        index = makers[index, default: []].first { stuck[$0] != nil } ?? index
      }
      diagnostics.error(
        at: "\(file): \(nodes[index].description)",
        "it depends on its own output; a network without cycles is expected")
    }
    return order
  }

  private func reportMissingInputs(
    of node: ONNXNode, _ diagnostics: inout DiagnosticCollector
  ) {
    for input in node.inputs where !input.isEmpty && !given.contains(input) {
      guard makers[input] == nil else { continue }
      if sparse.contains(input) {
        diagnostics.error(
          at: "\(file): \(node.description)",
          "input '\(input)' is a sparse initializer; an ordinary one is expected",
          hint: "store the zeros too")
      } else {
        diagnostics.error(
          at: "\(file): \(node.description)",
          "input '\(input)' is made by no node and is no initializer")
      }
    }
  }
}
