// SPDX-License-Identifier: Apache-2.0

import Cores
import Diagnostics
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Simulation

/// What a build refuses, in which words, and what the cache keeps.
@Suite(
  .tags(.rtl),
  .enabled(if: Simulator.isAvailable, "Verilator is missing: apt-get install verilator"))
struct BuildTests {
  @Test func aSecondBuildIsFound() throws {
    try withTemporaryCache { cache in
      let design = registerStage(width: 8)
      let first = try Simulator.build(design, cache: cache)
      let second = try Simulator.build(design, cache: cache)
      #expect(!first.wasCached)
      #expect(second.wasCached)
      #expect(first.executable == second.executable)

      var other = design
      other.sources[0].text += "// one comment more\n"
      #expect(try !Simulator.build(other, cache: cache).wasCached)
      other = design
      other.assertions = false
      #expect(try !Simulator.build(other, cache: cache).wasCached)
    }
  }

  @Test func twoBuildersMakeOneModel() throws {
    try withTemporaryCache { cache in
      let design = registerStage(width: 8)
      let found = Mutex<[Bool?]>([])
      DispatchQueue.concurrentPerform(iterations: 3) { _ in
        let simulator = try? Simulator.build(design, cache: cache)
        found.withLock { $0.append(simulator?.wasCached) }
      }
      #expect(found.withLock { $0.count { $0 == false } } == 1)
      #expect(found.withLock { $0.count { $0 == true } } == 2)
    }
  }

  @Test func anUnfinishedBuildIsBuiltAgain() throws {
    try withTemporaryCache { cache in
      let design = registerStage(width: 8)
      let first = try Simulator.build(design, cache: cache)
      let entry = first.executable.deletingLastPathComponent()
      try FileManager.default.removeItem(at: entry.appendingPathComponent("complete"))
      try FileManager.default.removeItem(at: first.executable)
      #expect(try !Simulator.build(design, cache: cache).wasCached)
      #expect(FileManager.default.isExecutableFile(atPath: first.executable.path))
    }
  }

  /// A dense layer may have thousands of lanes.
  @Test func aLoopOverManyLanesIsNoEndlessLoop() throws {
    let loop = """
      wire [2999:0] lanes;
      genvar lane;
      generate
        for (lane = 0; lane < 3000; lane = lane + 1) begin : gen_lane
          assign lanes[lane] = data_q[lane % 8];
        end
      endgenerate
      """
    try withTemporaryCache { cache in
      _ = try Simulator.build(registerStage(width: 8, extra: loop), cache: cache)
    }
  }

  @Test func wrongVerilogIsADiagnostic() throws {
    let design = registerStage(width: 8, extra: "assign x = 1'b1;")
    #expect {
      try Simulator.build(design)
    } throws: { error in
      """
      error: rb_stage: Verilator rejects the design
        note: %Error: rb_stage.v:32:10: Signal definition not found, and implicit disabled with \
      `default_nettype: 'x'
      """ == "\(error)"
    }
  }

  @Test func aWarningRejectsTheDesign() throws {
    let design = registerStage(width: 8, extra: "wire [3:0] narrow = data_q;")
    #expect {
      try Simulator.build(design)
    } throws: { error in
      """
      error: rb_stage: Verilator rejects the design
        note: %Warning-WIDTH: rb_stage.v:32:21: Operator ASSIGNW expects 4 bits on the Assign RHS, \
      but Assign RHS's VARREF 'data_q' generates 8 bits.
      """ == "\(error)"
    }
  }

  @Test func streamsThatAreNotThereAreDiagnostics() throws {
    var design = registerStage(width: 8)
    design.inputs = [StreamPort("in", lanes: 3, bitsPerLane: 3)]
    design.outputs = [StreamPort("result", lanes: 8, bitsPerLane: 1)]
    design.taps = [StreamPort("nowhere", lanes: 1, bitsPerLane: 1)]
    let port = "compare the lanes and the bits per lane of the stream with the module"
    let stream = "a stream has data, valid, ready and last; compare its name with the module"
    #expect {
      try Simulator.build(design)
    } throws: { error in
      """
      error: rb_stage: port 'in_data_i' has 8 bits; the stream needs 9
        hint: \(port)
      error: rb_stage: the module has no port 'result_data_o'
        hint: \(stream)
      error: rb_stage: the module has no port 'result_valid_o'
        hint: \(stream)
      error: rb_stage: the module has no port 'result_ready_i'
        hint: \(stream)
      error: rb_stage: the module has no port 'result_last_o'
        hint: \(stream)
      error: rb_stage: the module has no net 'nowhere_data'
        hint: \(stream)
      error: rb_stage: the module has no net 'nowhere_valid'
        hint: \(stream)
      error: rb_stage: the module has no net 'nowhere_ready'
        hint: \(stream)
      error: rb_stage: the module has no net 'nowhere_last'
        hint: \(stream)
      """ == "\(error)"
    }
  }

  @Test func filesOfADesignStayInItsFolder() throws {
    var design = registerStage(width: 8)
    design.sources.append(DesignFile("../up.v", ""))
    design.sources.append(DesignFile("rb_stage.v", "other"))
    #expect {
      try Simulator.build(design)
    } throws: { error in
      """
      error: ../up.v: the file lies outside the folder of the design
        hint: name the files of a design relative to its folder
      error: rb_stage.v: the design has two files of this name with different text
        hint: rename one of them
      """ == "\(error)"
    }
  }

  @Test func runsCheckTheirArguments() throws {
    let simulator = try Simulator.build(registerStage(width: 8))
    #expect {
      try simulator.run(
        inputs: [], expectedBeats: [], trace: URL(fileURLWithPath: "/nowhere/x.fst"))
    } throws: { error in
      """
      error: rb_stage: the inputs are none; in[1×8] were expected
        hint: give the beats of every input, in port order
      error: rb_stage: beats are expected of 0 outputs; the design has out[1×8]
        hint: give one number for each output, in port order
      error: rb_stage: the model was built without tracing
        hint: build the design with `trace: true`
      """ == "\(error)"
    }
  }

  @Test func aCacheThatCannotBeWrittenIsADiagnostic() throws {
    let cache = BuildCache(folder: URL(fileURLWithPath: "/dev/null/resbin"))
    #expect {
      try Simulator.build(registerStage(width: 8), cache: cache)
    } throws: { error in
      "\(error)".hasPrefix("error: /dev/null/resbin: the build cache cannot be created: ")
        && "\(error)".hasSuffix("hint: set RESBIN_CACHE to a folder that can be written")
    }
  }
}
