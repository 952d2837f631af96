// SPDX-License-Identifier: Apache-2.0

import Foundation
import ResBin
import TestSupport
import Testing

/// One file with an output for each count of levels, over the same weights; `Switchable/export.py`
/// made it.
@Suite(.tags(.endToEnd)) struct SwitchableTests {
  private let file = TestData.switchable

  /// Random images of 8×8, the seed is the count.
  private func images(_ count: Int) -> [UInt8] {
    var random = SeededRandom(seed: UInt64(count))
    return (0..<count * 64).map { _ in UInt8.random(in: 0...255, using: &random) }
  }

  private func graph(_ output: String?) throws -> IntegerGraph {
    let trained = try TrainedNetwork(onnx: file, output: output)
    return try trained.network.lowered(with: trained.parameters)
  }

  @Test func anOutputHasItsLevelsAndTheSharedWeights() throws {
    #expect(try ONNXModel(contentsOf: file).outputs == ["scores", "scores_m2", "scores_m1"])
    for (suffix, gammas) in [
      ("", [0.75, 0.375, 0.1875]), ("_m2", [0.8125, 0.4375]), ("_m1", [1.0625]),
    ] {
      let trained = try TrainedNetwork(onnx: file, output: "scores\(suffix)")
      #expect(
        trained.network.nodes.map(\.name) == [
          "image", "conv1\(suffix)", "conv1_norm\(suffix)", "conv1_sign", "conv1_pool\(suffix)",
          "conv1\(suffix)_flatten", "fc1\(suffix)", "fc1_norm\(suffix)", "fc1_sign", "fc2\(suffix)",
          "fc2_norm\(suffix)",
        ])
      #expect(trained.parameters["fc1_sign.gammas"] == Tensor(gammas))
      let shared = try TrainedNetwork(onnx: file).parameters
      for layer in ["conv1", "fc1", "fc2"] {
        let weight = try #require(shared["\(layer).weight"])
        #expect(trained.parameters["\(layer)\(suffix).weight"] == weight)
      }
    }
  }

  private struct Reference: Decodable {
    var scores: [[Double]]
  }

  /// float32 rounds nothing here, so that scores differ by the lowering's bound only.
  @Test(
    .enabled(
      if: TestData.python != nil,
      "needs the Python tools of Training/pyproject.toml in .venv: run Scripts/setup test"),
    arguments: ["scores", "scores_m2", "scores_m1"])
  func goldenModelEqualsOnnxruntime(output: String) throws {
    let count = 200
    let pixels = images(count)
    let reference = try TestData.withTemporaryFolder { folder in
      let images = folder.appending(path: "images-idx3-ubyte")
      try Data([0, 0, 8, 3, 0, 0, 0, UInt8(count), 0, 0, 0, 8, 0, 0, 0, 8] + pixels)
        .write(to: images)
      let python = ExternalTool(url: try #require(TestData.python))
      let result = try python.run(
        [
          "-m", "resbin_training.predict", file.path, "--images", images.path, "--scores",
          "--output", output,
        ], in: folder,
        environment: ["PYTHONPATH": TestData.repository.appending(path: "Training").path])
      #expect(result.status == 0, Comment(rawValue: result.error))
      return try JSONDecoder().decode(Reference.self, from: Data(result.output.utf8))
    }
    let expected = Array(reference.scores.joined())
    let graph = try graph(output)
    #expect(graph.lowering.codes.allSatisfy { $0.bound == 0 })
    let scores = try #require(graph.lowering.scores)
    func differences(_ graph: IntegerGraph) -> Int {
      let outputs = GoldenExecutor(graph).outputs(pixels)
      #expect(outputs.count == expected.count)
      return zip(outputs, expected).count { abs(Double($0) * scores.step - $1) > scores.bound }
    }
    #expect(differences(graph) == 0)
    // The other outputs are seen to be others.
    for other in try ONNXModel(contentsOf: file).outputs where other != output {
      #expect(differences(try self.graph(other)) > count)
    }
  }

  @Test(
    .enabled(if: Simulator.isAvailable, whyNoSimulator),
    arguments: ["scores", "scores_m2", "scores_m1"])
  func verilogEqualsTheGoldenModel(output: String) throws {
    let prepared = try Prepared(graph(output).folded(to: .cycles(500)))
    let verifier = try DesignVerifier(prepared.design, pipeline: prepared.pipeline)
    let result = try verifier.run(images(20), stalls: .random, seed: 1)
    #expect(result.passed, "\(result)")
    #expect(result.agreeing == 20)
  }
}
