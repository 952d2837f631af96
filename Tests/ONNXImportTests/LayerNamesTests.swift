// SPDX-License-Identifier: Apache-2.0

import Modeling
import TestSupport
import Testing

@testable import ONNXImport

/// Names of layers from names in the file.
@Suite(.tags(.unit)) struct LayerNamesTests {
  @Test(
    arguments: [
      ("fc1", "fc1"), ("/fc1/MatMul", "fc1"), ("/features/fc1/MatMul", "features_fc1"),
      ("/features/0/MatMul_2", "features_0"), ("MatMul", nil), ("MatMul_12", nil), ("", nil),
      ("node_MatMul_3", nil), ("/MatMul", nil), ("layer.1-a b", "layer_1_a_b"),
      ("1st", "layer_1st"),
      ("__x__", "x"), ("größe", "gr_e"), ("//", nil),
    ] as [(String, String?)])
  func nodesNameLayers(name: String, layer: String?) {
    var proto = ONNXNodeProto()
    (proto.opType, proto.name) = ("MatMul", name)
    #expect(LayerNames.layer(ONNXNode(proto, index: 0)) == layer)
  }

  @Test(
    arguments: [
      ("fc1.weight", "fc1"), ("net.0.weight", "net_0"), ("onnx::MatMul_23", nil), ("weight", nil),
    ] as [(String, String?)])
  func parametersNameLayers(name: String, layer: String?) {
    #expect(LayerNames.stem(name) == layer)
  }

  @Test(
    arguments: [
      (["fc1_sign_bit1", "fc1_sign_term1"], "fc1_sign"),
      (["/sign1/GreaterOrEqual", "/sign1/Where"], "sign1"),
      (["GreaterOrEqual_3", "Where_4"], nil), (["node_ge_3", "node_where_4"], nil),
      (["", ""], nil), (["only_one"], nil), ([], nil),
    ] as [([String], String?)])
  func nodesOfASignNameIt(names: [String], layer: String?) {
    #expect(LayerNames.common(names) == layer)
  }

  @Test func layersWithoutNamesGetThoseOfTheDSL() throws {
    var model = ModelBuilder.small()
    for index in model.proto.graph.node.indices { model.proto.graph.node[index].name = "" }
    #expect(
      try model.imported().network.nodes.map(\.name) == [
        "image", "image_flatten", "fc1", "fc1_norm", "fc1_sign", "fc2", "fc2_norm",
      ])
    for index in model.proto.graph.initializer.indices {
      let name = model.proto.graph.initializer[index].name
      let plain = name.replacing(".", with: "::")
      model.proto.graph.initializer[index].name = plain
      for node in model.proto.graph.node.indices {
        model.proto.graph.node[node].input = model.proto.graph.node[node].input.map {
          $0 == name ? plain : $0
        }
      }
    }
    #expect(
      try model.imported().network.nodes.map(\.name) == [
        "image", "image_flatten", "dense1", "dense1_norm", "dense1_sign", "dense2", "dense2_norm",
      ])
  }

  @Test func namesAreUnique() throws {
    var model = ModelBuilder.small()
    for index in model.proto.graph.node.indices
    where model.proto.graph.node[index].opType == "MatMul" {
      model.proto.graph.node[index].name = "image"
    }
    let trained = try model.imported()
    #expect(
      trained.network.nodes.map(\.name) == [
        "image", "image_flatten", "image_2", "fc1_norm", "fc1_sign", "image_3", "fc2_norm",
      ])
    #expect(trained.parameters["image_3.weight"]?.shape == [2, 3])
  }
}
