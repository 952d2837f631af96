// SPDX-License-Identifier: Apache-2.0

import Modeling

/// Nodes that move numbers and change none.
enum Reshaping {
  static let flatten: Rule = { (call, assembly) throws(Rejection) in
    let axis = try call.node.attributes.integer("axis", default: 1)
    return try reshaped(call, &assembly) { (shape) throws(Rejection) in
      let first = axis < 0 ? axis + shape.count : axis
      guard (0...shape.count).contains(first) else {
        throw Rejection("attribute axis is \(axis) for \(shape.count) axes")
      }
      return [shape[..<first].reduce(1, *), shape[first...].reduce(1, *)]
    }
  }

  static let reshape: Rule = { (call, assembly) throws(Rejection) in
    guard let target = call.constant(1)?.integers else {
      throw Rejection(
        "its shape is \(call[1]?.description ?? "nothing"); an INT64 constant is expected",
        hint: "use torch.flatten(x, 1)")
    }
    let copiesZeros = try call.node.attributes.integer("allowzero", default: 0) == 0
    return try reshaped(call, &assembly) { (shape) throws(Rejection) in
      var result = target
      for (axis, size) in target.enumerated() where size == 0 && copiesZeros {
        guard axis < shape.count else {
          throw Rejection("shape \(target) does not fit \(list(shape, batch: call.batch))")
        }
        result[axis] = shape[axis]
      }
      if let free = result.firstIndex(of: -1) {
        result[free] = 1
        guard let rest = elementCount(result), rest > 0, let count = elementCount(shape),
          count % rest == 0
        else {
          throw Rejection("shape \(target) does not fit \(list(shape, batch: call.batch))")
        }
        result[free] = count / rest
      }
      return result
    }
  }

  static let squeeze: Rule = { (call, assembly) throws(Rejection) in
    let axes = try call.axes("axes", input: 1)
    return try reshaped(call, &assembly) { (shape) throws(Rejection) in
      // Without axes every size of 1 goes, but for the batch of a map.
      let dropped =
        try axes.map { (axes) throws(Rejection) in try absolute(axes, rank: shape.count) }
        ?? Set(shape.indices.filter { shape[$0] == 1 && !(call.isMap && $0 == 0) })
      for axis in dropped where shape[axis] != 1 {
        throw Rejection("axis \(axis) has size \(shape[axis]); only a size of 1 can go")
      }
      return shape.indices.filter { !dropped.contains($0) }.map { shape[$0] }
    }
  }

  static let unsqueeze: Rule = { (call, assembly) throws(Rejection) in
    guard let axes = try call.axes("axes", input: 1) else {
      throw Rejection("it has no axes")
    }
    return try reshaped(call, &assembly) { (shape) throws(Rejection) in
      let rank = shape.count + axes.count
      let added = try absolute(axes, rank: rank)
      guard added.count == axes.count else { throw Rejection("its axes \(axes) repeat") }
      var rest = shape[...]
      return (0..<rank).map { added.contains($0) ? 1 : rest.removeFirst() }
    }
  }

  static let transpose: Rule = { (call, assembly) throws(Rejection) in
    let x = call.constant(0)
    let layout = try call[0].flatMap { (value) throws(Rejection) in
      try assembly.layout(of: value)
    }
    guard let rank = x?.shape.count ?? layout.map({ $0.dimensions.count + 1 }) else { return nil }
    let order =
      try call.node.attributes.integers("perm") ?? Array((0..<rank).reversed())
    guard order.count == rank, Set(order) == Set(0..<rank) else {
      throw Rejection("attribute perm is \(order) for \(rank) axes")
    }
    guard let x else { return try transposed(call, order, &assembly) }
    try assembly.spend(x.values.count)
    var strides = [Int](repeating: 1, count: rank)
    for axis in (0..<rank).dropLast().reversed() {
      strides[axis] = strides[axis + 1] * x.shape[axis + 1]
    }
    let shape = order.map { x.shape[$0] }
    let values = x.values.gathered(shape: shape, strides: order.map { strides[$0] })
    return .constant(Constant(x.type, shape: shape, values: values, source: x.source))
  }

  // MARK: Parts

  /// A map with its axes in another order.
  private static func transposed(
    _ call: Call, _ order: [Int], _ assembly: inout Assembly
  ) throws(Rejection) -> Value? {
    guard order[0] == 0 else {
      throw Rejection("attribute perm is \(order); the batch must stay the first axis")
    }
    let moved = order.dropFirst().map { $0 - 1 }
    if case .pixels(var pixels) = call[0], moved == [2, 0, 1], pixels.layout == pixels.inputLayout,
      pixels.dimensions.count == 3
    {
      // The file's input has its channels last.
      let sizes = pixels.dimensions
      pixels.inputLayout = Layout(
        shape: Shape(height: sizes[0], width: sizes[1], channels: sizes[2]), dimensions: sizes,
        axes: [.row, .column, .channel])
      pixels.layout = pixels.inputLayout.transposed(moved)
      return .pixels(pixels)
    }
    return try call[0].flatMap { (value) throws(Rejection) in
      try assembly.changed(value) { (layout) throws(Rejection) in layout.transposed(moved) }
    }
  }

  /// The first input with another shape.
  ///
  /// - Parameter target: the new shape for the present one. A map's has the batch in front.
  private static func reshaped(
    _ call: Call, _ assembly: inout Assembly,
    to target: ([Int]) throws(Rejection) -> [Int]
  ) throws(Rejection) -> Value? {
    if let constant = call.constant(0) {
      let shape = try target(constant.shape)
      guard elementCount(shape) == constant.values.count else {
        throw Rejection("shape \(constant.shape) cannot become \(shape)")
      }
      return .constant(
        Constant(constant.type, shape: shape, values: constant.values, source: constant.source))
    }
    guard let value = call[0], let layout = try assembly.layout(of: value) else { return nil }
    let dimensions = layout.dimensions
    let shape = try target([call.batch] + dimensions)
    let new = Array(shape.dropFirst())
    guard elementCount(shape) == elementCount([call.batch] + dimensions) else {
      throw Rejection(
        "shape \(list(shape, batch: call.batch)) does not fit "
          + "\(list([call.batch] + dimensions, batch: call.batch))")
    }
    guard shape.first == call.batch else {
      throw Rejection(
        "it turns [N] + \(dimensions) into \(list(shape, batch: call.batch)); the batch N must "
          + "stay the first axis",
        hint: "use torch.flatten(x, 1)")
    }
    guard new != dimensions else { return value }
    let isIndex = assembly.isIndex(value)
    return try assembly.changed(value) { (layout) throws(Rejection) in
      guard new.count <= 3, let result = layout.reshaped(to: new) else {
        let isTurned = new.count == 1
        throw Rejection(
          "it turns [N] + \(dimensions) into [N] + \(new)"
            + (isTurned
              ? ", its axes being \(layout.names); [channels, height, width] and [height, width, "
                + "channels] can be flattened"
              : "; flattening, and adding or dropping sizes of 1, are supported"))
      }
      guard !new.isEmpty || isIndex else {
        throw Rejection("it leaves a number without an axis; a vector is expected")
      }
      return result
    }
  }

  /// `[2, 4·N]`
  private static func list(_ shape: [Int], batch: Int) -> String {
    let sizes = shape.map { size in
      guard batch > 1, size > 0, size % batch == 0 else { return "\(size)" }
      return size == batch ? "N" : "\(size / batch)·N"
    }
    return "[\(sizes.joined(separator: ", "))]"
  }

  static func absolute(_ axes: [Int], rank: Int) throws(Rejection) -> Set<Int> {
    var result: Set<Int> = []
    for axis in axes {
      guard (-rank..<rank).contains(axis) else {
        throw Rejection("axis \(axis) does not exist; there are \(rank)")
      }
      result.insert(axis < 0 ? axis + rank : axis)
    }
    return result
  }
}

extension Call {
  /// True when the first input depends on the graph's input.
  fileprivate var isMap: Bool { constant(0) == nil }
}

extension Assembly {
  /// How a value lies in its tensor; nil where it is no map.
  mutating func layout(of value: Value) throws(Rejection) -> Layout? {
    switch value {
    case .pixels(let pixels): pixels.layout
    case .clipped(let clipped): clipped.map.layout
    case .quantized(let quantized): quantized.layout
    default: try map(of: value)?.layout
    }
  }

  /// The same value in another layout.
  fileprivate mutating func changed(
    _ value: Value, _ change: (Layout) throws(Rejection) -> Layout
  ) throws(Rejection) -> Value? {
    switch value {
    case .pixels(var pixels):
      pixels.layout = try change(pixels.layout)
      return .pixels(pixels)
    case .clipped(var clipped):
      clipped.map.layout = try change(clipped.map.layout)
      return .clipped(clipped)
    case .quantized(var quantized):
      quantized.layout = try change(quantized.layout)
      return .quantized(quantized)
    default:
      guard var map = try map(of: value) else { return nil }
      map.layout = try change(map.layout)
      return .map(map)
    }
  }

  /// Whether a value is the index of a class.
  fileprivate func isIndex(_ value: Value) -> Bool {
    guard case .map(let map) = value else { return false }
    return stages[map.stage].feature.values == .index
  }
}
