// SPDX-License-Identifier: Apache-2.0

import Diagnostics
import Foundation
import Modeling
import TestSupport
import Testing

@testable import ONNXImport

/// Files as a whole: what is read from them, and what is said of those that are none.
@Suite(.tags(.unit)) struct ONNXModelTests {
  @Test func theSmallModelIsReadWhole() throws {
    let trained = try ModelBuilder.small().imported()
    let network = trained.network

    #expect(network.name == "net")
    #expect(
      network.nodes.map(\.name) == [
        "image", "image_flatten", "fc1", "fc1_norm", "fc1_sign", "fc2", "fc2_norm",
      ])
    #expect(network.nodes.map(\.inputs) == [[], [0], [1], [2], [3], [4], [5]])
    #expect(
      network.input
        == Input(
          Shape(height: 2, width: 2, channels: 1), bits: 8, scale: 0.5, offset: -1, name: "image"))
    #expect(network.nodes[1].layer as? Flatten == Flatten(.channelsFirst))
    #expect(network.nodes[2].layer as? Dense == Dense(3))
    #expect(network.nodes[3].layer as? BatchNorm == BatchNorm(epsilon: 0.25))
    #expect(network.nodes[4].layer as? ResidualSign == ResidualSign(levels: 2, zero: .positive))

    let parameters = trained.parameters
    #expect(parameters["fc2.weight"] == Tensor(shape: [2, 3], values: [-1, 1, 1, 1, -1, 1]))
    #expect(parameters["fc1_norm.scale"] == Tensor([0.5, 1.5, 2.5]))
    #expect(parameters["fc1_norm.bias"] == Tensor([-1, 0, 1]))
    #expect(parameters["fc1_norm.mean"] == Tensor([0, 2, 4]))
    #expect(parameters["fc1_norm.variance"] == Tensor([1, 2, 3]))
    #expect(parameters["fc1_sign.gammas"] == Tensor([0.5, 0.25]))
    #expect(parameters.tensors.count == 11)
    #expect(
      trained.remarks.map(\.description) == [
        "note: model.onnx: sign(0) = +1 (GreaterOrEqual) in fc1_sign"
      ])
  }

  @Test func weightsAreTransposedToOutputsByInputs() throws {
    let weight = try #require(ModelBuilder.small().imported().parameters["fc1.weight"])
    // [in, out] of the file: −1 at every third place.
    #expect(weight.shape == [3, 4])
    #expect(weight.values == [-1, -1, -1, -1, 1, 1, 1, 1, 1, 1, 1, 1])
  }

  @Test(arguments: ["", "main_graph", "torch_jit", "torch-jit-export"])
  func aGraphWithoutANameOfItsOwnIsCalledAfterTheFile(graph: String) throws {
    var model = ModelBuilder.small()
    model.proto.graph.name = graph
    let trained = try TrainedNetwork(onnx: model.bytes, name: "mnist-big.onnx")
    #expect(trained.network.name == "mnist-big")
  }

  @Test func metadataIsKept() throws {
    var model = ModelBuilder.small()
    var entry = ONNXStringStringEntryProto()
    (entry.key, entry.value) = ("dataset", "MNIST")
    model.proto.metadataProps = [entry]
    #expect(try ONNXModel(model.bytes, name: "m.onnx").metadata == ["dataset": "MNIST"])
  }

  @Test func aFileIsReadFromDisk() throws {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "resbin-onnx-\(UInt64.random(in: 0 ... .max))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "small.onnx")
    try Data(ModelBuilder.small().bytes).write(to: file)

    let trained = try TrainedNetwork(onnx: file)
    #expect(trained.remarks.first?.path == "small.onnx")

    #expect(
      complaint { try ONNXModel(contentsOf: folder) } == "error: \(folder.path): it is a folder")
    let missing = folder.appending(path: "none.onnx")
    #expect(
      complaint { try ONNXModel(contentsOf: missing) }
        == "error: \(missing.path): there is no such file")
  }

  @Test func otherBytesAreNoONNXFile() {
    #expect(
      complaint { try ONNXModel(Array("# just a text\n".utf8), name: "notes.txt") } == """
        error: notes.txt: this is not an ONNX file, or a damaged one
          note: 14 bytes were read
          hint: export it again
        """)
    #expect(
      complaint { try TrainedNetwork(onnx: [], name: "empty.onnx") } == """
        error: empty.onnx: the file holds no graph
          hint: this may be another kind of file, or a damaged one; export it again
        """)
  }

  @Test func theOpsetMustBeGivenAndKnown() throws {
    var model = ModelBuilder.small()
    model.proto.opsetImport = []
    #expect(
      try model.complaint()
        == "error: model.onnx: the file does not say which ONNX operators it uses (opset)")
    model = ModelBuilder(opset: 6)
    #expect(
      try model.complaint() == """
        error: model.onnx: the file uses opset 6; 7 or later is expected, where inputs are \
        broadcast as today
          hint: export with opset_version=17
        """)
  }

  private func complaint<Result>(_ read: () throws -> Result) -> String {
    do {
      return "read: \(try read())"
    } catch {
      return "\(error)"
    }
  }
}
