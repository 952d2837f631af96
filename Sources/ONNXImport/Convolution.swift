// SPDX-License-Identifier: Apache-2.0

import Modeling

/// Layers that move a window over a map.
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

  /// The largest value in a window.
  static let maxPool: Rule = { (call, assembly) throws(Rejection) in
    var limits: ClosedRange<Double>?
    if case .clipped(let clipped) = call[0] { limits = clipped.limits }
    guard let input = try call.windowed(&assembly) else { return nil }
    try call.node.attributes.require("storage_order", is: 0)
    if let scale = assembly.inputScale(of: input.map.stage), scale < 0 {
      throw Rejection(
        "the values of the pixels fall where the pixels rise; the largest value would be the "
          + "least pixel",
        hint: "negate after the pool")
    }
    let window = try WindowAttributes(call.node.attributes, on: input)
    if !input.border.isEmpty {
      guard input.value <= assembly.least(of: input.map.stage) else {
        throw Rejection(
          "the border of \(input.value) before it could be the largest value; a border that never "
            + "is, is supported",
          hint: "pad with -inf, or in this node")
      }
    }
    let stage = try assembly.add(
      MaxPool(
        window.kernel, stride: window.stride,
        padding: try window.padding(own: input.value, of: input)),
      inputs: [input.map.stage], name: LayerNames.layer(call.node))
    let map = assembly.image(stage)
    // The largest of clipped values is the largest value, clipped.
    return limits.map { .clipped(Clipped(map: map, limits: $0)) } ?? .map(map)
  }

  /// The mean of a window.
  static let averagePool: Rule = { (call, assembly) throws(Rejection) in
    guard let input = try call.windowed(&assembly) else { return nil }
    let window = try WindowAttributes(call.node.attributes, on: input)
    let countsBorder = try call.node.attributes.integer("count_include_pad", default: 0)
    guard window.own.isEmpty || countsBorder != 0 else {
      throw Rejection(
        "attribute count_include_pad is 0, so that the border does not count; 1, or no padding, "
          + "is supported")
    }
    let stage = try assembly.add(
      AveragePool(
        window.kernel, stride: window.stride, padding: try window.padding(own: 0, of: input)),
      inputs: [input.map.stage], name: LayerNames.layer(call.node))
    return .map(assembly.image(stage))
  }

  /// The mean of a map.
  static let globalAveragePool: Rule = { (call, assembly) throws(Rejection) in
    guard let input = try call.windowed(&assembly), input.border.isEmpty else { return nil }
    let stage = try assembly.add(
      GlobalAveragePool(), inputs: [input.map.stage], name: LayerNames.layer(call.node))
    return .map(assembly.image(stage))
  }

  /// The mean over the rows and columns.
  static let reduceMean: Rule = { (call, assembly) throws(Rejection) in
    guard let value = call[0], let map = try assembly.map(of: value) else { return nil }
    let rank = map.dimensions.count + 1
    let axes = try call.axes("axes", input: 1) ?? []
    let attributes = call.node.attributes
    if axes.isEmpty, try attributes.integer("noop_with_empty_axes", default: 0) != 0 {
      return value
    }
    let reduced = try axes.isEmpty ? Set(0..<rank) : Reshaping.absolute(axes, rank: rank)
    let isSpatial = map.layout.axes.enumerated().allSatisfy { index, axis in
      let isReduced = reduced.contains(index + 1)
      switch axis {
      case .row, .column: return isReduced
      case nil: return true
      case .channel, .flat: return !isReduced
      }
    }
    guard !reduced.contains(0), isSpatial else {
      throw Rejection(
        "its axes are \(axes) of [N] + \(map.layout.names); the mean over height and width is "
          + "supported")
    }
    let stage = try assembly.add(
      GlobalAveragePool(), inputs: [map.stage], name: LayerNames.layer(call.node))
    let keepsAxes = try attributes.integer("keepdims", default: 1) != 0
    let kept = map.layout.axes.indices.filter { keepsAxes || !reduced.contains($0 + 1) }
    return .map(
      assembly.map(
        stage,
        Layout(
          shape: .vector(map.channels),
          dimensions: kept.map { reduced.contains($0 + 1) ? 1 : map.dimensions[$0] },
          axes: kept.map { map.layout.axes[$0] == .channel ? .channel : nil })))
  }

  /// A border of one value.
  static let pad: Rule = { (call, assembly) throws(Rejection) in
    let attributes = call.node.attributes
    let mode = try attributes.text("mode", default: "constant")
    guard mode == "constant" else {
      throw Rejection("attribute mode is \(mode); only constant is supported")
    }
    guard let value = call[0], var input = try call.windowed(&assembly) else { return nil }
    let rank = input.map.dimensions.count + 1
    var sizes: [Int]
    if let given = try call.axes("pads", input: 1) {
      sizes = given
    } else {
      throw Rejection("it has no pads")
    }
    if let input = call[3] {
      guard case .constant(let constant) = input, let given = constant.integers else {
        throw Rejection("its axes are \(input.description); integer constants are expected")
      }
      let axes = given.map { $0 < 0 ? $0 + rank : $0 }
      guard sizes.count == 2 * axes.count, Set(axes).count == axes.count,
        axes.allSatisfy({ (0..<rank).contains($0) })
      else { throw Rejection("its pads \(sizes) do not fit its axes \(given)") }
      var full = Array(repeating: 0, count: 2 * rank)
      for (index, axis) in axes.enumerated() {
        full[axis] = sizes[index]
        full[rank + axis] = sizes[axes.count + index]
      }
      sizes = full
    }
    guard sizes.count == 2 * rank else {
      throw Rejection("its pads are \(sizes); 2 for each of \(rank) axes are expected")
    }
    guard sizes.allSatisfy({ 0...GraphInput.mostValues ~= $0 }) else {
      throw Rejection("its pads are \(sizes); sizes from 0 are expected")
    }
    guard sizes[0] == 0, sizes[1] == 0, sizes[rank] == 0, sizes[rank + 1] == 0 else {
      throw Rejection("its pads are \(sizes); padding of height and width is supported")
    }
    let border = Border(
      top: sizes[2], bottom: sizes[rank + 2], left: sizes[3], right: sizes[rank + 3])
    guard !border.isEmpty else { return value }
    var constant = try attributes.real("value", default: 0)
    if let given = call[2] {
      guard case .constant(let number) = given, let single = number.uniform else {
        throw Rejection("its value is \(given.description); one number is expected")
      }
      constant = single
    }
    try input.add(border, value: constant)
    return .padded(Padded(map: input.map, border: input.border, value: input.value))
  }
}

/// What a window moves over: a map and the border that Pad gave it.
struct WindowedMap {
  var map: Map
  var border = Border()
  var value = 0.0

  /// The shape with the border.
  var shape: Shape {
    Shape(
      height: map.layout.shape.height + border.top + border.bottom,
      width: map.layout.shape.width + border.left + border.right, channels: map.channels)
  }

  /// Adds rows and columns of one value.
  mutating func add(_ more: Border, value new: Double) throws(Rejection) {
    guard border.isEmpty || more.isEmpty || value == new else {
      throw Rejection(
        "it adds a border of \(new) to one of \(value); borders of one value are supported")
    }
    if !more.isEmpty { value = new }
    border = Border(
      top: border.top + more.top, bottom: border.bottom + more.bottom,
      left: border.left + more.left, right: border.right + more.right)
    guard shape.height <= GraphInput.mostValues, shape.width <= GraphInput.mostValues else {
      throw Rejection("its border makes the map \(shape); that is too large")
    }
  }
}

/// The attributes that convolutions and pools share.
struct WindowAttributes {
  var kernel: Extent
  var stride: Extent
  /// The border of the node itself.
  var own: Border

  /// - Parameters:
  ///   - kernel: that of the weights; a pool names its own.
  init(
    _ attributes: Attributes, kernel weights: Extent? = nil, on input: WindowedMap
  ) throws(Rejection) {
    let sizes = try attributes.integers("kernel_shape")
    let given = sizes.flatMap { $0.count == 2 ? Extent($0[0], $0[1]) : nil }
    guard let kernel = weights ?? given, sizes == nil || given == kernel else {
      throw Rejection(
        "attribute kernel_shape is \(sizes.map { "\($0)" } ?? "missing"); "
          + (weights.map { "[\($0.height), \($0.width)], as the weights have it, is expected" }
            ?? "[height, width] is expected"))
    }
    self.kernel = kernel
    let strides = try Self.pair("strides", of: attributes)
    self.stride = Extent(strides[0], strides[1])
    let dilations = try Self.pair("dilations", of: attributes)
    guard dilations == [1, 1] else {
      throw Rejection("attribute dilations is \(dilations); only [1, 1] is supported")
    }
    let most = GraphInput.mostValues
    guard 1...most ~= kernel.height, 1...most ~= kernel.width, 1...most ~= stride.height,
      1...most ~= stride.width
    else { throw Rejection("its window is \(kernel) with strides \(stride); sizes from 1 are expected") }
    self.own = Border()
    try setBorder(attributes, on: input.shape)
    if try attributes.integer("ceil_mode", default: 0) != 0 {
      let rest = (
        (input.shape.height + own.top + own.bottom - kernel.height) % stride.height,
        (input.shape.width + own.left + own.right - kernel.width) % stride.width
      )
      guard rest == (0, 0) else {
        throw Rejection(
          "attribute ceil_mode is 1 and the strides \(stride) leave a rest of "
            + "\(rest.0)×\(rest.1); only 0 is supported there",
          hint: "pad the map below and on the right instead")
      }
    }
  }

  private mutating func setBorder(
    _ attributes: Attributes, on shape: Shape
  ) throws(Rejection) {
    let mode = try attributes.text("auto_pad", default: "NOTSET")
    switch mode {
    case "NOTSET", "":
      let pads = try attributes.integers("pads") ?? [0, 0, 0, 0]
      guard pads.count == 4, pads.allSatisfy({ 0...GraphInput.mostValues ~= $0 }) else {
        throw Rejection(
          "attribute pads is \(pads); [top, left, bottom, right] from 0 on is expected")
      }
      own = Border(top: pads[0], bottom: pads[2], left: pads[1], right: pads[3])
    case "VALID":
      break
    case "SAME_UPPER", "SAME_LOWER":
      let window = Window(kernel, stride: stride, padding: .same, on: shape)
      own = Border(
        top: window.top, bottom: window.bottom, left: window.left, right: window.right)
      if mode == "SAME_LOWER" {
        (own.top, own.bottom) = (own.bottom, own.top)
        (own.left, own.right) = (own.right, own.left)
      }
    default:
      throw Rejection(
        "attribute auto_pad is \(mode); NOTSET, VALID, SAME_UPPER and SAME_LOWER are supported")
    }
  }

  /// The node's border round the one of its input.
  ///
  /// - Parameter own: the value of the node's border.
  func padding(own value: Double, of input: WindowedMap) throws(Rejection) -> Padding {
    var input = input
    try input.add(own, value: value)
    let border = input.border
    if border.isEmpty { return .none }
    return .border(
      top: border.top, bottom: border.bottom, left: border.left, right: border.right,
      value: input.value.isFinite ? input.value : 0)
  }

  private static func pair(
    _ name: String, of attributes: Attributes
  ) throws(Rejection) -> [Int] {
    let values = try attributes.integers(name) ?? [1, 1]
    guard values.count == 2 else {
      throw Rejection("attribute \(name) is \(values); [height, width] is expected")
    }
    return values
  }
}

extension Call {
  /// The first input as something that a window can move over.
  fileprivate func windowed(_ assembly: inout Assembly) throws(Rejection) -> WindowedMap? {
    let result: WindowedMap
    switch self[0] {
    case .padded(let padded):
      result = WindowedMap(map: padded.map, border: padded.border, value: padded.value)
    case .clipped(let clipped) where node.type == "MaxPool":
      result = WindowedMap(map: clipped.map)
    default:
      guard let value = self[0], let map = try assembly.map(of: value) else { return nil }
      result = WindowedMap(map: map)
    }
    let layout = result.map.layout
    guard layout.isImage else {
      throw Rejection(
        "its input has axes [N] + \(layout.names) of sizes \(layout.dimensions); "
          + "[channels, height, width] is expected",
        hint: layout.dimensions.count == 3
          ? "put a Transpose to NCHW before it" : "put it before the node that flattens the map")
    }
    return result
  }
}

extension Assembly {
  /// The output of a stage as [channels, height, width].
  fileprivate func image(_ stage: Int) -> Map {
    map(stage, .image(stages[stage].feature.shape))
  }

  /// What a step of the pixels means, if the codes of a stage are pixels.
  fileprivate func inputScale(of stage: Int) -> Double? {
    switch stages[stage].layer {
    case let input as Input: input.scale
    case is MaxPool: stages[stage].inputs.first.flatMap { inputScale(of: $0) }
    default: nil
    }
  }

  /// The least value that a stage's map can have.
  fileprivate func least(of stage: Int) -> Double {
    switch stages[stage].layer {
    case let input as Input:
      return min(input.offset, input.offset + input.scale * Double((1 << input.bits) - 1))
    case is ResidualSign:
      return -(stages[stage].parameters["gammas"]?.values.reduce(0, +) ?? .infinity)
    case let quantizer as Quantizer:
      return quantizer.offset
    case is MaxPool:
      return stages[stage].inputs.first.map { least(of: $0) } ?? -.infinity
    default:
      return -Double(Float.greatestFiniteMagnitude)
    }
  }
}
