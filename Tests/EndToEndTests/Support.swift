// SPDX-License-Identifier: Apache-2.0

import Foundation
import ResBin
import TestSupport
import Testing

/// Why tests that simulate are skipped, if they are.
let whyNoSimulator = Comment(
  rawValue: Simulator.missingTool?.message ?? "Verilator is installed")

/// A network on its way to a verified design.
struct Prepared {
  let pipeline: Pipeline
  let design: Design

  init(_ folding: FoldedNetwork) throws {
    pipeline = try Pipeline(folding)
    design = try pipeline.verilog()
  }

  /// The design with one file changed.
  func changing(_ path: String, _ change: (String) -> String) -> Design {
    var changed = design
    guard let index = changed.files.firstIndex(where: { $0.path == path }) else {
      Issue.record("the design has no file \(path)")
      return design
    }
    let text = change(changed.files[index].text)
    #expect(text != changed.files[index].text, "the fault changes nothing in \(path)")
    changed.files[index].text = text
    return changed
  }
}

/// Simulates a network on random images in each of its modes: every joint equals the golden model, and
/// without stalls cycles and queues are those that were predicted.
///
/// - Parameter other: another network of the same shape, which is loaded then.
func check(
  _ folding: FoldedNetwork, of network: Network, loading other: IntegerGraph? = nil,
  images count: Int, stalls: [StallPattern], seed: UInt64, using random: inout SeededRandom
) throws {
  let prepared = try Prepared(folding)
  let images = (0..<count).flatMap { _ in RandomNetwork.image(for: network, using: &random) }
  for pipeline in try [prepared.pipeline]
    + (other.map { [try prepared.pipeline.loading($0)] } ?? [])
  {
    let verifier = try DesignVerifier(
      prepared.design, pipeline: pipeline, loads: other != nil, optimization: .quick)
    for mode in 0..<folding.graph.modes {
      for stalls in stalls {
        let result = try verifier.run(images, mode: mode, stalls: stalls, seed: seed)
        #expect(result.passed, "seed \(seed), mode \(mode), stalls \(stalls): \(result)")
        guard stalls == .none else { continue }
        let completions = pipeline.completions(images: count, mode: mode)
        let start = try #require(result.starts.first)
        #expect(result.completions.map { $0 - start } == completions, "seed \(seed), mode \(mode)")
        let queues = pipeline.queues(images: count, mode: mode)
        #expect(result.queues == queues, "seed \(seed), mode \(mode)")
        #expect(result.latency == pipeline.timing(mode: mode).latency, "seed \(seed)")
      }
    }
  }
}

extension IntegerGraph {
  /// Every linear layer with this schedule, at about so many cycles.
  func folded(to cycles: Int, schedule: LevelSchedule) throws -> FoldedNetwork {
    var folds = try folded(to: .cycles(cycles)).folds
    for name in folds.keys { folds[name]?.schedule = schedule }
    return try folded(to: .cycles(cycles), overrides: folds)
  }
}

extension IntegerGraph {
  /// At about so many cycles, with whole windows in every other convolution that can have them.
  func foldedToWholeWindows(
    _ cycles: Int, using random: inout SeededRandom
  ) throws -> FoldedNetwork {
    var folds = try folded(to: .cycles(cycles)).folds
    for node in nodes {
      guard case .popcount(let popcount) = node.operation, let window = popcount.window,
        window.window.taps > 1, !window.hasAbsentValues, Bool.random(using: &random)
      else { continue }
      folds[node.name]?.lanes = popcount.inputs
    }
    return try folded(overrides: folds)
  }
}

/// MNIST test images: of the original data set, or the ones that ship with the project.
func testImages(atMost count: Int) throws -> LabelledImages {
  let images =
    TestData.hasShared
    ? try LabelledImages(folder: TestData.shared.appending(path: "mnist"))
    : try LabelledImages(
      contentsOf: TestData.models.appending(path: "mnist-test-500-images.idx3-ubyte"))
  return images.prefix(count)
}

/// A network that ships with the project.
func shippedModel(levels: Int) throws -> TrainedNetwork {
  try TrainedNetwork(onnx: TestData.models.appending(path: "mnist-256x3-m\(levels).onnx"))
}

/// BNN-PYNQ's CNV for CIFAR-10, which ships with the project.
let shippedCNV = TestData.models.appending(path: "cifar10-cnv-bnn-pynq.onnx")

extension IntegerGraph {
  /// Thresholds, gammas, directions and scores at random for every smaller number of levels.
  mutating func setRandomModes(
    gammas: ClosedRange<Int> = 1...9, using random: inout SeededRandom
  ) {
    let whole = self
    fewerLevels = (1..<levels).map { levels in
      LevelMode(levels: levels, steps: [], scores: lowering.scores)
    }
    for mode in 0..<levels - 1 {
      for index in nodes.indices {
        guard let source = nodes[index].inputs.first else { continue }
        // Sums of this mode, from the layers before it.
        let limits = inMode(mode).sumLimits(of: source)
        let operation: Operation
        switch whole.nodes[index].operation {
        case .encode(let tree):
          let count = min(mode + 1, tree.code.levels)
          let weights = (0..<count).map { _ in Int.random(in: gammas, using: &random) }
          let thresholds = limits.map { limit in
            (1..<1 << count).map { _ in
              Int.random(in: -limit / 4 - 1...limit / 4 + 1, using: &random)
            }
          }
          operation = .encode(
            ThresholdTree(
              code: ResidualCode(weights: weights), thresholds: thresholds,
              falling: limits.map { _ in random.next() >> 62 == 0 }))
        case .score(let score):
          operation = .score(
            AffineScore(
              multipliers: limits.map { _ in Int.random(in: -99...99, using: &random) },
              offsets: limits.map { Int.random(in: -99 * $0 - 1...99 * $0 + 1, using: &random) },
              step: score.step))
        case .input, .lookup, .popcount, .maxPool, .sumPool, .rescale, .add, .argMax:
          continue
        }
        fewerLevels?[mode].steps.append(LevelMode.Step(node: index, operation: operation))
      }
    }
  }
}
