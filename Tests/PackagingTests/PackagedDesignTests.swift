// SPDX-License-Identifier: Apache-2.0

import Foundation
import ResBin
import TestSupport
import Testing

@Suite(.tags(.unit)) struct PackagedDesignTests {
  private func design(
    named name: String, input: Input = .vector(6, bits: 1), folds: [String: LayerFold] = [:],
    @NetworkBuilder _ layers: () -> [any Layer]
  ) throws -> Design {
    let network = Network(name, input: input, layers)
    var random = SeededRandom(seed: 31)
    let graph = try network.lowered(with: try network.randomParameters(using: &random))
    return try Pipeline(graph.folded(overrides: folds)).verilog().packaged()
  }

  /// Names that a header of the driver or of C has, or that a tool takes for an order.
  @Test(arguments: [
    "resbin", "Resbin", "resbin_dma", "resbin_registers", "registers", "dma", "uio", "stdint",
    "int", "verilator lint_off", "a\"b\\ {c} [d] $e */", "7", "naïve",
  ])
  func everyNameGivesFilesThatCanBeUsed(name: String) throws {
    let design = try design(named: name) {
      Dense(4, name: "fc")
      Sign()
    }
    let paths = design.files.map { $0.path.lowercased() }
    #expect(Set(paths).count == paths.count)
    #expect(design.manifest.files == design.files.map(\.path).dropLast())
    try TestData.withTemporaryFolder { root in
      let folder = root.appending(path: "design")
      try design.write(to: folder)
      try design.write(to: folder)
      #expect(try Design(folder: folder).isUnchanged)
      let top = design.manifest.top
      let program = """
        #include "\(top)_design.h"
        #include "resbin_dma.h"
        #include "resbin_uio.h"
        int main(void) { return sizeof(struct resbin_dma) == 0 || \(top)_design.levels != 1; }

        """
      try Data(program.utf8).write(to: folder.appending(path: "driver/program.c"))
      if let clang = ExternalTool("clang") {
        let output = try clang.run(
          ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", "program.c"],
          in: folder.appending(path: "driver"))
        #expect(output.status == 0, "\(output.text)")
      }
      if let tclsh = ExternalTool("tclsh") {
        let script = "source vivado/design.tcl; puts [dict get $design module]"
        try Data(script.utf8).write(to: folder.appending(path: "program.tcl"))
        let output = try tclsh.run(["program.tcl"], in: folder)
        #expect(output.output == "\(top)_axi\n", "\(output.text)")
      }
      if let verilator = ExternalTool("verilator") {
        let output = try verilator.run(
          ["--lint-only", "-Wall", "--top-module", "\(top)_axi", "-f", "files.f"], in: folder)
        #expect(output.text == "")
      }
    }
  }

  /// There are registers for 64 marks; further queues have none.
  @Test func moreQueuesThanRegisters() throws {
    let count = 66
    let names = (0..<count).map { "conv\($0)" }
    let folds = Dictionary(
      uniqueKeysWithValues: names.map { ($0, LayerFold(units: 1, lanes: 2)) })
    let design = try design(
      named: "deep", input: .image(1, count + 2, bits: 1), folds: folds
    ) {
      for name in names {
        Conv(1, kernel: Extent(1, 2), name: name)
        Sign()
      }
    }
    let wrapper = try #require(design.files.first { $0.path == "rtl/deep_axi.v" }).text
    #expect(wrapper.contains("(64)"))
    #expect(wrapper.contains("queue_push[65:64]"))
    #expect(wrapper.matches(of: /rb_high_water u_/).count == 64)
    guard let verilator = ExternalTool("verilator") else { return }
    try TestData.withTemporaryFolder { root in
      let folder = root.appending(path: "design")
      try design.write(to: folder)
      let output = try verilator.run(
        ["--lint-only", "-Wall", "--top-module", "deep_axi", "-f", "files.f"], in: folder)
      #expect(output.text == "")
    }
  }
}
