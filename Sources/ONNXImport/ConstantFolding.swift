// SPDX-License-Identifier: Apache-2.0

/// Nodes whose inputs are all known: their output is computed here, as onnxruntime would.
///
/// - Exactness: in double, rounded to the ONNX type after every operation; bit for bit what
///   onnxruntime computes for +, −, ×, ÷ and √.
enum ConstantFolding {
  /// An operation on each element.
  static func unary(_ operation: @escaping @Sendable (Double) -> Double) -> Rule {
    { (call, assembly) throws(Rejection) in
      guard let x = call.constant(0) else { return nil }
      try assembly.spend(x.values.count)
      var result = x
      for index in x.values.indices {
        result.values[index] = try x.type.rounded(operation(x.values[index]))
      }
      return .constant(result)
    }
  }

  /// An operation on pairs of elements, with broadcasting.
  static func binary(_ operation: @escaping @Sendable (Double, Double) -> Double) -> Rule {
    { (call, assembly) throws(Rejection) in
      guard let constants = call.constants else { return nil }
      let (a, b) = (constants[0], constants[1])
      try requireSameType(a, b)
      let shape = try broadcast(a.shape, b.shape, &assembly)
      let (x, y) = (expanded(a, to: shape), expanded(b, to: shape))
      var result = Constant(a.type, shape: shape, values: x, source: a.source ?? b.source)
      for index in x.indices {
        let value = operation(x[index], y[index])
        result.values[index] = try a.type.rounded(a.type.isReal ? value : truncated(value))
      }
      return .constant(result)
    }
  }

  /// A comparison of pairs of elements.
  static func comparison(_ holds: @escaping @Sendable (Double, Double) -> Bool) -> Rule {
    { (call, assembly) throws(Rejection) in
      guard let constants = call.constants else { return nil }
      let (a, b) = (constants[0], constants[1])
      try requireSameType(a, b)
      let shape = try broadcast(a.shape, b.shape, &assembly)
      let values = zip(expanded(a, to: shape), expanded(b, to: shape)).map { x, y in
        holds(x, y) ? 1.0 : 0
      }
      return .constant(
        Constant(.bool, shape: shape, values: values, source: a.source ?? b.source))
    }
  }

  static let not: Rule = { (call, assembly) throws(Rejection) in
    guard var x = call.constant(0), x.type == .bool else { return nil }
    try assembly.spend(x.values.count)
    x.values = x.values.map { 1 - $0 }
    return .constant(x)
  }

  static let `where`: Rule = { (call, assembly) throws(Rejection) in
    guard let constants = call.constants, constants[0].type == .bool else { return nil }
    let (condition, a, b) = (constants[0], constants[1], constants[2])
    try requireSameType(a, b)
    let shape = try broadcast(
      broadcast(condition.shape, a.shape, &assembly), b.shape, &assembly)
    let (picks, x, y) = (
      expanded(condition, to: shape), expanded(a, to: shape), expanded(b, to: shape)
    )
    let values = picks.indices.map { picks[$0] != 0 ? x[$0] : y[$0] }
    return .constant(
      Constant(a.type, shape: shape, values: values, source: condition.source ?? a.source))
  }

  static let cast: Rule = { (call, assembly) throws(Rejection) in
    guard let x = call.constant(0) else { return nil }
    try assembly.spend(x.values.count)
    return .constant(try cast(x, to: castType(call)))
  }

  static let identity: Rule = { (call, _) throws(Rejection) in call[0] }

  /// The tensor of a Constant node.
  static let constant: Rule = { (call, assembly) throws(Rejection) in
    let attributes = call.node.attributes
    if let tensor = try attributes.tensor("value") {
      var constant = try Constant(tensor)
      constant.source = nil
      return .constant(constant)
    }
    if let values = try attributes.reals("value_floats") {
      return .constant(Constant(.float, shape: [values.count], values: values))
    }
    if let values = try attributes.integers("value_ints") {
      return .constant(Constant(.int64, shape: [values.count], values: try values.map(exact)))
    }
    if attributes.contains("value_float") {
      return .constant(Constant(.float, try attributes.real("value_float", default: 0)))
    }
    if attributes.contains("value_int") {
      return .constant(Constant(.int64, try exact(attributes.integer("value_int", default: 0))))
    }
    throw Rejection("it has no value that is a tensor or a number")
  }

  /// (q − zero point) · scale, one scale or one for each index of an axis
  static let dequantize: Rule = { (call, assembly) throws(Rejection) in
    guard let constants = call.constants else { return nil }
    let q = constants[0]
    let axis = try call.node.attributes.integer("axis", default: 1)
    func spread(_ constant: Constant) throws(Rejection) -> [Double] {
      var constant = constant
      let spreadAxis = axis < 0 ? axis + q.shape.count : axis
      if constant.shape.count == 1, constant.values.count > 1 {
        guard q.shape.indices.contains(spreadAxis) else {
          throw Rejection("attribute axis is \(axis) for \(q.shape.count) axes")
        }
        constant.shape += Array(repeating: 1, count: q.shape.count - spreadAxis - 1)
      }
      guard try broadcast(q.shape, constant.shape, &assembly) == q.shape else {
        throw Rejection("its scale has shape \(constant.shape) for values of shape \(q.shape)")
      }
      return expanded(constant, to: q.shape)
    }
    let scales = try spread(constants[1])
    let zeros = constants.count > 2 ? try spread(constants[2]) : nil
    var result = Constant(constants[1].type, shape: q.shape, values: q.values, source: q.source)
    for index in q.values.indices {
      result.values[index] = try result.type.rounded(
        (q.values[index] - (zeros?[index] ?? 0)) * scales[index])
    }
    return .constant(result)
  }

  // MARK: Parts

  /// The type that a Cast node names.
  static func castType(_ call: Call) throws(Rejection) -> ElementType {
    let number = try call.node.attributes.integer("to", default: 0)
    guard let type = ElementType(rawValue: Int32(truncatingIfNeeded: number)) else {
      throw Rejection(
        "a cast to \(ElementType.name(Int32(truncatingIfNeeded: number))) is not supported")
    }
    return type
  }

  private static func cast(_ x: Constant, to type: ElementType) throws(Rejection) -> Constant {
    guard type != x.type else { return x }
    var result = x
    result.type = type
    for (index, value) in x.values.enumerated() {
      switch type {
      case .bool: result.values[index] = value == 0 ? 0 : 1
      case .float, .double: result.values[index] = try type.rounded(value)
      case .float16, .bfloat16: throw Rejection("a cast to \(type.name) is not supported")
      default: result.values[index] = try type.rounded(value.rounded(.towardZero))
      }
    }
    return result
  }

  private static func exact(_ value: Int) throws(Rejection) -> Double {
    try ElementType.int64.rounded(Double(value))
  }

  static func requireSameType(_ a: Constant, _ b: Constant) throws(Rejection) {
    guard a.type == b.type else {
      throw Rejection(
        "its inputs are of types \(a.type.name) and \(b.type.name); one type is expected")
    }
  }

  /// Integer division drops the fraction.
  private static func truncated(_ value: Double) -> Double {
    value.rounded(.towardZero)
  }

  static func broadcast(
    _ a: [Int], _ b: [Int], _ assembly: inout Assembly
  ) throws(Rejection) -> [Int] {
    let rank = max(a.count, b.count)
    let (x, y) = (padded(a, to: rank), padded(b, to: rank))
    var shape: [Int] = []
    for (p, q) in zip(x, y) {
      guard p == q || p == 1 || q == 1 else {
        throw Rejection("its inputs have shapes \(a) and \(b), which do not fit each other")
      }
      shape.append(p == 1 ? q : p)
    }
    guard let count = elementCount(shape) else {
      throw Rejection("its inputs have shapes \(a) and \(b); the result is too large")
    }
    try assembly.spend(count)
    return shape
  }

  private static func padded(_ shape: [Int], to rank: Int) -> [Int] {
    Array(repeating: 1, count: rank - shape.count) + shape
  }

  static func expanded(_ constant: Constant, to shape: [Int]) -> [Double] {
    if constant.shape == shape { return constant.values }
    if constant.values.count == 1 {
      return Array(repeating: constant.values[0], count: shape.reduce(1, *))
    }
    var strides: [Int] = []
    var stride = 1
    for size in padded(constant.shape, to: shape.count).reversed() {
      strides.append(size == 1 ? 0 : stride)
      stride *= size
    }
    return constant.values.gathered(shape: shape, strides: strides.reversed())
  }
}

extension [Double] {
  /// Element (i₀, i₁, …) of the result is element Σ iₖ · strideₖ of this one.
  func gathered(shape: [Int], strides: [Int]) -> [Double] {
    let count = shape.reduce(1, *)
    var result: [Double] = []
    result.reserveCapacity(count)
    var index = [Int](repeating: 0, count: shape.count)
    var position = 0
    for _ in 0..<count {
      result.append(self[position])
      for axis in shape.indices.reversed() {
        index[axis] += 1
        position += strides[axis]
        if index[axis] < shape[axis] { break }
        position -= strides[axis] * shape[axis]
        index[axis] = 0
      }
    }
    return result
  }
}
