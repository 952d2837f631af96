// SPDX-License-Identifier: Apache-2.0

import Cores
import Simulation
import TestSupport
import Testing

@Suite(
  .tags(.rtl),
  .enabled(if: Simulator.isAvailable, "Verilator is missing: apt-get install verilator"))
struct MaxPoolUnitTests {
  @Test func theLargestCodeOfAWindowWins() throws {
    for units in units.chunks(of: 24) {
      var random = SeededRandom(seed: Effort.seed)
      let cases = units.map { maxPoolCase($0, using: &random) }
      #expect(try CoreBench(cases, seed: Effort.seed).findings() == [])
    }
  }

  private var units: [MaxPoolUnit] {
    if Effort.isExhaustive {
      return [1, 2, 7, 64, 65].flatMap { lanes in
        [1, 2, 3, 8].flatMap { bits in
          [1, 2, 3, 4, 9].map { MaxPoolUnit(lanes: lanes, bits: bits, taps: $0) }
        }
      }
    }
    return [(1, 1, 1), (1, 8, 4), (65, 1, 2), (7, 2, 4), (64, 3, 9), (2, 4, 3), (5, 8, 1)].map {
      MaxPoolUnit(lanes: $0.0, bits: $0.1, taps: $0.2)
    }
  }
}

/// Random windows.
func maxPoolCase(_ core: MaxPoolUnit, using random: inout SeededRandom) -> CoreCase {
  let input = StreamBeats.random(core.inputs[0], beats: 50 * core.taps, using: &random)
  return CoreCase(core, input) { input, output in
    for first in stride(from: 0, to: input.count, by: core.taps) {
      let taps = (first..<first + core.taps).map { input.lanes(ofBeat: $0) }
      let largest = (0..<core.lanes).map { lane in taps.map { $0[lane] }.max() ?? 0 }
      output.append(lanes: largest, last: input.last[first + core.taps - 1])
    }
  }
}
