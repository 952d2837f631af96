// SPDX-License-Identifier: Apache-2.0

import Cores
import Folding
import IntegerNetwork
import Modeling
import TestSupport
import Testing

@testable import Pipelines

@Suite(.tags(.unit)) struct PipelineTimingTests {
  @Test(arguments: 0..<40 as Range<UInt64>) func theIntervalIsThatOfTheSlowestLayer(seed: UInt64)
    throws
  {
    var random = SeededRandom(seed: 4000 + seed)
    let folding = try Fixture.randomFolding(using: &random)
    let pipeline = try Pipeline(folding)
    // An adapter is never slower than the layers that it joins.
    for stage in pipeline.stages {
      #expect(stage.cycles <= folding.interval, "seed \(seed), \(stage.name)")
    }
    #expect(pipeline.timing().interval == folding.interval, "seed \(seed)")
  }

  @Test(arguments: 0..<10 as Range<UInt64>) func theRhythmStays(seed: UInt64) throws {
    var random = SeededRandom(seed: 4100 + seed)
    let pipeline = try Pipeline(Fixture.randomFolding(using: &random))
    let timing = pipeline.timing()
    let completions = pipeline.completions(images: 60)
    #expect(completions[0] == timing.latency, "seed \(seed)")
    let intervals = zip(completions.dropFirst(), completions).map { $0 - $1 }
    #expect(intervals.suffix(30) == Array(repeating: timing.interval, count: 30), "seed \(seed)")
    // Images that enter together with others come out no earlier than alone.
    #expect(intervals.allSatisfy { $0 > 0 })
    // More images behind it change nothing for an image.
    #expect(pipeline.completions(images: 7) == Array(completions.prefix(7)), "seed \(seed)")
  }

  /// A layer with strides skips rows; they arrive while it is busy with the row before.
  @Test(arguments: [1, 2, 3], [1, 2, 3, 4])
  func aLayerWithStridesDoesNotHoldUpTheLayerBefore(kernel: Int, stride: Int) throws {
    let size = kernel + 3 * stride
    let network = Network("n", input: .image(size, size, channels: 1, bits: 1)) {
      Conv(4, kernel: 1, name: "first")
      ResidualSign(levels: 1)
      Conv(4 * stride * stride, kernel: Extent(kernel), stride: Extent(stride), name: "second")
      ResidualSign(levels: 1)
    }
    var random = SeededRandom(seed: 4200)
    let graph = try network.lowered(with: try network.randomParameters(using: &random))
    // Both are busy for about as long, the first one as evenly as it can be.
    let folding = try graph.folded(overrides: [
      "first": LayerFold(units: 1, lanes: 1), "second": LayerFold(units: 4, lanes: 4),
    ])
    let pipeline = try Pipeline(folding)
    #expect(pipeline.timing().interval == folding.interval)
  }

  /// The pixels that complete no window pass fast, and none passes while one is sent: the queue before
  /// a line buffer makes up for both.
  @Test(arguments: [(2, 1), (3, 1), (3, 2), (3, 3), (5, 1), (1, 2)], [1, 2, 4])
  func wholeWindowsDoNotHoldUpTheLayerBefore(shape: (kernel: Int, stride: Int), units: Int) throws {
    let size = shape.kernel + 7 * shape.stride
    let network = Network("n", input: .image(size, size, channels: 1, bits: 1)) {
      Conv(4, kernel: 1, name: "first")
      ResidualSign(levels: 1)
      Conv(4, kernel: Extent(2, 3), name: "second")
      ResidualSign(levels: 1)
      Conv(
        16 * shape.stride * shape.stride, kernel: Extent(shape.kernel, 2),
        stride: Extent(shape.stride), name: "third")
      ResidualSign(levels: 1)
    }
    var random = SeededRandom(seed: 4300)
    let graph = try network.lowered(with: try network.randomParameters(using: &random))
    let folding = try graph.folded(overrides: [
      "first": LayerFold(units: 1, lanes: 1), "second": LayerFold(units: units, lanes: 24),
      "third": LayerFold(units: 4, lanes: 8 * shape.kernel),
    ])
    let pipeline = try Pipeline(folding)
    #expect(pipeline.timing().interval == folding.interval)
    // What many images fill is what is foretold.
    #expect(pipeline.rhythm().queues == pipeline.queues(images: 20))
  }

  /// Queues before joins hold what one way is ahead of the other, not more, and nothing waits for them: a
  /// network of shortcuts is as fast as its slowest layer.
  @Test(arguments: [1, 100, 700]) func queuesOfShortcutsAreAsDeepAsTheyMustBe(cycles: Int) throws {
    var random = SeededRandom(seed: 3)
    let network = Network("n", input: .image(8, 8, channels: 2, bits: 1)) {
      Conv(4, kernel: 1)
      BatchNorm()
      for kernel in [3, 5] {
        Shortcut {
          ResidualSign(levels: 2)
          Conv(4, kernel: Extent(kernel), padding: .same)
          BatchNorm()
        }
      }
      ResidualSign(levels: 1)
    }
    let graph = try network.lowered(with: network.randomParameters(using: &random))
    let pipeline = try Pipeline(graph.folded(to: .cycles(cycles)))
    let fills = pipeline.rhythm().queues
    #expect(fills.count >= 4)
    #expect(fills == pipeline.queues(images: 30))
    for fill in fills where fill.stage.hasPrefix("add") {
      #expect(fill.highWater <= fill.depth && fill.depth <= 4 * 8 * 4, "\(fill)")
    }
    // Round a convolution of 3×3 more than a row waits, round one of 5×5 more than two.
    let beats = 8 * 4 / pipeline.folding.lanes(of: 3)
    func mark(_ stage: String) -> Int { fills.first { $0.stage == stage }?.highWater ?? 0 }
    #expect(mark("add1_queue1") > beats)
    #expect(mark("add2_queue1") > 2 * beats)
    #expect(pipeline.timing().interval == pipeline.folding.interval)
  }

  /// Whatever lanes the two ways to a join have, the search finds a fold of which a pipeline can be made, and the
  /// images come out.
  @Test(arguments: [14, 57, 67, 99, 111] + Array(0..<10 as Range<UInt64>))
  func everyShortcutHasAPipeline(seed: UInt64) throws {
    var random = SeededRandom(seed: 900_000 + 1_000_003 * seed)
    let trained = RandomNetwork.shortcuts(using: &random)
    let graph = try trained.network.lowered(with: trained.parameters)
    for cycles in [60, 500, 5000] {
      let pipeline = try Pipeline(graph.folded(to: .cycles(cycles)))
      #expect(pipeline.completions(images: 3).count == 3)
    }
  }

  /// Latencies that can be counted by hand: one group, so that beats only pass through.
  @Test(arguments: [1, 2, 3, 4, 6, 12]) func latencyByHand(lanes: Int) throws {
    let graph = try Fixture.graph(bits: 1, levels: 1)
    let pipeline = try Pipeline(
      graph.folded(overrides: [
        "fc1": LayerFold(units: 6, lanes: lanes), "fc2": LayerFold(units: 4, lanes: 6),
      ]))
    // A register, a matrix unit of 3 stages, or of 5 where neurons share counts, the encoder's 1 + levels,
    // a register, a matrix unit, the score's 3, the arg max's 2, a register.
    let stages = (1 + (lanes == 12 ? 5 : 3) + 2) + (1 + 3) + 3 + 2 + 1
    #expect(
      pipeline.timing() == PipelineTiming(latency: 12 / lanes - 1 + stages, interval: 12 / lanes))
  }
}
