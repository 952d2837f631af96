// SPDX-License-Identifier: Apache-2.0

import Cores
import Simulation
import TestSupport
import Testing

@Suite(
  .tags(.rtl),
  .enabled(if: Simulator.isAvailable, "Verilator is missing: apt-get install verilator"))
struct WidthDownTests {
  @Test func lowLanesLeaveFirst() throws {
    var random = SeededRandom(seed: Effort.seed)
    let ratios = Effort.isExhaustive ? Array(1...33) : [1, 2, 3, 4, 7, 8, 16, 17]
    let cases = ratios.enumerated().map { index, ratio in
      let core = WidthDown(
        lanes: [1, 2, 5, 6, 7, 63, 64, 65][index % 8], bitsPerLane: ratio % 3 + 1, ratio: ratio)
      return CoreCase(core, .random(core.inputs[0], beats: 60, using: &random)) { input, output in
        for beat in 0..<input.count {
          let lanes = input.lanes(ofBeat: beat)
          for slice in 0..<ratio {
            output.append(
              lanes: lanes[slice * core.lanes..<(slice + 1) * core.lanes],
              last: input.last[beat] && slice == ratio - 1)
          }
        }
      }
    }
    #expect(try CoreBench(cases, seed: Effort.seed).findings() == [])
  }
}
