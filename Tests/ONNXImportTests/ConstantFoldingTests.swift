// SPDX-License-Identifier: Apache-2.0

import Modeling
import TestSupport
import Testing

@testable import ONNXImport

/// Nodes on constants give the numbers that onnxruntime computes.
@Suite(.tags(.unit)) struct ConstantFoldingTests {
  /// The constant that the graph's nodes make.
  private func folded(_ model: ModelBuilder, _ name: String) throws -> Constant {
    var assembly = Assembly(budget: 1 << 20)
    var values: [String: Value] = [:]
    for initializer in model.proto.graph.initializer {
      values[initializer.name] = .constant(try Constant(initializer))
    }
    for (index, node) in model.proto.graph.node.enumerated() {
      let node = ONNXNode(node, index: index)
      let call = Call(node: node, inputs: node.inputs.map { values[$0] }, batch: 1)
      let operation = try #require(Operator.table[node.type])
      values[node.outputs[0]] = try operation.evaluate(call, &assembly)
    }
    guard case .constant(let constant) = values[name] else {
      throw Rejection("'\(name)' is no constant")
    }
    return constant
  }

  private func message(_ build: (inout ModelBuilder) -> String) -> String {
    var model = ModelBuilder()
    let name = build(&model)
    do {
      return "folded: \(try folded(model, name))"
    } catch {
      return (error as? Rejection)?.message ?? "\(error)"
    }
  }

  @Test func float32ResultsAreRoundedAsFloat32() throws {
    let operations: [(String, (Float, Float) -> Float)] = [
      ("Add", { $0 + $1 }), ("Sub", { $0 - $1 }), ("Mul", { $0 * $1 }), ("Div", { $0 / $1 }),
    ]
    var random = SeededRandom(seed: 7)
    let a = (0..<500).map { _ in Float.random(in: -10...10, using: &random) }
    let b = (0..<500).map { _ in Float.random(in: -1e-3...1e-3, using: &random) }
    for (type, operation) in operations {
      var model = ModelBuilder()
      model.node(type, "y", model.constant("a", [500], a), model.constant("b", [500], b))
      #expect(try folded(model, "y").values == zip(a, b).map { Double(operation($0, $1)) })
    }
  }

  @Test func unaryOperationsWorkOnEachElement() throws {
    let values: [Float] = [-2, -0.1, 0, 2]
    var model = ModelBuilder()
    model.constant("x", [4], values)
    for type in ["Neg", "Abs", "Sign", "Identity"] { model.node(type, type, "x") }
    model.node("Sqrt", "Sqrt", "Abs")
    #expect(try folded(model, "Neg").values == values.map { Double(-$0) })
    #expect(try folded(model, "Abs").values == values.map { Double(abs($0)) })
    #expect(try folded(model, "Sign").values == [-1, -1, 0, 1])
    #expect(try folded(model, "Identity").values == values.map(Double.init))
    #expect(try folded(model, "Sqrt").values == values.map { Double(abs($0).squareRoot()) })
  }

  @Test func weightsMayBeBinarisedInTheGraph() throws {
    var model = ModelBuilder()
    model.constant("w", [3], [-0.5, 0, 0.5])
    model.node("Less", "isNegative", "w", model.constant("zero", 0))
    model.node("Not", "isPositive", "isNegative")
    model.node(
      "Where", "signs", "isPositive", model.constant("one", 1), model.constant("minus", -1))
    let signs = try folded(model, "signs")
    #expect(signs.values == [-1, 1, 1])
    #expect(signs.source == "w")
    #expect(try folded(model, "isPositive").type == .bool)
  }

  @Test(
    arguments: [
      ([2, 3], [3], [11, 22, 33, 14, 25, 36]), ([2, 3], [2, 1], [11, 12, 13, 24, 25, 26]),
      ([2, 3], [], [11, 12, 13, 14, 15, 16]), ([2, 3], [1, 1, 1], [11, 12, 13, 14, 15, 16]),
    ] as [([Int64], [Int64], [Double])])
  func smallerShapesAreBroadcast(a: [Int64], b: [Int64], values: [Double]) throws {
    let count = Int(b.reduce(1, *))
    var model = ModelBuilder()
    model.constant("a", a, [1, 2, 3, 4, 5, 6])
    model.constant("b", b, Array([10, 20, 30].prefix(count)))
    model.node("Add", "y", "a", "b")
    model.node("Add", "z", "b", "a")
    #expect(try folded(model, "y").values == values)
    #expect(try folded(model, "z").values == values)
  }

  @Test func bothSidesCanBeBroadcast() throws {
    var model = ModelBuilder()
    model.node(
      "Mul", "y", model.constant("a", [2, 1], [2, 3]), model.constant("b", [1, 3], [1, 10, 100]))
    let product = try folded(model, "y")
    #expect(product.shape == [2, 3])
    #expect(product.values == [2, 20, 200, 3, 30, 300])
  }

  @Test func integersAreTruncatedAndNeverWrap() throws {
    var model = ModelBuilder()
    model.bytes("a", [3], [7, -7, 100])
    model.bytes("b", [], [2])
    model.node("Div", "y", "a", "b")
    #expect(try folded(model, "y").values == [3, -3, 50])
    #expect(
      message { model in
        model.node("Mul", "y", model.bytes("a", [1], [100]), model.bytes("b", [], [2]))
      } == "the result 200.0 is no INT8 value")
    #expect(
      message { model in
        model.node("Div", "y", model.bytes("a", [1], [0]), model.bytes("b", [], [0]))
      } == "the result of a division by 0 is no INT8 value")
  }

  @Test func castsRoundAsTheTypeDoes() throws {
    var model = ModelBuilder()
    model.constant("x", [3], [-1.75, 0, 2.5])
    model.node("Cast", "int8", "x", attributes: ["to": 3])
    model.node("Cast", "bool", "x", attributes: ["to": 9])
    model.node("Cast", "double", "x", attributes: ["to": 11])
    model.node("Cast", "float", "double", attributes: ["to": 1])
    #expect(try folded(model, "int8").values == [-1, 0, 2])
    #expect(try folded(model, "bool").values == [1, 0, 1])
    #expect(try folded(model, "float").values == [-1.75, 0, 2.5])
    #expect(
      message { model in
        model.node("Cast", "y", model.constant("x", 300), attributes: ["to": 3])
      } == "the result 300.0 is no INT8 value")
    #expect(
      message { model in
        model.node("Cast", "y", model.constant("x", 300), attributes: ["to": 10])
      } == "a cast to FLOAT16 is not supported")
    #expect(
      message { model in
        model.node("Cast", "y", model.constant("x", 300), attributes: ["to": 8])
      } == "a cast to STRING is not supported")
  }

  @Test func everyFormOfAConstantNodeIsRead() throws {
    var model = ModelBuilder()
    model.node(
      "Constant", "a",
      attributes: ["value": .tensor(ModelBuilder.tensor("t", [2], floats: [1, 2]))])
    model.node("Constant", "b", attributes: ["value_float": 0.1])
    model.node("Constant", "c", attributes: ["value_floats": .reals([0.1, 0.2])])
    model.node("Constant", "d", attributes: ["value_int": 5])
    model.node("Constant", "e", attributes: ["value_ints": [5, -6]])
    #expect(try folded(model, "a").values == [1, 2])
    #expect(try folded(model, "a").source == nil)
    #expect(try folded(model, "b").values == [Double(Float(0.1))])
    #expect(try folded(model, "c").shape == [2])
    #expect(try folded(model, "d").integers == [5])
    #expect(try folded(model, "e").integers == [5, -6])
    #expect(
      message { $0.node("Constant", "y") } == "it has no value that is a tensor or a number")
    #expect(
      message { $0.node("Constant", "y", attributes: ["value_int": .integer(.max)]) }
        == "the result 9.223372036854776e+18 is no INT64 value")
    #expect(
      message { $0.node("Constant", "y", attributes: ["value": 5]) }
        == "attribute value is not a tensor")
  }

  @Test func quantizedWeightsAreScaled() throws {
    var model = ModelBuilder()
    model.bytes("q", [2, 3], [1, 2, 3, 4, 5, 6])
    model.constant("s", 0.5)
    model.constant("s2", [2], [1, 10])
    model.constant("s3", [3], [1, 10, 100])
    model.bytes("z", [], [1])
    model.node("DequantizeLinear", "a", "q", "s", "z")
    model.node("DequantizeLinear", "b", "q", "s3")
    model.node("DequantizeLinear", "c", "q", "s2", attributes: ["axis": -2])
    #expect(try folded(model, "a").values == [0, 0.5, 1, 1.5, 2, 2.5])
    #expect(try folded(model, "b").values == [1, 20, 300, 4, 50, 600])
    #expect(try folded(model, "c").values == [1, 2, 3, 40, 50, 60])
    #expect(
      message { model in
        model.bytes("q", [2, 3], [1, 2, 3, 4, 5, 6])
        model.constant("s", [2], [1, 10])
        return model.node("DequantizeLinear", "y", "q", "s", attributes: ["axis": 3])
      } == "attribute axis is 3 for 2 axes")
  }

  @Test func whatDoesNotFitIsRefused() {
    #expect(
      message { model in
        model.node("Add", "y", model.constant("a", [2], [1, 2]), model.bytes("b", [], [1]))
      } == "its inputs are of types FLOAT and INT8; one type is expected")
    #expect(
      message { model in
        model.node(
          "Add", "y", model.constant("a", [2], [1, 2]), model.constant("b", [3], [1, 2, 3]))
      } == "its inputs have shapes [2] and [3], which do not fit each other")
    #expect(
      message { model in
        model.proto.graph.initializer.append(
          ModelBuilder.tensor("h", [1], floats: [0]).with(type: .float16))
        return model.node("Neg", "y", "h")
      } == "arithmetic on FLOAT16 constants is not supported")
  }

  @Test func aSmallFileCannotAskForMuchMemory() {
    #expect(
      message { model in
        model.constant("a", [2000, 1], Array(repeating: 1, count: 2000))
        model.constant("b", [1, 2000], Array(repeating: 1, count: 2000))
        return model.node("Add", "y", "a", "b")
      } == "its constants grow far beyond the size of the file")
    #expect(
      message { model in
        model.constant("y0", [1000], Array(repeating: 1, count: 1000))
        for index in 1...2000 { model.node("Neg", "y\(index)", "y\(index - 1)") }
        return "y2000"
      } == "its constants grow far beyond the size of the file")
    #expect(
      message { model in
        model.proto.graph.initializer = [
          ModelBuilder.tensor("a", [1 << 40, 0], floats: []),
          ModelBuilder.tensor("b", [1 << 40, 1, 0], floats: []),
        ]
        return model.node("Add", "y", "a", "b")
      } == "its inputs have shapes [1099511627776, 0] and [1099511627776, 1, 0]; the result is "
        + "too large")
  }

  @Test func emptyConstantsOfHugeSizesDoNoHarm() throws {
    var model = ModelBuilder()
    model.constant("a", [0, 1 << 30, 1 << 30], [])
    model.node("Transpose", "b", "a")
    model.node("Flatten", "c", "b", attributes: ["axis": 2])
    model.node("Neg", "d", "c")
    #expect(try folded(model, "d").shape == [1 << 60, 0])
    #expect(
      message { model in
        model.node("Neg", "y", model.constant("a", [0, 1 << 40, 1 << 40], []))
      } == "the shape [0, 1099511627776, 1099511627776] is not possible")
  }
}

extension ONNXTensorProto {
  fileprivate func with(type: ElementType) -> ONNXTensorProto {
    var copy = self
    copy.dataType = type.rawValue
    copy.rawData = copy.rawData.prefix(type.width)
    return copy
  }
}
