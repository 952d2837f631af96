// SPDX-License-Identifier: Apache-2.0

import Diagnostics
import Foundation
import Modeling

@testable import ONNXImport

/// Builds small ONNX files in memory, node by node, as an exporter would.
struct ModelBuilder {
  var proto = ONNXModelProto()

  /// - Parameter sizes: of the input, without the batch.
  init(input sizes: [Int64] = [1, 2, 2], type: ElementType = .uint8, opset: Int64 = 17) {
    proto.irVersion = 8
    var version = ONNXOperatorSetIdProto()
    version.version = opset
    proto.opsetImport = [version]
    proto.graph.name = "net"
    proto.graph.input = [Self.declaration("image", type, batch: "N", sizes)]
  }

  static func declaration(
    _ name: String, _ type: ElementType, batch: String?, _ sizes: [Int64]
  ) -> ONNXValueInfoProto {
    var info = ONNXValueInfoProto()
    info.name = name
    info.type.tensorType.elemType = type.rawValue
    if let batch {
      var dimension = ONNXTensorShapeProto.Dimension()
      dimension.dimParam = batch
      info.type.tensorType.shape.dim.append(dimension)
    }
    for size in sizes {
      var dimension = ONNXTensorShapeProto.Dimension()
      dimension.dimValue = size
      info.type.tensorType.shape.dim.append(dimension)
    }
    return info
  }

  static func tensor(_ name: String, _ shape: [Int64], floats: [Float]) -> ONNXTensorProto {
    var tensor = ONNXTensorProto()
    tensor.name = name
    tensor.dims = shape
    tensor.dataType = ElementType.float.rawValue
    tensor.rawData = floats.reduce(into: Data()) { data, value in
      withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) }
    }
    return tensor
  }

  /// A FLOAT initializer.
  @discardableResult
  mutating func constant(_ name: String, _ shape: [Int64], _ values: [Float]) -> String {
    proto.graph.initializer.append(Self.tensor(name, shape, floats: values))
    return name
  }

  /// A scalar FLOAT initializer.
  @discardableResult
  mutating func constant(_ name: String, _ value: Float) -> String { constant(name, [], [value]) }

  /// An INT8 initializer.
  @discardableResult
  mutating func bytes(_ name: String, _ shape: [Int64], _ values: [Int8]) -> String {
    var tensor = ONNXTensorProto()
    tensor.name = name
    tensor.dims = shape
    tensor.dataType = ElementType.int8.rawValue
    tensor.rawData = Data(values.map { UInt8(bitPattern: $0) })
    proto.graph.initializer.append(tensor)
    return name
  }

  /// An INT64 initializer.
  @discardableResult
  mutating func integers(_ name: String, _ values: [Int64]) -> String {
    var tensor = ONNXTensorProto()
    tensor.name = name
    tensor.dims = [Int64(values.count)]
    tensor.dataType = ElementType.int64.rawValue
    tensor.int64Data = values
    proto.graph.initializer.append(tensor)
    return name
  }

  /// A node whose one output has its name.
  @discardableResult
  mutating func node(
    _ type: String, _ name: String, _ inputs: String..., attributes: [String: Attribute] = [:]
  ) -> String {
    var node = ONNXNodeProto()
    node.opType = type
    node.name = name
    node.input = inputs
    node.output = [name]
    node.attribute = attributes.sorted { $0.key < $1.key }.map { $1.proto(named: $0) }
    proto.graph.node.append(node)
    return name
  }

  /// A node of QONNX; its inputs behind the first are constants.
  @discardableResult
  mutating func quantizer(
    _ type: String, _ name: String, _ x: String, _ numbers: [Float],
    attributes: [String: Attribute] = [:], domain: String = "qonnx.custom_op.general"
  ) -> String {
    var node = ONNXNodeProto()
    node.opType = type
    node.domain = domain
    node.name = name
    node.input = [x]
    for (index, number) in numbers.enumerated() {
      node.input.append(constant("\(name).\(index)", number))
    }
    node.output = [name]
    node.attribute = attributes.sorted { $0.key < $1.key }.map { $1.proto(named: $0) }
    proto.graph.node.append(node)
    return name
  }

  /// Declares the graph's output.
  mutating func output(_ name: String) {
    proto.graph.output.append(Self.declaration(name, .float, batch: "N", []))
  }

  // MARK: Usual parts

  /// pixels · scale − shift, flattened.
  @discardableResult
  mutating func scaledPixels() -> String {
    node("Cast", "pixels", "image", attributes: ["to": 1])
    node("Mul", "scaled", "pixels", constant("scale", 0.5))
    node("Sub", "shifted", "scaled", constant("shift", 1))
    return node("Flatten", "flat", "shifted", attributes: ["axis": 1])
  }

  /// x · W for weights ±1 that follow a fixed pattern.
  mutating func dense(_ name: String, _ x: String, _ inputs: Int, _ units: Int) -> String {
    let weights = (0..<inputs * units).map { Int8($0 % 3 == 0 ? -1 : 1) }
    bytes("\(name).weight", [Int64(inputs), Int64(units)], weights)
    node("Cast", "\(name)_weight", "\(name).weight", attributes: ["to": 1])
    return node("MatMul", name, x, "\(name)_weight")
  }

  /// x ∗ W for weights ±1 that follow a fixed pattern.
  mutating func conv(
    _ name: String, _ x: String, _ filters: Int, _ channels: Int, kernel: Int = 3,
    attributes: [String: Attribute] = [:]
  ) -> String {
    let weights = (0..<filters * channels * kernel * kernel).map { Float($0 % 3 == 0 ? -1 : 1) }
    constant(
      "\(name).weight", [filters, channels, kernel, kernel].map { Int64($0) }, weights)
    return node("Conv", name, x, "\(name).weight", attributes: attributes)
  }

  mutating func batchNorm(_ name: String, _ x: String, _ channels: Int) -> String {
    let range = (0..<channels).map(Float.init)
    let shape = [Int64(channels)]
    return node(
      "BatchNormalization", name, x,
      constant("\(name).scale", shape, range.map { 0.5 + $0 }),
      constant("\(name).bias", shape, range.map { $0 - 1 }),
      constant("\(name).mean", shape, range.map { $0 * 2 }),
      constant("\(name).var", shape, range.map { 1 + $0 }), attributes: ["epsilon": 0.25])
  }

  @discardableResult
  mutating func residualSign(_ name: String, _ x: String, _ gammas: [Float]) -> String {
    if !proto.graph.initializer.contains(where: { $0.name == "zero" }) { constant("zero", 0) }
    var (residual, total) = (x, "")
    for (index, gamma) in gammas.enumerated() {
      let level = index + 1
      constant("\(name).gamma\(level)", gamma)
      let negative = node("Neg", "\(name)_negative\(level)", "\(name).gamma\(level)")
      let bit = node("GreaterOrEqual", "\(name)_bit\(level)", residual, "zero")
      let term = node("Where", "\(name)_term\(level)", bit, "\(name).gamma\(level)", negative)
      if level < gammas.count {
        residual = node("Sub", "\(name)_residual\(level + 1)", residual, term)
      }
      total = level == 1 ? term : node("Add", "\(name)_sum\(level)", total, term)
    }
    return total
  }

  /// image 2×2 → 3 residual signs of so many levels → 2 scores.
  static func small(gammas: [Float] = [0.5, 0.25]) -> ModelBuilder {
    var model = ModelBuilder()
    var x = model.scaledPixels()
    x = model.dense("fc1", x, 4, 3)
    x = model.batchNorm("fc1_norm", x, 3)
    x = model.residualSign("fc1_sign", x, gammas)
    x = model.dense("fc2", x, 3, 2)
    x = model.batchNorm("fc2_norm", x, 2)
    model.output(x)
    return model
  }

  // MARK: Import

  var bytes: [UInt8] {
    get throws { try proto.serializedBytes() }
  }

  func imported(output: String? = nil) throws -> TrainedNetwork {
    try TrainedNetwork(onnx: bytes, name: "model.onnx", output: output)
  }

  /// What an import that must fail says.
  func complaint(output: String? = nil) throws -> String {
    do {
      let result = try imported(output: output)
      return "imported: \(result.network.nodes.map(\.name))"
    } catch let invalid as InvalidInput {
      return invalid.description
    }
  }
}

/// The value of a node's attribute, written as a literal.
enum Attribute: ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
  ExpressibleByArrayLiteral
{
  case integer(Int64)
  case real(Float)
  case integers([Int64])
  case reals([Float])
  case text(String)
  case tensor(ONNXTensorProto)

  init(integerLiteral value: Int64) { self = .integer(value) }
  init(floatLiteral value: Float) { self = .real(value) }
  init(arrayLiteral elements: Int64...) { self = .integers(elements) }

  func proto(named name: String) -> ONNXAttributeProto {
    var attribute = ONNXAttributeProto()
    attribute.name = name
    switch self {
    case .integer(let value): (attribute.type, attribute.i) = (.int, value)
    case .real(let value): (attribute.type, attribute.f) = (.float, value)
    case .integers(let values): (attribute.type, attribute.ints) = (.ints, values)
    case .reals(let values): (attribute.type, attribute.floats) = (.floats, values)
    case .text(let value): (attribute.type, attribute.s) = (.string, Data(value.utf8))
    case .tensor(let value): (attribute.type, attribute.t) = (.tensor, value)
    }
    return attribute
  }
}
