// SPDX-License-Identifier: Apache-2.0

import ResBin
import TestSupport
import Testing

/// The shipped networks, on real images.
@Suite(.tags(.endToEnd)) struct MNISTTests {
  /// Folds, stalls and levels: the long tier takes 1,000 images.
  @Test(
    .enabled(if: Simulator.isAvailable, whyNoSimulator),
    arguments: [1, 2, 3], LevelSchedule.allCases)
  func verilogEqualsTheGoldenModel(levels: Int, schedule: LevelSchedule) throws {
    let trained = try shippedModel(levels: levels)
    let graph = try trained.network.lowered(with: trained.parameters)
    let prepared = try Prepared(graph.folded(to: 512, schedule: schedule))
    let verifier = try DesignVerifier(prepared.design, pipeline: prepared.pipeline)
    let images = try testImages(atMost: TestData.isExhaustive ? 1000 : 100)
    for stalls in [StallPattern.none, .random] {
      let result = try verifier.run(images.pixels, stalls: stalls, seed: UInt64(levels))
      #expect(result.passed, "\(result)")
      #expect(result.agreeing == images.count)
      if stalls == .none {
        #expect(result.latency == prepared.pipeline.timing().latency)
        #expect(result.interval == prepared.pipeline.folding.interval)
      }
    }
  }

  /// The accuracy in Models/README.md is that of the golden model too.
  @Test(
    .enabled(if: TestData.hasShared, Comment(rawValue: TestData.whyNoShared)),
    arguments: [(1, 9859), (2, 9872), (3, 9885)])
  func accuracyIsAsTrained(levels: Int, correct: Int) throws {
    let images = try testImages(atMost: 10_000)
    let report = try EvaluationReport(
      shippedModel(levels: levels), images: images.pixels, labels: images.labels)
    // 0.1 points are 10 images.
    #expect(abs(report.correct - correct) <= 10)
    #expect(report.quantization.differingPredictions <= 10)
  }
}
