// SPDX-License-Identifier: Apache-2.0

/// One way to read a node: what it makes of its inputs, or nil when it is about other inputs.
///
/// - Throws: ``Rejection`` when it is about these inputs and they are wrong.
typealias Rule = @Sendable (Call, inout Assembly) throws(Rejection) -> Value?

/// An ONNX operator, by the ways in which it can be read.
struct Operator: Sendable {
  /// How many inputs it can have.
  var inputs: ClosedRange<Int>
  /// The attributes that the rules understand.
  var attributes: Set<String>
  /// What the rules are about, for messages.
  var accepts: String
  /// Tried in order.
  var rules: [Rule]

  init(
    _ inputs: ClosedRange<Int>, attributes: Set<String> = [], accepts: String, _ rules: [Rule]
  ) {
    self.inputs = inputs
    self.attributes = attributes
    self.accepts = accepts
    self.rules = rules
  }

  /// The value of the node's first output.
  func evaluate(_ call: Call, _ assembly: inout Assembly) throws(Rejection) -> Value {
    guard inputs.contains(call.inputs.count) else {
      let (least, most) = (inputs.lowerBound, inputs.upperBound)
      throw Rejection(
        "it takes \(least == most ? "" : "\(least) or ")\(most) input\(most == 1 ? "" : "s"), "
          + "not \(call.inputs.count)")
    }
    for name in call.node.attributes.names where !attributes.contains(name) {
      throw Rejection("attribute \(name) is not supported")
    }
    for rule in rules {
      if let value = try rule(call, &assembly) { return value }
    }
    let given = call.inputs.map { $0?.description ?? "nothing" }.joined(separator: " and ")
    throw Rejection("its input is \(given); \(accepts) is supported", hint: call.hint)
  }
}

/// A node and what is known about its inputs.
struct Call {
  var node: ONNXNode
  /// nil for an optional input that is left out.
  var inputs: [Value?]
  /// Images at a time, ``GraphInput/openBatch`` when the file leaves that open.
  var batch: Int

  /// An input, nil when it is left out.
  subscript(index: Int) -> Value? {
    inputs.indices.contains(index) ? inputs[index] : nil
  }

  /// An input that is a constant.
  func constant(_ index: Int) -> Constant? {
    if case .constant(let constant) = self[index] { constant } else { nil }
  }

  /// What to do about an input that few nodes take.
  fileprivate var hint: String? {
    for input in inputs {
      switch input {
      case .clipped:
        return "a clip is supported directly before a sign or a quantizer that it does not change"
      case .padded:
        return "a border is supported directly before a convolution or a pool"
      default: continue
      }
    }
    return nil
  }

  /// The inputs, when every one that is given is a constant.
  var constants: [Constant]? {
    var result: [Constant] = []
    for input in inputs {
      guard case .constant(let constant) = input else { return nil }
      result.append(constant)
    }
    return result
  }

  /// A constant of the node's own: an attribute in old versions, an input in new ones.
  func axes(_ name: String, input index: Int) throws(Rejection) -> [Int]? {
    if let axes = try node.attributes.integers(name) { return axes }
    guard let input = self[index] else { return nil }
    guard case .constant(let constant) = input, let axes = constant.integers else {
      throw Rejection("its \(name) are \(input.description); integer constants are expected")
    }
    return axes
  }
}
