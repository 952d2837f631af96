// SPDX-License-Identifier: Apache-2.0

import Cores
import Simulation
import TestSupport
import Testing

@Suite(
  .tags(.rtl),
  .enabled(if: Simulator.isAvailable, "Verilator is missing: apt-get install verilator"))
struct MatrixUnitTests {
  /// Lanes, units, words, groups, γ, in parallel, masked.
  typealias Corner = (
    lanes: Int, units: Int, words: Int, groups: Int, gammas: [Int], inParallel: Bool, masked: Bool
  )

  @Test func sumsAreWeightedMaskedPopcounts() throws {
    for corners in corners.chunks(of: 16) {
      var random = SeededRandom(seed: Effort.seed)
      let cases = corners.map { matrixCase(RandomLayer($0, using: &random), using: &random) }
      #expect(try CoreBench(cases, seed: Effort.seed).findings() == [])
    }
  }

  /// A wholly masked layer has sums of one bit, less than a γ or a popcount needs.
  @Test func sumsMayBeNarrowerThanWhatTheyAreMadeOf() throws {
    var random = SeededRandom(seed: Effort.seed)
    let cases = [([1], false), ([5, 3], false), ([5, 3], true), ([2, 1], false)].map {
      gammas, inParallel in
      var layer = RandomLayer(
        (7, 2, 3, 2, gammas, inParallel, true), using: &random)
      layer.mask = layer.mask.map { $0.map { _ in false } }
      return matrixCase(layer, using: &random)
    }
    #expect(cases.allSatisfy { $0.core.outputs[0].bitsPerLane == 1 })
    #expect(try CoreBench(cases, seed: Effort.seed).findings() == [])
  }

  private var corners: [Corner] {
    if Effort.isExhaustive {
      var corners: [Corner] = []
      let weights: [([Int], Bool)] = [
        ([1], false), ([5], false), ([2, 1], false), ([2, 1], true), ([7, 3], false),
        ([7, 3], true), ([4, 2, 1], false), ([9, 5, 2], false), ([9, 5, 2], true),
        ([8, 4, 2, 1], false), ([11, 6, 3, 1], false), ([11, 6, 3, 1], true),
        ([128, 64, 32, 16, 8, 4, 2, 1], false), ([128, 64, 32, 16, 8, 4, 2, 1], true),
      ]
      for lanes in [1, 2, 5, 6, 7, 63, 64, 65] {
        for (gammas, inParallel) in weights {
          for (units, words, groups) in [(1, 1, 1), (1, 3, 2), (4, 1, 3), (3, 4, 1), (5, 2, 2)] {
            corners.append(
              (lanes, units, words, groups, gammas, inParallel, corners.count % 2 == 0))
          }
        }
      }
      return corners
    }
    return [
      (1, 1, 1, 1, [1], false, false),
      (1, 2, 3, 2, [2, 1], false, true),
      (2, 3, 1, 4, [1], false, true),
      (5, 1, 4, 1, [3], false, false),
      (6, 4, 2, 2, [4, 2, 1], false, false),
      (7, 2, 5, 3, [7, 3], false, true),
      (63, 1, 2, 2, [9, 5, 2], true, true),
      (64, 4, 3, 2, [1], false, false),
      (64, 2, 2, 3, [11, 6], false, false),
      (64, 2, 1, 2, [2, 1], true, false),
      (65, 2, 2, 1, [8, 4, 2, 1], false, true),
      (65, 3, 1, 1, [11, 6, 3, 1], false, false),
      (5, 2, 3, 2, [11, 6, 3, 1], true, true),
      (7, 3, 2, 2, [128, 64, 32, 16, 8, 4, 2, 1], false, false),
      (6, 2, 2, 3, [128, 64, 32, 16, 8, 4, 2, 1], true, true),
      (3, 2, 7, 1, [1, 1], false, false),
    ]
  }
}

/// A layer with random weights, and the matrix unit that holds it.
struct RandomLayer {
  var corner: MatrixUnitTests.Corner
  /// Neuron → synapse.
  var weights: [[Bool]]
  var mask: [[Bool]]

  init(_ corner: MatrixUnitTests.Corner, using random: inout SeededRandom) {
    self.corner = corner
    let synapses = corner.lanes * corner.words
    func bits(using random: inout SeededRandom) -> [[Bool]] {
      (0..<corner.units * corner.groups).map { _ in
        (0..<synapses).map { _ in random.next() >> 63 == 1 }
      }
    }
    weights = bits(using: &random)
    mask =
      corner.masked
      ? bits(using: &random) : weights.map { $0.map { _ in true } }
    // The largest sum of all: every synapse active.
    if corner.masked { mask[0] = mask[0].map { _ in true } }
  }

  var core: MatrixUnit {
    let active = mask.map { $0.count { $0 } }.max() ?? 0
    let largest = active * corner.gammas.reduce(0, +)
    return MatrixUnit(
      lanes: corner.lanes, units: corner.units,
      levelsPerBeat: corner.inParallel ? corner.gammas.count : 1, words: corner.words,
      groups: corner.groups, gammas: corner.gammas,
      sumWidth: max(1, Int.bitWidth - largest.leadingZeroBitCount),
      weights: image("WEIGHTS_FILE", weights),
      mask: corner.masked ? image("MASK_FILE", mask) : nil)
  }

  private func image(_ parameter: String, _ rows: [[Bool]]) -> MemoryImage {
    MatrixUnit.memoryImage(
      parameter: parameter, layer: "fc1", lanes: corner.lanes, units: corner.units,
      words: corner.words, groups: corner.groups
    ) { neuron in
      var limbs = [UInt64](repeating: 0, count: (rows[neuron].count + 63) / 64)
      for (synapse, bit) in rows[neuron].enumerated() where bit {
        limbs[synapse / 64] |= 1 << UInt64(synapse % 64)
      }
      return limbs[...]
    }
  }
}

/// Random vectors, all ones and all zeros among them, as a window buffer sends them.
func matrixCase(_ layer: RandomLayer, using random: inout SeededRandom) -> CoreCase {
  let core = layer.core
  let synapses = core.lanes * core.words
  let vectors = 6
  var input = StreamBeats(core.inputs[0])
  var expected: [(lanes: [Int], last: Bool)] = []
  for vector in 0..<vectors {
    // Synapse → level → sign.
    let signs = (0..<synapses).map { _ in
      (0..<core.levels).map { _ in vector == 0 || vector > 1 && random.next() >> 63 == 1 }
    }
    let isLast = random.next() >> 62 != 0
    for group in 0..<core.groups {
      let levels: [[Int]] =
        core.levelsPerBeat == 1
        ? (0..<core.levels).map { [$0] } : [Array(0..<core.levels)]
      for levels in levels {
        for word in 0..<core.words {
          let lanes = (0..<core.lanes).map { lane in
            levels.reduce(0) { 2 * $0 + (signs[word * core.lanes + lane][$1] ? 1 : 0) }
          }
          let isEnd = word == core.words - 1 && levels.last == core.levels - 1
          // Elsewhere in a vector, last means nothing.
          let last =
            isEnd ? isLast && group == core.groups - 1 : random.next() >> 63 == 1
          input.append(lanes: lanes, last: last)
        }
      }
      let sums = (0..<core.units).map { unit in
        let neuron = group * core.units + unit
        return (0..<synapses).reduce(0) { sum, synapse in
          guard layer.mask[neuron][synapse] else { return sum }
          return (0..<core.levels).reduce(sum) { sum, level in
            let agrees = signs[synapse][level] == layer.weights[neuron][synapse]
            return sum + (agrees ? core.gammas[level] : 0)
          }
        }
      }
      expected.append((sums, isLast && group == core.groups - 1))
    }
  }
  return CoreCase(core, input) { _, output in
    for beat in expected { output.append(lanes: beat.lanes, last: beat.last) }
  }
}
