// SPDX-License-Identifier: Apache-2.0

/// One operator of the file's graph.
struct ONNXNode {
  /// `MatMul`, `Quant`; with its domain when that is not ONNX's own or QONNX's.
  var type: String
  /// Empty when the file gives none.
  var name: String
  /// The position in the file.
  var index: Int
  /// Names of values; an empty one is an optional input that is left out.
  var inputs: [String]
  var outputs: [String]
  var attributes: Attributes

  init(_ node: ONNXNodeProto, index: Int) {
    let isStandard = node.domain.isEmpty || node.domain == "ai.onnx"
    let isQuantizer =
      Operator.quantizerDomains.contains(node.domain) && Operator.quantizers.contains(node.opType)
    self.type = isStandard || isQuantizer ? node.opType : "\(node.domain).\(node.opType)"
    self.name = node.name
    self.index = index
    self.inputs = node.input
    self.outputs = node.output
    self.attributes = Attributes(node.attribute)
  }

  /// `node 'fc1' (MatMul)`
  var description: String {
    name.isEmpty ? "node \(index) (\(type))" : "node '\(name)' (\(type))"
  }
}

/// The attributes of a node.
struct Attributes {
  private var attributes: [String: ONNXAttributeProto] = [:]

  init(_ attributes: [ONNXAttributeProto]) {
    for attribute in attributes { self.attributes[attribute.name] = attribute }
  }

  /// All names, in order.
  var names: [String] { attributes.keys.sorted() }

  /// An integer, or the operator's default for it.
  func integer(_ name: String, default: Int) throws(Rejection) -> Int {
    guard let attribute = attributes[name] else { return `default` }
    try require(attribute, .int, "an integer", has: attribute.hasI)
    return Int(attribute.i)
  }

  /// A real number, or the operator's default for it.
  func real(_ name: String, default: Float) throws(Rejection) -> Double {
    guard let attribute = attributes[name] else { return Double(`default`) }
    try require(attribute, .float, "a number", has: attribute.hasF)
    return Double(attribute.f)
  }

  /// A list of integers, or nil when it is not there.
  func integers(_ name: String) throws(Rejection) -> [Int]? {
    guard let attribute = attributes[name] else { return nil }
    try require(attribute, .ints, "a list of integers", has: true)
    return attribute.ints.map { Int($0) }
  }

  /// A list of real numbers, or nil when it is not there.
  func reals(_ name: String) throws(Rejection) -> [Double]? {
    guard let attribute = attributes[name] else { return nil }
    try require(attribute, .floats, "a list of numbers", has: true)
    return attribute.floats.map { Double($0) }
  }

  /// A tensor, or nil when it is not there.
  func tensor(_ name: String) throws(Rejection) -> ONNXTensorProto? {
    guard let attribute = attributes[name] else { return nil }
    try require(attribute, .tensor, "a tensor", has: attribute.hasT)
    return attribute.t
  }

  /// A word, or the operator's default for it.
  func text(_ name: String, default: String) throws(Rejection) -> String {
    guard let attribute = attributes[name] else { return `default` }
    try require(attribute, .string, "a text", has: attribute.hasS)
    return String(decoding: attribute.s, as: UTF8.self)
  }

  func contains(_ name: String) -> Bool { attributes[name] != nil }

  /// Refuses every value of an integer attribute but one.
  func require(_ name: String, is expected: Int) throws(Rejection) {
    let value = try integer(name, default: expected)
    guard value == expected else {
      throw Rejection("attribute \(name) is \(value); only \(expected) is supported")
    }
  }

  private func require(
    _ attribute: ONNXAttributeProto, _ type: ONNXAttributeProto.AttributeType, _ what: String,
    has isThere: Bool
  ) throws(Rejection) {
    // Files of the first ONNX versions give no type.
    guard isThere, attribute.type == type || !attribute.hasType else {
      throw Rejection("attribute \(attribute.name) is not \(what)")
    }
  }
}
