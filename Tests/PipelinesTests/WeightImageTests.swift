// SPDX-License-Identifier: Apache-2.0

import Cores
import Folding
import Modeling
import Pipelines
import TestSupport
import Testing

@testable import IntegerNetwork

/// How weights and masks lie in the words of a matrix unit.
@Suite(.tags(.unit)) struct WeightImageTests {
  /// rows × columns, units, lanes: odd ones, one, whole words and more than words.
  @Test(arguments: [
    (6, 12, 3, 4), (6, 12, 1, 1), (6, 12, 6, 12), (5, 63, 5, 7), (5, 63, 1, 63), (3, 65, 3, 13),
    (4, 65, 2, 65), (3, 130, 3, 65), (9, 130, 9, 26), (2, 128, 2, 64), (7, 192, 7, 192),
    (1, 1, 1, 1), (15, 189, 5, 27),
  ])
  func everyBitIsWhereItBelongs(rows: Int, columns: Int, units: Int, lanes: Int) throws {
    var random = SeededRandom(seed: UInt64(rows * 1000 + columns * 10 + lanes))
    var weights = BitMatrix(rows: rows, columns: columns)
    var mask = BitMatrix(rows: rows, columns: columns)
    for row in 0..<rows {
      for column in 0..<columns {
        mask[row, column] = Int.random(in: 0..<4, using: &random) > 0
        weights[row, column] = mask[row, column] && Bool.random(using: &random)
      }
    }
    let unit = try matrixUnit(
      MaskedPopcount(weights: weights, mask: mask), LayerFold(units: units, lanes: lanes))
    expect(unit.weights, holds: weights, units: units, lanes: lanes)
    expect(try #require(unit.mask), holds: mask, units: units, lanes: lanes)
    #expect(unit.weights.parameter == "WEIGHTS_FILE")
    #expect(unit.mask?.parameter == "MASK_FILE")
  }

  @Test func aLayerWithoutMaskHasNoImageOfIt() throws {
    let popcount = MaskedPopcount(weights: BitMatrix(rows: 2, columns: 3), mask: nil)
    let unit = try matrixUnit(popcount, LayerFold(units: 1, lanes: 3))
    #expect(unit.mask == nil)
    #expect(unit.memories.map(\.parameter) == ["WEIGHTS_FILE"])
  }

  @Test func everyWordSaysWhatItHolds() throws {
    let popcount = MaskedPopcount(weights: BitMatrix(rows: 4, columns: 6), mask: nil)
    let wide = try matrixUnit(popcount, LayerFold(units: 2, lanes: 3)).weights.comments
    #expect(wide.count == 4)
    #expect(wide[1].contains("neurons 0...1, synapses 3...5"))
    #expect(wide[2].contains("neurons 2...3, synapses 0...2"))
    let narrow = try matrixUnit(popcount, LayerFold(units: 1, lanes: 1)).weights.comments
    #expect(narrow.count == 24)
    #expect(narrow[7].contains("neurons 1, synapses 1"))
  }

  /// Word group · words + word, bit unit · lanes + lane: synapse word · lanes + lane of neuron
  /// group · units + unit.
  private func expect(_ image: MemoryImage, holds bits: BitMatrix, units: Int, lanes: Int) {
    let words = bits.columns / lanes
    #expect(image.width == units * lanes)
    #expect(image.depth == bits.rows / units * words)
    var wrong: [String] = []
    for row in 0..<bits.rows {
      for column in 0..<bits.columns {
        let word = image.words[row / units * words + column / lanes]
        let position = row % units * lanes + column % lanes
        let bit = word[position / 64] >> UInt64(position % 64) & 1 == 1
        if bit != bits[row, column] { wrong.append("neuron \(row), synapse \(column)") }
      }
    }
    #expect(wrong == [])
    // Nothing above the word.
    let spare = image.words.contains { word in
      image.width % 64 != 0 && (word.last ?? 0) >> UInt64(image.width % 64) != 0
    }
    #expect(!spare)
  }

  private func matrixUnit(_ popcount: MaskedPopcount, _ fold: LayerFold) throws -> MatrixUnit {
    let graph = IntegerGraph(
      name: "n",
      nodes: [
        .init(
          name: "in", operation: .input(.unsigned(bits: 1)), inputs: [],
          shape: .vector(popcount.inputs)),
        .init(
          name: "fc", operation: .popcount(popcount), inputs: [0], shape: .vector(popcount.outputs)
        ),
      ], lowering: LoweringReport())
    let pipeline = try Pipeline(graph.folded(overrides: ["fc": fold]))
    return try #require(
      pipeline.stages.lazy.compactMap { $0.core as? MatrixUnit }.first)
  }
}
