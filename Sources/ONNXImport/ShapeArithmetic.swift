// SPDX-License-Identifier: Apache-2.0

import Modeling

/// Shapes as constants: what exporters write for `x.view(x.size(0), -1)`.
enum ShapeArithmetic {
  /// The sizes of a value; an open batch is ``GraphInput/openBatch``.
  static let shape: Rule = { (call, assembly) throws(Rejection) in
    var sizes: [Int]
    if let constant = call.constant(0) {
      sizes = constant.shape
    } else if let value = call[0], let layout = try assembly.layout(of: value) {
      sizes = [call.batch] + layout.dimensions
    } else {
      return nil
    }
    let attributes = call.node.attributes
    let start = bound(try attributes.integer("start", default: 0), sizes.count)
    let end = bound(try attributes.integer("end", default: sizes.count), sizes.count)
    sizes = start < end ? Array(sizes[start..<end]) : []
    return .constant(Constant(.int64, shape: [sizes.count], values: sizes.map(Double.init)))
  }

  /// Elements of one axis by their indices.
  static let gather: Rule = { (call, assembly) throws(Rejection) in
    guard let x = call.constant(0), let indices = call.constant(1) else { return nil }
    let axis = try axis(call, rank: x.shape.count)
    guard indices.type == .int64 || indices.type == .int32 else {
      throw Rejection("its indices are \(indices.description); integers are expected")
    }
    let size = x.shape[axis]
    var positions: [Int] = []
    for value in indices.values {
      guard let index = Int(exactly: value), -size..<size ~= index else {
        throw Rejection("its index \(value) does not exist; axis \(axis) has size \(size)")
      }
      positions.append(index < 0 ? index + size : index)
    }
    let shape = x.shape[..<axis] + indices.shape + x.shape[(axis + 1)...]
    let outer = x.shape[..<axis].reduce(1, *)
    let inner = x.shape[(axis + 1)...].reduce(1, *)
    guard let count = elementCount(Array(shape)) else {
      throw Rejection("its result is too large")
    }
    try assembly.spend(count)
    var values: [Double] = []
    for block in 0..<outer {
      for position in positions {
        let start = (block * size + position) * inner
        values += x.values[start..<start + inner]
      }
    }
    return .constant(Constant(x.type, shape: Array(shape), values: values, source: x.source))
  }

  /// Tensors one after the other along one axis.
  static let concat: Rule = { (call, assembly) throws(Rejection) in
    guard let parts = call.constants, let first = parts.first else { return nil }
    let axis = try axis(call, rank: first.shape.count)
    for part in parts {
      try ConstantFolding.requireSameType(first, part)
      guard part.shape.count == first.shape.count,
        first.shape.indices.allSatisfy({ $0 == axis || part.shape[$0] == first.shape[$0] })
      else {
        throw Rejection(
          "its inputs have shapes \(first.shape) and \(part.shape), which do not fit each other")
      }
      try assembly.spend(part.values.count)
    }
    var shape = first.shape
    shape[axis] = parts.reduce(0) { $0 + $1.shape[axis] }
    let outer = shape[..<axis].reduce(1, *)
    var values: [Double] = []
    for block in 0..<outer {
      for part in parts {
        let size = part.values.count / max(1, outer)
        values += part.values[block * size..<(block + 1) * size]
      }
    }
    return .constant(Constant(first.type, shape: shape, values: values))
  }

  /// A part of a vector.
  static let slice: Rule = { (call, assembly) throws(Rejection) in
    guard let x = call.constant(0) else { return nil }
    guard x.shape.count == 1 else {
      throw Rejection("its input is \(x.description); a vector is expected")
    }
    func single(_ name: String, _ index: Int) throws(Rejection) -> Int? {
      guard let values = try call.axes(name, input: index) else { return nil }
      guard values.count == 1 else {
        throw Rejection("its \(name) are \(values); one number is expected")
      }
      return values[0]
    }
    let axis = try single("axes", 3) ?? 0
    let step = try single("steps", 4) ?? 1
    guard axis == 0 || axis == -1, step == 1, let start = try single("starts", 1),
      let end = try single("ends", 2)
    else { throw Rejection("a part of a vector in steps of 1 is supported") }
    let count = x.values.count
    let range = (bound(start, count), bound(end, count))
    let values = range.0 < range.1 ? Array(x.values[range.0..<range.1]) : []
    try assembly.spend(values.count)
    return .constant(Constant(x.type, shape: [values.count], values: values, source: x.source))
  }

  /// A start or an end that may count from behind, or lie outside.
  private static func bound(_ value: Int, _ count: Int) -> Int {
    min(max(value < 0 ? max(value, -count) + count : value, 0), count)
  }

  private static func axis(_ call: Call, rank: Int) throws(Rejection) -> Int {
    let axis = try call.node.attributes.integer("axis", default: 0)
    guard -rank..<rank ~= axis else {
      throw Rejection("attribute axis is \(axis) for \(rank) axes")
    }
    return axis < 0 ? axis + rank : axis
  }
}
