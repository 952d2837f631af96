// SPDX-License-Identifier: Apache-2.0

import Cores
import Simulation
import TestSupport
import Testing

@Suite(
  .tags(.rtl),
  .enabled(if: Simulator.isAvailable, "Verilator is missing: apt-get install verilator"))
struct FIFOTests {
  @Test func everyBeatComesOutInOrder() throws {
    var random = SeededRandom(seed: Effort.seed)
    let depths = Effort.isExhaustive ? Array(1...66) : [1, 2, 3, 4, 5, 7, 8, 9, 16, 64, 65]
    let cases = depths.enumerated().map { index, depth in
      let core = FIFO(
        lanes: [1, 2, 5, 6, 7, 63, 64, 65][index % 8], bitsPerLane: depth % 3 + 1, depth: depth)
      return CoreCase(core, .random(core.inputs[0], beats: 300, using: &random)) { input, output in
        for beat in 0..<input.count {
          output.append(lanes: input.lanes(ofBeat: beat), last: input.last[beat])
        }
      }
    }
    #expect(try CoreBench(cases, seed: Effort.seed).findings() == [])
  }
}
