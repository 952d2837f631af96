// SPDX-License-Identifier: Apache-2.0

import Cores
import Simulation
import TestSupport
import Testing

@Suite(
  .tags(.rtl),
  .enabled(if: Simulator.isAvailable, "Verilator is missing: apt-get install verilator"))
struct ArgMaxTests {
  /// Two rounds in a cycle at most: 5 units of 31 bits meet 5 ns so, three rounds do not.
  @Test(arguments: [(1, 1), (2, 1), (4, 1), (5, 2), (16, 2), (17, 3), (64, 3), (65, 4)])
  func aTournamentOfMoreRoundsTakesMoreCycles(units: Int, cycles: Int) {
    let core = ArgMax(units: units, scoreWidth: 31, groups: 1, indexWidth: 7)
    #expect(core.compareCycles == cycles)
    #expect(core.handshake == .pipeline(depth: 1 + cycles, period: 1))
  }

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
    return sizes.enumerated().flatMap { index, size in
      let core = ArgMax(
        units: size.units, scoreWidth: [1, 3, 8, 24][index % 4], groups: size.groups,
        indexWidth: max(1, Int.bitWidth - (size.units * size.groups - 1).leadingZeroBitCount))
      // All rounds in a cycle, as the face chooses, and a cycle each.
      let rounds = max(1, Int.bitWidth - (size.units - 1).leadingZeroBitCount)
      return Set([1, core.compareCycles, rounds]).sorted().map { cycles in
        var core = core
        core.compareCycles = cycles
        return core
      }
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
