// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import VerilogEmission

/// The tools that users hand the Verilog to take it as it is.
@Suite(.tags(.rtl)) struct ToolTests {
  /// Runs a tool in the folder of a design's Verilog.
  private func run(
    _ tool: String, _ arguments: (Design, [String]) -> [String], on tiny: TinyDesign
  ) throws -> ExternalTool.Output {
    try TestData.withTemporaryFolder { root in
      let folder = root.appending(path: "design")
      let design = try tiny.design()
      try design.write(to: folder)
      let sources = design.files.map(\.path).filter { $0.hasSuffix(".v") }
        .map { String($0.dropFirst(4)) }
      let program = try #require(ExternalTool(tool))
      return try program.run(arguments(design, sources), in: folder.appending(path: "rtl"))
    }
  }

  /// The module with AXI ports, with all others inside.
  private func outermost(_ design: Design) -> String {
    design.manifest.accelerator?.module ?? design.manifest.top
  }

  /// Every warning, and no waiver.
  @Test(
    .enabled(if: ExternalTool("verilator") != nil, ExternalTool.whyMissing("verilator")),
    arguments: TinyDesign.all)
  func verilatorFindsNothing(tiny: TinyDesign) throws {
    let output = try run(
      "verilator",
      { design, sources in
        ["--lint-only", "-Wall", "--top-module", outermost(design)] + sources
      }, on: tiny)
    #expect(output.status == 0)
    #expect(output.text == "")
  }

  @Test(
    .enabled(if: ExternalTool("iverilog") != nil, ExternalTool.whyMissing("iverilog")),
    arguments: TinyDesign.all)
  func icarusFindsNothing(tiny: TinyDesign) throws {
    let output = try run(
      "iverilog",
      { design, sources in
        ["-g2005", "-Wall", "-s", outermost(design), "-o", "/dev/null"] + sources
      }, on: tiny)
    #expect(output.status == 0)
    #expect(output.text == "")
  }

  @Test(
    .enabled(if: ExternalTool("yosys") != nil, ExternalTool.whyMissing("yosys")),
    arguments: TinyDesign.all)
  func yosysSynthesizes(tiny: TinyDesign) throws {
    let output = try run(
      "yosys",
      { design, sources in
        [
          "-p",
          "read_verilog \(sources.joined(separator: " ")); "
            + "synth_xilinx -family xc7 -flatten -top \(outermost(design)); check -assert",
        ]
      }, on: tiny)
    #expect(output.status == 0, "\(output.text.suffix(2000))")
    let warnings = output.text.split(separator: "\n").filter { line in
      // ABC is given the logic between the registers, and says that it is only logic.
      line.contains("Warning:") && !line.contains("ABC: Warning: The network is combinational")
    }
    #expect(warnings == [])
  }

  /// What the tools find nothing in, they could find something in.
  @Test(.enabled(if: ExternalTool("verilator") != nil, ExternalTool.whyMissing("verilator")))
  func verilatorFindsASeededFault() throws {
    try TestData.withTemporaryFolder { folder in
      var design = try TinyDesign.oneLevel.design()
      let text = design.files[0].text
      design.files[0].text = text.replacing(
        "wire [1:0] fc_sign_core_data", with: "wire [2:0] fc_sign_core_data")
      try #require(design.files[0].text != text)
      try design.write(to: folder)
      let program = try #require(ExternalTool("verilator"))
      let output = try program.run(
        ["--lint-only", "-Wall", "--top-module", design.manifest.top]
          + design.files.map(\.path).filter { $0.hasSuffix(".v") }, in: folder)
      #expect(output.status != 0)
      #expect(output.text.contains("%Warning-WIDTH"))
    }
  }
}
