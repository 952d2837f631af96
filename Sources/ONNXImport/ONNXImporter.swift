// SPDX-License-Identifier: Apache-2.0

import Diagnostics
import Modeling

/// Follows the values of a graph from its input to the output that is read.
struct ONNXImporter {
  private let graph: ONNXGraph
  private let batch: Int
  private let remarks: [Diagnostic]
  private var assembly: Assembly
  private var diagnostics = DiagnosticCollector()
  private var values: [String: Value] = [:]
  /// Values behind an error: what depends on them is not reported again.
  private var unknown: Set<String> = []

  /// - Parameter size: bytes of the file.
  /// - Throws: ``InvalidInput`` when the graph's input is no map of 8-bit pixels.
  init(_ graph: ONNXGraph, size: Int) throws {
    self.graph = graph
    self.assembly = Assembly(budget: 1 << 22 + 32 * size)
    let input: GraphInput
    do {
      input = try GraphInput(graph.input)
    } catch {
      throw InvalidInput([error.diagnostic(at: "\(graph.file): input '\(graph.input.name)'")])
    }
    self.batch = input.batch
    self.remarks = [
      graph.output.remark(in: graph.file),
      input.remark.map { Diagnostic(.note, at: "\(graph.file): input '\(graph.input.name)'", $0) },
    ].compactMap { $0 }
    values[graph.input.name] = .pixels(input.pixels)
  }

  /// The network that the output is.
  ///
  /// - Parameter name: the network's name.
  /// - Throws: ``InvalidInput`` with every node that cannot be read.
  mutating func network(named name: String) throws -> TrainedNetwork {
    for node in graph.nodes { evaluate(node) }
    var output: Int?
    if let value = values[graph.output.name] {
      output = report(at: "\(graph.file): output '\(graph.output.name)'") {
        (assembly) throws(Rejection) in
        guard let map = try assembly.map(of: value) else {
          throw Rejection("it is \(value.description); the output of a layer is expected")
        }
        return try assembly.vectorStage(of: map)
      }
    } else if !diagnostics.hasErrors {
      diagnostics.error(
        at: "\(graph.file): output '\(graph.output.name)'",
        "it is not the first output of its node; only that is supported")
    }
    try diagnostics.throwIfErrors()
    guard let output else { throw InvalidInput(diagnostics.diagnostics) }
    var result = try assembly.network(to: output, name: name, file: graph.file)
    result.remarks = try remarks + result.remarks + checked(result)
    return result
  }

  private mutating func evaluate(_ node: ONNXNode) {
    let path = "\(graph.file): \(node.description)"
    let inputs = node.inputs.map { $0.isEmpty ? nil : value($0, at: path) }
    guard let output = node.outputs.first else {
      diagnostics.error(at: path, "it has no outputs")
      return
    }
    guard let known = Operator.table[node.type] else {
      unknown.formUnion(node.outputs)
      diagnostics.error(
        at: path,
        "this operator is not supported; supported are "
          + Operator.table.keys.sorted().joined(separator: ", "),
        hint: Operator.advice[node.type])
      return
    }
    guard !node.inputs.contains(where: unknown.contains) else {
      unknown.formUnion(node.outputs)
      return
    }
    let call = Call(node: node, inputs: inputs, batch: batch)
    let result = report(at: path) { (assembly) throws(Rejection) in
      try known.evaluate(call, &assembly)
    }
    if let result {
      values[output] = result
    } else {
      unknown.formUnion(node.outputs)
    }
  }

  /// A value by its name; an initializer is read when a node needs it.
  private mutating func value(_ name: String, at path: String) -> Value? {
    if let value = values[name] { return value }
    if unknown.contains(name) { return nil }
    guard let tensor = graph.initializers[name] else {
      unknown.insert(name)
      diagnostics.error(
        at: path,
        "input '\(name)' is not the first output of its node; only that is supported")
      return nil
    }
    let constant = report(at: "\(graph.file): initializer '\(name)'") { (_) throws(Rejection) in
      try Constant(tensor)
    }
    guard let constant else {
      unknown.insert(name)
      return nil
    }
    values[name] = .constant(constant)
    return .constant(constant)
  }

  /// The result of a step, or nil after it was refused.
  private mutating func report<Result>(
    at path: String, _ step: (inout Assembly) throws(Rejection) -> Result
  ) -> Result? {
    do {
      return try step(&assembly)
    } catch {
      diagnostics.add(error.diagnostic(at: path))
      return nil
    }
  }

  /// The warnings of the network's own checks.
  private func checked(_ result: TrainedNetwork) throws -> [Diagnostic] {
    do {
      return try result.network.check(result.parameters).map(inFile)
    } catch let invalid as InvalidInput {
      throw InvalidInput(invalid.diagnostics.map(inFile))
    }
  }

  private func inFile(_ diagnostic: Diagnostic) -> Diagnostic {
    var diagnostic = diagnostic
    diagnostic.path = "\(graph.file): \(diagnostic.path)"
    return diagnostic
  }
}
