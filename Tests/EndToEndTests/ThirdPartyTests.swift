// SPDX-License-Identifier: Apache-2.0

import ResBin
import TestSupport
import Testing

/// Networks that others trained give their published scores.
@Suite(
  .tags(.endToEnd),
  .enabled(if: TestData.hasShared, Comment(rawValue: TestData.whyNoShared)))
struct ThirdPartyTests {
  @Test(arguments: ["bnn-pynq-mnist-lfcW1A1", "bnn-pynq-mnist-lfcW1A2"])
  func goldenModelGivesThePublishedScores(name: String) throws {
    let model = try ThirdPartyModel(name: name, in: TestData.shared.appending(path: "models"))
    let graph = try model.trained.network.lowered(with: model.trained.parameters)
    let images = try testImages(atMost: TestData.isExhaustive ? 10_000 : 1000)
    let pixels = images.quantized(toBits: 1)
    let golden = GoldenExecutor(graph)
    let outputs = golden.outputs(Array(pixels.prefix(100 * 784)))
    for image in 0..<100 {
      let scores = outputs[image * 10..<image * 10 + 10]
      #expect(published(Array(scores), name, graph) == model.goldenScores[image], "image \(image)")
    }
    #expect(golden.predictions(pixels) == Array(model.goldenPredictions.prefix(images.count)))
  }

  @Test(
    .enabled(if: Simulator.isAvailable, whyNoSimulator),
    arguments: ["bnn-pynq-mnist-lfcW1A1", "bnn-pynq-mnist-lfcW1A2"])
  func verilogGivesThePublishedScores(name: String) throws {
    let model = try ThirdPartyModel(name: name, in: TestData.shared.appending(path: "models"))
    let graph = try model.trained.network.lowered(with: model.trained.parameters)
    let prepared = try Prepared(graph.folded(to: .cycles(2048)))
    let verifier = try DesignVerifier(prepared.design, pipeline: prepared.pipeline)
    let images = try testImages(atMost: 100)
    let result = try verifier.run(images.quantized(toBits: 1))
    #expect(result.passed, "\(result)")
    for image in 0..<100 {
      #expect(
        published(result.outputs[image], name, graph) == model.goldenScores[image],
        "image \(image)")
    }
  }

  /// Our sums in the units of the published scores.
  private func published(_ scores: [Int], _ name: String, _ graph: IntegerGraph) -> [Int] {
    if name.hasSuffix("W1A1") {
      // Published: popcounts of 1024 synapses.
      return scores.map { ($0 + 1024) / 2 }
    }
    // Published: signed sums of −1, 0, +1; our planes are ±1 each, worth ½.
    return scores.map { $0 / 2 }
  }
}
