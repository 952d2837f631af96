// SPDX-License-Identifier: Apache-2.0

import Foundation
import ResBin
import TestSupport
import Testing

/// QONNX files that others trained and exported with Brevitas, as they are.
@Suite(
  .tags(.endToEnd),
  .enabled(if: TestData.hasShared, Comment(rawValue: TestData.whyNoShared)))
struct QONNXTests {
  /// What the source's own execution of the file gave.
  private struct Golden: Decodable {
    /// The scores of the first images.
    var outputs: [[Double]]
    /// The classes of all 10,000 test images, a digit each.
    var predicted: String
  }

  @Test(arguments: ["qonnx-mnist-TFC_1W1A", "qonnx-mnist-TFC_1W2A"])
  func goldenModelGivesThePublishedScores(name: String) throws {
    let folder = TestData.shared.appending(path: "models")
    let golden = try JSONDecoder().decode(
      Golden.self, from: Data(contentsOf: folder.appending(path: "\(name).golden.json")))
    let trained = try TrainedNetwork(onnx: folder.appending(path: "\(name).onnx"))
    let graph = try trained.network.lowered(with: trained.parameters)
    let images = try testImages(atMost: TestData.isExhaustive ? 10_000 : 1000)
    let pixels = images.quantized(toBits: trained.network.input?.bits ?? 8)
    let executor = GoldenExecutor(graph)

    let predictions = executor.predictions(pixels)
    #expect(predictions == golden.predicted.prefix(images.count).compactMap(\.wholeNumberValue))

    let scores = try #require(graph.lowering.scores)
    let outputs = executor.outputs(Array(pixels.prefix(golden.outputs.count * 784)))
    for (image, published) in golden.outputs.enumerated() {
      for (label, score) in published.enumerated() {
        let ours = Double(outputs[image * 10 + label]) * scores.step
        // Published with 5 decimals, of float32 arithmetic.
        #expect(abs(ours - score) <= scores.bound + 2e-5, "image \(image), class \(label)")
      }
    }
  }
}
