// SPDX-License-Identifier: Apache-2.0

import Cores
import Simulation
import TestSupport
import Testing

@Suite(
  .tags(.rtl),
  .enabled(if: Simulator.isAvailable, "Verilator is missing: apt-get install verilator"))
struct ResidualEncoderTests {
  @Test func codesAreBinarySearchesInTheThresholds() throws {
    for encoders in corners.chunks(of: 24) {
      var random = SeededRandom(seed: Effort.seed)
      let cases = encoders.map {
        encoderCase(
          units: $0.units, levels: $0.levels, sumWidth: $0.sumWidth, groups: $0.groups,
          using: &random)
      }
      #expect(try CoreBench(cases, seed: Effort.seed).findings() == [])
    }
  }

  @Test func fallingChannelsTurnTheComparisonRound() throws {
    for encoders in corners.chunks(of: 24) {
      var random = SeededRandom(seed: Effort.seed)
      let cases = encoders.map { corner in
        // The first falls, so that there is one.
        let falling = (0..<corner.units * corner.groups).map {
          $0 == 0 || Bool.random(using: &random)
        }
        return encoderCase(
          units: corner.units, levels: corner.levels, sumWidth: corner.sumWidth,
          groups: corner.groups, falling: falling, using: &random)
      }
      #expect(cases.allSatisfy { $0.core.parameters.contains(CoreParameter("FALLING", 1)) })
      #expect(try CoreBench(cases, seed: Effort.seed).findings() == [])
    }
  }

  private var corners: [(units: Int, levels: Int, sumWidth: Int, groups: Int)] {
    if Effort.isExhaustive {
      return (1...5).flatMap { levels in
        [1, 2, 7, 12].flatMap { sumWidth in
          [(1, 1), (1, 4), (3, 1), (5, 3)].map { ($0.0, levels, sumWidth, $0.1) }
        }
      } + [(1, 8, 12, 2)]
    }
    return [
      (1, 1, 1, 1), (65, 1, 6, 2), (7, 1, 11, 5), (1, 2, 1, 3), (5, 2, 7, 1), (6, 2, 12, 4),
      (2, 3, 9, 3), (3, 4, 8, 2), (1, 8, 10, 2),
    ]
  }
}

/// Random trees; sums at random and, for the ≥, right at thresholds and beside them.
func encoderCase(
  units: Int, levels: Int, sumWidth: Int, groups: Int, falling: [Bool] = [],
  using random: inout SeededRandom
) -> CoreCase {
  let neurons = units * groups
  let limit = 1 << sumWidth
  // A tree as trained ones are: what is right of a node is not below it. And some that are not.
  let trees = (0..<neurons).map { neuron in
    let sorted = (1..<1 << levels).map { _ in Int.random(in: 0..<limit, using: &random) }.sorted()
    var tree = sorted
    if neuron % 3 != 2 {
      for node in 1..<1 << levels {
        let depth = Int.bitWidth - 1 - node.leadingZeroBitCount
        let position = node - 1 << depth
        tree[node - 1] = sorted[(2 * position + 1) << (levels - 1 - depth) - 1]
      }
    }
    return tree
  }
  let core = ResidualEncoder(
    units: units, levels: levels, sumWidth: sumWidth, groups: groups, thresholds: trees,
    falling: falling, layer: "fc1_sign")
  var input = StreamBeats(core.inputs[0])
  for beat in 0..<60 * groups {
    let sums = (0..<units).map { unit -> Int in
      let tree = trees[beat % groups * units + unit]
      let near = tree[Int.random(in: 0..<tree.count, using: &random)]
      return switch Int.random(in: 0..<4, using: &random) {
      case 0: near
      case 1: max(0, near - 1)
      case 2: min(limit - 1, near + 1)
      default: Int.random(in: 0..<limit, using: &random)
      }
    }
    input.append(lanes: sums, last: Bool.random(using: &random))
  }
  return CoreCase(core, input) { input, output in
    for beat in 0..<input.count {
      let codes = input.lanes(ofBeat: beat).enumerated().map { unit, sum in
        let neuron = beat % groups * units + unit
        let falls = !falling.isEmpty && falling[neuron]
        var node = 1
        for _ in 1...levels {
          node = 2 * node + ((sum >= trees[neuron][node - 1]) != falls ? 1 : 0)
        }
        return node - 1 << levels
      }
      output.append(lanes: codes, last: input.last[beat])
    }
  }
}
