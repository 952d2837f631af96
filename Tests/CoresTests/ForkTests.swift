// SPDX-License-Identifier: Apache-2.0

import Cores
import Simulation
import TestSupport
import Testing

@Suite(
  .tags(.rtl),
  .enabled(if: Simulator.isAvailable, "Verilator is missing: apt-get install verilator"))
struct ForkTests {
  @Test func everyBeatGoesToBothReadersInOrder() throws {
    var random = SeededRandom(seed: Effort.seed)
    var cases: [CoreCase] = []
    for lanes in [1, 2, 5, 6, 7, 63, 64, 65] {
      for flags in 0...2 {
        cases.append(
          forkCase(Fork(lanes: lanes, bitsPerLane: lanes % 3 + 1, flags: flags), using: &random))
      }
    }
    #expect(try CoreBench(cases, seed: Effort.seed).findings() == [])
  }

  /// One reader is never late: a beat a cycle. One is: the other waits for it, by no more than a beat.
  @Test func aReaderIsAheadByABeatAtMost() {
    var machine = Fork(lanes: 1, bitsPerLane: 1).handshake.machine()
    var taken = [0, 0]
    for cycle in 0..<400 {
      let ready: UInt64 = cycle < 100 || cycle.isMultiple(of: 3) ? 3 : 1
      let enters = machine.readyInputs(valid: 1, ready: ready)
      let leaves = machine.validOutputs & ready
      for reader in 0..<2 where leaves >> UInt64(reader) & 1 == 1 { taken[reader] += 1 }
      machine.clock(inputs: enters, outputs: leaves)
      #expect(cycle >= 100 || taken == [cycle, cycle])
      #expect((0...1).contains(taken[0] - taken[1]))
    }
    #expect(taken == [199, 199])
  }
}

/// Random beats, for both readers.
func forkCase(_ core: Fork, using random: inout SeededRandom) -> CoreCase {
  let input = StreamBeats.random(core.inputs[0], beats: 200, using: &random)
  return CoreCase(core, inputs: [input]) { inputs, outputs in
    for reader in outputs.indices {
      for beat in 0..<inputs[0].count {
        outputs[reader].append(
          lanes: inputs[0].lanes(ofBeat: beat), last: inputs[0].last[beat],
          flags: inputs[0].flags(ofBeat: beat))
      }
    }
  }
}
