// SPDX-License-Identifier: Apache-2.0

import Modeling
import TestSupport
import Testing

@testable import ONNXImport

/// What happens to the input before the first layer.
@Suite(.tags(.unit)) struct PixelScalingTests {
  /// A model of one layer behind pixels that `scale` makes of the input.
  private func model(_ scale: (inout ModelBuilder) -> String) -> ModelBuilder {
    var model = ModelBuilder()
    let pixels = scale(&model)
    model.node("Flatten", "flat", pixels)
    model.output(model.dense("fc1", "flat", 4, 2))
    return model
  }

  private func input(_ scale: (inout ModelBuilder) -> String) throws -> Input {
    try #require(try model(scale).imported().network.input)
  }

  /// What `ModelBuilder` declares.
  private static let shape = Shape(height: 2, width: 2, channels: 1)

  private static let float: [String: Attribute] = ["to": 1]

  @Test(
    arguments: [
      (["Mul 0.5"], 0.5, 0), (["Div 4"], 0.25, 0), (["Add 3"], 1, 3), (["Sub 3"], 1, -3),
      (["Mul 0.5", "Sub 1"], 0.5, -1), (["Sub 8", "Mul 0.5"], 0.5, -4), (["3 Sub"], -1, 3),
      (["2 Mul", "1 Add"], 2, 1), (["Div 4", "Sub 0.5", "Div 0.5"], 0.5, -1), (["Neg"], -1, 0),
      ([], 1, 0), (["Sub 128", "Div 128"], 0x1p-7, -1), (["Identity", "Mul 2"], 2, 0),
    ] as [([String], Double, Double)])
  func chainsBecomeOneScaleAndOffset(steps: [String], scale: Double, offset: Double) throws {
    let input = try input { model in
      let x = model.node("Cast", "pixels", "image", attributes: Self.float)
      return model.append(steps, to: x)
    }
    #expect(input.bits == 8)
    #expect(input.scale == scale)
    #expect(input.offset == offset)
  }

  @Test func scalingMayFollowFlattening() throws {
    var model = ModelBuilder()
    model.node("Flatten", "flat", "image")
    model.node("Cast", "pixels", "flat", attributes: Self.float)
    model.node("Div", "scaled", "pixels", model.constant("c", [1, 1], [4]))
    model.output(model.dense("fc1", "scaled", 4, 2))
    let network = try model.imported().network
    #expect(network.nodes.map(\.name) == ["image", "image_flatten", "fc1"])
    #expect(network.input?.scale == 0.25)
  }

  @Test func dequantizedPixelsAreScaled() throws {
    let input = try input { model in
      var zero = ONNXTensorProto()
      (zero.name, zero.dataType, zero.int32Data) = ("z", ElementType.uint8.rawValue, [128])
      model.proto.graph.initializer.append(zero)
      return model.node("DequantizeLinear", "x", "image", model.constant("s", 0.5), "z")
    }
    #expect(input.scale == 0.5)
    #expect(input.offset == -64)
  }

  @Test(arguments: [
    ("GreaterOrEqual image 128", false), ("Greater image 127", false), ("Less image 128", true),
    ("LessOrEqual image 127", true), ("LessOrEqual 128 image", false),
    ("Less 127.5 pixels", false), ("GreaterOrEqual scaled 1", false),
  ]) func aSplitInTheMiddleIsTheTopBit(comparison: String, isInverted: Bool) throws {
    let trained = try model { model in
      model.node("Cast", "pixels", "image", attributes: Self.float)
      model.node("Div", "scaled", "pixels", model.constant("c", 128))
      let words = comparison.split(separator: " ").map(String.init)
      for word in words {
        if let number = Float(word) { model.constant(word, number) }
      }
      let (one, minus) = (model.constant("one", 1), model.constant("minus", -1))
      model.node(words[0], "bit", words[1], words[2])
      return model.node("Where", "x", "bit", isInverted ? minus : one, isInverted ? one : minus)
    }.imported()
    let input = trained.network.input
    #expect(input?.bits == 1)
    #expect(input?.scale == 2)
    #expect(input?.offset == -1)
    #expect(
      trained.remarks.map(\.description) == [
        "note: model.onnx: 'image' enters as 1 bit: the top bit of each 8-bit pixel (u ≥ 128) is "
          + "used"
      ])
  }

  @Test func aCastBitIsOneOrZero() throws {
    let input = try input { model in
      model.node("GreaterOrEqual", "bit", "image", model.constant("half", 128))
      model.node("Cast", "x", "bit", attributes: Self.float)
      return model.node("Mul", "y", "x", model.constant("c", 3))
    }
    #expect(input.bits == 1)
    #expect(input.scale == 3)
    #expect(input.offset == 0)
  }

  @Test(arguments: [("Greater 100", 101), ("GreaterOrEqual 3", 3), ("Less 200", 200)])
  func anotherSplitIsATable(comparison: String, first: Int) throws {
    let words = comparison.split(separator: " ").map(String.init)
    let network = try model { model in
      model.node(words[0], "bit", "image", model.constant("c", Float(words[1]) ?? 0))
      let (one, minus) = (model.constant("one", 1), model.constant("minus", -1))
      return model.node("Where", "x", "bit", one, minus)
    }.imported().network
    #expect(network.input == Input(Self.shape, bits: 8, scale: 1, offset: 0))
    let isLess = words[0] == "Less"
    #expect(
      network.nodes[1].layer as? Lookup
        == Lookup(
          (0..<256).map { ($0 >= first) != isLess ? 1 : 0 }, bits: 1, scale: 2, offset: -1))
  }

  @Test(arguments: ["Greater 300", "Less 300"]) func aSplitOfNothingIsRefused(
    comparison: String
  ) throws {
    let words = comparison.split(separator: " ").map(String.init)
    let complaint = try model { model in
      model.node(words[0], "bit", "image", model.constant("c", Float(words[1]) ?? 0))
      return model.node("Cast", "x", "bit", attributes: Self.float)
    }.complaint()
    #expect(
      complaint == """
        error: model.onnx: node 'fc1' (MatMul): every pixel has become \
        \(words[0] == "Less" ? "1.0" : "0.0"); a result that depends on the pixels is expected
        """)
  }

  @Test func arithmeticThatWrapsIsRefused() throws {
    #expect(
      try model { $0.node("Sub", "x", "image", $0.constant("c", 1)) }.complaint() == """
        error: model.onnx: node 'x' (Sub): arithmetic on UINT8 pixels wraps around
          hint: cast them to FLOAT first
        """)
    #expect(
      try model { $0.node("Cast", "x", "image", attributes: ["to": 3]) }.complaint() == """
        error: model.onnx: node 'x' (Cast): a cast of pixels to INT8 is not supported
          hint: use FLOAT
        """)
  }

  @Test func aScaleForEachChannelIsRefused() throws {
    let complaint = try model { model in
      model.node("Cast", "pixels", "image", attributes: Self.float)
      return model.node("Mul", "x", "pixels", model.constant("c", [2], [1, 2]))
    }.complaint()
    #expect(
      complaint == """
        error: model.onnx: node 'x' (Mul): it scales pixels by a FLOAT [2] constant; one number \
        for all pixels is expected
          hint: use the same mean and deviation for every channel
        """)
  }

  @Test func divisionByZeroIsRefused() throws {
    let complaint = try model { model in
      model.node("Cast", "pixels", "image", attributes: Self.float)
      return model.node("Div", "x", "pixels", model.constant("c", 0))
    }.complaint()
    #expect(complaint == "error: model.onnx: node 'x' (Div): it divides by 0")
  }

  @Test func aScaleOfZeroIsRefused() throws {
    let complaint = try model { model in
      model.node("Cast", "pixels", "image", attributes: Self.float)
      return model.node("Mul", "x", "pixels", model.constant("c", 0))
    }.complaint()
    #expect(
      complaint == "error: model.onnx: node 'fc1' (MatMul): every pixel has become 0.0; a result "
        + "that depends on the pixels is expected")
  }

  // MARK: Any function of a pixel

  /// What the network's first layer reads, for each pixel.
  private func values(_ scale: (inout ModelBuilder) -> String) throws -> [Double] {
    let network = try model(scale).imported().network
    if let lookup = network.nodes[1].layer as? Lookup {
      return lookup.table.map { lookup.scale * Double($0) + lookup.offset }
    }
    let input = try #require(network.input)
    return (0..<256).map { input.scale * Double($0 >> (8 - input.bits)) + input.offset }
  }

  /// Operations of the file, and what they make of a pixel.
  struct Function: Sendable, CustomTestStringConvertible {
    var steps: [String]
    var value: @Sendable (Double) -> Double

    init(_ steps: String..., value: @escaping @Sendable (Double) -> Double) {
      self.steps = steps
      self.value = value
    }

    var testDescription: String { steps.joined(separator: ", ") }
  }

  static let functions: [Function] = [
    Function("Div 10", "Floor") { ($0 / 10).rounded(.down) },
    Function("Div 10", "Ceil") { ($0 / 10).rounded(.up) },
    Function("Div 10", "Round") { ($0 / 10).rounded(.toNearestOrEven) },
    Function("Sub 100", "Relu") { max($0 - 100, 0) },
    Function("Sub 128", "Abs") { abs($0 - 128) },
    Function("Sub 128", "Abs", "Neg", "Mul 0.5") { abs($0 - 128) / -2 },
    Function("Div 64", "Floor", "Sub 1.5") { ($0 / 64).rounded(.down) - 1.5 },
    Function("Neg", "Div 64", "Ceil") { (-$0 / 64).rounded(.up) },
  ]

  @Test(arguments: functions) func functionsOfPixelsAreExact(function: Function) throws {
    let values = try values { model in
      let x = model.node("Cast", "pixels", "image", attributes: Self.float)
      return model.append(function.steps, to: x)
    }
    #expect(values == (0..<256).map { function.value(Double($0)) })
  }

  @Test func aClipBetweenTwoPixelsHasHalfSteps() throws {
    let values = try values { model in
      model.node("Cast", "pixels", "image", attributes: Self.float)
      return model.node(
        "Clip", "x", "pixels", model.constant("low", 20), model.constant("high", 90.5))
    }
    #expect(values == (0..<256).map { min(max(Double($0), 20), 90.5) })
  }

  @Test func topBitsOfAFunctionNeedNoTable() throws {
    let input = try input { model in
      let x = model.node("Cast", "pixels", "image", attributes: Self.float)
      return model.append(["Div 64", "Floor", "Sub 1.5"], to: x)
    }
    #expect(input == Input(Self.shape, bits: 2, scale: 1, offset: -1.5))
  }

  @Test func valuesOffAnyGridAreRefused() throws {
    let complaint = try model { model in
      model.node("Cast", "pixels", "image", attributes: Self.float)
      return model.node(
        "Clip", "x", "pixels", model.constant("low", 20), model.constant("high", 90.3))
    }.complaint()
    #expect(
      complaint == """
        error: model.onnx: node 'fc1' (MatMul): the 72 values of the pixels, 20.0…90.30000305175781, \
        are not those of up to 256 even steps
          hint: quantize the input with up to 8 bits
        """)
  }

  @Test func joinsOfTwoLayersAreRefused() throws {
    var model = ModelBuilder(input: [4])
    model.node("Cast", "pixels", "image", attributes: Self.float)
    model.node("Mul", "double", "pixels", model.constant("two", 2))
    model.node("MatMul", "a", "pixels", model.constant("w1", [4, 1], [1, 1, 1, 1]))
    model.node("MatMul", "b", "double", model.constant("w2", [4, 1], [1, 1, 1, 1]))
    model.node("Add", "c", "a", "b")
    model.output("c")
    #expect(
      try model.complaint() == """
        error: model.onnx: node 'c' (Add): its input is a real map [1] and a real map [1]; a \
        constant with a constant, pixels, a real map or one residual level, and the levels of one \
        residual sign, is supported
        """)
  }
}
