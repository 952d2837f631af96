// SPDX-License-Identifier: Apache-2.0

import Modeling
import TestSupport
import Testing

@testable import ONNXImport

/// The last node of a network.
@Suite(.tags(.unit)) struct ClassificationTests {
  private func model(_ attributes: [String: Attribute]) -> ModelBuilder {
    var model = ModelBuilder.small()
    model.node("ArgMax", "ArgMax_1", "fc2_norm", attributes: attributes)
    model.proto.graph.output = []
    model.output("ArgMax_1")
    return model
  }

  @Test(arguments: [Int64(1), -1], [Int64(0), 1])
  func theLargestScoreIsTheClass(axis: Int64, keepsAxis: Int64) throws {
    let trained = try model(["axis": .integer(axis), "keepdims": .integer(keepsAxis)]).imported()
    #expect(trained.network.nodes.last?.name == "class")
    #expect(trained.network.nodes.last?.layer is ArgMax)
    #expect(try trained.network.features().last?.values == .index)
  }

  @Test func theIndexMayBeCastAndReshaped() throws {
    var model = model(["axis": 1])
    model.node("Cast", "cast", "ArgMax_1", attributes: ["to": 6])
    model.node("Squeeze", "label", "cast", model.integers("axes", [1]))
    model.proto.graph.output = []
    model.output("label")
    #expect(try model.imported().network.nodes.last?.layer is ArgMax)
  }

  @Test(
    arguments: [
      (
        [:],
        "attribute axis is 0 for a map of sizes [N] + [2]; the axis of the classes, 1 of 2, is "
          + "expected"
      ),
      (
        ["axis": 1, "select_last_index": 1], "attribute select_last_index is 1; only 0 is supported"
      ),
    ] as [([String: Attribute], String)])
  func otherAxesAreRefused(attributes: [String: Attribute], message: String) throws {
    #expect(
      try model(attributes).complaint()
        == "error: model.onnx: node 'ArgMax_1' (ArgMax): \(message)")
  }

  @Test func theScoresMustBeReal() throws {
    var model = ModelBuilder()
    let x = model.scaledPixels()
    model.node("ArgMax", "class", x, attributes: ["axis": 1])
    model.output("class")
    #expect(
      try model.complaint() == """
        error: model.onnx: node 'class' (ArgMax): its input is 8-bit pixels [4]; a vector of real \
        scores is supported
        """)
  }

  @Test func theOutputIsWhatALayerMakes() throws {
    var model = ModelBuilder.small()
    model.proto.graph.output = []
    model.output("fc1_sign_bit1")
    #expect(
      try model.complaint() == """
        error: model.onnx: output 'fc1_sign_bit1': it is the result of a comparison; the output \
        of a layer is expected
        """)
    model.proto.graph.output = []
    model.output("fc1_weight")
    #expect(
      try model.complaint() == """
        error: model.onnx: output 'fc1_weight': it is a FLOAT [4, 3] constant; the output of a \
        layer is expected
        """)
    model.proto.graph.output = []
    model.output("flat")
    #expect(try model.imported().network.nodes.count == 2)
    model.proto.graph.output = []
    model.output("fc1_sign_sum2")
    #expect(try model.imported().network.nodes.last?.name == "fc1_sign")
  }
}
