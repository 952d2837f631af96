// SPDX-License-Identifier: Apache-2.0

import Cores
import Simulation
import TestSupport
import Testing

@Suite(
  .tags(.rtl),
  .enabled(if: Simulator.isAvailable, "Verilator is missing: apt-get install verilator"))
struct StreamRegisterTests {
  @Test func everyBeatComesOutInOrder() throws {
    var random = SeededRandom(seed: Effort.seed)
    let cases = [1, 2, 5, 6, 7, 63, 64, 65].map { lanes in
      let core = StreamRegister(lanes: lanes, bitsPerLane: lanes % 3 + 1)
      return CoreCase(core, .random(core.inputs[0], beats: 200, using: &random)) { input, output in
        for beat in 0..<input.count {
          output.append(lanes: input.lanes(ofBeat: beat), last: input.last[beat])
        }
      }
    }
    #expect(try CoreBench(cases, seed: Effort.seed).findings() == [])
  }
}
