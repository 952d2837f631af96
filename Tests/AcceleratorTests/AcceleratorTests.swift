// SPDX-License-Identifier: Apache-2.0

import Foundation
import ResBin
import TestSupport
import Testing

private let whyNoPython: Comment = "needs the Python tools in .venv: run Scripts/setup test"
private let whyNoSimulator = Comment(
  rawValue: Simulator.missingTool?.message ?? "Verilator is installed")

/// The accelerator through its AXI ports, by clients that know nothing of the pipeline: cocotbext-axi's
/// masters, the C and the Python driver, stand-ins for Vivado, FuseSoC.
@Suite(.tags(.endToEnd)) struct AcceleratorTests {
  private static let folder = TestData.repository.appending(path: "Tests/AcceleratorTests")

  private func run(_ script: String, _ arguments: [String]) throws {
    let python = ExternalTool(url: try #require(TestData.python))
    try TestData.withTemporaryFolder { root in
      // Tools that pip installed stand beside its Python.
      let tools = python.url.deletingLastPathComponent().path
      let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
      let output = try python.run(
        [Self.folder.appending(path: script).path] + arguments, in: root,
        environment: ["PATH": "\(tools):\(path)", "PYTHONDONTWRITEBYTECODE": "1"])
      #expect(output.status == 0, "\(output.text.suffix(4000))")
    }
  }

  /// Random pauses, resets in the middle of images, packets of wrong lengths, bad accesses.
  @Test(
    .enabled(if: TestData.python != nil, whyNoPython),
    .enabled(if: Simulator.isAvailable, whyNoSimulator), arguments: ["mnist", "cnv"])
  func cocotbsMastersSeeTheGoldenResults(network: String) throws {
    try TestData.withTemporaryFolder { root in
      let packed =
        network == "cnv"
        ? try PackedDesign.cnv(count: 10, in: root)
        : try PackedDesign.mnist(levels: 2, count: 200, in: root)
      try run(
        "AXI/run_accelerator.py",
        [
          packed.folder.path, "--images", packed.images.path, "--expected", packed.results.path,
          "--seeds", TestData.isExhaustive ? "20" : "2",
          "--count", network == "cnv" ? "10" : "200",
        ])
    }
  }

  @Test(
    .enabled(if: TestData.python != nil, whyNoPython),
    .enabled(if: Simulator.isAvailable, whyNoSimulator))
  func bothDriversRunTheAccelerator() throws {
    try TestData.withTemporaryFolder { root in
      let packed = try PackedDesign.mnist(levels: 3, count: 24, in: root)
      try run(
        "Driver/run.py",
        [
          packed.folder.path, "--images", packed.images.path, "--expected", packed.results.path,
          "--seeds", TestData.isExhaustive ? "10" : "1",
        ])
    }
  }

  @Test(.enabled(if: ExternalTool("tclsh") != nil, ExternalTool.whyMissing("tclsh")))
  func theScriptsForVivadoRunWithStandIns() throws {
    try TestData.withTemporaryFolder { root in
      let packed = try PackedDesign.cnv(count: 1, in: root)
      let tclsh = try #require(ExternalTool("tclsh"))
      let script = Self.folder.appending(path: "Vivado/run.tcl")
      let output = try tclsh.run([script.path, packed.folder.path], in: root)
      #expect(output.status == 0, "\(output.text.suffix(4000))")
    }
  }

  @Test(.enabled(if: TestData.python != nil, whyNoPython))
  func fuseSoCAndYosysTakeTheFolder() throws {
    try TestData.withTemporaryFolder { root in
      let packed = try PackedDesign.mnist(levels: 1, count: 1, in: root)
      try run(
        "Packages/run.py", [packed.folder.path] + (TestData.isExhaustive ? [] : ["--no-yosys"]))
    }
  }
}
