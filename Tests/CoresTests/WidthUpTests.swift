// SPDX-License-Identifier: Apache-2.0

import Cores
import Simulation
import TestSupport
import Testing

@Suite(
  .tags(.rtl),
  .enabled(if: Simulator.isAvailable, "Verilator is missing: apt-get install verilator"))
struct WidthUpTests {
  @Test func narrowBeatsLieSideBySideFirstInTheLowLanes() throws {
    var random = SeededRandom(seed: Effort.seed)
    let ratios = Effort.isExhaustive ? Array(1...33) : [1, 2, 3, 4, 7, 8, 16, 17]
    var cores = ratios.enumerated().map { index, ratio in
      WidthUp(
        lanes: [1, 2, 5, 6, 7, 63, 64, 65][index % 8], bitsPerLane: ratio % 3 + 1, ratio: ratio)
    }
    // Wider than the replications that Verilator takes without a warning.
    cores.append(WidthUp(lanes: 8, bitsPerLane: 8, ratio: 160))
    let cases = cores.map { core in
      let ratio = core.ratio
      return CoreCase(core, .random(core.inputs[0], beats: 40 * ratio, using: &random)) {
        input, output in
        for beat in stride(from: 0, to: input.count, by: ratio) {
          let narrow = beat..<beat + ratio
          output.append(
            lanes: narrow.flatMap { input.lanes(ofBeat: $0) }, last: input.last[beat + ratio - 1])
        }
      }
    }
    #expect(try CoreBench(cases, seed: Effort.seed).findings() == [])
  }
}
