// SPDX-License-Identifier: Apache-2.0

import Cores
import Diagnostics
import Foundation
import TestSupport
import Testing

@testable import Simulation

@Suite(
  .tags(.rtl),
  .enabled(if: Simulator.isAvailable, "Verilator is missing: apt-get install verilator"))
struct SimulatorTests {
  @Test(arguments: [(1, 1), (8, 1), (12, 3), (33, 1), (64, 1), (200, 8)], StallPattern.allCases)
  func beatsPassInOrder(shape: (width: Int, lanes: Int), stalls: StallPattern) throws {
    let design = registerStage(width: shape.width, lanes: shape.lanes)
    let simulator = try Simulator.build(design)
    let stimulus = randomImages(design.inputs[0], images: 5, beats: 40)
    let result = try simulator.run(
      inputs: [stimulus], expectedBeats: [stimulus.count], stalls: stalls, seed: 7)
    #expect(result.status == .finished)
    var expected = stimulus
    expected.port = design.outputs[0]
    #expect(result.outputs[0].beats.firstMismatch(from: expected) == nil)
    #expect(result.outputs[0].beats == expected)
  }

  @Test func cyclesCountFromTheFirstEdgeAfterReset() throws {
    let design = registerStage(width: 8)
    let stimulus = randomImages(design.inputs[0], images: 2, beats: 3)
    let result = try Simulator.build(design).run(inputs: [stimulus], expectedBeats: [6])
    #expect(result.inputCycles == [[0, 1, 2, 3, 4, 5]])
    #expect(result.outputs[0].cycles == [1, 2, 3, 4, 5, 6])
    // The last beat in cycle 6, then 64 cycles without another.
    #expect(result.cycles == 71)
  }

  @Test(arguments: StallPattern.allCases, [UInt64(1), 2, 99])
  func stallsAreThoseOfTheGates(stalls: StallPattern, seed: UInt64) throws {
    let design = registerStage(width: 8)
    let stimulus = randomImages(design.inputs[0], images: 4, beats: 50)
    let result = try Simulator.build(design).run(
      inputs: [stimulus], expectedBeats: [200], stalls: stalls, seed: seed)
    let expected = registerStageCycles(beats: 200, stalls: stalls, seed: seed)
    #expect(result.inputCycles[0] == expected.taken)
    #expect(result.outputs[0].cycles == expected.sent)
  }

  @Test func oneSeedGivesOneRun() throws {
    let design = registerStage(width: 33)
    let simulator = try Simulator.build(design)
    let stimulus = randomImages(design.inputs[0], images: 2, beats: 30)
    func run(_ seed: UInt64) throws -> SimulationResult {
      try simulator.run(
        inputs: [stimulus], expectedBeats: [60], stalls: .random, seed: seed)
    }
    #expect(try run(5) == run(5))
    #expect(try run(5) != run(6))
  }

  @Test(arguments: SimulatedDesign.Optimization.allCases)
  func tapsAreRecorded(optimization: SimulatedDesign.Optimization) throws {
    let tap = StreamPort("middle_", lanes: 1, bitsPerLane: 33)
    let design = registerStage(width: 33, taps: [tap], optimization: optimization)
    let stimulus = randomImages(design.inputs[0], images: 3, beats: 10)
    let result = try Simulator.build(design).run(
      inputs: [stimulus], expectedBeats: [30], stalls: .random)
    #expect(result.status == .finished)
    #expect(result.taps[0].beats.port == tap)
    #expect(result.taps[0].beats.allLanes == stimulus.allLanes)
    #expect(result.taps[0].beats.last == stimulus.last)
    #expect(result.taps[0].cycles == result.outputs[0].cycles)
  }

  @Test func designsWithoutInputsRun() throws {
    let text = """
      module rb_count (
        input wire clk_i, input wire rst_i,
        output reg [3:0] out_data_o, output wire out_valid_o, input wire out_ready_i,
        output wire out_last_o
      );
        reg done_q;
        assign out_valid_o = !done_q;
        assign out_last_o = out_data_o == 4'd9;
        always @(posedge clk_i) begin
          if (out_valid_o && out_ready_i) begin
            out_data_o <= out_data_o + 4'd1;
            done_q <= out_last_o;
          end
          if (rst_i) begin
            out_data_o <= 4'd0;
            done_q <= 1'b0;
          end
        end
      endmodule

      """
    let design = SimulatedDesign(
      topModule: "rb_count", sources: [DesignFile("rb_count.v", text)], inputs: [],
      outputs: [StreamPort("out", lanes: 2, bitsPerLane: 2)])
    let result = try Simulator.build(design).run(
      inputs: [], expectedBeats: [10], stalls: .sink)
    #expect(result.status == .finished)
    #expect(result.outputs[0].beats.allLanes == (0..<10).flatMap { [$0 & 3, $0 >> 2] })
    #expect(result.outputs[0].beats.imageCount == 1)
  }

  @Test func parametersAndMemoriesReachTheCore() throws {
    let core = OffsetCore(offset: -5, table: [1, 20, 300, 4000])
    let simulator = try Simulator.build(SimulatedDesign(core: core))
    let stimulus = StreamBeats(core.inputs[0], images: [[0, 1, 2, 3]])
    let result = try simulator.run(inputs: [stimulus], expectedBeats: [4])
    #expect(result.status == .finished)
    let lanes = (0..<4).map { result.outputs[0].beats.signedLane(0, ofBeat: $0) }
    #expect(lanes == [-4, 15, 295, 3995])
    #expect((0..<4).allSatisfy { result.outputs[0].lane(1, ofBeat: $0) == 0x3_21 })
  }

  @Test func anotherMemoryNeedsNoBuild() throws {
    try withTemporaryCache { cache in
      let first = OffsetCore(offset: 0, table: [1, 2, 3, 4])
      let second = OffsetCore(offset: 0, table: [5, 6, 7, 8])
      #expect(try !Simulator.build(SimulatedDesign(core: first), cache: cache).wasCached)
      let simulator = try Simulator.build(SimulatedDesign(core: second), cache: cache)
      #expect(simulator.wasCached)
      let stimulus = StreamBeats(second.inputs[0], images: [[3, 0]])
      let result = try simulator.run(inputs: [stimulus], expectedBeats: [2])
      #expect(result.outputs[0].beats.lanes(ofBeat: 0)[0] == 8)
      #expect(result.outputs[0].beats.lanes(ofBeat: 1)[0] == 5)
    }
  }

  @Test func waveformsAreWritten() throws {
    let design = registerStage(width: 8, trace: true)
    let file = temporaryFile(".fst")
    defer { try? FileManager.default.removeItem(at: file) }
    let stimulus = randomImages(design.inputs[0], images: 2, beats: 20)
    let result = try Simulator.build(design).run(
      inputs: [stimulus], expectedBeats: [40], trace: file)
    #expect(result.status == .finished)
    #expect(try Data(contentsOf: file).count > 100)
  }

  @Test func progressCountsImages() throws {
    let design = registerStage(width: 8)
    let stimulus = randomImages(design.inputs[0], images: 2000, beats: 100)
    var reported: [Int] = []
    let result = try Simulator.build(design).run(
      inputs: [stimulus], expectedBeats: [stimulus.count], progress: { reported.append($0) })
    #expect(result.status == .finished)
    #expect(reported.count > 1)
    #expect(reported == reported.sorted())
    #expect(reported.last == 2000)
  }

  @Test func manySimulationsRunAtOnce() async throws {
    let design = registerStage(width: 12, lanes: 3)
    let simulator = try Simulator.build(design)
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for seed in 0..<8 {
        group.addTask {
          let stimulus = randomImages(
            design.inputs[0], images: 3, beats: 100, seed: UInt64(seed))
          let result = try simulator.run(
            inputs: [stimulus], expectedBeats: [300], stalls: .random, seed: UInt64(seed))
          return result.status == .finished
            && result.outputs[0].beats.allLanes == stimulus.allLanes
        }
      }
      for try await passed in group { #expect(passed) }
    }
  }

  @Test func cancellingTheTaskEndsTheRun() async throws {
    let design = registerStage(width: 8)
    let simulator = try Simulator.build(design)
    let stimulus = randomImages(design.inputs[0], images: 1, beats: 10)
    let task = Task {
      try simulator.run(inputs: [stimulus], expectedBeats: [11], quietCycles: 1 << 50)
    }
    try await Task.sleep(for: .milliseconds(300))
    task.cancel()
    await #expect(throws: CancellationError.self) { _ = try await task.value }
  }
}

/// The register stage of the fixtures, cycle by cycle.
private func registerStageCycles(
  beats: Int, stalls: StallPattern, seed: UInt64
) -> (taken: [Int], sent: [Int]) {
  var sourceGate = stalls.sourceGate(0, seed: seed)
  var sinkGate = stalls.sinkGate(0, seed: seed)
  var taken: [Int] = []
  var sent: [Int] = []
  var offered = false
  var full = false
  for cycle in 0... {
    let open = sourceGate.next()
    let ready = sinkGate.next()
    offered = offered || open && taken.count < beats
    if full && ready { sent.append(cycle) }
    if sent.count == beats { break }
    if !full || ready {
      full = offered
      if offered { taken.append(cycle) }
      offered = false
    }
  }
  return (taken, sent)
}
