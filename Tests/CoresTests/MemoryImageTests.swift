// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import Cores

/// Where each weight, threshold and coefficient lies in its word.
@Suite(.tags(.unit))
struct MemoryImageTests {
  @Test func weightsLieUnitByUnit() {
    // Neuron n has synapse n, and synapse 5.
    let image = MatrixUnit.memoryImage(
      parameter: "WEIGHTS_FILE", layer: "fc1", lanes: 3, units: 2, words: 2, groups: 2
    ) { neuron in [1 << UInt64(neuron) | 1 << 5] }
    #expect(image.width == 6)
    #expect(image.words == [[0b010_001], [0b100_100], [0b000_100], [0b101_100]])
    #expect(
      image.comments == [
        "fc1: neurons 0...1, synapses 0...2", "fc1: neurons 0...1, synapses 3...5",
        "fc1: neurons 2...3, synapses 0...2", "fc1: neurons 2...3, synapses 3...5",
      ])
  }

  @Test func everyBitOfALargeMatrixIsWhereItBelongs() {
    var random = SeededRandom(seed: 7)
    for (lanes, units, words, groups) in [
      (65, 3, 2, 2), (64, 2, 2, 1), (7, 10, 9, 2), (1, 1, 70, 3),
    ] {
      let rows = (0..<units * groups).map { _ in
        (0..<(lanes * words + 63) / 64).map { _ in random.next() }
      }
      let image = MatrixUnit.memoryImage(
        parameter: "MASK_FILE", layer: "fc1", lanes: lanes, units: units, words: words,
        groups: groups
      ) { rows[$0][...] }
      for address in 0..<groups * words {
        for bit in 0..<units * lanes {
          let neuron = address / words * units + bit / lanes
          let synapse = address % words * lanes + bit % lanes
          #expect(
            image.words[address][bit / 64] >> UInt64(bit % 64) & 1
              == rows[neuron][synapse / 64] >> UInt64(synapse % 64) & 1)
        }
        let tail = image.width % 64
        if tail > 0 { #expect(image.words[address].last.map { $0 >> UInt64(tail) } == 0) }
      }
    }
  }

  @Test func aLargeLayerIsPackedInNoTime() {
    let row = [UInt64](repeating: 0x5555_5555_5555_5555, count: 16)
    let image = MatrixUnit.memoryImage(
      parameter: "WEIGHTS_FILE", layer: "fc1", lanes: 32, units: 32, words: 32, groups: 32
    ) { _ in row[...] }
    #expect(image.depth == 1024)
    #expect(image.words.allSatisfy { $0.allSatisfy { $0 == 0x5555_5555_5555_5555 } })
  }

  @Test func thresholdsLieInHeapOrderAndAreClamped() {
    let encoder = ResidualEncoder(
      units: 2, levels: 2, sumWidth: 8, groups: 1, thresholds: [[1, 2, 3], [-4, 255, 900]],
      layer: "fc1_sign")
    #expect(encoder.thresholds.width == 48)
    #expect(encoder.thresholds.words == [[0xFFFF_0003_0201]])
    #expect(encoder.thresholds.comments == ["fc1_sign: neurons 0...1, thresholds 1...3"])
  }

  @Test func weightLevelsLieOneAfterTheOther() {
    // Plane p of neuron n has synapse n, and plane 1 has synapse 5 too.
    let image = MatrixUnit.memoryImage(
      parameter: "WEIGHTS_FILE", layer: "fc1", lanes: 3, units: 1, words: 2, groups: 2,
      weightLevels: 2
    ) { neuron, plane in [1 << UInt64(neuron) | (plane == 1 ? 1 << 5 : 0)] }
    #expect(image.width == 3)
    #expect(
      image.words == [[0b001], [0b000], [0b001], [0b100], [0b010], [0b000], [0b010], [0b100]])
    #expect(
      Array(image.comments[..<4]) == [
        "fc1: neurons 0, weight level 1, synapses 0...2",
        "fc1: neurons 0, weight level 1, synapses 3...5",
        "fc1: neurons 0, weight level 2, synapses 0...2",
        "fc1: neurons 0, weight level 2, synapses 3...5",
      ])
  }

  @Test func aFallingBitLiesAboveTheThresholds() {
    func encoder(_ falling: [Bool]) -> ResidualEncoder {
      ResidualEncoder(
        units: 2, levels: 1, sumWidth: 7, groups: 1, thresholds: [[1], [2]], falling: falling,
        layer: "fc1_sign")
    }
    #expect(encoder([false, true]).thresholds.width == 16)
    #expect(encoder([false, true]).thresholds.words == [[0x8201]])
    #expect(
      encoder([false, true]).thresholds.comments == [
        "fc1_sign: neurons 0...1, thresholds 1, falling"
      ])
    #expect(encoder([false, false]).thresholds == encoder([]).thresholds)
    #expect(encoder([]).thresholds.words == [[0x0101]])
  }

  @Test func coefficientsAreTwosComplement() {
    let score = Score(
      units: 2, sumWidth: 4, multiplierWidth: 4, scoreWidth: 8, groups: 1,
      multipliers: [-1, 7], offsets: [-128, 5], layer: "scores")
    #expect(score.coefficients.width == 24)
    #expect(score.coefficients.words == [[0x05_7_80_F]])
    #expect(score.coefficients.comments == ["scores: neurons 0...1, offset and multiplier"])
  }

  @Test func fieldsWiderThanALimbAreSignExtended() {
    var packer = BitPacker(width: 140)
    packer.append(1, width: 3)
    packer.append(-2, width: 130)
    packer.append(5, width: 7)
    #expect(packer.limbs == [0xFFFF_FFFF_FFFF_FFF1, .max, 0xBF])
  }

  /// One word of weights is logic that neurons share, until it can be written: then it is a memory with a place
  /// on the load bus like any other.
  @Test func weightsThatCanBeWrittenAreNoConstants() {
    let unit = MatrixUnit(
      lanes: 16, units: 4, levelsPerBeat: 1, words: 1, groups: 1, gammas: [1], sumWidth: 5,
      weights: MemoryImage(parameter: "WEIGHTS_FILE", width: 64, words: [[5]]))
    #expect(unit.memories.isEmpty)
    #expect(unit.handshake == .pipeline(depth: 5, period: 1))
    var cores: [any Core] = [unit, unit]
    LoadMap.place(&cores)
    #expect(cores.map { $0.memories.map(\.parameter) } == [["WEIGHTS_FILE"], ["WEIGHTS_FILE"]])
    #expect(cores.map { ($0 as? any MemoryCore)?.loadBases } == [[0], [2]])
    #expect(cores[0].handshake == .pipeline(depth: 3, period: 1))
    #expect(LoadMap.image(of: cores) == [5, 0, 5, 0])
  }

  @Test func hornerAndAdderTreesAreUsedWhereWeightsHalve() {
    func unit(_ gammas: [Int], levelsPerBeat: Int, weightLevels: Int = 1) -> MatrixUnit {
      MatrixUnit(
        lanes: 1, units: 1, levelsPerBeat: levelsPerBeat, words: 3, groups: 1,
        weightLevels: weightLevels, gammas: gammas, sumWidth: 8,
        weights: MemoryImage(parameter: "WEIGHTS_FILE", width: 1, words: [[0]]))
    }
    #expect(unit([4, 2, 1], levelsPerBeat: 1).usesHorner)
    #expect(!unit([4, 2, 1], levelsPerBeat: 3).usesHorner)
    #expect(!unit([8, 4, 2], levelsPerBeat: 1).usesHorner)
    #expect(!unit([1], levelsPerBeat: 1).usesHorner)
    #expect(!unit([4, 2, 2, 1], levelsPerBeat: 1, weightLevels: 2).usesHorner)
    #expect(unit([4, 2, 1], levelsPerBeat: 3).usesAdderTree)
    #expect(!unit([8, 4, 2], levelsPerBeat: 3).usesAdderTree)
    #expect(!unit([4, 2, 1], levelsPerBeat: 1).usesAdderTree)
    #expect(!unit([1], levelsPerBeat: 1).usesAdderTree)
    #expect(unit([6, 3, 4, 2], levelsPerBeat: 2, weightLevels: 2).usesAdderTree)
    #expect(!unit([6, 3, 4, 3], levelsPerBeat: 2, weightLevels: 2).usesAdderTree)
    #expect(unit([1], levelsPerBeat: 1).handshake == .pipeline(depth: 3, period: 3))
    #expect(unit([2], levelsPerBeat: 1).handshake == .pipeline(depth: 5, period: 3))
    #expect(unit([4, 2, 1], levelsPerBeat: 1).handshake == .pipeline(depth: 3, period: 9))
    #expect(unit([4, 2, 1], levelsPerBeat: 3).handshake == .pipeline(depth: 3, period: 3))
    #expect(unit([5, 2, 1], levelsPerBeat: 3).handshake == .pipeline(depth: 5, period: 3))
    #expect(
      unit([1, 1], levelsPerBeat: 1, weightLevels: 2).handshake == .pipeline(depth: 5, period: 6))
    #expect(
      unit([6, 3, 4, 2], levelsPerBeat: 1, weightLevels: 2).handshake
        == .pipeline(depth: 5, period: 12))
    #expect(
      unit([6, 3, 4, 2], levelsPerBeat: 2, weightLevels: 2).handshake
        == .pipeline(depth: 5, period: 6))
  }
}
