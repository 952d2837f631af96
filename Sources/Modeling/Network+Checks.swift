// SPDX-License-Identifier: Apache-2.0

import Diagnostics

extension Network {
  /// Where node `index` is, for messages: `cnv.layers[3] (MaxPool)`. Layers count from 0, as the
  /// DSL lists them; the input is none of them.
  public func path(of index: Int) -> String {
    let kind = type(of: nodes[index].layer).kind
    return index == 0 ? "\(name).input" : "\(name).layers[\(index - 1)] (\(kind))"
  }

  /// What leaves each node.
  ///
  /// - Throws: ``InvalidInput`` with every layer that does not fit its input.
  public func features() throws -> [Feature] {
    var diagnostics = DiagnosticCollector()
    let features = features(&diagnostics)
    try diagnostics.throwIfErrors()
    return features.compactMap { $0 }
  }

  /// Checks shapes and, of the parameters, presence, shapes and values.
  ///
  /// - Returns: warnings.
  /// - Throws: ``InvalidInput`` with every error.
  @discardableResult
  public func check(_ parameters: Parameters) throws -> [Diagnostic] {
    var diagnostics = DiagnosticCollector()
    let features = features(&diagnostics)
    var known: Set<String> = []
    for (index, node) in nodes.enumerated() {
      guard let first = node.inputs.first, features.indices.contains(first),
        let input = features[first]
      else { continue }
      let path = path(of: index)
      var tensors: [String: Tensor] = [:]
      for slot in node.layer.slots(for: input) {
        known.insert("\(node.name).\(slot.name)")
        if let tensor = parameter(slot, of: node, in: parameters, at: path, &diagnostics) {
          tensors[slot.name] = tensor
        }
      }
      node.layer.check(tensors, at: path, &diagnostics)
    }
    for name in parameters.tensors.keys.sorted() where !known.contains(name) {
      if features.allSatisfy({ $0 != nil }) {
        diagnostics.warning(at: self.name, "parameter '\(name)' belongs to no layer; it is unused")
      }
    }
    try diagnostics.throwIfErrors()
    return diagnostics.diagnostics
  }

  private func parameter(
    _ slot: ParameterSlot, of node: Node, in parameters: Parameters, at path: String,
    _ diagnostics: inout DiagnosticCollector
  ) -> Tensor? {
    guard let tensor = parameters[node.name, slot.name] else {
      if slot.isRequired {
        diagnostics.error(
          at: path,
          "parameter '\(node.name).\(slot.name)' is missing; "
            + "a tensor of shape \(slot.shape) is expected")
      }
      return nil
    }
    guard tensor.shape == slot.shape, tensor.values.count == slot.shape.reduce(1, *) else {
      diagnostics.error(
        at: path,
        "parameter '\(node.name).\(slot.name)' has shape \(tensor.shape) and "
          + "\(tensor.values.count) values; shape \(slot.shape) is expected")
      return nil
    }
    if let index = tensor.values.firstIndex(where: { !$0.isFinite }) {
      diagnostics.error(
        at: path,
        "parameter '\(node.name).\(slot.name)' holds \(tensor.values[index]) "
          + "at position \(index); finite numbers are expected",
        hint: "the training diverged, or the file is damaged")
      return nil
    }
    if let index = tensor.values.firstIndex(where: { $0.magnitude >= Tensor.limit }) {
      diagnostics.error(
        at: path,
        "parameter '\(node.name).\(slot.name)' holds \(tensor.values[index]) "
          + "at position \(index); numbers of float32's range are expected",
        hint: "the training diverged, or the file is damaged")
      return nil
    }
    return tensor
  }

  private func features(_ diagnostics: inout DiagnosticCollector) -> [Feature?] {
    guard input != nil else {
      diagnostics.error(at: name, "the first node is not an `Input`")
      return nodes.map { _ in nil }
    }
    if nodes.count < 2 {
      diagnostics.error(
        at: name, "the network has no layers",
        hint: "add at least `Dense(10)`")
    }
    var names: Set<String> = []
    var features: [Feature?] = []
    for (index, node) in nodes.enumerated() {
      let path = path(of: index)
      if !names.insert(node.name).inserted {
        diagnostics.error(
          at: path, "the name '\(node.name)' is taken by another layer",
          hint: "give each layer its own `name:`")
      }
      if !isIdentifier(node.name) {
        diagnostics.error(
          at: path,
          "the name '\(node.name)' is not an identifier; letters, digits and '_' are expected, "
            + "no digit first",
          hint: "name it '\(identifier(from: node.name))'")
      }
      features.append(output(of: index, from: features, at: path, &diagnostics))
    }
    return features
  }

  private func output(
    of index: Int, from features: [Feature?], at path: String,
    _ diagnostics: inout DiagnosticCollector
  ) -> Feature? {
    let node = nodes[index]
    if let input = node.layer as? Input {
      guard index == 0 else {
        diagnostics.error(at: path, "a second `Input`; a network has one")
        return nil
      }
      guard node.inputs.isEmpty else {
        diagnostics.error(at: path, "inputs are nodes \(node.inputs); none is expected")
        return nil
      }
      return input.output(
        for: Feature(input.shape, .real), at: path, &diagnostics)
    }
    let expected = type(of: node.layer).inputs
    guard node.inputs.count == expected, node.inputs.allSatisfy({ (0..<index).contains($0) }) else {
      diagnostics.error(
        at: path,
        "inputs are nodes \(node.inputs); "
          + (expected == 1
            ? "one earlier node is expected" : "\(expected) earlier nodes are expected")
      )
      return nil
    }
    // A layer behind a broken one is not reported: its input is unknown.
    let inputs = node.inputs.compactMap { features[$0] }
    guard inputs.count == expected else { return nil }
    return node.layer.output(for: inputs, at: path, &diagnostics)
  }
}

/// True for [A-Za-z_][A-Za-z0-9_]*: what can name nets, instances and files.
private func isIdentifier(_ name: String) -> Bool {
  guard let first = name.unicodeScalars.first, !("0"..."9").contains(first) else { return false }
  return name.unicodeScalars.allSatisfy(isWord)
}

private func isWord(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar {
  case "a"..."z", "A"..."Z", "0"..."9", "_": true
  default: false
  }
}

/// An identifier that reads like `name`.
private func identifier(from name: String) -> String {
  let text = String(String.UnicodeScalarView(name.unicodeScalars.map { isWord($0) ? $0 : "_" }))
  return isIdentifier(text) ? text : "layer\(text)"
}
