// SPDX-License-Identifier: Apache-2.0

import ResBin
import TestSupport
import Testing

/// Designs in which the levels in use are chosen at run time: in every mode they are the network of so
/// many levels, in its own cycles.
@Suite(.tags(.rtl), .enabled(if: Simulator.isAvailable, whyNoSimulator))
struct LevelModesTests {
  /// Dense layers of all kinds, with thresholds, gammas and scores of their own in each mode.
  @Test(arguments: 0..<UInt64(TestData.isExhaustive ? 100 : 6))
  func everyModeEqualsTheGoldenModel(seed: UInt64) throws {
    var random = SeededRandom(seed: 7000 + seed)
    let (network, graph) = try randomGraph(using: &random) { RandomNetwork.make(using: &$0) }
    let cycles = [1, 8, 64, 1000].randomElement(using: &random) ?? 1
    let folding = try graph.folded(
      to: cycles, schedule: LevelSchedule.allCases.randomElement(using: &random) ?? .series)
    try check(
      folding, of: network, images: 8, stalls: [.none, .random], seed: seed,
      using: &random)
  }

  /// Convolutions with borders, pools of codes and of sums, whole windows.
  @Test(arguments: 0..<UInt64(TestData.isExhaustive ? 100 : 6))
  func everyModeEqualsTheGoldenModelOnMaps(seed: UInt64) throws {
    var random = SeededRandom(seed: 8000 + 1_000_003 * seed)
    let (network, graph) = try randomGraph(using: &random) { RandomNetwork.map(using: &$0) }
    let cycles = [1, 100, 1000].randomElement(using: &random) ?? 1
    let folding =
      seed.isMultiple(of: 2)
      ? try graph.foldedToWholeWindows(cycles, using: &random)
      : try graph.folded(
        to: cycles, schedule: LevelSchedule.allCases.randomElement(using: &random) ?? .series)
    try check(
      folding, of: network, images: 4, stalls: [.none, .random], seed: seed,
      using: &random)
  }

  /// The shipped network on real images: each mode is the network of its own output in the file, and
  /// the right classes leave.
  @Test func theJointNetworkIsTheNetworkOfEachOutput() throws {
    let model = try ONNXModel(contentsOf: TestData.models.appending(path: "mnist-256x3-joint.onnx"))
    let graph = try IntegerGraph.choosingLevels(among: model.networksByLevels())
    #expect(graph.modes == 3)
    let images = try LabelledImages(
      contentsOf: TestData.models.appending(path: "mnist-test-500-images.idx3-ubyte"))
    let pixels = images.quantized(toBits: 8)
    for (mode, output) in ["scores_m1", "scores_m2", "scores"].enumerated() {
      let alone = try model.trainedNetwork(output: output)
      let lowered = try alone.network.lowered(with: alone.parameters)
      let expected = GoldenExecutor(lowered).predictions(pixels)
      let predictions = GoldenExecutor(graph.inMode(mode)).predictions(pixels)
      #expect(predictions == expected, "\(output)")
    }
    let prepared = try Prepared(graph.folded(to: .cycles(1024)))
    let verifier = try DesignVerifier(prepared.design, pipeline: prepared.pipeline)
    let timings = try (0..<3).map { mode in
      let result = try verifier.run(Array(pixels.prefix(16 * 784)), mode: mode)
      #expect(result.passed, "mode \(mode): \(result)")
      let timing = prepared.pipeline.timing(mode: mode)
      #expect(result.latency == timing.latency)
      #expect(result.interval == timing.interval)
      return timing
    }
    #expect(timings[0].latency < timings[1].latency && timings[1].latency < timings[2].latency)
  }

  private func randomGraph(
    using random: inout SeededRandom, _ make: (inout SeededRandom) -> TrainedNetwork
  ) throws -> (Network, IntegerGraph) {
    while true {
      let trained = make(&random)
      var graph = try trained.network.lowered(with: trained.parameters)
      guard graph.levels > 1 else { continue }
      graph.setRandomModes(using: &random)
      try graph.check()
      return (trained.network, graph)
    }
  }
}
