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
