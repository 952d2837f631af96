// SPDX-License-Identifier: Apache-2.0

import Modeling

/// Products with constant weights, and the bias behind them.
enum LinearLayers {
  /// x · W, W of shape [inputs, units]
  static let matMul: Rule = { (call, assembly) throws(Rejection) in
    guard let weight = call.constant(1), let input = try call.vector(&assembly) else { return nil }
    return try dense(input, weight, isTransposed: false, call, &assembly)
  }

  /// alpha · x · W + beta · c
  static let gemm: Rule = { (call, assembly) throws(Rejection) in
    guard let weight = call.constant(1), let input = try call.vector(&assembly) else { return nil }
    let attributes = call.node.attributes
    try attributes.require("transA", is: 0)
    let isTransposed = try attributes.integer("transB", default: 0) != 0
    let alpha = try attributes.real("alpha", default: 1)
    let beta = try attributes.real("beta", default: 1)
    var bias: Constant?
    if let c = call[2] {
      guard case .constant(let constant) = c else { return nil }
      bias = constant
    }
    return try dense(
      input, weight, isTransposed: isTransposed, alpha: alpha, bias: bias, beta: beta, call,
      &assembly)
  }

  private static func dense(
    _ input: Map, _ weight: Constant, isTransposed: Bool, alpha: Double = 1,
    bias: Constant? = nil, beta: Double = 1, _ call: Call, _ assembly: inout Assembly
  ) throws(Rejection) -> Value {
    guard weight.shape.count == 2 else {
      throw Rejection("its weights have shape \(weight.shape); two axes are expected")
    }
    let (inputs, units) =
      isTransposed
      ? (weight.shape[1], weight.shape[0]) : (weight.shape[0], weight.shape[1])
    let entering = input.dimensions[0]
    guard inputs == entering, units > 0 else {
      throw Rejection(
        "its weights \(weight.shape) take \(inputs) inputs and give \(units) outputs; "
          + "\(entering) inputs enter")
    }
    guard case .code = assembly.stages[input.stage].feature.values else {
      throw Rejection(
        "its input is \(input.kind); pixels or a residual sign are expected, as a binary "
          + "layer takes residual codes",
        hint: "binarise the activations before this node")
    }
    try assembly.spend(weight.values.count)
    let stage = try assembly.vectorStage(of: input)
    let values =
      isTransposed
      ? weight.values : weight.values.gathered(shape: [units, inputs], strides: [1, units])
    var parameters = ["weight": Tensor(shape: [units, inputs], values: values.map { alpha * $0 })]
    let name = LayerNames.layer(call.node) ?? weight.source.flatMap(LayerNames.stem)
    var layer = try assembly.add(Dense(units), parameters, inputs: [stage], name: name)
    if let bias {
      let map = assembly.map(layer, .vector(units))
      parameters["bias"] = Tensor(try call.perChannel(bias, of: map).map { beta * $0 })
      layer = try assembly.add(Dense(units), parameters, inputs: [stage], name: name)
    }
    return .map(assembly.map(layer, .vector(units)))
  }
}

extension Call {
  /// The first input as a vector that is no constant.
  fileprivate func vector(_ assembly: inout Assembly) throws(Rejection) -> Map? {
    guard let value = self[0], let map = try assembly.map(of: value) else { return nil }
    guard map.dimensions.count == 1 else {
      throw Rejection(
        "its input has sizes [N] + \(map.dimensions); a vector is expected",
        hint: "put Flatten before it")
    }
    return map
  }

  /// A constant with one value for each channel of a map.
  func perChannel(_ constant: Constant, of map: Map) throws(Rejection) -> [Double] {
    guard let values = constant.perChannel(of: map.layout) else {
      throw Rejection(
        "a constant of shape \(constant.shape) for a map of sizes [N] + \(map.dimensions); one "
          + "number, or one for each channel, is expected")
    }
    return values
  }
}
