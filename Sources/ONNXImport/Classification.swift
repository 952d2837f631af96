// SPDX-License-Identifier: Apache-2.0

import Modeling

/// The end of a network.
enum Classification {
  static let argMax: Rule = { (call, assembly) throws(Rejection) in
    guard let map = assembly.realMap(call[0]) else { return nil }
    let attributes = call.node.attributes
    let axis = try attributes.integer("axis", default: 0)
    guard map.dimensions.count == 1, axis == 1 || axis == -1 else {
      throw Rejection(
        "attribute axis is \(axis) for a map of sizes [N] + \(map.dimensions); the axis of the "
          + "classes, 1 of 2, is expected")
    }
    try attributes.require("select_last_index", is: 0)
    let keepsAxis = try attributes.integer("keepdims", default: 1) != 0
    let stage = try assembly.add(
      ArgMax(), inputs: [assembly.vectorStage(of: map)],
      name: LayerNames.layer(call.node) ?? "class")
    return .map(
      assembly.map(
        stage,
        Layout(
          shape: .vector(1), dimensions: keepsAxis ? [1] : [], axes: keepsAxis ? [.channel] : [])))
  }

  /// ONNX's Sign of anything but a constant.
  static let threeValuedSign: Rule = { (call, _) throws(Rejection) in
    throw Rejection(
      "ONNX's Sign has three values, as sign(0) = 0; a binary activation has two",
      hint: "export Where(GreaterOrEqual(x, 0), 1, -1): torch.where(x >= 0, 1.0, -1.0)")
  }
}
