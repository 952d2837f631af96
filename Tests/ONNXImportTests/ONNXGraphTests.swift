// SPDX-License-Identifier: Apache-2.0

import Modeling
import TestSupport
import Testing

@testable import ONNXImport

/// The structure of graphs.
@Suite(.tags(.unit)) struct ONNXGraphTests {
  @Test(arguments: 0..<20) func theOrderOfTheNodesDoesNotMatter(seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    let expected = try ModelBuilder.small().imported()
    var model = ModelBuilder.small()
    model.proto.graph.node.shuffle(using: &random)
    let trained = try model.imported()
    #expect(trained.network.nodes.map(\.name) == expected.network.nodes.map(\.name))
    #expect(trained.parameters == expected.parameters)
    #expect(trained.remarks == expected.remarks)
  }

  @Test func whatTheOutputDoesNotNeedIsNotRead() throws {
    var model = ModelBuilder.small()
    model.node("Conv", "unused", "fc1", "nowhere")
    #expect(try model.imported().network.nodes.count == 7)
  }

  @Test func initializersMayBeInputsToo() throws {
    var model = ModelBuilder.small()
    model.proto.graph.input.append(ModelBuilder.declaration("scale", .float, batch: nil, []))
    #expect(try model.imported().network.nodes.count == 7)
  }

  @Test func aGraphHasOneInputAndAnOutput() throws {
    var model = ModelBuilder()
    #expect(
      try model.complaint() == """
        error: model.onnx: the graph has no nodes
        error: model.onnx: the graph has 0 outputs; one is expected
        """)
    model = .small()
    model.proto.graph.input.append(ModelBuilder.declaration("more", .uint8, batch: "N", [4]))
    #expect(
      try model.complaint() == """
        error: model.onnx: the graph has 2 inputs ('image', 'more'); one is expected
        """)
    model.proto.graph.input = []
    #expect(
      try model.complaint() == "error: model.onnx: the graph has 0 inputs; one is expected")
  }

  @Test func everyNameHasOneOrigin() throws {
    var model = ModelBuilder.small()
    model.node("Neg", "scale", "image")
    model.node("Neg", "fc1", "image")
    model.constant("zero", 1)
    #expect(
      try model.complaint() == """
        error: model.onnx: the name 'zero' has two origins; a value is made once
        error: model.onnx: node 'scale' (Neg): output 'scale' is made elsewhere too; a value is \
        made once
        error: model.onnx: node 'fc1' (Neg): output 'fc1' is made elsewhere too; a value is made \
        once
        """)
  }

  @Test func missingNamesAreReportedTogether() throws {
    var model = ModelBuilder()
    model.node("MatMul", "fc1", "flat", "weight")
    model.node("Add", "", "fc1", "bias")
    model.output("")
    #expect(
      try model.complaint() == "error: model.onnx: the output '' is made by no node at all")
    model.proto.graph.output = []
    model.proto.graph.node[1].output = ["sum"]
    model.output("sum")
    #expect(
      try model.complaint() == """
        error: model.onnx: node 'fc1' (MatMul): input 'flat' is made by no node and is no \
        initializer
        error: model.onnx: node 'fc1' (MatMul): input 'weight' is made by no node and is no \
        initializer
        error: model.onnx: node 1 (Add): input 'bias' is made by no node and is no initializer
        """)
  }

  @Test func cyclesAreFound() throws {
    var model = ModelBuilder()
    model.node("Add", "a", "image", "c")
    model.node("Neg", "b", "a")
    model.node("Neg", "c", "b")
    model.node("Neg", "d", "c")
    model.output("d")
    let complaint = try model.complaint()
    #expect(complaint.hasPrefix("error: model.onnx: node '"))
    #expect(
      complaint.hasSuffix("it depends on its own output; a network without cycles is expected"))
    #expect(!complaint.contains("'d'"))

    model = ModelBuilder()
    model.node("Neg", "self", "self")
    model.output("self")
    #expect(
      try model.complaint() == """
        error: model.onnx: node 'self' (Neg): it depends on its own output; a network without \
        cycles is expected
        """)
  }

  @Test func sparseInitializersAreNamed() throws {
    var model = ModelBuilder()
    var sparse = ONNXSparseTensorProto()
    sparse.values.name = "weight"
    model.proto.graph.sparseInitializer = [sparse]
    model.node("Mul", "scaled", "image", "weight")
    model.output("scaled")
    #expect(
      try model.complaint() == """
        error: model.onnx: node 'scaled' (Mul): input 'weight' is a sparse initializer; an \
        ordinary one is expected
          hint: store the zeros too
        """)
  }

  @Test func onlyTheFirstOutputOfANodeCanBeUsed() throws {
    var model = ModelBuilder()
    model.node("Flatten", "flat", "image")
    model.proto.graph.node[0].output.append("second")
    model.node("Neg", "negative", "second")
    model.output("negative")
    #expect(
      try model.complaint() == """
        error: model.onnx: node 'negative' (Neg): input 'second' is not the first output of its \
        node; only that is supported
        """)
    model.proto.graph.output = []
    model.output("second")
    #expect(
      try model.complaint() == """
        error: model.onnx: output 'second': it is not the first output of its node; only that is \
        supported
        """)
  }

  @Test func anUnknownOperatorIsNamedWithWhatIsSupported() throws {
    var model = ModelBuilder()
    model.node("LSTM", "LSTM_4", "image")
    model.node("Neg", "behind", "LSTM_4")
    model.output("behind")
    #expect(
      try model.complaint() == """
        error: model.onnx: node 'LSTM_4' (LSTM): this operator is not supported; supported are \
        Abs, Add, ArgMax, AveragePool, BatchNormalization, BipolarQuant, Cast, Ceil, Clip, \
        Concat, Constant, ConstantOfShape, Conv, DequantizeLinear, Div, Flatten, Floor, Gather, \
        Gemm, GlobalAveragePool, Greater, GreaterOrEqual, Identity, IntQuant, Less, LessOrEqual, \
        MatMul, MaxPool, Mul, MultiThreshold, Neg, Not, Pad, Pow, Quant, Reciprocal, ReduceMean, \
        Relu, Reshape, Round, Shape, Sign, Slice, Sqrt, Squeeze, Sub, Transpose, Trunc, \
        Unsqueeze, Where
        """)
    model.proto.graph.node[0].domain = "qonnx.custom_op.general"
    model.proto.graph.node[0].name = ""
    #expect(
      try model.complaint().hasPrefix(
        "error: model.onnx: node 0 (qonnx.custom_op.general.LSTM): this operator is not supported"))
    model.proto.graph.node[0].domain = ""
    model.proto.graph.node[0].opType = "Softmax"
    #expect(
      try model.complaint().hasSuffix(
        "\n  hint: leave it out: the largest score stays the largest"))
  }

  @Test func inputsAndAttributesAreCounted() throws {
    var model = ModelBuilder()
    model.node("Neg", "a", "image", "image")
    model.node("Where", "b", "image")
    model.node("Flatten", "c", "image", attributes: ["order": 1])
    model.node("Reshape", "d", "a", "b")
    model.node("Add", "e", "d", "c")
    model.node("Squeeze", "f", "e", "e", "e")
    model.output("f")
    #expect(
      try model.complaint() == """
        error: model.onnx: node 'a' (Neg): it takes 1 input, not 2
        error: model.onnx: node 'b' (Where): it takes 3 inputs, not 1
        error: model.onnx: node 'c' (Flatten): attribute order is not supported
        """)
  }
}
