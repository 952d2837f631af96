// SPDX-License-Identifier: Apache-2.0

import Modeling
import TestSupport
import Testing

@testable import ONNXImport

/// Batch norm, as one node and in parts.
@Suite(.tags(.unit)) struct NormalizationTests {
  /// pixels → fc, 2 sums → `rest` → output
  private func model(_ rest: (inout ModelBuilder) -> String) -> ModelBuilder {
    var model = ModelBuilder()
    let x = model.scaledPixels()
    model.node("MatMul", "fc", x, model.constant("w", [4, 2], [1, -1, 1, 1, 0, -1, -1, 1]))
    model.output(rest(&model))
    return model
  }

  @Test func epsilonIsTheFloat32OfTheFile() throws {
    var model = model { $0.batchNorm("norm", "fc", 2) }
    let last = model.proto.graph.node.count - 1
    model.proto.graph.node[last].attribute = []
    let byDefault = try model.imported().network.nodes.last?.layer as? BatchNorm
    #expect(byDefault?.epsilon == Double(Float(1e-5)))
    model.proto.graph.node[last].attribute = [
      (Attribute.real(0.001)).proto(named: "epsilon"),
      (Attribute.real(0.9)).proto(named: "momentum"),
      (Attribute.integer(0)).proto(named: "training_mode"),
    ]
    let given = try model.imported().network.nodes.last?.layer as? BatchNorm
    #expect(given?.epsilon == Double(Float(0.001)))
  }

  @Test(
    arguments: [
      (["Add 2"], [0.5, 1.5], [1, 2]), (["Mul 2"], [1, 3], [-2, 0]),
      (["Div 2"], [0.25, 0.75], [-0.5, 0]),
      (["Neg", "Sub 1"], [-0.5, -1.5], [0, -1]),
    ] as [([String], [Double], [Double])])
  func arithmeticJoinsTheBatchNormBeforeIt(
    steps: [String], scale: [Double], bias: [Double]
  ) throws {
    let trained = try model { model in
      model.append(steps, to: model.batchNorm("norm", "fc", 2))
    }.imported()
    #expect(trained.network.nodes.map(\.name) == ["image", "image_flatten", "fc", "norm"])
    #expect(trained.parameters["norm.scale"]?.values == scale)
    #expect(trained.parameters["norm.bias"]?.values == bias)
    #expect(trained.parameters["norm.mean"]?.values == [0, 2])
  }

  @Test func aDivisorWithoutAnExactReciprocalBecomesAVariance() throws {
    let trained = try model { $0.append(["Sub 1", "Div -3", "Mul 5", "Add 7"], to: "fc") }
      .imported()
    #expect(trained.network.nodes.map(\.name) == ["image", "image_flatten", "fc", "fc_norm"])
    #expect(trained.network.nodes[3].layer as? BatchNorm == BatchNorm(epsilon: 0))
    let parameters = trained.parameters
    #expect(parameters["fc.bias"] == Tensor([-1, -1]))
    #expect(parameters["fc_norm.variance"] == Tensor([9, 9]))
    #expect(parameters["fc_norm.scale"] == Tensor([-5, -5]))
    #expect(parameters["fc_norm.mean"] == Tensor([0, 0]))
    #expect(parameters["fc_norm.bias"] == Tensor([7, 7]))
  }

  @Test func whatWouldBeRoundedBecomesABatchNormOfItsOwn() throws {
    // 2⁻⁵⁰ and 1.5 · 2⁵⁰ have no exact sum in double.
    let trained = try model { model in
      model.node("Add", "a", "fc", model.constant("b1", 0x1.8p50))
      return model.node("Add", "b", "a", model.constant("b2", 0x1p-50))
    }.imported()
    #expect(trained.parameters["fc.bias"]?.values == [0x1.8p50, 0x1.8p50])
    #expect(trained.parameters["fc_norm.bias"]?.values == [0x1p-50, 0x1p-50])
    #expect(trained.parameters["fc_norm.scale"]?.values == [1, 1])
    #expect(trained.parameters["fc_norm.variance"]?.values == [1, 1])
  }

  @Test func aBatchNormMayFollowAScaleAndABias() throws {
    let trained = try model { model in
      model.node("Mul", "scaling", "fc", model.constant("alpha", [1, 2], [0.5, -3]))
      model.node("Add", "biased", "scaling", model.constant("b", [2], [1, 2]))
      return model.batchNorm("norm", "biased", 2)
    }.imported()
    #expect(trained.network.nodes.map(\.name) == ["image", "image_flatten", "fc", "norm"])
    #expect(trained.parameters["fc.weight"]?.values == [0.5, 0.5, 0, -0.5, 3, -3, 3, -3])
    #expect(trained.parameters["fc.bias"]?.values == [1, 2])
  }

  @Test func exactArithmeticIsToldFromRounded() {
    #expect(0.1.exactSum(0) == 0.1)
    #expect(1.0.exactSum(0x1p-52) == 1 + 0x1p-52)
    #expect(1.0.exactSum(0x1p-60) == nil)
    #expect(0x1p-60.exactSum(1) == nil)
    #expect(Double.infinity.exactSum(1) == nil)
    #expect(3.0.exactProduct(5) == 15)
    #expect(0.1.exactProduct(0.1) == nil)
    #expect(0.0.exactProduct(0.1) == 0)
    #expect(0x1p-600.exactProduct(0x1p-600) == nil)
    #expect(0x1p600.exactProduct(0x1p600) == nil)
    #expect(6.0.exactQuotient(4) == 1.5)
    #expect(1.0.exactQuotient(3) == nil)
    #expect(1.0.exactQuotient(0) == nil)
    #expect(0.0.exactQuotient(3) == 0)
    #expect(1.0.exactQuotient(.infinity) == nil)
  }

  @Test(
    arguments: [
      ("training_mode", 1, "attribute training_mode is 1; only 0 is supported"),
      ("spatial", 0, "attribute spatial is 0; only 1 is supported"),
      ("epsilon", 1, "attribute epsilon is not a number"),
      ("other", 1, "attribute other is not supported"),
    ] as [(String, Int64, String)])
  func otherAttributesAreRefused(name: String, value: Int64, message: String) throws {
    var model = model { $0.batchNorm("norm", "fc", 2) }
    let last = model.proto.graph.node.count - 1
    model.proto.graph.node[last].attribute = [Attribute.integer(value).proto(named: name)]
    #expect(
      try model.complaint()
        == "error: model.onnx: node 'norm' (BatchNormalization): \(message)")
  }

  @Test func parametersMustBeConstantsOfTheRightShape() throws {
    #expect(
      try model { $0.batchNorm("norm", "fc", 3) }.complaint() == """
        error: model.onnx: node 'norm' (BatchNormalization): its scale has shape [3]; [2] is \
        expected
        """)
    var variable = model { $0.batchNorm("norm", "fc", 2) }
    let last = variable.proto.graph.node.count - 1
    variable.proto.graph.node[last].input[3] = "flat"
    #expect(
      try variable.complaint() == """
        error: model.onnx: node 'norm' (BatchNormalization): its mean is 8-bit pixels [4]; a \
        constant is expected
          hint: export the model in evaluation mode: model.eval()
        """)
    variable.proto.graph.node[last].input[3] = ""
    #expect(
      try variable.complaint() == """
        error: model.onnx: node 'norm' (BatchNormalization): its mean is missing; a constant is \
        expected
          hint: export the model in evaluation mode: model.eval()
        """)
  }

  @Test func theInputMustBeSums() throws {
    var model = ModelBuilder()
    let x = model.scaledPixels()
    model.output(model.batchNorm("norm", x, 4))
    #expect(
      try model.complaint() == """
        error: model.onnx: node 'norm' (BatchNormalization): its input is 8-bit pixels [4] and a \
        FLOAT [4] constant and a FLOAT [4] constant and a FLOAT [4] constant and a FLOAT [4] \
        constant; the real map that a linear layer makes is supported
        """)
  }

  @Test func aVarianceThatIsNotPositiveIsFoundByTheNetworksChecks() throws {
    var model = model { $0.batchNorm("norm", "fc", 2) }
    let index = try #require(
      model.proto.graph.initializer.firstIndex { $0.name == "norm.var" })
    model.proto.graph.initializer[index] = ModelBuilder.tensor("norm.var", [2], floats: [1, -1])
    #expect(
      try model.complaint()
        == "error: model.onnx: net.layers[2] (BatchNorm): variance[1] + epsilon is -0.75; it must "
        + "be positive")
  }

  @Test func castsOfSumsMustKeepThem() throws {
    let trained = try model { model in
      model.node("Cast", "wide", "fc", attributes: ["to": 11])
      return model.node("Cast", "narrow", "wide", attributes: ["to": 1])
    }.imported()
    #expect(trained.network.nodes.count == 3)
    #expect(
      try model { $0.node("Cast", "half", "fc", attributes: ["to": 10]) }.complaint() == """
        error: model.onnx: node 'half' (Cast): a cast of a map to FLOAT16 is not supported
          hint: use FLOAT
        """)
  }

  @Test func dividingByAMapOrByZeroIsRefused() throws {
    #expect(
      try model { $0.append(["2 Div"], to: "fc") }.complaint() == """
        error: model.onnx: node 'step0' (Div): its input is a FLOAT [] constant and a real map \
        [2]; a constant with a constant, pixels, a real map or one residual level, and the levels \
        of one residual sign, is supported
        """)
    #expect(
      try model { $0.append(["Div 0"], to: "fc") }.complaint() == """
        error: model.onnx: node 'step0' (Div): it divides by numbers whose reciprocals cannot be \
        kept exactly
          hint: multiply by a constant instead
        """)
  }
}
