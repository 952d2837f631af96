// SPDX-License-Identifier: Apache-2.0

import Modeling
import TestSupport
import Testing

@testable import ONNXImport

/// The quantizers of QONNX, FINN and Brevitas.
@Suite(.tags(.unit)) struct QuantizationTests {
  /// 4 values, −1…1 → fc, 3 sums → `rest` → output
  private func model(_ rest: (inout ModelBuilder, String) -> String) -> ModelBuilder {
    var model = ModelBuilder(input: [4], type: .float)
    model.node("Mul", "double", "image", model.constant("two", 2))
    model.node("Sub", "x", "double", model.constant("one", 1))
    let x = model.dense("fc", "x", 4, 3)
    model.output(rest(&model, x))
    return model
  }

  private static func signed(_ isSigned: Int64, narrow: Int64 = 0) -> [String: Attribute] {
    ["signed": .integer(isSigned), "narrow": .integer(narrow)]
  }

  /// What the sums become.
  private func quantizer(
    _ numbers: [Float], _ attributes: [String: Attribute]
  ) throws -> (layer: Quantizer, thresholds: [Double]) {
    let trained = try model { $0.quantizer("Quant", "q", $1, numbers, attributes: attributes) }
      .imported()
    let layer = try #require(trained.network.nodes.last?.layer as? Quantizer)
    let thresholds = try #require(trained.parameters["q", "thresholds"])
    #expect(thresholds.shape == [3, layer.zero.count])
    return (layer, Array(thresholds.values.prefix(layer.zero.count)))
  }

  // MARK: Maps

  @Test func halvesGoToTheEvenNeighbour() throws {
    let unsigned = try quantizer([0.5, 0, 2], Self.signed(0))
    #expect(unsigned.thresholds == [0.25, 0.75, 1.25])
    #expect(
      unsigned.layer
        == Quantizer(scale: 0.5, offset: 0, zero: [.negative, .positive, .negative]))
    let narrow = try quantizer([1, 0, 2], Self.signed(1, narrow: 1))
    #expect(narrow.thresholds == [-0.5, 0.5])
    #expect(narrow.layer == Quantizer(scale: 1, offset: -1, zero: [.positive, .negative]))
    let wide = try quantizer([2, 1, 2], Self.signed(1))
    #expect(wide.thresholds == [-5, -3, -1])
    #expect(
      wide.layer == Quantizer(scale: 2, offset: -6, zero: [.negative, .positive, .negative]))
  }

  /// Against round(y) itself, at the halves and between them.
  @Test(arguments: ["ROUND", "CEIL", "FLOOR", "ROUND_TO_ZERO"])
  func everyRoundingIsThatOfTheSource(mode: String) throws {
    var attributes = Self.signed(1)
    attributes["rounding_mode"] = .text(mode)
    let (layer, thresholds) = try quantizer([1, 0, 3], attributes)
    for quarter in -24...24 {
      let y = Double(quarter) / 4
      let clamped = min(max(y, -4), 3)
      let expected: Double =
        switch mode {
        case "ROUND": clamped.rounded(.toNearestOrEven)
        case "CEIL": clamped.rounded(.up)
        case "FLOOR": clamped.rounded(.down)
        default: clamped.rounded(.towardZero)
        }
      let q = zip(thresholds, layer.zero).count { $1 == .positive ? y >= $0 : y > $0 }
      #expect(layer.scale * Double(q) + layer.offset == expected, "\(mode) of \(y)")
    }
  }

  @Test func bipolarIsASign() throws {
    for domain in ["qonnx.custom_op.general", "finn.custom_op.general", "onnx.brevitas"] {
      let trained = try model {
        $0.quantizer("BipolarQuant", "q", $1, [0.5], domain: domain)
      }.imported()
      #expect(trained.network.nodes.last?.layer as? ResidualSign == ResidualSign(levels: 1))
      #expect(trained.parameters["fc_sign.gammas"] == Tensor([0.5]))
      #expect(
        trained.remarks.last?.description
          == "note: model.onnx: sign(0) = +1 (BipolarQuant) in fc_sign")
    }
    let oneBit = try model {
      $0.quantizer("Quant", "q", $1, [0.25, 0, 1], attributes: Self.signed(1, narrow: 1))
    }.imported()
    #expect(oneBit.parameters["fc_sign.gammas"] == Tensor([0.25]))
  }

  @Test func aFactorBehindAQuantizerJoinsIt() throws {
    let trained = try model { model, x in
      let q = model.quantizer("Quant", "q", x, [1, 0, 2], attributes: Self.signed(0))
      let scaled = model.node("Mul", "m", q, model.constant("k", 0.5))
      return model.node("Sub", "s", scaled, model.constant("b", 0.75))
    }.imported()
    let layer = try #require(trained.network.nodes.last?.layer as? Quantizer)
    #expect(layer.scale == 0.5 && layer.offset == -0.75)
    #expect(
      try model { model, x in
        let q = model.quantizer("Quant", "q", x, [1, 0, 2], attributes: Self.signed(0))
        return model.node("Mul", "m", q, model.constant("k", -1))
      }.complaint() == """
        error: model.onnx: node 'm' (Mul): it changes a quantizer's values with a FLOAT [] \
        constant; one positive factor, or one number to add, is expected
        """)
  }

  @Test func aReluBeforeItIsDropped() throws {
    let trained = try model { model, x in
      model.quantizer(
        "Quant", "q", model.node("Relu", "r", x), [1, 0, 3], attributes: Self.signed(1))
    }.imported()
    // −4…−1 are out of reach.
    let layer = try #require(trained.network.nodes.last?.layer as? Quantizer)
    #expect(layer == Quantizer(scale: 1, offset: 0, zero: [.negative, .positive, .negative]))
    #expect(trained.parameters["q.thresholds"]?.values.prefix(3) == [0.5, 1.5, 2.5])
  }

  @Test(
    arguments: [
      ([0.5, 0, 5], "it has 32 values; up to 16 (4 bits) are supported"),
      ([-1, 0, 2], "its scale is -1.0 and its zero point 0.0; a positive scale is expected"),
      ([1, 0, 2.5], "its bit width is 2.5; 1…32 is expected"),
      ([1, 0, 99], "its bit width is 99.0; 1…32 is expected"),
      ([1, 0, 32], "it has 4294967296 values; up to 16 (4 bits) are supported"),
    ] as [([Float], String)])
  func otherQuantizersAreRefused(numbers: [Float], message: String) throws {
    let complaint = try model {
      $0.quantizer("Quant", "q", $1, numbers, attributes: Self.signed(0))
    }.complaint()
    #expect(
      complaint.split(separator: "\n").first.map(String.init)
        == "error: model.onnx: node 'q' (Quant): \(message)")
  }

  @Test func aScaleForEachChannelIsRefused() throws {
    let complaint = try model { model, x in
      model.quantizer("Quant", "q", x, [1, 0, 2], attributes: Self.signed(0))
      let last = model.proto.graph.node.count - 1
      model.proto.graph.node[last].input[1] = model.constant("scales", [3], [1, 2, 3])
      return "q"
    }.complaint()
    #expect(
      complaint == """
        error: model.onnx: node 'q' (Quant): its scale is a FLOAT [3] constant; one constant \
        number is expected
          hint: use one scale for all channels, and scale the channels in the batch norm before
        """)
  }

  @Test func otherAttributesAreRefused() throws {
    #expect(
      try model {
        $0.quantizer("Quant", "q", $1, [1, 0, 2], attributes: ["signed": 1])
      }.complaint()
        == "error: model.onnx: node 'q' (Quant): attribute narrow is missing; 0 or 1 is expected")
    var attributes = Self.signed(1)
    attributes["rounding_mode"] = .text("HALF_UP")
    #expect(
      try model {
        $0.quantizer("Quant", "q", $1, [1, 0, 2], attributes: attributes)
      }.complaint() == """
        error: model.onnx: node 'q' (Quant): attribute rounding_mode is HALF_UP; ROUND (half to \
        even), CEIL, FLOOR and ROUND_TO_ZERO are supported
        """)
    #expect(
      try model { $0.quantizer("Quant", "q", $1, [1, 0, 2], domain: "other") }.complaint()
        .hasPrefix("error: model.onnx: node 'q' (other.Quant): this operator is not supported"))
  }

  // MARK: Thresholds

  private func thresholds(
    _ shape: [Int64], _ values: [Float], _ attributes: [String: Attribute] = [:]
  ) -> ModelBuilder {
    model { model, x in
      model.quantizer("MultiThreshold", "q", x, [], attributes: attributes)
      let last = model.proto.graph.node.count - 1
      model.proto.graph.node[last].input.append(model.constant("t", shape, values))
      return "q"
    }
  }

  @Test func thresholdsAreReachedByEqualValues() throws {
    let one = try thresholds([1, 2], [-1, 2]).imported()
    #expect(
      one.network.nodes.last?.layer as? Quantizer
        == Quantizer(scale: 1, offset: 0, zero: [.positive, .positive]))
    #expect(
      one.parameters["q.thresholds"] == Tensor(shape: [3, 2], values: [-1, 2, -1, 2, -1, 2]))
    let each = try thresholds(
      [3, 1], [1, 2, 3], ["out_scale": 0.5, "out_bias": -1.0, "out_dtype": .text("FLOAT32")]
    ).imported()
    #expect(
      each.network.nodes.last?.layer as? Quantizer
        == Quantizer(scale: 0.5, offset: -1, zero: [.positive]))
    #expect(each.parameters["q.thresholds"] == Tensor(shape: [3, 1], values: [1, 2, 3]))
  }

  @Test func aBipolarThresholdIsASign() throws {
    let trained = try thresholds(
      [3, 1], [1, 2, 3],
      [
        "out_scale": 2.0, "out_bias": -1.0, "out_dtype": .text("BIPOLAR"),
        "data_layout": .text("NC"),
      ]
    ).imported()
    #expect(trained.network.nodes.last?.layer as? ResidualSign == ResidualSign(levels: 1))
    #expect(trained.parameters["fc.bias"] == Tensor([-1, -2, -3]))
  }

  @Test(
    arguments: [
      (
        [2, 1], [1, 2],
        "its thresholds [2, 1] are for axis 1 of [N] + [channels] of sizes [3]; one row for each channel is expected"
      ),
      ([1, 2], [2, 1], "its thresholds [0, 1] is 1.0 behind 2.0; ascending ones are expected"),
      ([2], [2, 1], "its thresholds have shape [2]; [channels, steps] is expected"),
    ] as [([Int64], [Float], String)])
  func otherThresholdsAreRefused(shape: [Int64], values: [Float], message: String) throws {
    #expect(
      try thresholds(shape, values).complaint()
        == "error: model.onnx: node 'q' (MultiThreshold): \(message)")
  }

  // MARK: Constants

  @Test func weightsAreQuantizedInFloat32() throws {
    let trained = try model { model, x in
      let sign = model.quantizer("BipolarQuant", "s", x, [1])
      let raw = model.constant("w", [3, 2], [0.3, -0.31, 0.05, 0.051, -9, 9])
      let weights = model.quantizer(
        "Quant", "w_quant", raw, [0.1, 0, 3], attributes: Self.signed(1, narrow: 1))
      return model.node("MatMul", "fc2", sign, weights)
    }.imported()
    let scale = Float(0.1)
    // 0.05 / 0.1 is 0.5 in float32, which goes to 0; 0.051 to 1.
    #expect(
      trained.parameters["fc2.weight"]?.values
        == [3, 0, -3, -3, 1, 3].map { Double($0 * scale) })
  }

  @Test func weightScalesMayDifferByOutput() throws {
    let trained = try model { model, x in
      let sign = model.quantizer("BipolarQuant", "s", x, [1])
      let raw = model.constant("w", [3, 2], [0.3, -0.31, 0, -1, -9, 9])
      model.quantizer("BipolarQuant", "w_quant", raw, [])
      let last = model.proto.graph.node.count - 1
      model.proto.graph.node[last].input.append(model.constant("scales", [1, 2], [0.5, 0.25]))
      return model.node("MatMul", "fc2", sign, "w_quant")
    }.imported()
    #expect(
      trained.parameters["fc2.weight"]?.values == [0.5, 0.5, -0.5, -0.25, -0.25, 0.25])
  }

  // MARK: Pixels

  private func pixels(_ rest: (inout ModelBuilder) -> String) -> ModelBuilder {
    var model = ModelBuilder(input: [4], type: .float)
    model.node("Mul", "double", "image", model.constant("two", 2))
    model.node("Sub", "x", "double", model.constant("one", 1))
    let x = rest(&model)
    model.output(model.dense("fc", x, 4, 3))
    return model
  }

  @Test func aQuantizerThatKeepsThePixelsIsTheirScale() throws {
    let network = try pixels {
      $0.quantizer("Quant", "q", "image", [1 / 255, 0, 8], attributes: Self.signed(0))
    }.imported().network
    #expect(network.nodes.count == 2)
    #expect(network.input?.bits == 8 && network.input?.offset == 0)
    #expect(network.input?.scale == Double(Float(1) / 255))
  }

  @Test func theSignOfThePixelsIsTheirTopBit() throws {
    let network = try pixels { $0.quantizer("BipolarQuant", "q", "x", [1]) }.imported().network
    #expect(network.input == Input(.vector(4), bits: 1, scale: 2, offset: -1))
    #expect(network.nodes.count == 2)
  }

  @Test func stepsOfTheTopBitsAreFewerBits() throws {
    // 0, 1, 2, 3 for u from 0, 64, 128, 192.
    let trained = try pixels {
      $0.quantizer(
        "Quant", "q", "image", [0.25098039, -0.5, 2], attributes: Self.signed(0))
    }.imported()
    #expect(trained.network.input?.bits == 2)
    #expect(trained.network.nodes.count == 2)
    #expect(
      trained.remarks.last?.description
        == "note: model.onnx: 'image' enters as 2 bits: the top 2 bits of each 8-bit pixel are used"
    )
  }

  @Test func otherStepsAreATableOfThePixels() throws {
    let trained = try pixels {
      $0.quantizer("Quant", "q", "x", [1, 0, 2], attributes: Self.signed(1, narrow: 1))
    }.imported()
    #expect(trained.network.nodes.map(\.name) == ["image", "image_lookup", "fc"])
    #expect(
      trained.network.nodes[1].layer as? Lookup
        == Lookup(
          (0..<256).map { $0 < 64 ? 0 : $0 < 192 ? 1 : 2 }, bits: 2, scale: 1, offset: -1))
    #expect(
      trained.remarks.last?.description
        == "note: model.onnx: 'image_lookup' gives each 8-bit pixel one of 3 values of 2 bits, "
        + "-1.0 + 1.0·q")
  }

  /// As Brevitas' networks for CIFAR-10 do it, with 2x − 1 in every spelling.
  @Test(arguments: [
    ["Mul 2", "Sub 1"], ["2 Mul", "Add -1"], ["Div 0.5", "-1 Add"], ["Sub 0.5", "Mul 2"],
    ["0.5 Sub", "Div -0.5"], ["Add -0.5", "Identity", "Add 0", "Div 0.5"],
  ]) func anotherGridOfEightBitsIsATable(steps: [String]) throws {
    let network = try pixels {
      let x = $0.append(steps, to: "image")
      return $0.quantizer("Quant", "q", x, [1 / 128, 0, 8], attributes: Self.signed(1))
    }.imported().network
    let table = (0..<256).map { pixel in
      let value = (Float(pixel) / 255 * 2 - 1) * 128
      return Int(min(max(value.rounded(.toNearestOrEven), -128), 127)) + 128
    }
    #expect(Set(table).count == 255)
    #expect(
      network.nodes[1].layer as? Lookup == Lookup(table, bits: 8, scale: 0x1p-7, offset: -1))
  }

  @Test func stepsFinerThanEightBitsAreRefused() throws {
    #expect(
      try pixels {
        $0.quantizer("Quant", "q", "x", [1 / 1024, 0, 12], attributes: Self.signed(1))
      }.complaint() == """
        error: model.onnx: node 'fc' (MatMul): the 256 values of the pixels, -1.0…1.0, are not \
        those of up to 256 even steps
          hint: quantize the input with up to 8 bits
        """)
  }

  @Test func pixelsHaveOneTableForAllChannels() throws {
    func model(_ thresholds: [Float]) throws -> ModelBuilder {
      var model = ModelBuilder(input: [2, 2, 2], type: .float)
      model.quantizer("MultiThreshold", "q", "image", [])
      let last = model.proto.graph.node.count - 1
      model.proto.graph.node[last].input.append(model.constant("t", [2, 2], thresholds))
      model.output(model.conv("c", "q", 2, 2, kernel: 2))
      return model
    }
    let network = try model([0.2, 0.5, 0.2, 0.5]).imported().network
    #expect(
      network.nodes[1].layer as? Lookup
        == Lookup(
          (0..<256).map { $0 < 51 ? 0 : $0 < 128 ? 1 : 2 }, bits: 2, scale: 1, offset: 0))
    #expect(
      try model([0.2, 0.5, 0.25, 0.5]).complaint() == """
        error: model.onnx: node 'q' (MultiThreshold): it quantizes the pixels of each channel in \
        another way; one way for all is supported
          hint: use the same thresholds for every channel
        """)
  }

  // MARK: Trunc

  @Test func aTruncatedMeanOfCodesHasSteps() throws {
    var model = ModelBuilder(input: [1, 5, 5], type: .float)
    var x = model.conv("c", "image", 2, 1)
    x = model.quantizer("Quant", "q", x, [1, 0, 2], attributes: Self.signed(0))
    x = model.node("AveragePool", "p", x, attributes: ["kernel_shape": [2, 2]])
    x = model.node("Mul", "sum", x, model.constant("four", 4))
    x = model.quantizer(
      "Trunc", "t", x, [1, 0, 4, 2], attributes: ["rounding_mode": .text("FLOOR")])
    model.output(model.conv("c2", x, 1, 2, kernel: 2))
    let trained = try model.imported()
    // 0…12 in four steps: 4, 8 and 12, each from half an integer below.
    #expect(trained.parameters["t.thresholds"]?.values.prefix(3) == [3.5, 7.5, 11.5])
    #expect(
      trained.network.nodes.first { $0.name == "t" }?.layer as? Quantizer
        == Quantizer(scale: 1, offset: 0, zero: [.positive, .positive, .positive]))
    let open = self.model { $0.quantizer("Trunc", "t", $1, [1, 0, 8, 4]) }
    #expect(
      try open.complaint() == """
        error: model.onnx: node 't' (Trunc): the range of its input is not known; the average of \
        codes is supported
          hint: quantize with Quant instead
        """)
  }
}
