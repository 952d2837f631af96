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
    #expect(result.inputCycles[0].count == stimulus.count)
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
}
