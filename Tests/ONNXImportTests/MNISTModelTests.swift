// SPDX-License-Identifier: Apache-2.0

import Foundation
import Modeling
import ONNXImport
import TestSupport
import Testing

/// The trained models of the repository.
@Suite(.tags(.unit)) struct MNISTModelTests {
  private static let models = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Models")

  @Test(arguments: 1...3) func threeHiddenLayersOfThatManyLevels(levels: Int) throws {
    let name = "mnist-256x3-m\(levels)"
    let trained = try TrainedNetwork(onnx: Self.models.appending(path: "\(name).onnx"))
    let network = trained.network

    #expect(network.name == name)
    #expect(
      network.nodes.map(\.name) == [
        "image", "image_flatten", "fc1", "fc1_norm", "fc1_sign", "fc2", "fc2_norm", "fc2_sign",
        "fc3", "fc3_norm", "fc3_sign", "fc4", "fc4_norm",
      ])
    #expect(network.input?.shape == Shape(height: 28, width: 28, channels: 1))
    #expect(network.input?.scale == Double(2 / Float(255)))
    #expect(network.input?.offset == -1)
    let features = try network.features()
    #expect(features.last == Feature(.vector(10), .real))
    let signs = network.nodes.compactMap { $0.layer as? ResidualSign }
    #expect(signs.map(\.levels) == [levels, levels, levels])
    #expect(signs.allSatisfy { $0.zero == .positive })

    try network.check(trained.parameters)
    #expect(trained.parameters["fc1.weight"]?.shape == [256, 784])
    #expect(trained.parameters["fc1.weight"]?.values.allSatisfy { abs($0) == 1 } == true)
    #expect(trained.parameters["fc4_norm.mean"]?.shape == [10])
    #expect(trained.parameters["fc2_sign.gammas"]?.shape == [levels])
    #expect(
      trained.remarks.map(\.description).contains(
        "note: \(name).onnx: sign(0) = +1 (GreaterOrEqual) in fc1_sign, fc2_sign, fc3_sign"))
  }
}
