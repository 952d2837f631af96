// SPDX-License-Identifier: Apache-2.0

import Cores
import Simulation
import TestSupport
import Testing

/// The cores whose levels in use are chosen at run time, in each of their modes.
@Suite(
  .tags(.rtl),
  .enabled(if: Simulator.isAvailable, "Verilator is missing: apt-get install verilator"))
struct LevelModesTests {
  @Test func windowsSendTheLevelsInUse() throws {
    var random = SeededRandom(seed: Effort.seed)
    var cases: [CoreCase] = []
    for (levels, modes) in [(2, 2), (3, 3), (2, 3), (4, 4), (3, 8), (1, 3)] {
      for mode in 0..<modes {
        var window = WindowBuffer.map(
          4, 5, kernel: (3, 2), levels: levels, flags: 1, words: 2, repeats: 2, more: 5)
        window.modes = modes
        var lines = LineBuffer.map(4, 5, kernel: (2, 3), levels: levels, repeats: 3)
        lines.modes = modes
        cases.append(windowCase(window, mode: mode, using: &random))
        cases.append(lineCase(lines, mode: mode, using: &random))
      }
    }
    var parallel = WindowBuffer.map(3, 3, kernel: (2, 2), levels: 3, inParallel: true, words: 2)
    parallel.modes = 3
    cases += (0..<3).map { windowCase(parallel, mode: $0, using: &random) }
    try expectNoFindings(cases)
  }

  @Test func sumsHaveTheGammasOfTheMode() throws {
    var random = SeededRandom(seed: Effort.seed)
    // Levels, weight levels, and the gammas of every mode: for each weight level those in use.
    let gammas: [(Int, [[Int]])] = [
      (1, [[1], [7, 3]]), (1, [[5], [4, 2], [4, 2, 1]]),
      (1, [[9], [11, 6], [9, 5, 2], [8, 4, 2, 1]]),
      (1, [[2], [6, 5], [7, 3]]), (1, [[1], [3], [2]]), (2, [[2, 1], [6, 4, 3, 2]]),
      (3, [[3, 2, 1], [6, 4, 3, 2, 3, 1], [9, 5, 2, 6, 4, 2, 3, 2, 1]]),
    ]
    var cases: [CoreCase] = []
    for (weightLevels, modes) in gammas {
      for (inParallel, padded, masked) in [
        (false, false, false), (false, true, true), (true, false, true), (true, true, false),
      ] where !inParallel || modes[modes.count - 1].count > weightLevels {
        var corner = Corner(
          5, 2, 3, 2, modes[modes.count - 1], weightLevels: weightLevels, inParallel: inParallel,
          masked: masked, padded: padded)
        corner.fewer = modes.dropLast()
        let layer = RandomLayer(corner, using: &random)
        cases += modes.indices.map { matrixCase(layer, mode: $0, using: &random) }
      }
    }
    try expectNoFindings(cases)
  }

  @Test func pooledSumsHaveTheGammasOfTheMode() throws {
    var random = SeededRandom(seed: Effort.seed)
    let cases = [[[3], [7, 3]], [[1], [5, 4], [9, 5, 2]], [[1], [6], [4]]].flatMap { modes in
      [false, true].flatMap { isPadded in
        modes.indices.map { mode in
          sumPoolCase(
            SumPoolUnit(
              lanes: 5, taps: 4, gammas: modes[modes.count - 1],
              gammasOfFewerLevels: modes.dropLast(), isPadded: isPadded),
            mode: mode, using: &random)
        }
      }
    }
    try expectNoFindings(cases)
  }

  @Test func codesHaveTheThresholdsOfTheMode() throws {
    var random = SeededRandom(seed: Effort.seed)
    var cases: [CoreCase] = []
    for (levels, modes, groups) in [(2, 2, 3), (3, 3, 1), (3, 3, 4), (1, 3, 2), (2, 4, 5)] {
      let units = 3
      let banks = (0..<modes).map { mode in
        ResidualEncoder.Bank(
          thresholds: (0..<units * groups).map { _ in
            (1..<1 << min(levels, mode + 1)).map { _ in Int.random(in: 0..<64, using: &random) }
          }, falling: mode == 1 ? (0..<units * groups).map { $0 % 2 == 0 } : [])
      }
      let core = ResidualEncoder(
        units: units, levels: levels, sumWidth: 6, groups: groups, banks: banks, layer: "sign")
      for mode in 0..<modes {
        let beats = StreamBeats.random(core.inputs[0], beats: 40 * groups, using: &random)
        let bank = banks[mode]
        cases.append(
          CoreCase(core, mode: mode, beats) { input, output in
            for beat in 0..<input.count {
              let codes = input.lanes(ofBeat: beat).enumerated().map { unit, sum in
                let neuron = beat % groups * units + unit
                let falls = !bank.falling.isEmpty && bank.falling[neuron]
                var node = 1
                for _ in 0..<min(levels, mode + 1) {
                  node = 2 * node + ((sum >= bank.thresholds[neuron][node - 1]) != falls ? 1 : 0)
                }
                let inUse = min(levels, mode + 1)
                return (node - 1 << inUse) << (levels - inUse)
              }
              output.append(lanes: codes, last: input.last[beat])
            }
          })
      }
    }
    try expectNoFindings(cases)
  }

  @Test func scoresHaveTheCoefficientsOfTheMode() throws {
    var random = SeededRandom(seed: Effort.seed)
    var cases: [CoreCase] = []
    for (modes, groups) in [(2, 1), (3, 5), (4, 3)] {
      let units = 2
      let banks = (0..<modes).map { _ in
        Score.Bank(
          multipliers: (0..<units * groups).map { _ in .random(in: -128..<128, using: &random) },
          offsets: (0..<units * groups).map { _ in .random(in: -999..<999, using: &random) })
      }
      let core = Score(
        units: units, sumWidth: 7, multiplierWidth: 8, scoreWidth: 17, groups: groups,
        banks: banks, layer: "scores")
      for mode in 0..<modes {
        let beats = StreamBeats.random(core.inputs[0], beats: 20 * groups, using: &random)
        cases.append(
          CoreCase(core, mode: mode, beats) { input, output in
            for beat in 0..<input.count {
              let scores = input.lanes(ofBeat: beat).enumerated().map { unit, sum in
                let neuron = beat % groups * units + unit
                return banks[mode].multipliers[neuron] * sum + banks[mode].offsets[neuron]
              }
              output.append(lanes: scores, last: input.last[beat])
            }
          })
      }
    }
    try expectNoFindings(cases)
  }

  private func expectNoFindings(_ cases: [CoreCase]) throws {
    for cases in cases.chunks(of: 24) {
      #expect(try CoreBench(cases, seed: Effort.seed).findings(stalls: [.none, .random]) == [])
    }
  }
}
