// SPDX-License-Identifier: Apache-2.0

import ResBin
import TestSupport
import Testing

/// CNV in RTL: in the long tier the whole of it at 20,000 images a second, else an eighth as wide.
@Suite(.tags(.endToEnd), .enabled(if: Simulator.isAvailable, whyNoSimulator))
struct CNVTests {
  /// The first layers take whole windows: no other fold is as fast.
  @Test(arguments: [1, 2])
  func verilogEqualsTheGoldenModelInWholeWindows(levels: Int) throws {
    var random = SeededRandom(seed: 10 + UInt64(levels))
    let trained = try CNV.random(levels: levels, divisor: 8, using: &random)
    let graph = try trained.network.lowered(with: trained.parameters)
    let folding = try graph.folded(to: .imagesPerSecond(100_000, clock: 200e6))
    #expect(folding.folds["conv1"]?.lanes == 27)
    #expect(folding.folds["conv2"]?.lanes == 72)
    let prepared = try Prepared(folding)
    #expect(prepared.pipeline.timing().interval <= 2000)
    let verifier = try DesignVerifier(prepared.design, pipeline: prepared.pipeline)
    let images = (0..<12).flatMap { _ in
      RandomNetwork.image(for: trained.network, using: &random)
    }
    for stalls in [StallPattern.none, .random] {
      let result = try verifier.run(images, stalls: stalls, seed: UInt64(levels))
      #expect(result.passed, "\(result)")
      if stalls == .none {
        let start = try #require(result.starts.first)
        #expect(
          result.completions.map { $0 - start } == prepared.pipeline.completions(images: 12))
        #expect(result.interval == prepared.pipeline.timing().interval)
        #expect(result.queues == prepared.pipeline.queues(images: 12))
        // Neither all empty nor all full: the comparison says something.
        #expect(result.queues.contains { $0.highWater > 1 && $0.highWater < $0.depth })
      }
      #expect(!result.queues.isEmpty)
      #expect(result.queues.allSatisfy { $0.highWater <= $0.depth }, "\(result.queues)")
    }
  }

  @Test(arguments: [1, 2, 3])
  func verilogEqualsTheGoldenModel(levels: Int) throws {
    var random = SeededRandom(seed: UInt64(levels))
    let trained = try CNV.random(
      levels: levels, divisor: TestData.isExhaustive ? 1 : 8, using: &random)
    let graph = try trained.network.lowered(with: trained.parameters)
    let folding = try graph.folded(to: .imagesPerSecond(20_000, clock: 200e6))
    let prepared = try Prepared(folding)
    let verifier = try DesignVerifier(prepared.design, pipeline: prepared.pipeline)
    let count = TestData.isExhaustive ? 20 : 3
    let images = (0..<count).flatMap { _ in
      RandomNetwork.image(for: trained.network, using: &random)
    }
    for stalls in [StallPattern.none, .random] {
      let result = try verifier.run(images, stalls: stalls, seed: UInt64(levels))
      #expect(result.passed, "\(result)")
      #expect(result.agreeing == count)
      if stalls == .none {
        let start = try #require(result.starts.first)
        #expect(
          result.completions.map { $0 - start } == prepared.pipeline.completions(images: count))
        #expect(result.interval == folding.interval)
        #expect(prepared.pipeline.timing().interval == folding.interval)
      }
    }
  }
}
