// SPDX-License-Identifier: Apache-2.0

import Modeling
import TestSupport
import Testing

@testable import ONNXImport

/// Nodes that change shapes.
@Suite(.tags(.unit)) struct ReshapingTests {
  /// 2 channels of 2×1 pixels → `shape` → a layer of 4 inputs
  private func model(
    batch: Int64? = nil, _ shape: (inout ModelBuilder) -> String
  ) -> ModelBuilder {
    var model = ModelBuilder(input: [2, 2, 1])
    if let batch {
      model.proto.graph.input = [
        ModelBuilder.declaration("image", .uint8, batch: nil, [batch, 2, 2, 1])
      ]
    }
    model.output(model.dense("fc", shape(&model), 4, 2))
    return model
  }

  private func isFlattened(_ model: ModelBuilder) throws -> Bool {
    let network = try model.imported().network
    return network.nodes.map(\.name) == ["image", "image_flatten", "fc"]
      && network.nodes[1].layer as? Flatten == Flatten(.channelsFirst)
  }

  @Test(arguments: [
    ["Flatten"], ["Flatten 1"], ["Flatten -3"], ["Reshape 0 -1"], ["Reshape -1 4"],
    ["Reshape 0 2 2", "Flatten"], ["Squeeze 3", "Flatten"],
    ["Squeeze", "Reshape 0 -1"], ["Squeeze -1", "Unsqueeze 3", "Flatten"],
    ["Identity", "Flatten", "Flatten"], ["Reshape 0 2 2 1", "Flatten"],
  ]) func everyWayToFlattenIsTaken(steps: [String]) throws {
    #expect(
      try isFlattened(
        model { model in
          var x = "image"
          for (index, step) in steps.enumerated() {
            let words = step.split(separator: " ")
            let numbers = words.dropFirst().compactMap { Int64($0) }
            let (type, name) = (String(words[0]), "step\(index)")
            if numbers.isEmpty {
              x = model.node(type, name, x)
            } else if type == "Flatten" {
              x = model.node(type, name, x, attributes: ["axis": .integer(numbers[0])])
            } else {
              x = model.node(type, name, x, model.integers("shape\(index)", numbers))
            }
          }
          return x
        }))
  }

  @Test func axesMayBeAttributes() throws {
    #expect(
      try isFlattened(
        model { model in
          model.node("Squeeze", "a", "image", attributes: ["axes": [3]])
          model.node("Unsqueeze", "b", "a", attributes: ["axes": [-1]])
          return model.node("Flatten", "c", "b")
        }))
  }

  @Test func aFixedBatchStaysInFront() throws {
    #expect(
      try isFlattened(
        model(batch: 8) { $0.node("Reshape", "x", "image", $0.integers("s", [8, -1])) }))
    #expect(
      try isFlattened(
        model(batch: 8) { $0.node("Reshape", "x", "image", $0.integers("s", [-1, 4])) }))
    #expect(
      try model(batch: 8) { $0.node("Reshape", "x", "image", $0.integers("s", [1, -1])) }
        .complaint() == """
          error: model.onnx: node 'x' (Reshape): it turns [N] + [2, 2, 1] into [1, 4·N]; the batch \
          N must stay the first axis
            hint: use torch.flatten(x, 1)
          """)
  }

  @Test func channelsAreFlattenedFirst() throws {
    // Weights by (channel, row): the order of the file's flattened vector.
    let trained = try model { $0.node("Flatten", "x", "image") }.imported()
    let flatten = try #require(trained.network.nodes[1].layer as? Flatten)
    #expect(flatten.sources(of: Shape(height: 2, width: 1, channels: 2)) == [0, 2, 1, 3])
  }

  @Test(arguments: [
    ("Reshape 0 0 4", "shape [N, 2, 4] does not fit [N, 2, 2, 1]"),
    ("Reshape 3 -1", "shape [3, -1] does not fit [N, 2, 2, 1]"),
    ("Reshape 1 4", "shape [1, 4] does not fit [N, 2, 2, 1]"),
    ("Reshape 1 -1", "it turns [N] + [2, 2, 1] into [1, 4·N]; the batch N must stay the first"),
    ("Reshape 0 0 0 0 0", "shape [0, 0, 0, 0, 0] does not fit [N, 2, 2, 1]"),
    ("Reshape 0 1 2 2 1", "it turns [N] + [2, 2, 1] into [N] + [1, 2, 2, 1]; flattening, and "),
    ("Reshape 2 2", "shape [2, 2] does not fit [N, 2, 2, 1]"),
    ("Flatten 0", "it turns [N] + [2, 2, 1] into [1, 4·N]; the batch N must stay the first axis"),
    ("Flatten 2", "it turns [N] + [2, 2, 1] into [2·N, 2]; the batch N must stay the first axis"),
    ("Flatten 9", "attribute axis is 9 for 4 axes"),
    ("Squeeze 1", "axis 1 has size 2; only a size of 1 can go"),
    ("Squeeze 7", "axis 7 does not exist; there are 4"),
    ("Unsqueeze 5 5", "its axes [5, 5] repeat"),
    ("Unsqueeze 0", "it turns [N] + [2, 2, 1] into [1, N, 2, 2, 1]; the batch N must stay"),
  ]) func whatIsNoFlatteningIsRefused(step: String, message: String) throws {
    let words = step.split(separator: " ")
    let numbers = words.dropFirst().compactMap { Int64($0) }
    let complaint = try model { model in
      words[0] == "Flatten"
        ? model.node("Flatten", "x", "image", attributes: ["axis": .integer(numbers[0])])
        : model.node(String(words[0]), "x", "image", model.integers("s", numbers))
    }.complaint()
    #expect(
      complaint.hasPrefix("error: model.onnx: node 'x' (\(words[0])): \(message)"), "\(complaint)")
  }

  @Test func theShapeMustBeAConstant() throws {
    #expect(
      try model { $0.node("Reshape", "x", "image", "image") }.complaint() == """
        error: model.onnx: node 'x' (Reshape): its shape is 8-bit pixels [2, 2, 1]; an INT64 \
        constant is expected
          hint: use torch.flatten(x, 1)
        """)
    #expect(
      try model { $0.node("Squeeze", "x", "image", "image") }.complaint() == """
        error: model.onnx: node 'x' (Squeeze): its axes are 8-bit pixels [2, 2, 1]; integer \
        constants are expected
        """)
    #expect(
      try model { $0.node("Unsqueeze", "x", "image") }.complaint()
        == "error: model.onnx: node 'x' (Unsqueeze): it has no axes")
    #expect(
      try model { $0.node("Transpose", "x", "image") }.complaint() == """
        error: model.onnx: node 'x' (Transpose): attribute perm is [3, 2, 1, 0]; the batch \
        must stay the first axis
        """)
  }
}
