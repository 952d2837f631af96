// SPDX-License-Identifier: Apache-2.0

import Modeling
import TestSupport
import Testing

@testable import ONNXImport

/// The declaration of a graph's input.
@Suite(.tags(.unit)) struct GraphInputTests {
  @Test(
    arguments: [
      ([3, 4, 5], Shape(height: 4, width: 5, channels: 3), true),
      ([4, 5], Shape(height: 4, width: 5, channels: 1), true),
      ([60], Shape.vector(60), false),
    ] as [([Int64], Shape, Bool)])
  func sizesBehindTheBatchAreChannelsHeightWidth(
    sizes: [Int64], shape: Shape, isFlattened: Bool
  ) throws {
    var model = ModelBuilder(input: sizes)
    let x = model.scaledPixels()
    let scores = model.dense("fc1", x, Int(sizes.reduce(1, *)), 2)
    model.output(scores)
    let network = try model.imported().network
    #expect(network.input?.shape == shape)
    #expect(network.nodes.contains { $0.layer is Flatten } == isFlattened)
  }

  @Test(arguments: [Int64(1), 64]) func theBatchMayBeFixed(batch: Int64) throws {
    var model = ModelBuilder.small()
    model.proto.graph.input = [
      ModelBuilder.declaration("image", .uint8, batch: nil, [batch, 1, 2, 2])
    ]
    #expect(try model.imported().network.nodes.count == 7)
  }

  @Test(
    arguments: [
      (
        .int8, "N", [4],
        "it is INT8; UINT8, or FLOAT for pixels u / 255, is expected, as the hardware takes 8-bit "
          + "pixels"
      ),
      (
        .uint8, "N", [],
        "it has 1 axis; [N, channels, height, width], [N, height, width] or "
          + "[N, values] is expected"
      ),
      (
        .uint8, "N", [1, 1, 1, 1],
        "it has 5 axes; [N, channels, height, width], [N, height, width] "
          + "or [N, values] is expected"
      ),
      (.uint8, "N", [1, -2, 2], "size -2 of axis 2 is not possible"),
      (.uint8, "N", [1, 0, 2], "size 0 of axis 2 is not possible"),
      (.uint8, nil, [-1, 2], "size -1 of axis 0 is not possible"),
      (
        .uint8, "N", [1 << 40, 1 << 40, 2],
        "its sizes [1099511627776, 1099511627776, 2] are too "
          + "large; at most 16777216 values are supported"
      ),
      (
        .uint8, "N", [1 << 20, 1 << 10],
        "its sizes [1048576, 1024] are too large; at most 16777216 "
          + "values are supported"
      ),
    ] as [(ElementType, String?, [Int64], String)])
  func otherDeclarationsAreRefused(
    type: ElementType, batch: String?, sizes: [Int64], message: String
  ) throws {
    var model = ModelBuilder.small()
    model.proto.graph.input = [ModelBuilder.declaration("image", type, batch: batch, sizes)]
    let complaint = try model.complaint()
    #expect(
      complaint.split(separator: "\n").first.map(String.init)
        == "error: model.onnx: input 'image': \(message)")
    if type == .int8 {
      #expect(
        complaint.hasSuffix(
          "\n  hint: export with a uint8 input, and Cast, Mul and Sub as the first nodes"))
    }
  }

  @Test func aFloatInputIsPixelsOf255() throws {
    var model = ModelBuilder(input: [4], type: .float)
    model.node("Mul", "double", "image", model.constant("two", 2))
    model.node("Sub", "x", "double", model.constant("one", 1))
    model.output(model.dense("fc", "x", 4, 2))
    let trained = try model.imported()
    #expect(trained.network.input == Input(.vector(4), bits: 8, scale: 2 / 255, offset: -1))
    #expect(
      trained.remarks.map(\.description) == [
        "note: model.onnx: input 'image': the input is FLOAT; it is read as 8-bit pixels u with "
          + "the values u / 255, 0…1"
      ])
  }

  @Test func anOpenSizeOrNoTypeIsRefused() throws {
    var model = ModelBuilder.small()
    var dimension = ONNXTensorShapeProto.Dimension()
    dimension.dimParam = "height"
    model.proto.graph.input[0].type.tensorType.shape.dim[2] = dimension
    #expect(
      try model.complaint() == """
        error: model.onnx: input 'image': the size of axis 2 is not given; only the batch, axis 0, \
        may be open
        """)
    model.proto.graph.input[0].clearType()
    #expect(
      try model.complaint() == """
        error: model.onnx: input 'image': it has no tensor type; UINT8 [N, channels, height, \
        width] is expected
        """)
  }
}
