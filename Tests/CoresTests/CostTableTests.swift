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

    var testDescription: String { "\(module) \(parameters)" }
  }

  static let rows: [Row] = {
    let url = TestData.repository.appending(path: "Docs/Budgets/cores.csv")
    let text = (try? String(contentsOf: url, encoding: .utf8)) ?? ""
    return text.split(separator: "\n").dropFirst().compactMap { line in
      let cells = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      let counts = cells[2...6].compactMap { Int($0) }
      guard counts.count == 5 else { return nil }
      return Row(
        module: cells[0], parameters: cells[1],
        measured: Resources(
          luts: counts[0], flipFlops: counts[2], ramb18s: counts[3], dsps: counts[4]))
    }
  }()

  /// Percent of the LUTs by which the estimate of the worst row of a core may be off; a row of
  /// less than 40 LUTs counts as one of 40.
  static let worst: [String: Double] = [
    "rb_arg_max": 8, "rb_fifo": 2, "rb_line_buffer": 3, "rb_lookup": 2, "rb_matrix_unit": 10,
    "rb_max_pool": 2, "rb_pad": 5, "rb_residual_encoder": 7, "rb_score": 11,
    "rb_stream_register": 2, "rb_sum_pool": 2, "rb_width_down": 2, "rb_width_up": 2,
    "rb_window": 12,
  ]

  @Test(arguments: rows) func theEstimateIsNearTheMeasurement(row: Row) throws {
    let estimate = try #require(core(row.module, parameters: row.parameters)).resources
    #expect(estimate.ramb18s == row.measured.ramb18s)
    #expect(estimate.dsps == row.measured.dsps)
    let flipFlops = abs(estimate.flipFlops - row.measured.flipFlops)
    #expect(flipFlops <= max(4, row.measured.flipFlops / 100), "\(estimate)")
    let percent =
      100 * Double(abs(estimate.luts - row.measured.luts)) / Double(max(40, row.measured.luts))
    #expect(percent <= Self.worst[row.module] ?? 0, "\(estimate)")
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
