// SPDX-License-Identifier: Apache-2.0

import Foundation
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
      #expect(
        published(Array(scores), name, graph) == model.goldenScores[image].map { Int($0) },
        "image \(image)")
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
        published(result.outputs[image], name, graph) == model.goldenScores[image].map { Int($0) },
        "image \(image)")
    }
  }

  // MARK: On pictures

  /// BNN-PYNQ's VGG-like network: six convolutions, two pools, three dense layers; 79.22 % of
  /// CIFAR-10's test images are right.
  @Test func convolutionsGiveThePublishedScores() throws {
    let model = try ThirdPartyModel(
      name: "bnn-pynq-cifar10-cnvW1A1", in: TestData.shared.appending(path: "models"))
    let graph = try model.trained.network.lowered(with: model.trained.parameters)
    let count = TestData.isExhaustive ? 10_000 : 300
    let images = try pictures(count)
    let outputs = GoldenExecutor(graph).outputs(model.images(images.pixels))
    var correct = 0
    for image in 0..<count {
      // Published: popcounts of 512 synapses.
      let scores = outputs[image * 10..<image * 10 + 10].map { ($0 + 512) / 2 }
      if image < 100 {
        #expect(scores.map { Double($0) } == model.goldenScores[image], "image \(image)")
      }
      let prediction = scores.firstIndex(of: scores.max() ?? 0)
      #expect(prediction == model.goldenPredictions[image], "image \(image)")
      if prediction == Int(images.labels[image]) { correct += 1 }
    }
    if count == 10_000 { #expect(correct == 7922) }
  }

  /// A residual network with a mean for each neuron. Its source cuts every number to 12 fraction
  /// bits; integers of 20 bits hold the ratios of such gammas as they are, so that nothing is left
  /// to differ. With all digits, and gammas of 8 bits, one of 1,000 predictions differs.
  @Test(arguments: [(12, 20, 0), (nil, 20, 0), (nil, 12, 0), (nil, 8, 1)] as [(Int?, Int, Int)])
  func residualLevelsGiveThePublishedClasses(fraction: Int?, gammaBits: Int, differing: Int) throws
  {
    let model = try ThirdPartyModel(
      name: "rebnet2-binarycop-mucnv", in: TestData.shared.appending(path: "models"),
      fractions: fraction.map { .bits($0) } ?? .all)
    let graph = try model.trained.network.lowered(
      with: model.trained.parameters, options: LoweringOptions(gammaBits: gammaBits))
    if fraction != nil { #expect(graph.lowering.codes.allSatisfy { $0.bound == 0 }) }
    let count = TestData.isExhaustive ? 1000 : 300
    let golden = GoldenExecutor(graph)
    let images = model.images(try pictures(count).pixels)
    let predictions = golden.predictions(images)
    let found = zip(predictions, model.goldenPredictions).count { $0 != $1 }
    #expect(found <= differing)
    guard fraction == nil, gammaBits == 20 else { return }
    // The scores too, to the precision of the gammas in the last layer's 128 inputs.
    let step = try #require(graph.lowering.scores).step
    let bound = 128 * (graph.lowering.codes.last?.bound ?? 0) + 1e-6
    let outputs = golden.outputs(Array(images.prefix(100 * 3072)))
    for image in 0..<100 {
      for (score, expected) in zip(outputs[image * 4..<image * 4 + 4], model.goldenScores[image]) {
        #expect(abs(Double(score) * step - expected) <= bound, "image \(image)")
      }
    }
  }

  /// The same in Verilog. In the long tier CNV has the folds of 20,000 images a second.
  @Test(
    .enabled(if: Simulator.isAvailable, whyNoSimulator),
    arguments: ["bnn-pynq-cifar10-cnvW1A1", "rebnet2-binarycop-mucnv"])
  func verilogEqualsTheGoldenModelOnPictures(name: String) throws {
    let model = try ThirdPartyModel(name: name, in: TestData.shared.appending(path: "models"))
    let graph = try model.trained.network.lowered(with: model.trained.parameters)
    let isLarge = name.hasSuffix("cnvW1A1")
    let prepared = try Prepared(
      graph.folded(to: .cycles(isLarge && !TestData.isExhaustive ? 100_000 : 10_000)))
    let verifier = try DesignVerifier(prepared.design, pipeline: prepared.pipeline)
    let count = isLarge && !TestData.isExhaustive ? 2 : 20
    let result = try verifier.run(model.images(try pictures(count).pixels), stalls: .random)
    #expect(result.passed, "\(result)")
    guard isLarge else { return }
    for (image, scores) in result.outputs.enumerated() {
      #expect(scores.map { Double(($0 + 512) / 2) } == model.goldenScores[image], "image \(image)")
    }
  }

  /// Where gammas of 8 bits give another code than gammas of 20, and the codes before it are equal,
  /// the sum lies within what the lowering stated of the threshold.
  @Test func differencesOfGammasLieWithinTheStatedBound() throws {
    let model = try ThirdPartyModel(
      name: "rebnet2-binarycop-mucnv", in: TestData.shared.appending(path: "models"))
    let (coarse, fine) = (
      try model.trained.network.lowered(
        with: model.trained.parameters, options: LoweringOptions(gammaBits: 8)),
      try model.trained.network.lowered(with: model.trained.parameters, options: .reference)
    )
    let count = 60
    let images = model.images(try pictures(count).pixels)
    var differing = 0
    for image in 0..<count {
      let pixels = images[image * 3072..<(image + 1) * 3072]
      let traces = (GoldenExecutor(coarse).trace(pixels), GoldenExecutor(fine).trace(pixels))
      let first = fine.nodes.indices.first {
        fine.code(of: $0) != nil && traces.0[$0] != traces.1[$0]
      }
      guard let first, case .encode(let tree) = fine.nodes[first].operation,
        case .popcount(let popcount) = fine.nodes[fine.nodes[first].inputs[0]].operation,
        let layer = fine.lowering.codes.firstIndex(where: { $0.layer == fine.nodes[first].name })
      else { continue }
      // Its inputs are the codes of the layer before.
      let codes = (coarse.lowering.codes[layer - 1], fine.lowering.codes[layer - 1])
      let bound = Double(popcount.inputs) * (codes.0.bound + codes.1.bound) + codes.1.step
      let sums = traces.1[fine.nodes[first].inputs[0]]
      for index in sums.indices where traces.0[first][index] != traces.1[first][index] {
        differing += 1
        let distances = tree.thresholds[index % popcount.outputs].map { abs(sums[index] - $0) }
        #expect(Double(distances.min() ?? .max) * codes.1.step <= bound, "image \(image)")
      }
    }
    #expect(differing > 0)
  }

  private func pictures(_ count: Int) throws -> LabelledImages {
    try LabelledImages(
      contentsOf: TestData.shared.appending(path: "cifar10/test_batch.bin.gz")
    ).prefix(count)
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
