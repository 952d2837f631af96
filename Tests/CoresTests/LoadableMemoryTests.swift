// SPDX-License-Identifier: Apache-2.0

import Cores
import Foundation
import Simulation
import TestSupport
import Testing

/// Memories that are written over the load bus: words of fewer and of more than 32 bits, one word and
/// many, several memories side by side. They hold zeros before; what was written is read back word by
/// word, and the cores compute with it.
@Suite(
  .tags(.rtl),
  .enabled(if: Simulator.isAvailable, "Verilator is missing: apt-get install verilator"))
struct LoadableMemoryTests {
  @Test func matrixUnitsComputeWithWhatIsLoaded() throws {
    var random = SeededRandom(seed: Effort.seed)
    let sizes = [
      (1, 1, 1, 1), (5, 2, 3, 2), (8, 4, 2, 2), (32, 1, 5, 3), (33, 1, 4, 1), (16, 4, 1, 1),
      (65, 2, 3, 5), (7, 13, 17, 2),
    ]
    let gammas: [(Int, [Int], [Int]?)] = [
      (1, [1], nil), (1, [4, 2, 1], nil), (1, [9, 5, 2], [15, 15, 15]), (1, [4, 2, 1], [7, 7, 7]),
      (2, [6, 4, 3, 2], [14, 14, 7, 7]),
    ]
    var cases: [CoreCase] = []
    for (index, (lanes, units, words, groups)) in sizes.enumerated() {
      for (number, (weightLevels, gammas, widest)) in gammas.enumerated() {
        var corner = Corner(
          lanes, units, words, groups, gammas, weightLevels: weightLevels,
          inParallel: (index + number).isMultiple(of: 2), masked: number.isMultiple(of: 2),
          padded: index.isMultiple(of: 3))
        corner.widest = widest
        cases.append(matrixCase(RandomLayer(corner, using: &random), using: &random))
      }
    }
    var modes = Corner(5, 2, 3, 2, [9, 5, 2], inParallel: false, masked: false)
    modes.fewer = [[1], [4, 2]]
    modes.widest = [255, 255, 255]
    let layer = RandomLayer(modes, using: &random)
    cases += (0..<3).map { matrixCase(layer, mode: $0, using: &random) }
    try expectNoFindings(cases)
  }

  @Test func encodersScoresAndTablesComputeWithWhatIsLoaded() throws {
    var random = SeededRandom(seed: Effort.seed)
    var cases: [CoreCase] = []
    for (units, levels, width, groups) in [
      (1, 1, 3, 1), (1, 1, 32, 2), (2, 2, 9, 3), (3, 3, 11, 16), (4, 4, 7, 5), (16, 2, 12, 1),
    ] {
      cases.append(
        encoderCase(units: units, levels: levels, sumWidth: width, groups: groups, using: &random))
      cases.append(
        scoreCase(
          units: units, sumWidth: width, multiplierWidth: 5, groups: groups, using: &random))
    }
    for (lanes, bits, entryBits) in [(1, 1, 1), (3, 8, 8), (5, 2, 6)] {
      cases.append(
        lookupCase(lanes: lanes, bits: bits, entryBits: entryBits, using: &random))
    }
    try expectNoFindings(cases)
  }

  /// A write that goes astray, a word that is read from elsewhere: the bench reads back what it loaded.
  @Test(arguments: [
    ("if (write && slice[k])", "if (write)"),
    ("load_address >> SPAN_BITS == PLACE[29:0] && ", ""),
    ("(load_address >> SLICE_BITS) &", "load_address &"),
    ("padded[32*load_address[SLICE_BITS-1:0] +: 32]", "padded[31:0]"),
  ])
  func aFaultIsFound(right: String, wrong: String) throws {
    var random = SeededRandom(seed: 3)
    let cases = [2, 5].map { groups in
      encoderCase(units: 4, levels: 2, sumWidth: 9, groups: groups, using: &random)
    }
    var bench = CoreBench(cases, seed: 3, isLoaded: true)
    bench.edit = { file in
      guard file.name == "rb_loadable_memory.v" else { return file }
      #expect(file.text.contains(right))
      return RTLFile(name: file.name, bytes: Array(file.text.replacing(right, with: wrong).utf8))
    }
    #expect(try bench.findings(stalls: [.none]) != [])
  }

  /// Verilator refuses replications over 8,192 bits; words of 18,528 bits take 1,024 addresses.
  @Test func wideWordsAreRead() throws {
    try TestData.withTemporaryFolder { folder in
      let core = ResidualEncoder(
        units: 1, levels: 1, sumWidth: 1, groups: 1, thresholds: [[1]], layer: "sign")
      var cores: [any Core] = [core]
      LoadMap.place(&cores)
      let file = try #require(cores[0].files.first { $0.name == "rb_loadable_memory.v" })
      try Data(file.text.utf8).write(to: folder.appending(path: file.name))
      let run = try #require(ExternalTool("verilator")).run(
        ["--lint-only", "-Wall", "-GWIDTH=18528", "-GDEPTH=9", file.name], in: folder)
      #expect(run.status == 0 && run.text.isEmpty, "\(run.text)")
    }
  }

  private func expectNoFindings(_ cases: [CoreCase]) throws {
    for cases in cases.chunks(of: 24) {
      let bench = CoreBench(cases, seed: Effort.seed, isLoaded: true)
      #expect(try bench.findings(stalls: [.none, .random]) == [])
    }
  }
}
