// SPDX-License-Identifier: Apache-2.0

import Modeling

/// Layers that reduce a window, or a map, to one value for each channel.
enum Pooling {
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
}

extension Assembly {
  /// What a step of the pixels means, if the codes of a stage are pixels.
  fileprivate func inputScale(of stage: Int) -> Double? {
    switch stages[stage].layer {
    case let input as Input: input.scale
    case let lookup as Lookup: lookup.scale
    case is MaxPool: stages[stage].inputs.first.flatMap { inputScale(of: $0) }
    default: nil
    }
  }

  /// The least value that a stage's map can have.
  fileprivate func least(of stage: Int) -> Double {
    switch stages[stage].layer {
    case let input as Input:
      return min(input.offset, input.offset + input.scale * Double((1 << input.bits) - 1))
    case let lookup as Lookup:
      return lookup.offset
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
