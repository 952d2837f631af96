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

  @Test(arguments: [
    (
      "Greater 100",
      "it splits the pixels at u = 101; a split at u = 128, the top bit, is "
        + "supported"
    ),
    (
      "Greater 300",
      "it splits the pixels not at all; a split at u = 128, the top bit, is "
        + "supported"
    ),
  ]) func otherSplitsAreRefused(comparison: String, message: String) throws {
    let words = comparison.split(separator: " ").map(String.init)
    let complaint = try model { model in
      model.node(words[0], "bit", "image", model.constant("c", Float(words[1]) ?? 0))
      return model.node("Cast", "x", "bit", attributes: Self.float)
    }.complaint()
    #expect(
      complaint == """
        error: model.onnx: node 'bit' (Greater): \(message)
          hint: GreaterOrEqual(u, 128)
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

  @Test func aScaleOfZeroIsFoundByTheNetworksChecks() throws {
    let complaint = try model { model in
      model.node("Cast", "pixels", "image", attributes: Self.float)
      return model.node("Mul", "x", "pixels", model.constant("c", 0))
    }.complaint()
    #expect(
      complaint == "error: model.onnx: node 'fc1' (MatMul): scale 0.0 and offset 0.0; numbers of "
        + "float32's range are expected, the scale not zero")
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
