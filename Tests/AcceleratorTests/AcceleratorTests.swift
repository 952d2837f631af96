// SPDX-License-Identifier: Apache-2.0

import Foundation
import ResBin
import TestSupport
import Testing

private let whyNoSimulator = Comment(
  rawValue: Simulator.missingTool?.message ?? "Verilator is installed")

/// The accelerator through its AXI ports, by clients that know nothing of the pipeline: cocotbext-axi's
/// masters, the C and the Python driver, stand-ins for Vivado, FuseSoC.
@Suite(.tags(.endToEnd)) struct AcceleratorTests {
  /// Runs a Python script of this folder, which must end well.
  private func run(
    _ script: String, _ arguments: [String], sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let output = try self.output(of: script, arguments)
    #expect(output.status == 0, "\(output.text.suffix(4000))", sourceLocation: sourceLocation)
  }

  private func output(
    of script: String, _ arguments: [String]
  ) throws -> ExternalTool.Output {
    try TestData.runPython("Tests/AcceleratorTests/\(script)", arguments)
  }

  /// Random pauses, resets in the middle of images, packets of wrong lengths, bad accesses.
  @Test(
    .enabled(if: TestData.python != nil, TestData.whyNoPython),
    .enabled(if: Simulator.isAvailable, whyNoSimulator),
    arguments: ["mnist", "cnv", "whole windows", "levels", "left over"])
  func cocotbsMastersSeeTheGoldenResults(network: String) throws {
    try TestData.withTemporaryFolder { root in
      let packed =
        switch network {
        case "cnv": try PackedDesign.cnv(count: 10, in: root)
        case "mnist": try PackedDesign.mnist(levels: 2, count: 200, in: root)
        case "levels": try PackedDesign.joint(count: 40, in: root)
        case "left over": try PackedDesign.leftOver(count: 20, in: root)
        default: try PackedDesign.wholeWindows(count: 12, in: root)
        }
      try run(
        "AXI/run_accelerator.py",
        packed.arguments + [
          "--seeds", TestData.isExhaustive ? "20" : "1",
          "--count", network == "mnist" ? "200" : "10", "--marks",
        ] + packed.marks(11).map(String.init))
    }
  }

  @Test(
    .enabled(if: TestData.python != nil, TestData.whyNoPython),
    .enabled(if: Simulator.isAvailable, whyNoSimulator),
    arguments: [
      // What is too much of a long packet becomes the next image.
      (
        "rb_image_frame.v", "skipping_q <= !in_last_i", "skipping_q <= 0",
        "wrong_packets_do_not_harm_the_next"
      ),
      // A result that a reset interrupts has no end.
      (
        "rb_result_frame.v", "reset_i ? begun : in_valid_i", "!reset_i && in_valid_i",
        "reset_with_a_result_on_its_way"
      ),
      // What is left of images whose results have left goes on in another mode.
      (
        "rb_axi_control.v", "!reset_ends || switches", "!reset_ends",
        "levels_are_those_of_the_register"
      ),
    ])
  func aFaultIsFound(file: String, right: String, wrong: String, test: String) throws {
    try TestData.withTemporaryFolder { root in
      let packed =
        file == "rb_axi_control.v"
        ? try PackedDesign.leftOver(count: 20, in: root)
        : try PackedDesign.mnist(levels: 1, count: 4, in: root)
      let core = packed.folder.appending(path: "rtl/\(file)")
      let text = try String(contentsOf: core, encoding: .utf8)
      try #require(text.contains(right))
      try Data(text.replacing(right, with: wrong).utf8).write(to: core)
      let output = try output(
        of: "AXI/run_accelerator.py",
        packed.arguments + ["--test", test, "--count", "4"])
      #expect(output.status == 1)
      #expect(output.text.contains("FAIL=1"), "\(output.text.suffix(2000))")
    }
  }

  @Test(
    .enabled(if: TestData.python != nil, TestData.whyNoPython),
    .enabled(if: Simulator.isAvailable, whyNoSimulator))
  func bothDriversRunTheAccelerator() throws {
    try TestData.withTemporaryFolder { root in
      let packed = try PackedDesign.joint(count: 24, isReloadable: true, in: root)
      try run(
        "Driver/run.py", packed.arguments + ["--seeds", TestData.isExhaustive ? "10" : "1"])
    }
  }

  @Test(.enabled(if: ExternalTool("tclsh") != nil, ExternalTool.whyMissing("tclsh")))
  func theScriptsForVivadoRunWithStandIns() throws {
    try TestData.withTemporaryFolder { root in
      let packed = try PackedDesign.cnv(count: 1, in: root)
      let tclsh = try #require(ExternalTool("tclsh"))
      let script = TestData.repository.appending(
        path: "Tests/AcceleratorTests/Vivado/run.tcl")
      let output = try tclsh.run([script.path, packed.folder.path], in: root)
      #expect(output.status == 0, "\(output.text.suffix(4000))")
    }
  }

  @Test(.enabled(if: TestData.python != nil, TestData.whyNoPython))
  func fuseSoCAndYosysTakeTheFolder() throws {
    try TestData.withTemporaryFolder { root in
      let packed = try PackedDesign.mnist(levels: 1, count: 1, in: root)
      try run(
        "Packages/run.py", [packed.folder.path] + (TestData.isExhaustive ? [] : ["--no-yosys"]))
    }
  }
}
