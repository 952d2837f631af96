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
    guard !x.values.isEmpty else { throw Rejection("its input \(x.description) is empty") }
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
    for part in parts.dropFirst() {
      let (size, overflow) = shape[axis].addingReportingOverflow(part.shape[axis])
      guard !overflow else { throw Rejection("its result is too large") }
      shape[axis] = size
    }
    let isEmpty = parts.allSatisfy(\.values.isEmpty)
    let outer = isEmpty ? 0 : shape[..<axis].reduce(1, *)
    var values: [Double] = []
    for block in 0..<outer {
      for part in parts {
        let size = part.values.count / max(1, outer)
        values += part.values[block * size..<(block + 1) * size]
      }
    }
    return .constant(Constant(first.type, shape: shape, values: values))
  }

  /// A part of each axis that it names.
  static let slice: Rule = { (call, assembly) throws(Rejection) in
    guard let x = call.constant(0) else { return nil }
    guard !x.values.isEmpty else { throw Rejection("its input \(x.description) is empty") }
    guard let starts = try call.axes("starts", input: 1),
      let ends = try call.axes("ends", input: 2)
    else { throw Rejection("it has no starts or no ends") }
    let axes = try call.axes("axes", input: 3) ?? Array(starts.indices)
    let steps = try call.axes("steps", input: 4) ?? starts.map { _ in 1 }
    guard ends.count == starts.count, axes.count == starts.count, steps.count == starts.count,
      steps.allSatisfy({ $0 == 1 || $0 == -1 })
    else {
      throw Rejection(
        "its starts are \(starts), ends \(ends), axes \(axes) and steps \(steps); as many of "
          + "each, in steps of 1 or −1, are supported")
    }
    guard try Reshaping.absolute(axes, rank: x.shape.count).count == axes.count else {
      throw Rejection("its axes \(axes) repeat")
    }
    var positions = x.shape.map { Array(0..<$0) }
    for (index, given) in axes.enumerated() {
      let axis = given < 0 ? given + x.shape.count : given
      let count = x.shape[axis]
      if steps[index] > 0 {
        let range = (bound(starts[index], count), bound(ends[index], count))
        positions[axis] = range.0 < range.1 ? Array(range.0..<range.1) : []
      } else {
        // From the start down to behind the end; an end below the first is −1.
        let start = min(bound(starts[index], count), count - 1)
        let end = ends[index] < -count ? -1 : bound(ends[index], count)
        positions[axis] = start > end ? Array((end + 1...start).reversed()) : []
      }
    }
    let shape = positions.map(\.count)
    try assembly.spend(elementCount(shape) ?? .max)
    var offsets = [0]
    for (axis, kept) in positions.enumerated() {
      offsets = offsets.flatMap { offset in kept.map { offset * x.shape[axis] + $0 } }
    }
    return .constant(
      Constant(x.type, shape: shape, values: offsets.map { x.values[$0] }, source: x.source))
  }

  /// A tensor of one number.
  static let constantOfShape: Rule = { (call, assembly) throws(Rejection) in
    guard let shape = call.constant(0)?.integers, let count = elementCount(shape) else {
      return nil
    }
    var number = Constant(.float, 0)
    if let tensor = try call.node.attributes.tensor("value") { number = try Constant(tensor) }
    guard let value = number.uniform else {
      throw Rejection("its value is \(number.description); one number is expected")
    }
    try assembly.spend(count)
    return .constant(
      Constant(number.type, shape: shape, values: Array(repeating: value, count: count)))
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
