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
    guard let x = call.constant(0) else { return nil }
    let rank = x.shape.count
    let order =
      try call.node.attributes.integers("perm") ?? Array((0..<rank).reversed())
    guard order.count == rank, Set(order) == Set(0..<rank) else {
      throw Rejection("attribute perm is \(order) for \(rank) axes")
    }
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
    guard let value = call[0], let dimensions = try assembly.dimensions(of: value) else {
      return nil
    }
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
    let sizes = (old: dimensions.filter { $0 != 1 }, new: new.filter { $0 != 1 })
    guard new.count == 1 || new.count <= 3 && sizes.old == sizes.new else {
      throw Rejection(
        "it turns [N] + \(dimensions) into [N] + \(new); flattening, and adding or dropping "
          + "sizes of 1, are supported")
    }
    return try assembly.reshaped(value, to: new)
  }

  /// `[2, 4·N]`
  private static func list(_ shape: [Int], batch: Int) -> String {
    let sizes = shape.map { size in
      guard batch > 1, size > 0, size % batch == 0 else { return "\(size)" }
      return size == batch ? "N" : "\(size / batch)·N"
    }
    return "[\(sizes.joined(separator: ", "))]"
  }

  private static func absolute(_ axes: [Int], rank: Int) throws(Rejection) -> Set<Int> {
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
  /// The sizes of a map or of pixels, without the batch.
  fileprivate mutating func dimensions(of value: Value) throws(Rejection) -> [Int]? {
    if case .pixels(let pixels) = value { return pixels.dimensions }
    return try map(of: value)?.dimensions
  }

  fileprivate mutating func reshaped(
    _ value: Value, to dimensions: [Int]
  ) throws(Rejection) -> Value? {
    if case .pixels(var pixels) = value {
      guard !dimensions.isEmpty else {
        throw Rejection("it leaves a number without an axis; a vector is expected")
      }
      guard pixels.dimensions.count > 1 || pixels.inputDimensions.count == 1 else {
        throw Rejection("it makes a map of flattened pixels again; that is not supported")
      }
      pixels.dimensions = dimensions
      return .pixels(pixels)
    }
    guard let map = try map(of: value) else { return nil }
    guard !dimensions.isEmpty || stages[map.stage].feature.values == .index else {
      throw Rejection("it leaves a number without an axis; a vector is expected")
    }
    guard dimensions.count == 1, !stages[map.stage].feature.shape.isVector else {
      return .map(self.map(map.stage, dimensions))
    }
    return .map(self.map(try add(Flatten(.channelsFirst), inputs: [map.stage]), dimensions))
  }
}
