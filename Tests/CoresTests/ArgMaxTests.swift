// SPDX-License-Identifier: Apache-2.0

import Cores
import Simulation
import TestSupport
import Testing

@Suite(
  .tags(.rtl),
  .enabled(if: Simulator.isAvailable, "Verilator is missing: apt-get install verilator"))
struct ArgMaxTests {
  @Test func theFirstOfTheLargestWins() throws {
    for cores in cores.chunks(of: 32) {
      var random = SeededRandom(seed: Effort.seed)
      let cases = cores.map { argMaxCase($0, using: &random) }
      #expect(try CoreBench(cases, seed: Effort.seed).findings() == [])
    }
  }

  private var cores: [ArgMax] {
    let sizes: [(units: Int, groups: Int)] =
      Effort.isExhaustive
      ? (1...17).flatMap { units in [1, 2, 3, 10].map { (units, $0) } }
      : [
        (1, 1), (2, 1), (10, 1), (1, 10), (5, 2), (2, 5), (7, 3), (3, 4), (8, 2), (64, 2), (65, 1),
      ]
    return sizes.enumerated().map { index, size in
      ArgMax(
        units: size.units, scoreWidth: [1, 3, 8, 24][index % 4], groups: size.groups,
        indexWidth: max(1, Int.bitWidth - (size.units * size.groups - 1).leadingZeroBitCount))
    }
  }
}

/// Few different scores, so that ties are frequent.
func argMaxCase(_ core: ArgMax, using random: inout SeededRandom) -> CoreCase {
  let limit = 1 << (core.scoreWidth - 1)
  let classes = core.units * core.groups
  var input = StreamBeats(core.inputs[0])
  var winners: [(index: Int, last: Bool)] = []
  for vector in 0..<40 {
    let reach = vector % 2 == 0 ? limit : min(limit, 2)
    let scores = (0..<classes).map { _ in Int.random(in: -reach..<reach, using: &random) }
    let isLast = Bool.random(using: &random)
    for group in 0..<core.groups {
      input.append(
        lanes: scores[group * core.units..<(group + 1) * core.units],
        last: group == core.groups - 1 ? isLast : Bool.random(using: &random))
    }
    winners.append((scores.firstIndex(of: scores.max() ?? 0) ?? 0, isLast))
  }
  return CoreCase(core, input) { _, output in
    for winner in winners { output.append(lanes: [winner.index], last: winner.last) }
  }
}
