// SPDX-License-Identifier: Apache-2.0

import Cores
import Simulation
import TestSupport
import Testing

@Suite(
  .tags(.rtl),
  .enabled(if: Simulator.isAvailable, "Verilator is missing: apt-get install verilator"))
struct LookupTableTests {
  @Test func eachLaneBecomesItsEntry() throws {
    for corners in corners.chunks(of: 24) {
      var random = SeededRandom(seed: Effort.seed)
      let cases = corners.map {
        lookupCase(lanes: $0.0, bits: $0.1, entryBits: $0.2, using: &random)
      }
      #expect(try CoreBench(cases, seed: Effort.seed).findings() == [])
    }
  }

  private var corners: [(Int, Int, Int)] {
    if Effort.isExhaustive {
      return [1, 3, 8, 64, 65].flatMap { lanes in
        (1...8).flatMap { bits in (1...8).map { (lanes, bits, $0) } }
      }
    }
    return [(1, 1, 1), (3, 8, 8), (1, 8, 1), (5, 1, 8), (65, 2, 3), (8, 4, 4), (2, 7, 5)]
  }
}

/// A random table and random codes.
func lookupCase(
  lanes: Int, bits: Int, entryBits: Int, using random: inout SeededRandom
) -> CoreCase {
  let entries = (0..<1 << bits).map { _ in Int.random(in: 0..<1 << entryBits, using: &random) }
  let core = LookupTable(
    lanes: lanes, bits: bits, entryBits: entryBits, entries: entries, layer: "image_lookup")
  return CoreCase(core, .random(core.inputs[0], beats: 300, using: &random)) { input, output in
    for beat in 0..<input.count {
      output.append(lanes: input.lanes(ofBeat: beat).map { entries[$0] }, last: input.last[beat])
    }
  }
}
