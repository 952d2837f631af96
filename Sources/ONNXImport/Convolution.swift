// SPDX-License-Identifier: Apache-2.0

import Modeling

/// Convolutions with constant weights.
enum Convolution {
  /// x ∗ W + b, W of shape [filters, channels / groups, height, width]
  static let conv: Rule = { (call, assembly) throws(Rejection) in
    guard let weight = call.constant(1), let input = try call.windowed(&assembly) else {
      return nil
    }
    var bias: Constant?
    if let b = call[2] {
      guard case .constant(let constant) = b else { return nil }
      bias = constant
    }
    guard weight.shape.count == 4 else {
      throw Rejection(
        "its weights have shape \(weight.shape); [filters, channels, height, width] is expected")
    }
    guard case .code = assembly.stages[input.map.stage].feature.values else {
      throw Rejection(
        "its input is \(input.map.kind); pixels, a sign or a quantizer are expected, as a binary "
          + "layer takes codes of a few bits",
        hint: "binarise the activations before this node")
    }
    let groups = try call.node.attributes.integer("group", default: 1)
    let (filters, channels) = (weight.shape[0], input.map.channels)
    guard groups > 0, filters > 0, channels % groups == 0, filters % groups == 0,
      weight.shape[1] == channels / groups
    else {
      throw Rejection(
        "its weights \(weight.shape) in \(groups) group\(groups == 1 ? "" : "s") do not fit "
          + "\(channels) channels")
    }
    let kernel = Extent(weight.shape[2], weight.shape[3])
    let window = try WindowAttributes(call.node.attributes, kernel: kernel, on: input)
    try assembly.spend(weight.values.count)
    var parameters = ["weight": Tensor(shape: weight.shape, values: weight.values)]
    if let bias {
      guard bias.values.count == filters || bias.uniform != nil, bias.shape.count <= 1 else {
        throw Rejection("its bias has shape \(bias.shape); [\(filters)] is expected")
      }
      parameters["bias"] = Tensor(
        bias.values.count == filters
          ? bias.values : Array(repeating: bias.uniform ?? 0, count: filters))
    }
    let stage = try assembly.add(
      Conv(
        filters, kernel: kernel, stride: window.stride,
        padding: try window.padding(own: 0, of: input), groups: groups),
      parameters, inputs: [input.map.stage],
      name: LayerNames.layer(call.node) ?? weight.source.flatMap(LayerNames.stem))
    return .map(assembly.image(stage))
  }
}
