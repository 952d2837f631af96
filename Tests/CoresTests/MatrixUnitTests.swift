// SPDX-License-Identifier: Apache-2.0

import Cores
import Simulation
import TestSupport
import Testing

@Suite(
  .tags(.rtl),
  .enabled(if: Simulator.isAvailable, "Verilator is missing: apt-get install verilator"))
struct MatrixUnitTests {
  @Test func sumsAreWeightedMaskedPopcounts() throws {
    for corners in corners.chunks(of: 16) {
      #expect(try CoreBench(cases(corners), seed: Effort.seed).findings() == [])
    }
  }

  /// Verilator simulates another popcount than the one that is synthesized, unless it is told not to.
  @Test func theSynthesizedPopcountAgrees() throws {
    var bench = CoreBench(
      cases([
        Corner(1, 2, 3, 2, [2, 1], inParallel: false, masked: true),
        Corner(7, 2, 5, 3, [7, 3], inParallel: false, masked: true),
        Corner(9, 2, 2, 2, [5, 3], inParallel: true, masked: false),
        Corner(64, 4, 3, 2, [1], inParallel: false, masked: false, padded: true),
        Corner(65, 2, 2, 1, [8, 4, 2, 1], inParallel: false, masked: true),
      ]), seed: Effort.seed)
    let core = bench.cases[0].core
    #expect(core.files[0].text.contains("`ifndef RB_PLAIN_POPCOUNT\n`define RB_COUNTONES"))
    bench.edit = { $0.defining("RB_PLAIN_POPCOUNT") }
    #expect(try bench.findings() == [])
  }

  /// In one cycle and in more, in one part and in several, as synthesized: layers of counters that are full, and that are not.
  @Test func popcountsOfEveryWidthAgree() throws {
    let corners = [1, 3, 18, 19, 33, 54, 55, 108, 109, 217].flatMap { lanes in
      [(1, 1), (2, 1), (2, 2), (2, 4), (2, 5), (2, 16), (2, 17), (2, 64)].filter { $0.1 <= lanes }
        .map {
          (cycles, parts) in
          var corner = Corner(
            lanes, 2, 3, 2, lanes == 55 ? [5, 3] : [1], inParallel: lanes == 55,
            masked: lanes == 19, padded: lanes == 33)
          corner.popcountCycles = cycles
          corner.popcountParts = parts
          return corner
        }
    }
    var bench = CoreBench(cases(corners), seed: Effort.seed)
    #expect(try bench.findings() == [])
    bench.edit = { $0.defining("RB_PLAIN_POPCOUNT") }
    #expect(try bench.findings() == [])
  }

  /// Neurons counted together, of constant weights: blocks that are full and that are not, classes of
  /// lanes that are empty and that fill tables, levels in series and in parallel, absent codes; what is
  /// simulated by default, and what is synthesized.
  @Test func neuronsThatShareCountsAgree() throws {
    let gammas: [([Int], inParallel: Bool)] = [
      ([1], false), ([5, 3], true), ([2, 1], false), ([7, 3], false), ([9, 5, 2], true),
    ]
    let shapes = [
      (1, 2, 2), (2, 3, 2), (5, 1, 1), (6, 4, 4), (7, 5, 3), (13, 7, 3), (14, 2, 2), (24, 5, 5),
      (64, 4, 4), (65, 6, 3), (96, 9, 4), (130, 5, 5), (30, 6, 6),
    ]
    let corners = shapes.enumerated().map { index, shape in
      let (gammas, inParallel) = gammas[index % gammas.count]
      var corner = Corner(
        shape.0, shape.1, 1, 1, gammas, inParallel: inParallel, masked: false,
        padded: index % 3 == 2)
      corner.sharedNeurons = shape.2
      return corner
    }
    let cases = cases(corners)
    #expect(cases.allSatisfy { $0.core.memories.isEmpty })
    var bench = CoreBench(cases, seed: Effort.seed)
    #expect(try bench.findings() == [])
    bench.edit = { $0.defining("RB_PLAIN_POPCOUNT") }
    #expect(try bench.findings() == [])
  }

  /// A matrix unit shares by itself where its weights are one word that stays, and the sums are those
  /// of neurons counted alone.
  @Test func sharingIsTheSameAsCountingAlone() throws {
    let cases = [nil, 0].map { sharedNeurons in
      var corner = Corner(40, 7, 1, 1, [5, 3], inParallel: false, masked: false)
      corner.sharedNeurons = sharedNeurons
      var random = SeededRandom(seed: Effort.seed)
      return matrixCase(RandomLayer(corner, using: &random), using: &random)
    }
    #expect(cases.map { $0.core.memories.count } == [0, 1])
    #expect(cases[0].inputs == cases[1].inputs)
    #expect(cases[0].expected == cases[1].expected)
    #expect(try CoreBench(cases, seed: Effort.seed).findings() == [])
  }

  /// Whole lanes at once and in parts, up to three cycles of adding, as synthesized: parts that are full, and
  /// that are not.
  @Test func lanesOfEveryNumberAgree() throws {
    let gammas = [[2, 1], [128, 64, 32, 16, 8, 4, 2, 1]]
    let corners = [1, 3, 4, 12, 13, 48, 50, 193].flatMap { lanes in
      [nil, 1, 2, 4, 5, 17, 64].filter { ($0 ?? 1) <= lanes }.enumerated().map { index, parts in
        var corner = Corner(
          lanes, 2, 3, 2, gammas[index % 2], inParallel: true, masked: index % 3 == 0,
          padded: index % 4 == 0)
        corner.popcountParts = parts
        return corner
      }
    }
    for corners in corners.chunks(of: 16) {
      var bench = CoreBench(cases(corners), seed: Effort.seed)
      #expect(try bench.findings() == [])
      bench.edit = { $0.defining("RB_PLAIN_POPCOUNT") }
      #expect(try bench.findings() == [])
    }
  }

  /// Of one layer with the same beats, both ways to add make the same sums.
  @Test func addingLanesIsTheSameAsPopcounts() throws {
    let cases = [
      Corner(3, 4, 9, 2, [8, 4, 2, 1], inParallel: true, masked: false, padded: true),
      Corner(5, 2, 3, 2, [12, 6, 10, 5], weightLevels: 2, inParallel: true, masked: true),
    ].flatMap { corner in
      [true, false].map { usesAdderTree in
        var corner = corner
        corner.usesAdderTree = usesAdderTree
        corner.popcountParts = usesAdderTree ? nil : 1
        var random = SeededRandom(seed: Effort.seed)
        return matrixCase(RandomLayer(corner, using: &random), using: &random)
      }
    }
    for pair in cases.chunks(of: 2) {
      #expect(pair[0].inputs == pair[1].inputs)
      #expect(pair[0].expected == pair[1].expected)
    }
    #expect(try CoreBench(cases, seed: Effort.seed).findings() == [])
  }

  /// A wholly masked layer has sums of one bit, less than a γ or a popcount needs.
  @Test func sumsMayBeNarrowerThanWhatTheyAreMadeOf() throws {
    var random = SeededRandom(seed: Effort.seed)
    let cases = [
      ([1], false), ([5, 3], false), ([5, 3], true), ([2, 1], false), ([4, 2, 1], true),
    ].flatMap { gammas, inParallel in
      [false, true].map { padded in
        var layer = RandomLayer(
          Corner(7, 2, 3, 2, gammas, inParallel: inParallel, masked: true, padded: padded),
          using: &random)
        layer.mask = layer.mask.map { $0.map { _ in false } }
        return matrixCase(layer, using: &random)
      }
    }
    #expect(cases.allSatisfy { $0.core.outputs[0].bitsPerLane == 1 })
    #expect(try CoreBench(cases, seed: Effort.seed).findings() == [])
  }

  private func cases(_ corners: [Corner]) -> [CoreCase] {
    var random = SeededRandom(seed: Effort.seed)
    return corners.map { matrixCase(RandomLayer($0, using: &random), using: &random) }
  }

  private var corners: [Corner] {
    if Effort.isExhaustive {
      var corners: [Corner] = []
      let weights: [([Int], Int, Bool)] = [
        ([1], 1, false), ([5], 1, false), ([2, 1], 1, false), ([2, 1], 1, true),
        ([7, 3], 1, false), ([7, 3], 1, true), ([4, 2, 1], 1, false), ([9, 5, 2], 1, false),
        ([9, 5, 2], 1, true), ([8, 4, 2, 1], 1, false), ([11, 6, 3, 1], 1, false),
        ([11, 6, 3, 1], 1, true), ([128, 64, 32, 16, 8, 4, 2, 1], 1, false),
        ([128, 64, 32, 16, 8, 4, 2, 1], 1, true), ([1, 1], 2, false), ([3, 1], 2, false),
        ([21, 14, 9, 6], 2, false), ([21, 14, 9, 6], 2, true), ([6, 3, 2, 1], 2, true),
        ([20, 10, 5, 12, 6, 3, 4, 2, 1], 3, true), ([9, 6, 3, 2, 1, 1], 3, false),
      ]
      for lanes in [1, 2, 5, 6, 7, 63, 64, 65] {
        for (gammas, weightLevels, inParallel) in weights {
          for (units, words, groups) in [(1, 1, 1), (1, 3, 2), (4, 1, 3), (3, 4, 1), (5, 2, 2)] {
            for padded in [false, true] {
              corners.append(
                Corner(
                  lanes, units, words, groups, gammas, weightLevels: weightLevels,
                  inParallel: inParallel, masked: corners.count / 2 % 2 == 0, padded: padded))
            }
          }
        }
      }
      return corners
    }
    return [
      Corner(1, 1, 1, 1, [1], inParallel: false, masked: false),
      Corner(1, 2, 3, 2, [2, 1], inParallel: false, masked: true),
      Corner(2, 3, 1, 4, [1], inParallel: false, masked: true),
      Corner(5, 1, 4, 1, [3], inParallel: false, masked: false),
      Corner(6, 4, 2, 2, [4, 2, 1], inParallel: false, masked: false),
      Corner(7, 2, 5, 3, [7, 3], inParallel: false, masked: true),
      Corner(63, 1, 2, 2, [9, 5, 2], inParallel: true, masked: true),
      Corner(64, 4, 3, 2, [1], inParallel: false, masked: false),
      Corner(64, 2, 2, 3, [11, 6], inParallel: false, masked: false),
      Corner(64, 2, 1, 2, [2, 1], inParallel: true, masked: false),
      Corner(65, 2, 2, 1, [8, 4, 2, 1], inParallel: false, masked: true),
      Corner(65, 3, 1, 1, [11, 6, 3, 1], inParallel: false, masked: false),
      Corner(5, 2, 3, 2, [11, 6, 3, 1], inParallel: true, masked: true),
      Corner(7, 3, 2, 2, [128, 64, 32, 16, 8, 4, 2, 1], inParallel: false, masked: false),
      Corner(6, 2, 2, 3, [128, 64, 32, 16, 8, 4, 2, 1], inParallel: true, masked: true),
      Corner(3, 2, 7, 1, [1, 1], inParallel: false, masked: false),
      // Absent codes.
      Corner(1, 1, 1, 1, [1], inParallel: false, masked: false, padded: true),
      Corner(1, 2, 4, 2, [1], inParallel: false, masked: true, padded: true),
      Corner(7, 2, 5, 3, [7, 3], inParallel: false, masked: false, padded: true),
      Corner(64, 2, 3, 2, [4, 2, 1], inParallel: false, masked: false, padded: true),
      Corner(65, 2, 2, 1, [8, 4, 2, 1], inParallel: false, masked: true, padded: true),
      Corner(5, 2, 3, 2, [11, 6, 3], inParallel: true, masked: false, padded: true),
      Corner(1, 2, 2, 3, [2, 1], inParallel: true, masked: false, padded: true),
      Corner(
        3, 4, 9, 2, [128, 64, 32, 16, 8, 4, 2, 1], inParallel: true, masked: false, padded: true),
      Corner(4, 2, 3, 2, [4, 2, 1], inParallel: true, masked: true, padded: true),
      // Weights of several levels.
      Corner(1, 1, 1, 1, [1, 1], weightLevels: 2, inParallel: false, masked: false),
      Corner(6, 2, 3, 2, [3, 1], weightLevels: 2, inParallel: false, masked: true),
      Corner(
        65, 2, 2, 3, [21, 14, 9, 6], weightLevels: 2, inParallel: false, masked: false,
        padded: true),
      Corner(7, 3, 1, 2, [21, 14, 9, 6], weightLevels: 2, inParallel: true, masked: true),
      Corner(
        5, 2, 3, 1, [9, 6, 3, 2, 1, 1], weightLevels: 3, inParallel: false, masked: true,
        padded: true),
      Corner(
        3, 2, 2, 3, [20, 10, 5, 12, 6, 3, 4, 2, 1], weightLevels: 3, inParallel: true,
        masked: false, padded: true),
      Corner(2, 1, 4, 2, [6, 3, 2, 1], weightLevels: 2, inParallel: true, masked: true),
    ]
  }
}

/// The shape of a layer and how a matrix unit computes it.
struct Corner: Sendable {
  var lanes: Int
  var units: Int
  var words: Int
  var groups: Int
  /// Weight level → level, in one list.
  var gammas: [Int]
  var weightLevels: Int
  /// The same for 1, 2 … levels in use; empty: no modes.
  var fewer: [[Int]] = []
  /// The largest gammas that may be loaded; nil: they stay.
  var widest: [Int]?
  var inParallel: Bool
  var masked: Bool
  var padded: Bool
  /// nil: where it can be.
  var usesAdderTree: Bool?
  /// nil: as many as the lanes need.
  var popcountCycles: Int?
  var popcountParts: Int?
  /// nil: where it can be; 0: no block.
  var sharedNeurons: Int?

  init(
    _ lanes: Int, _ units: Int, _ words: Int, _ groups: Int, _ gammas: [Int],
    weightLevels: Int = 1, inParallel: Bool, masked: Bool, padded: Bool = false
  ) {
    self.lanes = lanes
    self.units = units
    self.words = words
    self.groups = groups
    self.gammas = gammas
    self.weightLevels = weightLevels
    self.inParallel = inParallel
    self.masked = masked
    self.padded = padded
  }
}

/// A layer with random weights, and the matrix unit that holds it.
struct RandomLayer {
  var corner: Corner
  /// Row neuron · weight levels + weight level → synapse.
  var weights: [[Bool]]
  var mask: [[Bool]]

  init(_ corner: Corner, using random: inout SeededRandom) {
    self.corner = corner
    let synapses = corner.lanes * corner.words
    func bits(using random: inout SeededRandom) -> [[Bool]] {
      (0..<corner.units * corner.groups * corner.weightLevels).map { _ in
        (0..<synapses).map { _ in random.next() >> 63 == 1 }
      }
    }
    weights = bits(using: &random)
    mask =
      corner.masked
      ? bits(using: &random) : weights.map { $0.map { _ in true } }
    // The largest sum of all: every synapse active.
    if corner.masked {
      for plane in 0..<corner.weightLevels { mask[plane] = mask[plane].map { _ in true } }
    }
  }

  var core: MatrixUnit {
    let active = mask.map { $0.count { $0 } }.max() ?? 0
    let gammas = corner.fewer + [corner.widest ?? corner.gammas]
    let reach = gammas.map { $0.reduce(0, +) }.max() ?? 0
    let largest = active * reach * (corner.padded ? 2 : 1)
    var core = MatrixUnit(
      lanes: corner.lanes, units: corner.units,
      levelsPerBeat: corner.inParallel ? corner.gammas.count / corner.weightLevels : 1,
      words: corner.words, groups: corner.groups, weightLevels: corner.weightLevels,
      gammas: corner.gammas, gammasOfFewerLevels: corner.fewer, isPadded: corner.padded,
      sumWidth: max(1, Int.bitWidth - largest.leadingZeroBitCount), widestGammas: corner.widest,
      weights: image("WEIGHTS_FILE", weights),
      mask: corner.masked ? image("MASK_FILE", mask) : nil)
    if let usesAdderTree = corner.usesAdderTree { core.usesAdderTree = usesAdderTree }
    if let popcountCycles = corner.popcountCycles { core.popcountCycles = popcountCycles }
    if let popcountParts = corner.popcountParts { core.popcountParts = popcountParts }
    if let sharedNeurons = corner.sharedNeurons { core.sharedNeurons = sharedNeurons }
    return core
  }

  private func image(_ parameter: String, _ rows: [[Bool]]) -> MemoryImage {
    MatrixUnit.memoryImage(
      parameter: parameter, layer: "fc1", lanes: corner.lanes, units: corner.units,
      words: corner.words, groups: corner.groups, weightLevels: corner.weightLevels
    ) { neuron, plane in
      let row = rows[neuron * corner.weightLevels + plane]
      var limbs = [UInt64](repeating: 0, count: (row.count + 63) / 64)
      for (synapse, bit) in row.enumerated() where bit {
        limbs[synapse / 64] |= 1 << UInt64(synapse % 64)
      }
      return limbs[...]
    }
  }
}

/// Random vectors, all ones and all zeros among them, as a window buffer sends them: for each group
/// and weight level again.
func matrixCase(
  _ layer: RandomLayer, mode: Int? = nil, using random: inout SeededRandom
) -> CoreCase {
  let core = layer.core
  let gammas =
    mode.flatMap { $0 < core.gammasOfFewerLevels.count ? core.gammasOfFewerLevels[$0] : nil }
    ?? core.gammas
  let inUse = gammas.count / core.weightLevels
  let synapses = core.lanes * core.words
  let vectors = 6
  var input = StreamBeats(core.inputs[0])
  var expected: [(lanes: [Int], last: Bool)] = []
  for vector in 0..<vectors {
    // Synapse → level → sign.
    let signs = (0..<synapses).map { _ in
      (0..<core.levels).map { _ in vector == 0 || vector > 1 && random.next() >> 63 == 1 }
    }
    // One word in four is absent, all of them in one vector; its lanes hold anything.
    let isAbsent = (0..<core.words).map { _ in
      core.isPadded && (vector == 2 || vector > 2 && random.next() >> 62 == 0)
    }
    let isLast = random.next() >> 62 != 0
    for group in 0..<core.groups {
      var sums = Array(repeating: 0, count: core.units)
      let passes: [[Int]] =
        core.levelsPerBeat == 1
        ? (0..<inUse).map { [$0] } : [Array(0..<core.levels)]
      for plane in 0..<core.weightLevels {
        for levels in passes {
          for word in 0..<core.words {
            let lanes = (0..<core.lanes).map { lane in
              levels.reduce(0) { 2 * $0 + (signs[word * core.lanes + lane][$1] ? 1 : 0) }
            }
            let isEnd =
              word == core.words - 1
              && levels.last == (core.levelsPerBeat == 1 ? inUse : core.levels) - 1
              && plane == core.weightLevels - 1
            // Elsewhere in a vector, last means nothing.
            let last =
              isEnd ? isLast && group == core.groups - 1 : random.next() >> 63 == 1
            input.append(lanes: lanes, last: last, flags: isAbsent[word] ? 1 : 0)
          }
          for unit in 0..<core.units {
            let row = (group * core.units + unit) * core.weightLevels + plane
            for synapse in 0..<synapses where layer.mask[row][synapse] {
              for level in levels where level < inUse {
                let agrees = signs[synapse][level] == layer.weights[row][synapse]
                let count =
                  switch (core.isPadded, isAbsent[synapse / core.lanes]) {
                  case (false, _): agrees ? 1 : 0
                  case (true, false): agrees ? 2 : 0
                  case (true, true): 1
                  }
                sums[unit] += count * gammas[plane * inUse + level]
              }
            }
          }
        }
      }
      expected.append((sums, isLast && group == core.groups - 1))
    }
  }
  return CoreCase(core, mode: mode, input) { _, output in
    for beat in expected { output.append(lanes: beat.lanes, last: beat.last) }
  }
}
