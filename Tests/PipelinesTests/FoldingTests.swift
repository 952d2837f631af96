// SPDX-License-Identifier: Apache-2.0

import Folding
import Foundation
import IntegerNetwork
import Modeling
import Pipelines
import TestSupport
import Testing

@Suite(.tags(.unit)) struct FoldingTests {
  // MARK: The default fold

  @Test(arguments: 0..<30 as Range<UInt64>, [1, 5, 64, 1000])
  func theDefaultMeetsTheTarget(seed: UInt64, target: Int) throws {
    var random = SeededRandom(seed: 300 + seed)
    let trained = RandomNetwork.make(using: &random)
    let graph = try trained.network.lowered(with: trained.parameters)
    let folding = try graph.folded(to: .cycles(target))
    // One cycle is always possible, so every target is met.
    #expect(folding.interval <= target, "seed \(seed)")
    try folding.check()
  }

  @Test(arguments: [0, -1, Int.min]) func aTargetThatNoneMeetsGivesTheFastest(target: Int) throws {
    let folding = try Fixture.graph().folded(to: .cycles(target))
    #expect(folding.interval == 1)
    for (name, units, lanes) in [("fc1", 6, 12), ("fc2", 4, 6)] {
      let fold = try #require(folding.folds[name])
      #expect((fold.units, fold.lanes, fold.schedule) == (units, lanes, .parallel))
    }
  }

  /// A layer that skips most of its map must still let all of it in.
  @Test func whatStridesSkipTakesCyclesToo() throws {
    let network = Network("n", input: .image(16, 16, channels: 8, bits: 1)) {
      Conv(2, kernel: 1, stride: 8, name: "conv")
      ResidualSign(levels: 1)
    }
    var random = SeededRandom(seed: 6)
    let graph = try network.lowered(with: try network.randomParameters(using: &random))
    // 2 · 2 positions of 8 inputs and 2 outputs are 64 cycles at most; 16 · 16 pixels arrive.
    let fold = LayerFold(units: 1, lanes: 4)
    let folding = try graph.folded(to: .cycles(600), overrides: ["conv": fold])
    #expect(folding.interval == 512)
    #expect(try Pipeline(folding).timing().interval == 512)
    #expect(try graph.folded(to: .cycles(300)).folds["conv"]?.lanes == 8)
  }

  @Test func oneLevelIsInSeries() throws {
    let folding = try Fixture.graph(bits: 1, levels: 1).folded(to: .cycles(1))
    #expect(folding.folds.values.allSatisfy { $0.schedule == .series })
  }

  // MARK: The target

  @Test func aTargetInImagesASecond() {
    #expect(FoldTarget.imagesPerSecond(1000, clock: 2e8).cycles == 200_000)
    #expect(FoldTarget.imagesPerSecond(3, clock: 10).cycles == 3)
    #expect(FoldTarget.imagesPerSecond(1e12, clock: 2e8).cycles == 0)
    #expect(FoldTarget.cycles(17).cycles == 17)
    // As slow as you like.
    for rate in [0, -1, .nan, 1e-300] {
      #expect(FoldTarget.imagesPerSecond(rate, clock: 2e8).cycles == 1_000_000_000_000_000)
    }
  }

  // MARK: Folds by hand

  private func error(_ folds: [String: LayerFold]) throws -> String {
    let graph = try Fixture.graph()
    return printedError { try graph.folded(overrides: folds) }
  }

  @Test func aFoldByHandIsTaken() throws {
    let fold = LayerFold(units: 3, lanes: 4, schedule: .parallel)
    let folding = try Fixture.graph().folded(to: .cycles(1), overrides: ["fc1": fold])
    #expect(folding.folds["fc1"] == fold)
    // 12 / 4 · 6 / 3; the other layer still meets the target.
    #expect(folding.interval == 6)
    #expect(folding.cycles(of: 3) == 1)
  }

  @Test(arguments: [
    (LayerFold(units: 2, lanes: 3, schedule: .series), 4 * 3 * 8),
    (LayerFold(units: 2, lanes: 3, schedule: .parallel), 4 * 3),
    (LayerFold(units: 6, lanes: 12, schedule: .series), 8),
  ])
  func cyclesAreBeatsTimesLevels(fold: LayerFold, cycles: Int) throws {
    let folding = try Fixture.graph().folded(overrides: ["fc1": fold])
    #expect(folding.cycles(of: 1) == cycles)
    // Nodes without weights have no fold.
    #expect(folding.cycles(of: 0) == nil)
    #expect(folding.fold(of: 2) == nil)
  }

  @Test(arguments: [5, 0, -1, 12]) func unitsDivideTheOutputs(units: Int) throws {
    #expect(
      try error(["fc1": LayerFold(units: units, lanes: 4)]) == """
        error: fold n.fc1: units (\(units)) do not divide the layer's 6 outputs
          hint: use one of 1, 2, 3, 6
        """)
  }

  @Test(arguments: [5, 0, -4, 24]) func lanesDivideTheInputs(lanes: Int) throws {
    #expect(
      try error(["fc1": LayerFold(units: 2, lanes: lanes)]) == """
        error: fold n.fc1: lanes (\(lanes)) do not divide the layer's 12 inputs
          hint: use one of 1, 2, 3, 4, 6, 12
        """)
  }

  @Test func lanesAndTheUnitsBeforeDivideOneAnother() throws {
    #expect(
      try error(["fc1": LayerFold(units: 2, lanes: 12), "fc2": LayerFold(units: 4, lanes: 3)])
        == """
        error: fold n.fc2: lanes (3) and the units of the layer before (2) do not divide one another
          hint: use one of 1, 2, 6 lanes, or other units before
        """)
    #expect(
      try error(["fc1": LayerFold(units: 3, lanes: 12), "fc2": LayerFold(units: 4, lanes: 6)])
        == "no error")
  }

  @Test func anUnknownLayerIsNamed() throws {
    for name in ["fc3", "sign1", "input", ""] {
      #expect(
        try error([name: LayerFold(units: 1, lanes: 1)]) == """
          error: fold n: there is no linear layer '\(name)'
            hint: the linear layers are fc1, fc2
          """)
    }
  }

  @Test func everyErrorIsReported() throws {
    let folds = [
      "a": LayerFold(units: 1, lanes: 1), "fc1": LayerFold(units: 4, lanes: 5),
      "fc2": LayerFold(units: 3, lanes: 4, popcountCycles: 3),
    ]
    #expect(
      try error(folds) == """
        error: fold n: there is no linear layer 'a'
          hint: the linear layers are fc1, fc2
        error: fold n.fc1: units (4) do not divide the layer's 6 outputs
          hint: use one of 1, 2, 3, 6
        error: fold n.fc1: lanes (5) do not divide the layer's 12 inputs
          hint: use one of 1, 2, 3, 4, 6, 12
        error: fold n.fc2: units (3) do not divide the layer's 4 outputs
          hint: use one of 1, 2, 4
        error: fold n.fc2: a popcount of 3 cycles is asked for
          hint: use 1 or 2, or leave it out
        error: fold n.fc2: lanes (4) do not divide the layer's 6 inputs
          hint: use one of 1, 2, 3, 6
        """)
  }

  /// A second cycle of a popcount is one cycle of latency, and none of the interval.
  @Test func popcountsTakeTheCyclesThatAreAskedFor() throws {
    let graph = try Fixture.graph(bits: 2, levels: 2)
    let timings = try [1, 2].map { cycles in
      let fold = LayerFold(units: 2, lanes: 3, popcountCycles: cycles)
      return try Pipeline(graph.folded(overrides: ["fc2": fold])).timing()
    }
    #expect(timings[1].latency == timings[0].latency + 1)
    #expect(timings[1].interval == timings[0].interval)
  }

  // MARK: Whole windows

  /// 8 × 8 pixels of 4 channels of 2 bits → 6 filters of 3 × 3.
  private func convolution(bits: Int = 2, padding: Padding = .none) throws -> IntegerGraph {
    let network = Network("n", input: .image(8, 8, channels: 4, bits: bits)) {
      Conv(6, kernel: 3, padding: padding, name: "conv")
      ResidualSign(levels: 1)
    }
    var random = SeededRandom(seed: 8)
    return try network.lowered(with: try network.randomParameters(using: &random))
  }

  @Test func wholeWindowsMeetTargetsThatNothingElseMeets() throws {
    let graph = try convolution()
    // A tap a beat, 36 positions of 9 taps, is 324 cycles at least. A window a beat, 6 beats a
    // position, and 28 pixels that complete no window:
    let whole = try graph.folded(to: .cycles(323))
    #expect(whole.folds["conv"]?.lanes == 36)
    #expect(whole.interval == 36 * 6 + 28)
    #expect(try Pipeline(whole).timing().interval == whole.interval)
    // No fold is faster than a pixel a cycle.
    let fastest = try graph.folded(to: .cycles(1))
    let fold = try #require(fastest.folds["conv"])
    #expect((fold.units, fold.lanes, fold.schedule) == (6, 36, .parallel))
    #expect(fastest.interval == 64)
    #expect(try Pipeline(fastest).timing().interval == 64)
  }

  @Test(arguments: [
    (LayerFold(units: 6, lanes: 36), 36 * 2 + 28),
    (LayerFold(units: 2, lanes: 36), 36 * 6 + 28),
    (LayerFold(units: 3, lanes: 36, schedule: .parallel), 36 * 2 + 28),
  ])
  func cyclesOfWholeWindows(fold: LayerFold, cycles: Int) throws {
    let folding = try convolution().folded(overrides: ["conv": fold])
    #expect(folding.cycles(of: 1) == cycles)
    #expect(folding.inputLanes == 4)
    let pipeline = try Pipeline(folding)
    #expect(pipeline.timing().interval == cycles)
    #expect(
      pipeline.stages.prefix(3).map { "\($0.name) \($0.core.moduleName) \($0.output.lanes)" } == [
        "conv_queue rb_fifo 4", "conv_buffer rb_line_buffer 36",
        "conv_matrix rb_matrix_unit \(fold.units)",
      ])
    #expect(pipeline.stage("conv_buffer")?.cycles == cycles)
  }

  @Test(arguments: [9, 12, 24, 72]) func partsOfWindowsAreNoFold(lanes: Int) throws {
    let fold = LayerFold(units: 6, lanes: lanes)
    #expect(
      printedError { _ = try convolution().folded(overrides: ["conv": fold]) } == """
        error: fold n.conv: lanes (\(lanes)) do not divide the layer's 4 channels
          hint: use one of 1, 2, 4, or 36 for whole windows
        """)
  }

  /// A beat has one flag for all its pixels.
  @Test func wholeWindowsHaveNoAbsentBorder() throws {
    let graph = try convolution(bits: 1, padding: .same)
    let fold = LayerFold(units: 6, lanes: 36)
    #expect(
      printedError { _ = try graph.folded(overrides: ["conv": fold]) } == """
        error: fold n.conv: lanes (36) are whole windows, but the layer's border has values of 0, \
        which no code is: only beats of one pixel can be absent
          hint: use one of 1, 2, 4
        """)
    #expect(try graph.folded(to: .cycles(1)).folds["conv"]?.lanes == 4)
    // The value of a code is a beat like others.
    let coded = try convolution(bits: 1, padding: .same(value: 1)).folded(to: .cycles(1))
    #expect(coded.folds["conv"]?.lanes == 36)
    #expect(coded.interval == 100)
    #expect(try Pipeline(coded).timing().interval == 100)
  }

  // MARK: The stream that enters

  @Test(arguments: 0..<30 as Range<UInt64>) func theInputIsNarrowAndNeverTooSlow(seed: UInt64)
    throws
  {
    var random = SeededRandom(seed: 1300 + seed)
    let folding = try Fixture.randomFolding(using: &random)
    let values = folding.graph.nodes[0].shape.count
    let levels = try #require(folding.graph.code(of: 0)).levels
    let fold = try #require(folding.fold(of: 1))
    let lanes = folding.inputLanes
    #expect(fold.lanes % lanes == 0, "seed \(seed)")
    #expect(values / lanes <= folding.interval, "seed \(seed)")
    // Wider than 64 bits only where fewer lanes would be too slow.
    for fewer in Fixture.divisors(of: fold.lanes) where fewer < lanes && lanes * levels > 64 {
      #expect(
        values / fewer > folding.interval || fewer == 1 && levels > 64,
        "seed \(seed): \(fewer) lanes would do, not \(lanes)")
    }
  }

  /// A table has the lanes of its reader: the stream is as if it were not there.
  @Test(arguments: [false, true]) func aTableChangesNoLanes(isPooled: Bool) throws {
    func pipeline(_ layers: [any Layer]) throws -> Pipeline {
      let network = Network("n", input: .image(8, 8, channels: 6)) {
        layers
        if isPooled { MaxPool(2) }
        Conv(4, kernel: 3, name: "conv")
      }
      let weights = Tensor(shape: [4, 6, 3, 3], values: Array(repeating: 1, count: 216))
      let graph = try network.lowered(with: Parameters(["conv.weight": weights]))
      return try Pipeline(graph.folded(to: .cycles(2000)))
    }
    let table = Lookup(Array(0..<256), bits: 8, scale: 1, offset: 0, name: "table")
    let (without, with) = (try pipeline([]), try pipeline([table]))
    #expect(with.input == without.input)
    #expect(with.folding.folds == without.folding.folds)
    #expect(with.stages[0].name == "table")
    #expect(with.stages[0].output.width == without.input.width)
    #expect(with.stages.dropFirst().map(\.name) == without.stages.map(\.name))
    #expect(with.timing().interval == without.timing().interval)
    #expect(with.timing().latency == without.timing().latency + 1)
  }

  // MARK: Files

  @Test func aFoldedNetworkSurvivesJSON() throws {
    let folding = try Fixture.graph(masked: true).folded(to: .cycles(20))
    let data = try JSONEncoder().encode(folding)
    #expect(try JSONDecoder().decode(FoldedNetwork.self, from: data) == folding)
  }
}
