// SPDX-License-Identifier: Apache-2.0

import Diagnostics
import Modeling
import TestSupport
import Testing

@testable import ONNXImport

/// Graphs with several outputs: chains of 2 levels and of 1 over the same weights.
@Suite(.tags(.unit)) struct GraphOutputTests {
  /// - Parameter sharesCasts: whether one Cast of the weights serves both chains, or each has its own.
  private func switchable(sharesCasts: Bool = true) -> ModelBuilder {
    var model = ModelBuilder.small()
    model.proto.graph.output = []
    model.node("Identity", "scores", "fc2_norm")
    model.output("scores")

    func dense(_ name: String, _ x: String) -> String {
      let weight =
        sharesCasts
        ? "\(name)_weight"
        : model.node("Cast", "\(name)_weight_m1", "\(name).weight", attributes: ["to": 1])
      return model.node("MatMul", "\(name)_m1", x, weight)
    }
    var x = dense("fc1", "flat")
    x = model.batchNorm("fc1_norm_m1", x, 3)
    model.proto.graph.initializer.removeAll { $0.name == "fc1_norm_m1.bias" }
    model.constant("fc1_norm_m1.bias", [3], [7, 8, 9])
    x = model.residualSign("fc1_sign_m1", x, [0.75])
    x = dense("fc2", x)
    model.node("Identity", "scores_m1", model.batchNorm("fc2_norm_m1", x, 2))
    model.output("scores_m1")
    return model
  }

  @Test(arguments: [true, false]) func eachOutputIsANetworkOfItsOwn(sharesCasts: Bool) throws {
    let model = switchable(sharesCasts: sharesCasts)
    let two = try model.imported(output: "scores")
    #expect(two.network.name == "net")
    let alone = try ModelBuilder.small().imported()
    #expect(two.network.nodes.map(\.name) == alone.network.nodes.map(\.name))
    #expect(two.parameters == alone.parameters)

    let one = try model.imported(output: "scores_m1")
    #expect(one.network.name == "net-scores_m1")
    #expect(
      one.network.nodes.map(\.name) == [
        "image", "image_flatten", "fc1_m1", "fc1_norm_m1", "fc1_sign_m1", "fc2_m1", "fc2_norm_m1",
      ])
    for layer in ["fc1", "fc2"] {
      let weight = try #require(two.parameters["\(layer).weight"])
      #expect(one.parameters["\(layer)_m1.weight"] == weight)
    }
    #expect(one.parameters["fc1_norm_m1.bias"] == Tensor([7, 8, 9]))
    #expect(one.parameters["fc1_sign_m1.gammas"] == Tensor([0.75]))
    #expect(one.parameters.tensors.count == two.parameters.tensors.count)
  }

  @Test func withoutANameTheFirstIsReadWithARemark() throws {
    let model = switchable()
    #expect(try ONNXModel(model.bytes, name: "model.onnx").outputs == ["scores", "scores_m1"])
    let trained = try model.imported()
    #expect(
      trained.remarks.map(\.description) == [
        """
        note: model.onnx: output 'scores': the first of 2 outputs is read; choose another with \
        `--model-output`: 'scores_m1'
        """,
        "note: model.onnx: sign(0) = +1 (GreaterOrEqual) in fc1_sign",
      ])
    let named = try model.imported(output: "scores")
    #expect(named.network.name == trained.network.name)
    #expect(named.network.nodes.map(\.name) == trained.network.nodes.map(\.name))
    #expect(named.parameters == trained.parameters)
    #expect(named.remarks == Array(trained.remarks.dropFirst()))
  }

  @Test func oneOutputNeedsNoRemark() throws {
    let model = ModelBuilder.small()
    #expect(try ONNXModel(model.bytes, name: "model.onnx").remarkOnOutputs == nil)
    let named = try model.imported(output: "fc2_norm")
    #expect(named.network.name == "net")
    #expect(named.remarks == (try model.imported().remarks))
  }

  /// The chain of another output may hold what cannot be read.
  @Test func onlyTheChosenOutputIsRead() throws {
    var model = switchable()
    let index = try #require(model.proto.graph.node.firstIndex { $0.name == "fc2_m1" })
    model.proto.graph.node[index].opType = "LSTM"
    let trained = try model.imported()
    #expect(trained.parameters == (try switchable().imported().parameters))
    #expect(trained.remarks == (try switchable().imported().remarks))
    #expect(
      try model.complaint(output: "scores_m1").hasPrefix(
        "error: model.onnx: node 'fc2_m1' (LSTM): this operator is not supported"))
  }

  @Test func anUnknownOutputIsRefusedWithThoseThatAreThere() throws {
    #expect(
      // A value inside the graph is no output.
      try switchable().complaint(output: "fc1_m1") == """
        error: model.onnx: the graph has no output 'fc1_m1'; its outputs are 'scores', 'scores_m1'
          hint: choose one of them with `--model-output`; without it 'scores' is read
        """)
    #expect(
      try ModelBuilder.small().complaint(output: "scores") == """
        error: model.onnx: the graph has no output 'scores'; its output is 'fc2_norm'
          hint: leave `--model-output` out
        """)
    #expect(
      try ModelBuilder().complaint(output: "scores") == """
        error: model.onnx: the graph has no nodes
        error: model.onnx: the graph has 0 outputs; one is expected
        """)
  }
}
