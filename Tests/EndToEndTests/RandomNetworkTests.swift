// SPDX-License-Identifier: Apache-2.0

import ResBin
import TestSupport
import Testing

@Suite(.tags(.rtl), .enabled(if: Simulator.isAvailable, whyNoSimulator))
struct RandomNetworkTests {
  /// Random sizes, levels, folds, masks, scales and outputs: RTL equals the golden model at every
  /// joint under every stall pattern, and every image leaves in the very cycle that was predicted.
  @Test(arguments: 0..<UInt64(TestData.isExhaustive ? 200 : 20))
  func equalsTheGoldenModel(seed: UInt64) throws {
    var random = SeededRandom(seed: 1000 + seed)
    let trained = RandomNetwork.make(using: &random)
    let graph = try trained.network.lowered(with: trained.parameters)
    let cycles = [1, 8, 64, 1000].randomElement(using: &random) ?? 1
    let folding =
      Bool.random(using: &random)
      ? try graph.folded(to: .cycles(cycles))
      : try graph.folded(
        to: cycles, schedule: LevelSchedule.allCases.randomElement(using: &random) ?? .series)
    try check(
      folding, of: trained.network, images: 10, stalls: StallPattern.allCases, seed: seed,
      using: &random)
    let timing = try Pipeline(folding).timing()
    #expect(timing.interval == folding.interval, "seed \(seed)")
  }

  /// The same for maps: convolutions with borders, strides, groups and weights of a few bits, pools
  /// of codes and of sums, quantizers.
  @Test(arguments: 0..<UInt64(TestData.isExhaustive ? 150 : 12))
  func equalsTheGoldenModelOnMaps(seed: UInt64) throws {
    // Neighbouring seeds share most of their numbers.
    var random = SeededRandom(seed: 5000 + 1_000_003 * seed)
    try checkMaps(RandomNetwork.map(using: &random), seed: seed, using: &random)
  }

  private func checkMaps(
    _ trained: TrainedNetwork, seed: UInt64, using random: inout SeededRandom
  ) throws {
    let graph = try trained.network.lowered(with: trained.parameters)
    let cycles = [1, 100, 1000, 5000].randomElement(using: &random) ?? 1
    let folding =
      switch Int.random(in: 0..<3, using: &random) {
      case 0: try graph.folded(to: .cycles(cycles))
      case 1: try graph.foldedToWholeWindows(cycles, using: &random)
      default:
        try graph.folded(
          to: cycles, schedule: LevelSchedule.allCases.randomElement(using: &random) ?? .series)
      }
    try check(
      folding, of: trained.network, images: 4, stalls: StallPattern.allCases, seed: seed,
      using: &random)
  }

  /// Skip connections: the streams fork and join, queues hold what the shorter branch is ahead.
  @Test(arguments: 0..<UInt64(TestData.isExhaustive ? 100 : 12))
  func equalsTheGoldenModelWithShortcuts(seed: UInt64) throws {
    var random = SeededRandom(seed: 900 + 1_000_003 * seed)
    try checkMaps(RandomNetwork.shortcuts(using: &random), seed: seed, using: &random)
  }

  /// The queue of a shortcut round a convolution must hold more than a row: with two beats the convolution
  /// never gets its first window, and the run says that it came to a halt.
  @Test func aShallowQueueIsADeadlock() throws {
    var random = SeededRandom(seed: 12)
    let network = Network("shallow", input: .image(6, 6, channels: 2)) {
      Conv(4, kernel: 1)
      Shortcut {
        ResidualSign(levels: 1)
        Conv(4, kernel: 3, padding: .same)
      }
    }
    let graph = try network.lowered(with: network.randomParameters(using: &random))
    let prepared = try Prepared(graph.folded(to: .cycles(200)))
    let queue = try #require(
      prepared.pipeline.stages.filter { $0.core is FIFO }.max {
        ($0.core as? FIFO)?.depth ?? 0 < ($1.core as? FIFO)?.depth ?? 0
      })
    let depth = try #require((queue.core as? FIFO)?.depth)
    let images = (0..<3).flatMap { _ in RandomNetwork.image(for: network, using: &random) }
    let whole = try DesignVerifier(
      prepared.design, pipeline: prepared.pipeline, optimization: .quick)
    #expect(try whole.run(images, stalls: .random, seed: 3).passed)
    let shallow = prepared.changing("rtl/shallow.v") {
      $0.replacing(/\.DEPTH( *)\((\d+)\)/) { match in
        match.2 == "\(depth)" ? ".DEPTH\(match.1)(2)" : "\(match.0)"
      }
    }
    let verifier = try DesignVerifier(shallow, pipeline: prepared.pipeline, optimization: .quick)
    let result = try verifier.run(images)
    #expect(result.status != .finished, "\(result)")
  }

  /// Where the way with fewer rows to wait for has the longer latency, its stages hold many beats at full
  /// speed, and its queue few. Behind a slow source they hold next to none: the queue must be deeper than
  /// what it holds without stalls, or all stands still.
  @Test func aSlowSourceStopsNothing() throws {
    var random = SeededRandom(seed: 13)
    let network = Network("slow", input: .image(4, 130, channels: 2, bits: 1)) {
      Conv(2, kernel: 1)
      Shortcut {
        ResidualSign(levels: 1)
        Conv(2, kernel: 3, padding: .same(value: 0.8))
      } through: {
        for _ in 0..<24 {
          ResidualSign(levels: 1)
          Conv(2, kernel: 1)
          BatchNorm()
        }
      }
    }
    let graph = try network.lowered(with: network.randomParameters(using: &random))
    var folds = [String: LayerFold]()
    for (number, lanes) in ([2, 18] + Array(repeating: 2, count: 24)).enumerated() {
      folds["conv\(number + 1)"] = LayerFold(units: 2, lanes: lanes)
    }
    let prepared = try Prepared(graph.folded(overrides: folds))
    let fill = try #require(
      prepared.pipeline.rhythm().queues.first { $0.stage == "add1_queue1" })
    #expect(fill.depth > fill.highWater + 1)
    let images = (0..<3).flatMap { _ in RandomNetwork.image(for: network, using: &random) }
    let verifier = try DesignVerifier(
      prepared.design, pipeline: prepared.pipeline, optimization: .quick)
    for stalls in StallPattern.allCases {
      let result = try verifier.run(images, stalls: stalls, seed: 13)
      #expect(result.passed, "\(stalls): \(result)")
    }
    let shallow = prepared.changing("rtl/slow.v") {
      $0.replacing(/\.DEPTH( *)\((\d+)\)/) { match in
        match.2 == "\(fill.depth)" ? ".DEPTH\(match.1)(\(fill.highWater + 1))" : "\(match.0)"
      }
    }
    let halted = try DesignVerifier(shallow, pipeline: prepared.pipeline, optimization: .quick)
    #expect(try halted.run(images).status == .finished)
    #expect(try halted.run(images, stalls: .source, seed: 13).status != .finished)
  }

  /// Whole windows of every kind: levels in series and in parallel, strides, borders of a code, weights
  /// of a few bits, several groups of units.
  @Test func equalsTheGoldenModelInWholeWindows() throws {
    var random = SeededRandom(seed: 9)
    let network = Network("windows", input: .image(9, 8, channels: 3, bits: 2)) {
      Conv(6, kernel: Extent(3, 2), padding: .same(value: -1), name: "conv1")
      ResidualSign(levels: 3)
      Conv(4, kernel: 3, stride: Extent(2, 1), name: "conv2")
      ResidualSign(levels: 2)
      Conv(6, kernel: Extent(1, 3), stride: 2, name: "conv3")
      ResidualSign(levels: 1)
      Conv(4, kernel: 2, name: "conv4")
    }
    var parameters = try network.randomParameters(using: &random)
    for (name, shape) in [("conv2", [4, 6, 3, 3]), ("conv3", [6, 4, 1, 3])] {
      let weights = (0..<shape.reduce(1, *)).map { _ in
        Double(Int.random(in: -3...3, using: &random))
      }
      parameters["\(name).weight"] = Tensor(shape: shape, values: weights)
    }
    let graph = try network.lowered(with: parameters)
    let folding = try graph.folded(overrides: [
      "conv1": LayerFold(units: 3, lanes: 18, schedule: .parallel),
      "conv2": LayerFold(units: 2, lanes: 54, schedule: .series, popcountCycles: 1),
      "conv3": LayerFold(units: 6, lanes: 12, schedule: .parallel, popcountCycles: 2),
      "conv4": LayerFold(units: 2, lanes: 24, schedule: .series),
    ])
    try check(
      folding, of: network, images: 5, stalls: StallPattern.allCases, seed: 9,
      using: &random)
  }

  /// Layers whose weights are one word, so that neurons share their counts: levels in series,
  /// a convolution of whole windows with a border.
  @Test func equalsTheGoldenModelWhereNeuronsShareCounts() throws {
    var random = SeededRandom(seed: 11)
    let network = Network("unrolled", input: .image(6, 5, channels: 2, bits: 1)) {
      Conv(5, kernel: 3, padding: .same(value: 1), name: "conv1")
      ResidualSign(levels: 2)
      Conv(4, kernel: 2, stride: 2, name: "conv2")
      ResidualSign(levels: 3)
      Flatten()
      Dense(14, name: "fc1")
      ResidualSign(levels: 2)
      Dense(9, name: "fc2")
    }
    let parameters = try network.randomParameters(using: &random)
    let graph = try network.lowered(with: parameters)
    let folding = try graph.folded(overrides: [
      "conv1": LayerFold(units: 5, lanes: 18, schedule: .series),
      "conv2": LayerFold(units: 4, lanes: 20, schedule: .series),
      "fc1": LayerFold(units: 14, lanes: 24, schedule: .series),
      "fc2": LayerFold(units: 9, lanes: 14, schedule: .series),
    ])
    let design = try Pipeline(folding).verilog()
    let shared = design.manifest.stages.filter { ($0.parameters["SHARED_BLOCKS"] ?? 0) > 0 }
    #expect(shared.map(\.layer) == ["conv1", "conv2", "fc1", "fc2"])
    try check(
      folding, of: network, images: 5, stalls: StallPattern.allCases, seed: 11, using: &random)
  }

  /// Verilator reads no number over 65,536 bits; for 256 neurons that share counts over 200 inputs the order of
  /// the lanes has 115,200.
  @Test func aWideOrderOfLanesBuilds() throws {
    var random = SeededRandom(seed: 8)
    let network = Network("order", input: .vector(200, bits: 1)) {
      Dense(256, name: "fc")
      Sign()
    }
    let weights = (0..<256 * 200).map { _ in Bool.random(using: &random) ? 1.0 : -1.0 }
    let parameters = Parameters(["fc.weight": Tensor(shape: [256, 200], values: weights)])
    let folding = try network.lowered(with: parameters).folded(overrides: [
      "fc": LayerFold(units: 256, lanes: 200, schedule: .series)
    ])
    let prepared = try Prepared(folding)
    #expect(prepared.design.topModule.contains("{16896'h"))
    let verifier = try DesignVerifier(
      prepared.design, pipeline: prepared.pipeline, optimization: .quick)
    let images = (0..<8).flatMap { _ in RandomNetwork.image(for: network, using: &random) }
    let result = try verifier.run(images, stalls: .random, seed: 8)
    #expect(result.passed, "\(result)")
  }

  /// Verilator refuses replications over 8,192 bits; 64 units × 196 lanes have 12,544 weights a beat.
  @Test func aWideMatrixUnitBuilds() throws {
    var random = SeededRandom(seed: 7)
    let network = Network("wide", input: .vector(196, bits: 1)) {
      Dense(128, name: "fc")
      Sign()
    }
    let weights = (0..<128 * 196).map { _ in Bool.random(using: &random) ? 1.0 : -1.0 }
    let parameters = Parameters(["fc.weight": Tensor(shape: [128, 196], values: weights)])
    let prepared = try Prepared(
      network.lowered(with: parameters).folded(overrides: [
        "fc": LayerFold(units: 64, lanes: 196, schedule: .series)
      ]))
    let verifier = try DesignVerifier(
      prepared.design, pipeline: prepared.pipeline, optimization: .quick)
    let images = (0..<8).flatMap { _ in RandomNetwork.image(for: network, using: &random) }
    let result = try verifier.run(images, stalls: .random, seed: 7)
    #expect(result.passed, "\(result)")
  }
}
