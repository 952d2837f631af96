// SPDX-License-Identifier: Apache-2.0

import Cores
import Simulation
import TestSupport
import Testing

@Suite(
  .tags(.rtl),
  .enabled(if: Simulator.isAvailable, "Verilator is missing: apt-get install verilator"))
struct SumPoolUnitTests {
  @Test func theValuesOfAWindowAreAdded() throws {
    for units in units.chunks(of: 24) {
      var random = SeededRandom(seed: Effort.seed)
      let cases = units.map { sumPoolCase($0, using: &random) }
      #expect(try CoreBench(cases, seed: Effort.seed).findings() == [])
    }
  }

  private var units: [SumPoolUnit] {
    if Effort.isExhaustive {
      return [1, 7, 65].flatMap { lanes in
        [[1], [0], [3], [2, 1], [7, 3], [9, 5, 2], [128, 64, 32, 16, 8, 4, 2, 1]].flatMap {
          gammas in
          [1, 2, 9].flatMap { taps in
            [false, true].map {
              SumPoolUnit(lanes: lanes, taps: taps, gammas: gammas, isPadded: $0)
            }
          }
        }
      }
    }
    return [
      SumPoolUnit(lanes: 1, taps: 1, gammas: [1]),
      SumPoolUnit(lanes: 65, taps: 4, gammas: [1]),
      SumPoolUnit(lanes: 7, taps: 49, gammas: [2, 1]),
      SumPoolUnit(lanes: 3, taps: 9, gammas: [9, 5, 2]),
      SumPoolUnit(lanes: 3, taps: 9, gammas: [9, 5, 2], sumWidth: 40),
      SumPoolUnit(lanes: 4, taps: 4, gammas: [128, 64, 32, 16, 8, 4, 2, 1]),
      SumPoolUnit(lanes: 2, taps: 3, gammas: [0]),
      // Sums, not codes: as many bits as a sum has.
      SumPoolUnit(lanes: 7, taps: 3, gammas: (0..<14).reversed().map { 1 << $0 }),
      // No tool could make a table of so many codes.
      SumPoolUnit(lanes: 2, taps: 3, gammas: (0..<28).reversed().map { 1 << $0 }),
      SumPoolUnit(
        lanes: 3, taps: 4, gammas: (0..<8).reversed().map { 1 << $0 }, isPadded: true),
      SumPoolUnit(lanes: 1, taps: 1, gammas: [1], isPadded: true),
      SumPoolUnit(lanes: 65, taps: 9, gammas: [3], isPadded: true),
      SumPoolUnit(lanes: 7, taps: 2, gammas: [7, 3], isPadded: true),
      SumPoolUnit(lanes: 3, taps: 4, gammas: [4, 2, 1], isPadded: true, sumWidth: 33),
    ]
  }
}

/// Random windows, in which one tap in four is absent where that can be.
func sumPoolCase(
  _ core: SumPoolUnit, mode: Int? = nil, using random: inout SeededRandom
) -> CoreCase {
  let gammas =
    mode.flatMap { $0 < core.gammasOfFewerLevels.count ? core.gammasOfFewerLevels[$0] : nil }
    ?? core.gammas
  var input = StreamBeats(core.inputs[0])
  let codes = StreamBeats.random(
    StreamPort("codes", lanes: core.lanes, bitsPerLane: core.levels), beats: 50 * core.taps,
    using: &random)
  for beat in 0..<codes.count {
    let isAbsent = core.isPadded && random.next() >> 62 == 0
    input.append(
      lanes: codes.lanes(ofBeat: beat), last: codes.last[beat], flags: isAbsent ? 1 : 0)
  }
  return CoreCase(core, mode: mode, input) { input, output in
    for first in stride(from: 0, to: input.count, by: core.taps) {
      var sums = Array(repeating: 0, count: core.lanes)
      for beat in first..<first + core.taps {
        for (lane, code) in input.lanes(ofBeat: beat).enumerated() {
          for (level, gamma) in gammas.enumerated() {
            let bit = code >> (core.levels - 1 - level) & 1
            sums[lane] +=
              gamma * (!core.isPadded ? bit : input.flags(ofBeat: beat) == 1 ? 1 : 2 * bit)
          }
        }
      }
      output.append(lanes: sums, last: input.last[first + core.taps - 1])
    }
  }
}
