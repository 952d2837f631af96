// SPDX-License-Identifier: Apache-2.0

import Diagnostics
import Modeling

extension Assembly {
  /// The network of the stages that one stage needs, with names, parameters and remarks.
  ///
  /// - Throws: ``InvalidInput`` when the parts do not make one network.
  func network(to output: Int, name: String, file: String) throws -> TrainedNetwork {
    var isNeeded = Array(repeating: false, count: stages.count)
    isNeeded[output] = true
    for stage in stages.indices.reversed() where isNeeded[stage] {
      for input in stages[stage].inputs { isNeeded[input] = true }
    }
    let needed = stages.indices.filter { isNeeded[$0] }
    let inputs = needed.filter { stages[$0].layer is Input }
    guard inputs.count == 1 else {
      throw InvalidInput([
        Diagnostic(
          .error, at: file,
          "the input enters the layers in \(inputs.count) scalings; one is expected",
          hint: "scale it once, before the layers part")
      ])
    }

    var names = LayerNames()
    var nodes: [Network.Node] = []
    var parameters = Parameters()
    var position: [Int: Int] = [:]
    for stage in needed {
      let part = stages[stage]
      let inputs = part.inputs.compactMap { position[$0] }
      let name = names.unused(
        part.name ?? automaticName(for: part, behind: inputs.first, in: nodes))
      position[stage] = nodes.count
      nodes.append(Network.Node(name: name, layer: part.layer, inputs: inputs))
      for (slot, tensor) in part.parameters { parameters[name, slot] = tensor }
    }
    let network = Network(name: name, nodes: nodes)
    return TrainedNetwork(
      network: network, parameters: parameters,
      remarks: remarks(on: network, stages: needed, file: file))
  }

  /// `dense1`, or `fc1_norm` behind `fc1`: the names that the DSL gives.
  private func automaticName(
    for stage: Stage, behind input: Int?, in nodes: [Network.Node]
  ) -> String {
    switch type(of: stage.layer).naming {
    case .numbered(let stem):
      let count = nodes.count { type(of: $0.layer) == type(of: stage.layer) }
      return "\(stem)\(count + 1)"
    case .suffix(let suffix):
      var root = input
      while let index = root, case .suffix = type(of: nodes[index].layer).naming {
        root = nodes[index].inputs.first
      }
      return "\(root.map { nodes[$0].name } ?? "layer")_\(suffix)"
    }
  }

  private func remarks(on network: Network, stages needed: [Int], file: String) -> [Diagnostic] {
    var remarks: [Diagnostic] = []
    if let input = network.input, input.bits < 8, let name = network.nodes.first?.name {
      let used =
        input.bits == 1
        ? "1 bit: the top bit of each 8-bit pixel (u ≥ 128) is used"
        : "\(input.bits) bits: the top \(input.bits) bits of each 8-bit pixel are used"
      remarks.append(Diagnostic(.note, at: file, "'\(name)' enters as \(used)"))
    }
    for node in network.nodes {
      guard let lookup = node.layer as? Lookup else { continue }
      let count = Set(lookup.table).count
      remarks.append(
        Diagnostic(
          .note, at: file,
          "'\(node.name)' gives each 8-bit pixel one of \(count) values of \(lookup.bits) "
            + "bit\(lookup.bits == 1 ? "" : "s"), \(lookup.offset) + \(lookup.scale)·q"))
    }
    var rules: [String] = []
    var layers: [String: [String]] = [:]
    for (node, stage) in zip(network.nodes, needed) {
      guard let sign = node.layer as? ResidualSign, let spelling = spellings[stage] else {
        continue
      }
      let rule = "sign(0) = \(sign.zero == .positive ? "+1" : "−1") (\(spelling))"
      if layers[rule] == nil { rules.append(rule) }
      layers[rule, default: []].append(node.name)
    }
    for rule in rules {
      let names = layers[rule, default: []].joined(separator: ", ")
      remarks.append(Diagnostic(.note, at: file, "\(rule) in \(names)"))
    }
    return remarks
  }
}
