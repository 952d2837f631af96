// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import Cores

/// The estimates of the cores against what Yosys made of them: Docs/Budgets/cores.csv, which
/// `Scripts/measure-cores` writes.
@Suite(.tags(.unit)) struct CostTableTests {
  /// A line of the table.
  struct Row: Sendable, CustomTestStringConvertible {
    var module: String
    var parameters: String
    var measured: Resources
    var path: LogicPath

    var testDescription: String { "\(module) \(parameters)" }
  }

  static let rows: [Row] = {
    let url = TestData.repository.appending(path: "Docs/Budgets/cores.csv")
    let text = (try? String(contentsOf: url, encoding: .utf8)) ?? ""
    return text.split(separator: "\n").dropFirst().compactMap { line in
      let cells = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      let counts = cells[2...8].compactMap { Int($0) }
      guard counts.count == 7 else { return nil }
      return Row(
        module: cells[0], parameters: cells[1],
        measured: Resources(
          luts: counts[0], flipFlops: counts[2], ramb18s: counts[3], dsps: counts[4]),
        path: LogicPath(levels: counts[5], nanoseconds: Double(counts[6]) / 1000))
    }
  }()

  /// Percent of the LUTs by which the estimate of the worst row of a core may be off; a row of
  /// less than 40 LUTs counts as one of 40.
  static let worst: [String: Double] = [
    "rb_add": 3, "rb_arg_max": 6, "rb_fifo": 2, "rb_fork": 0, "rb_line_buffer": 3,
    "rb_lookup": 2, "rb_matrix_unit": 10, "rb_max_pool": 2, "rb_pad": 5,
    "rb_residual_encoder": 7, "rb_score": 11, "rb_stream_register": 2, "rb_sum_pool": 2,
    "rb_width_down": 2, "rb_width_up": 2, "rb_window": 12,
  ]

  @Test(arguments: rows) func theEstimateIsNearTheMeasurement(row: Row) throws {
    let estimate = try #require(core(row.module, parameters: row.parameters)).resources
    #expect(estimate.ramb18s == row.measured.ramb18s)
    #expect(estimate.dsps == row.measured.dsps)
    let flipFlops = abs(estimate.flipFlops - row.measured.flipFlops)
    // Those of shared counts depend on the weights.
    let share = row.parameters.contains("SHARED_BLOCKS") ? 50 : 100
    #expect(flipFlops <= max(4, row.measured.flipFlops / share), "\(estimate)")
    let percent =
      100 * Double(abs(estimate.luts - row.measured.luts)) / Double(max(40, row.measured.luts))
    #expect(percent <= Self.worst[row.module] ?? 0, "\(estimate)")
  }

  /// Levels and nanoseconds of the longest path: a fifth off at most, or half a nanosecond and two levels.
  @Test(arguments: rows) func theLongestPathIsNearTheMeasurement(row: Row) throws {
    let estimate = try #require(core(row.module, parameters: row.parameters)).longestPath
    let nanoseconds = abs(estimate.nanoseconds - row.path.nanoseconds)
    #expect(nanoseconds <= max(0.5, 0.2 * row.path.nanoseconds), "\(estimate), \(row.path)")
    let levels = abs(estimate.levels - row.path.levels)
    #expect(levels <= max(2, row.path.levels / 5), "\(estimate), \(row.path)")
  }

  /// What cores are cut to unless asked is what they choose by themselves.
  @Test func theUsualLimitChangesNothing() {
    for lanes in 1...600 {
      for memory in [MemoryKind.distributed, .block] {
        for (levels, isMasked) in [(1, false), (1, true), (2, false), (8, false)]
        where levels == 1 || lanes < 200 {
          let mask = MemoryImage(parameter: "MASK_FILE", width: 2 * lanes, words: [])
          var unit = MatrixUnit(
            lanes: lanes, units: 2, levelsPerBeat: levels, words: 2, groups: 2,
            gammas: (0..<levels).reversed().map { 1 << $0 }, sumWidth: 20, memory: memory,
            weights: MemoryImage(parameter: "WEIGHTS_FILE", width: 2 * lanes, words: []),
            mask: isMasked ? mask : nil)
          let before = [unit.popcountCycles, unit.popcountParts]
          unit.cut(to: LogicPath.usualLimit)
          #expect([unit.popcountCycles, unit.popcountParts] == before, "\(lanes), \(levels)")
        }
      }
    }
    for (lanes, units) in [(12, 3), (40, 7), (256, 10), (784, 16)] {
      var unit = MatrixUnit(
        lanes: lanes, units: units, levelsPerBeat: 1, words: 1, groups: 1, gammas: [1],
        sumWidth: 11,
        weights: MemoryImage(parameter: "WEIGHTS_FILE", width: units * lanes, words: []))
      let before = unit.sharedNeurons
      unit.cut(to: LogicPath.usualLimit)
      #expect(unit.sharedNeurons == before && before > 0, "\(lanes), \(units)")
    }
    for units in 1...130 {
      var core = ArgMax(units: units, scoreWidth: 31, groups: 2, indexWidth: 9)
      let before = core.compareCycles
      core.cut(to: LogicPath.usualLimit)
      #expect(core.compareCycles == before, "\(units)")
    }
  }

  /// Less delay is never fewer cycles, and is kept where the core can be cut so far.
  @Test func lessDelayTakesMoreCycles() {
    for lanes in [1, 8, 9, 32, 33, 64, 100, 144, 145, 288, 600] {
      for memory in [MemoryKind.distributed, .block] {
        var unit = MatrixUnit(
          lanes: lanes, units: 2, levelsPerBeat: 1, words: 2, groups: 2, gammas: [1], sumWidth: 20,
          memory: memory,
          weights: MemoryImage(parameter: "WEIGHTS_FILE", width: 2 * lanes, words: []))
        var before = 0
        for limit in [20, 8, 6, 5.5, 5, 4.5, 4, 3] {
          unit.cut(to: limit)
          #expect(unit.handshake.depth >= before, "\(lanes), \(limit)")
          before = unit.handshake.depth
          if limit >= 4 { #expect(unit.longestPath.nanoseconds <= limit, "\(lanes), \(limit)") }
        }
      }
    }
    var core = ArgMax(units: 10, scoreWidth: 22, groups: 2, indexWidth: 5)
    let cycles = [8.0, 6, 4.5, 3].map { limit in
      core.cut(to: limit)
      return core.compareCycles
    }
    #expect(cycles == [1, 2, 2, 4])
  }

  /// More delay is never more LUTs, and is kept where any number of neurons in a block keeps it.
  @Test func blocksOfNeuronsAreAsSmallAsTheLimitAllows() {
    for (lanes, units) in [(12, 2), (16, 12), (64, 10), (96, 32), (256, 10), (256, 64), (784, 20)] {
      var unit = MatrixUnit(
        lanes: lanes, units: units, levelsPerBeat: 1, words: 1, groups: 1, gammas: [1],
        sumWidth: 11,
        weights: MemoryImage(parameter: "WEIGHTS_FILE", width: units * lanes, words: []))
      let choices = (2...5).map { neurons in
        unit.sharedNeurons = neurons
        return (luts: unit.resources.luts, path: unit.longestPath.nanoseconds)
      }
      var before = Int.max
      for limit in [2.5, 3, 3.5, 4, 4.5, 5, 5.5, 6] {
        unit.cut(to: limit)
        let (luts, path) = (unit.resources.luts, unit.longestPath.nanoseconds)
        guard choices.contains(where: { $0.path <= limit }) else {
          #expect(path == choices.map(\.path).min(), "\(lanes), \(units), \(limit)")
          continue
        }
        #expect(path <= limit && luts <= before, "\(lanes), \(units), \(limit)")
        before = luts
      }
      #expect(before == choices.map(\.luts).min())
    }
  }

  @Test func everyCoreIsMeasured() throws {
    #expect(Set(Self.rows.map(\.module)) == Set(Self.worst.keys))
    #expect(Set(FaceTests.cores.map(\.moduleName)) == Set(Self.worst.keys))
    let text = try String(
      contentsOf: TestData.repository.appending(path: "Docs/Budgets/cores.csv"), encoding: .utf8)
    // A row without counts is not one of the rows.
    #expect(text.split(separator: "\n").count == Self.rows.count + 1)
  }

  /// For `Scripts/measure-cores`: the table with the parts of each core, from which the
  /// coefficients are fitted.
  @Test(
    .enabled(
      if: ProcessInfo.processInfo.environment["RESBIN_CORE_PARTS"] != nil,
      "writes a file for Scripts/measure-cores, which sets RESBIN_CORE_PARTS"))
  func writeTheParts() throws {
    let path = try #require(ProcessInfo.processInfo.environment["RESBIN_CORE_PARTS"])
    let parts = LUTPart.allCases
    var lines = ["core,parameters,luts,memoryLUTs," + parts.map(\.rawValue).joined(separator: ",")]
    for row in Self.rows {
      let structure = try #require(core(row.module, parameters: row.parameters)).structure
      lines.append(
        "\(row.module),\(row.parameters),\(row.measured.luts),\(structure.memoryLUTs),"
          + parts.map { "\(structure.parts[$0] ?? 0)" }.joined(separator: ","))
    }
    try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(filePath: path))
  }
}

extension Handshake {
  /// Cycles of a pipeline; 0 of others.
  fileprivate var depth: Int {
    if case .pipeline(let depth, _) = self { depth } else { 0 }
  }
}
