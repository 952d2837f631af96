// SPDX-License-Identifier: Apache-2.0

import Cores
import Simulation
import TestSupport
import Testing

@Suite(
  .tags(.rtl),
  .enabled(if: Simulator.isAvailable, "Verilator is missing: apt-get install verilator"))
struct ScoreTests {
  @Test func scoresAreExact() throws {
    var random = SeededRandom(seed: Effort.seed)
    let cases = corners.map { corner in
      scoreCase(
        units: corner.units, sumWidth: corner.sumWidth, multiplierWidth: corner.multiplierWidth,
        groups: corner.groups, using: &random)
    }
    #expect(try CoreBench(cases, seed: Effort.seed).findings() == [])
  }

  private var corners: [(units: Int, sumWidth: Int, multiplierWidth: Int, groups: Int)] {
    if Effort.isExhaustive {
      return [1, 2, 11, 17].flatMap { sumWidth in
        [1, 2, 18, 25].flatMap { width in
          [(1, 1), (1, 10), (5, 2), (10, 1)].map { ($0.0, sumWidth, width, $0.1) }
        }
      }
    }
    return [(1, 1, 1, 1), (1, 10, 18, 10), (2, 11, 25, 5), (10, 7, 2, 1), (5, 17, 9, 3)]
  }
}

/// The largest and smallest numbers, and random ones.
func scoreCase(
  units: Int, sumWidth: Int, multiplierWidth: Int, groups: Int, using random: inout SeededRandom
) -> CoreCase {
  let neurons = units * groups
  let scoreWidth = sumWidth + multiplierWidth + 1
  func values(_ width: Int) -> [Int] {
    let limit = 1 << (width - 1)
    return (0..<neurons).map { neuron in
      neuron % 4 == 0
        ? -limit : neuron % 4 == 1 ? limit - 1 : .random(in: -limit..<limit, using: &random)
    }
  }
  let multipliers = values(multiplierWidth)
  let offsets = values(scoreWidth - 1)
  let core = Score(
    units: units, sumWidth: sumWidth, multiplierWidth: multiplierWidth, scoreWidth: scoreWidth,
    groups: groups, multipliers: multipliers, offsets: offsets, layer: "scores")
  var input = StreamBeats(core.inputs[0])
  for beat in 0..<20 * groups {
    let sums = (0..<units).map { _ in
      beat < groups ? 1 << sumWidth - 1 : Int.random(in: 0..<1 << sumWidth, using: &random)
    }
    input.append(lanes: sums, last: Bool.random(using: &random))
  }
  return CoreCase(core, input) { input, output in
    for beat in 0..<input.count {
      let scores = input.lanes(ofBeat: beat).enumerated().map { unit, sum in
        let neuron = beat % groups * units + unit
        return multipliers[neuron] * sum + offsets[neuron]
      }
      output.append(lanes: scores, last: input.last[beat])
    }
  }
}
