// SPDX-License-Identifier: Apache-2.0

import Cores
import Diagnostics
import Foundation
import TestSupport
import Testing

@testable import Simulation

/// What a design does wrong comes back as a value.
@Suite(
  .tags(.rtl),
  .enabled(if: Simulator.isAvailable, "Verilator is missing: apt-get install verilator"))
struct FaultTests {
  private func run(
    _ design: SimulatedDesign, beats: Int = 10, expected: Int? = nil, maximumCycles: Int? = nil
  ) throws -> SimulationResult {
    let stimulus = randomImages(design.inputs[0], images: 1, beats: beats)
    return try Simulator.build(design).run(
      inputs: [stimulus], expectedBeats: [expected ?? beats], maximumCycles: maximumCycles,
      quietCycles: 1000)
  }

  @Test func aDroppedBeatIsADeadlock() throws {
    // The fifth beat in is never offered.
    let result = try run(registerStage(width: 8, valid: "valid_q && beat_q != 8'd5"))
    #expect(result.status == .deadlock(lastTransfer: 10))
    #expect(result.outputs[0].beats.count == 9)
    #expect(result.inputCycles[0].count == 10)
    #expect(result.status.description == "deadlock: nothing moved after cycle 10")
  }

  @Test func anInputThatIsNeverTakenIsADeadlock() throws {
    let result = try run(registerStage(width: 8), beats: 10, expected: 0)
    #expect(result.status == .extraBeat(output: "out", cycle: 1))
    let stuck = try run(registerStage(width: 8, ready: "1'b0"), beats: 1, expected: 0)
    #expect(stuck.status == .deadlock(lastTransfer: nil))
    #expect(stuck.status.description == "deadlock: nothing ever moved")
  }

  @Test func aDesignThatWaitsForReadyIsADeadlock() throws {
    let design = registerStage(width: 8, valid: "valid_q && out_ready_i")
    let stimulus = randomImages(design.inputs[0], images: 1, beats: 10)
    let simulator = try Simulator.build(design)
    func status(_ stalls: StallPattern) throws -> SimulationStatus {
      try simulator.run(
        inputs: [stimulus], expectedBeats: [10], stalls: stalls, quietCycles: 1000
      ).status
    }
    #expect(try status(.random) == .finished)
    #expect(try status(.patient) == .deadlock(lastTransfer: 0))
  }

  @Test func anExtraBeatIsFound() throws {
    let result = try run(registerStage(width: 8), beats: 10, expected: 9)
    #expect(result.status == .extraBeat(output: "out", cycle: 10))
    #expect(result.outputs[0].beats.count == 9)
    #expect(
      result.status.description == "output 'out' offered more beats than expected, in cycle 10")
  }

  @Test func theLimitOfCyclesIsKept() throws {
    let result = try run(registerStage(width: 8), beats: 100, maximumCycles: 20)
    #expect(result.status == .timedOut(cycles: 20))
    #expect(result.cycles == 20)
    #expect(result.outputs[0].cycles == Array(1..<20))
  }

  @Test func dollarErrorIsAValue() throws {
    let result = try run(
      registerStage(
        width: 8,
        extra: """
          always @(posedge clk_i)
            if (!rst_i && beat_q == 8'd4) $error("beat %0d is one too many", beat_q);
          """))
    #expect(
      result.status
        == .assertionFailed(
          "[125] %Error: rb_stage.v:33: Assertion failed in TOP.rb_stage: beat 4 is one too many",
          cycle: 4))
    // What was recorded until then is there.
    #expect(result.inputCycles[0].count == 5)
    #expect(result.outputs[0].beats.count == 4)
    #expect(result.log.contains("one too many"))
  }

  @Test(arguments: [
    ("assert (beat_q < 8'd4);", "Assertion failed"), ("$fatal(1, \"no\");", "no"),
    ("if (beat_q == 8'd4) $stop;", "rb_stage.v:32: $stop"),
    ("if (beat_q == 8'd4) $finish;", "rb_stage.v:32: $finish"),
  ])
  func everyWayToStopIsAValue(statement: String, message: String) throws {
    var design = registerStage(
      width: 8, extra: "always @(posedge clk_i) if (!rst_i) \(statement)")
    design.sources[0].name = "rb_stage.sv"
    let result = try run(design)
    guard case .assertionFailed(let text, _) = result.status else {
      Issue.record("the status is \(result.status)")
      return
    }
    #expect(text.contains(message.replacingOccurrences(of: ".v:", with: ".sv:")))
  }

  @Test func assertionsCanBeLeftOut() throws {
    var design = registerStage(
      width: 8, extra: "always @(posedge clk_i) assert (beat_q < 8'd4);")
    design.sources[0].name = "rb_stage.sv"
    design.assertions = false
    #expect(try run(design).status == .finished)
  }

  @Test func stopsAtElaborationAreValues() throws {
    let result = try run(
      registerStage(
        width: 8,
        extra: """
          initial begin
            $display("rb_stage: LANES (%0d) does not divide CHANNELS (%0d)", 3, 8);
            $finish;
          end
          """))
    #expect(
      result.status
        == .assertionFailed(
          "rb_stage: LANES (3) does not divide CHANNELS (8)\nrb_stage.v:34: $finish", cycle: 0))
  }

  @Test func aMissingMemoryFileIsAValue() throws {
    let result = try run(
      registerStage(
        width: 8, extra: "reg [7:0] memory [0:1]; initial $readmemh(\"none.mem\", memory);",
        valid: "valid_q && memory[last_q] != 8'd1"))
    #expect(
      result.status == .assertionFailed("none.mem:0: $readmem file not found", cycle: 0))
  }

  @Test func printingMuchBlocksNothing() throws {
    let result = try run(
      registerStage(
        width: 8,
        extra: """
          integer i;
          initial for (i = 0; i < 20000; i = i + 1) $display("line %0d of much text", i);
          """))
    #expect(result.status == .finished)
    #expect(result.log.hasSuffix("line 19999 of much text\n"))
    #expect(result.log.utf8.count == 1 << 16)
  }

  @Test func aCrashIsAValue() throws {
    let design = registerStage(width: 8)
    let stimulus = randomImages(design.inputs[0], images: 1, beats: 2)
    func run(_ program: String) throws -> SimulationStatus {
      let folder = temporaryFile()
      defer { try? FileManager.default.removeItem(at: folder) }
      try Data("#!/bin/sh\n\(program)\n".utf8).write(to: folder)
      try FileManager.default.setAttributes(
        [.posixPermissions: 0o755], ofItemAtPath: folder.path)
      return try Simulator(design: design, executable: folder, wasCached: true)
        .run(inputs: [stimulus], expectedBeats: [2]).status
    }
    #expect(try run("echo no disk >&2; exit 3") == .crashed("exit code 3: no disk"))
    #expect(try run("kill -SEGV $$") == .crashed("signal 11"))
    #expect(try run("exit 0") == .crashed("exit code 0"))
  }
}
