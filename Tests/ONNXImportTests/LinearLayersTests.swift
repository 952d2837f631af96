// SPDX-License-Identifier: Apache-2.0

import Modeling
import TestSupport
import Testing

@testable import ONNXImport

/// Products with weights, in every form that exporters write.
@Suite(.tags(.unit)) struct LinearLayersTests {
  private static let signs: [Float] = [1, -1, 1, 1, 0, -1, -1, 1]
  private static let transposed: [Double] = [1, 1, 0, -1, -1, 1, -1, 1]

  /// pixels → 4 values → `layer` → output
  private func model(_ layer: (inout ModelBuilder, String) -> String) -> ModelBuilder {
    var model = ModelBuilder()
    let x = model.scaledPixels()
    model.output(layer(&model, x))
    return model
  }

  private func parameters(
    _ layer: (inout ModelBuilder, String) -> String
  ) throws -> [String: Tensor] {
    let trained = try model(layer).imported()
    #expect(trained.network.nodes.map(\.name) == ["image", "image_flatten", "fc"])
    return trained.parameters.tensors
  }

  @Test func floatWeightsAreTaken() throws {
    let parameters = try parameters { model, x in
      model.node("MatMul", "fc", x, model.constant("w", [4, 2], Self.signs))
    }
    #expect(parameters == ["fc.weight": Tensor(shape: [2, 4], values: Self.transposed)])
  }

  @Test func weightsMayBeCastTransposedAndScaled() throws {
    let parameters = try parameters { model, x in
      model.bytes("w", [2, 4], Self.transposed.map { Int8($0) })
      model.node("Cast", "float", "w", attributes: ["to": 1])
      model.node("Transpose", "turned", "float", attributes: ["perm": [1, 0]])
      model.node("Mul", "weighted", "turned", model.constant("alpha", [2], [0.5, 3]))
      model.node("Identity", "same", "weighted")
      return model.node("MatMul", "fc", x, "same")
    }
    #expect(
      parameters["fc.weight"]?.values == [0.5, 0.5, 0, -0.5, -3, 3, -3, 3])
  }

  @Test func weightsMayBeAConstantNode() throws {
    let parameters = try parameters { model, x in
      model.node(
        "Constant", "w",
        attributes: ["value": .tensor(ModelBuilder.tensor("", [4, 2], floats: Self.signs))])
      return model.node("MatMul", "fc", x, "w")
    }
    #expect(parameters["fc.weight"]?.values == Self.transposed)
  }

  @Test func gemmIsTakenWithAllItsAttributes() throws {
    let plain = try parameters { model, x in
      model.node("Gemm", "fc", x, model.constant("w", [4, 2], Self.signs))
    }
    #expect(plain == ["fc.weight": Tensor(shape: [2, 4], values: Self.transposed)])
    let full = try parameters { model, x in
      model.node(
        "Gemm", "fc", x, model.constant("w", [2, 4], Self.transposed.map { Float($0) }),
        model.constant("b", [2], [1, -3]),
        attributes: ["alpha": 0.5, "beta": 2.0, "transA": 0, "transB": 1])
    }
    #expect(full["fc.weight"]?.values == Self.transposed.map { 0.5 * $0 })
    #expect(full["fc.bias"] == Tensor([2, -6]))
    let scalar = try parameters { model, x in
      model.node(
        "Gemm", "fc", x, model.constant("w", [4, 2], Self.signs), model.constant("b", [1], [7]))
    }
    #expect(scalar["fc.bias"] == Tensor([7, 7]))
  }

  @Test(
    arguments: [
      (["Add 3"], 1, 3), (["Sub 3"], 1, -3), (["Mul 0.5"], 0.5, 0), (["Mul 0"], 0, 0),
      (["Mul -2", "Add 1"], -2, 1), (["Add 1", "Mul -2"], -2, -2), (["Div 4"], 0.25, 0),
      (["Add 1", "Add 2"], 1, 3), (["3 Sub"], -1, 3), (["Neg"], -1, 0), (["3 Add"], 1, 3),
    ] as [([String], Double, Double)])
  func arithmeticJoinsTheLayer(steps: [String], factor: Double, bias: Double) throws {
    let parameters = try parameters { model, x in
      model.append(
        steps, to: model.node("MatMul", "fc", x, model.constant("w", [4, 2], Self.signs)))
    }
    #expect(parameters["fc.weight"]?.values == Self.transposed.map { factor * $0 })
    #expect(parameters["fc.bias"] == (bias == 0 ? nil : Tensor([bias, bias])))
  }

  @Test(arguments: [[], [1], [2], [1, 2]] as [[Int64]])
  func constantsOfEveryBroadcastShapeAreTaken(shape: [Int64]) throws {
    let count = Int(shape.reduce(1, *))
    let parameters = try parameters { model, x in
      model.node("MatMul", "fc", x, model.constant("w", [4, 2], Self.signs))
      return model.node(
        "Add", "sum", "fc", model.constant("b", shape, Array([5, 6].prefix(count))))
    }
    #expect(parameters["fc.bias"] == Tensor(count == 1 ? [5, 5] : [5, 6]))
  }

  @Test func whatUsesTheSumBeforeTheBiasKeepsItsMeaning() throws {
    var model = ModelBuilder()
    let x = model.scaledPixels()
    model.node("MatMul", "fc", x, model.constant("w", [4, 2], Self.signs))
    model.node("Add", "biased", "fc", model.constant("b", 1))
    let plain = model.residualSign("s1", "fc", [1])
    model.residualSign("s2", "biased", [1])
    model.output(model.dense("fc2", plain, 2, 2))
    let trained = try model.imported()
    #expect(trained.parameters["fc.bias"] == nil)
    #expect(trained.network.nodes.map(\.name) == ["image", "image_flatten", "fc", "s1", "fc2"])
  }

  @Test(
    arguments: [
      ([3, 2], "its weights [3, 2] take 3 inputs and give 2 outputs; 4 inputs enter"),
      ([4, 2, 1], "its weights have shape [4, 2, 1]; two axes are expected"),
      ([4, 0], "its weights [4, 0] take 4 inputs and give 0 outputs; 4 inputs enter"),
    ] as [([Int64], String)])
  func weightsMustFit(shape: [Int64], message: String) throws {
    let count = Int(shape.reduce(1, *))
    let complaint = try model { model, x in
      model.node("MatMul", "fc", x, model.constant("w", shape, Array(repeating: 1, count: count)))
    }.complaint()
    #expect(complaint == "error: model.onnx: node 'fc' (MatMul): \(message)")
  }

  @Test func theInputMustBeAVectorOfCodes() throws {
    var model = ModelBuilder()
    model.node("MatMul", "fc", "image", model.constant("w", [2, 2], [1, 1, 1, 1]))
    model.output("fc")
    #expect(
      try model.complaint() == """
        error: model.onnx: node 'fc' (MatMul): its input has sizes [N] + [1, 2, 2]; a vector is \
        expected
          hint: put Flatten before it
        """)
    model = ModelBuilder()
    let x = model.dense("fc1", model.scaledPixels(), 4, 3)
    model.output(model.dense("fc2", x, 3, 2))
    #expect(
      try model.complaint() == """
        error: model.onnx: node 'fc2' (MatMul): its input is a real map; pixels or a residual \
        sign are expected, as a binary layer takes residual codes
          hint: binarise the activations before this node
        """)
    model = ModelBuilder()
    model.scaledPixels()
    model.node("MatMul", "fc", model.constant("w", [2, 1], [1, 1]), "flat")
    model.output("fc")
    #expect(
      try model.complaint() == """
        error: model.onnx: node 'fc' (MatMul): its input is a FLOAT [2, 1] constant and 8-bit \
        pixels [4]; a vector times constant weights is supported
        """)
  }

  @Test func gemmOfTheTransposedInputIsRefused() throws {
    let complaint = try model { model, x in
      model.node(
        "Gemm", "fc", x, model.constant("w", [4, 2], Self.signs), attributes: ["transA": 1])
    }.complaint()
    #expect(
      complaint
        == "error: model.onnx: node 'fc' (Gemm): attribute transA is 1; only 0 is supported")
  }

  @Test func aBiasMustFitTheOutputs() throws {
    let complaint = try model { model, x in
      model.node("MatMul", "fc", x, model.constant("w", [4, 2], Self.signs))
      return model.node("Add", "sum", "fc", model.constant("b", [3], [1, 2, 3]))
    }.complaint()
    #expect(
      complaint == """
        error: model.onnx: node 'sum' (Add): a constant of shape [3] for a map of sizes [N] + \
        [2]; one number, or one for each channel, is expected
        """)
  }

  @Test func weightsThatAreNotBinaryAreFoundByTheNetworksChecks() throws {
    let complaint = try model { model, x in
      model.node("MatMul", "fc", x, model.constant("w", [4, 1], [1, -1, 0.03125, 1]))
    }.complaint()
    #expect(
      complaint == """
        error: model.onnx: net.layers[1] (Dense): weight[0, 0] has magnitude 1.0, others of that \
        row 0.03125; a row holds −α, 0 and +α, or integers up to 15 \
        times α, only
          hint: binarise the weights before the export
        """)
    let infinite = try model { model, x in
      model.node("MatMul", "fc", x, model.constant("w", [4, 1], [1, -1, .infinity, 1]))
    }.complaint()
    #expect(
      infinite == """
        error: model.onnx: net.layers[1] (Dense): parameter 'fc.weight' holds inf at position 2; \
        finite numbers are expected
          hint: the training diverged, or the file is damaged
        """)
  }
}

extension ModelBuilder {
  /// Nodes from words: `Mul 2`, `3 Sub`, `Neg`.
  mutating func append(_ steps: [String], to start: String) -> String {
    var x = start
    for (index, step) in steps.enumerated() {
      let words = step.split(separator: " ").map(String.init)
      let type = words.first { Float($0) == nil } ?? ""
      guard let number = words.lazy.compactMap(Float.init).first else {
        x = node(type, "step\(index)", x)
        continue
      }
      let c = constant("c\(index)", number)
      let isFirst = Float(words[0]) != nil
      x = node(type, "step\(index)", isFirst ? c : x, isFirst ? x : c)
    }
    return x
  }
}
