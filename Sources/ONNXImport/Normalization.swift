// SPDX-License-Identifier: Apache-2.0

import Modeling

/// Batch norm, and its parts as separate nodes.
enum Normalization {
  static let batchNorm: Rule = { (call, assembly) throws(Rejection) in
    guard let map = assembly.realMap(call[0]) else { return nil }
    try call.node.attributes.require("training_mode", is: 0)
    try call.node.attributes.require("spatial", is: 1)
    let epsilon = try call.node.attributes.real("epsilon", default: 1e-5)
    let channels = map.channels
    guard map.layout.isChannelsFirst else {
      throw Rejection(
        "its input has axes [N] + \(map.layout.names); the channels are expected behind N",
        hint: "put it before the node that flattens or transposes the map")
    }
    var parameters: [String: Tensor] = [:]
    for (index, slot) in [(1, "scale"), (2, "bias"), (3, "mean"), (4, "variance")] {
      guard let constant = call.constant(index) else {
        throw Rejection(
          "its \(slot) is \(call[index]?.description ?? "missing"); a constant is expected",
          hint: "export the model in evaluation mode: model.eval()")
      }
      guard constant.shape == [channels] else {
        throw Rejection(
          "its \(slot) has shape \(constant.shape); [\(channels)] is expected")
      }
      parameters[slot] = Tensor(constant.values)
    }
    let stage = try assembly.add(
      BatchNorm(epsilon: epsilon), parameters, inputs: [map.stage],
      name: LayerNames.layer(call.node))
    return .map(assembly.map(stage, map.layout))
  }

  static let add: Rule = step { (constant, _) in [.add(constant)] }

  static let subtract: Rule = step { (constant, isMapFirst) in
    let negated = constant.map { 0 - $0 }
    return isMapFirst
      ? [.add(negated)] : [.multiply(constant.map { _ in -1 }), .add(constant)]
  }

  static let multiply: Rule = step { (constant, _) in [.multiply(constant)] }

  static let divide: Rule = step { (constant, isMapFirst) in
    isMapFirst ? [.divide(constant)] : nil
  }

  static let negate: Rule = { (call, assembly) throws(Rejection) in
    guard let map = assembly.realMap(call[0]) else { return nil }
    let ones = Array(repeating: -1.0, count: map.channels)
    return .map(try assembly.appending(.multiply(ones), to: map))
  }

  /// A Cast that leaves the real values of a map as they are.
  static let cast: Rule = { (call, assembly) throws(Rejection) in
    guard let value = call[0] else { return nil }
    let type = try ConstantFolding.castType(call)
    switch value {
    case .map(let map) where assembly.stages[map.stage].feature.values == .index:
      return value
    case .map, .residual, .clipped, .quantized:
      guard type.isReal else {
        throw Rejection("a cast of a map to \(type.name) is not supported", hint: "use FLOAT")
      }
      return value
    default:
      return nil
    }
  }

  /// - Parameter steps: for the constants of the channels, and whether the map is the first input.
  private static func step(
    _ steps: @escaping @Sendable ([Double], Bool) -> [AffineStep]?
  ) -> Rule {
    { (call, assembly) throws(Rejection) in
      for (index, other) in [(0, 1), (1, 0)] {
        guard var map = assembly.realMap(call[index]), let constant = call.constant(other) else {
          continue
        }
        let values = try call.perChannel(constant, of: map)
        guard let steps = steps(values, index == 0) else { return nil }
        for step in steps { map = try assembly.appending(step, to: map) }
        return .map(map)
      }
      return nil
    }
  }
}

extension Assembly {
  /// A real map after one more step: in the layer that makes it, or in a new batch norm where a
  /// number of that layer would be rounded.
  mutating func appending(_ step: AffineStep, to map: Map) throws(Rejection) -> Map {
    let end = stages[map.stage]
    try spend(end.parameters.values.reduce(map.channels) { $0 + $1.values.count })
    if let parameters = step.joined(with: end) {
      let stage = try add(end.layer, parameters, inputs: end.inputs, name: end.name)
      return self.map(stage, map.layout)
    }
    guard let parameters = step.batchNorm() else {
      throw Rejection(
        "it divides by numbers whose reciprocals cannot be kept exactly",
        hint: "multiply by a constant instead")
    }
    let stage = try add(BatchNorm(epsilon: 0), parameters, inputs: [map.stage])
    return self.map(stage, map.layout)
  }
}
