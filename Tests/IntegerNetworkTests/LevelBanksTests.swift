// SPDX-License-Identifier: Apache-2.0

import Foundation
import Modeling
import TestSupport
import Testing

@testable import IntegerNetwork

@Suite(.tags(.unit)) struct LevelBanksTests {
  private let calibration = LevelBanks.Calibration(images: 60, testImages: 9, correct: [4, 5, 6])

  /// Signs of 3 and of 2 levels, then scores.
  private func graph(
    _ name: String = "n", gammas: [Double] = [4, 2, 1], levels: Int = 3
  ) throws -> IntegerGraph {
    let network = Network(name, input: .vector(3, bits: 2)) {
      Dense(2, name: "fc")
      ResidualSign(levels: levels, name: "sign")
      Dense(2, name: "mid")
      ResidualSign(levels: min(2, levels), name: "mid_sign")
      Dense(2, name: "out")
    }
    return try network.lowered(
      with: Parameters([
        "fc.weight": Tensor(shape: [2, 3], values: [1, 0, -1, 1, 1, 1]),
        "sign.gammas": Tensor(Array(gammas.prefix(levels))),
        "mid.weight": Tensor(shape: [2, 2], values: [1, 1, -1, 1]),
        "mid_sign.gammas": Tensor(Array([3, 1].prefix(levels))),
        "out.weight": Tensor(shape: [2, 2], values: [1, -1, -1, 1]),
      ]))
  }

  private func trees(_ graph: IntegerGraph) -> [ThresholdTree] {
    graph.nodes.compactMap { if case .encode(let tree) = $0.operation { tree } else { nil } }
  }

  // MARK: Dropping

  @Test func droppedLevelsLeaveTheFirst() throws {
    let graph = try graph()
    let dropped = try graph.droppingLevels()
    try dropped.check()
    #expect(dropped.modes == 3)
    #expect(dropped.inMode(2) == graph)
    for (mode, levels) in [(0, [1, 1]), (1, [2, 2])] {
      let trees = trees(dropped.inMode(mode))
      #expect(trees.map(\.code.levels) == levels)
      for (tree, whole) in zip(trees, self.trees(graph)) {
        #expect(tree.code.weights == Array(whole.code.weights.prefix(tree.code.levels)))
        for (thresholds, all) in zip(tree.thresholds, whole.thresholds) {
          #expect(thresholds == Array(all.prefix(1 << tree.code.levels - 1)))
        }
      }
    }
  }

  @Test func oneLevelIsNotDropped() throws {
    let graph = try graph(levels: 1)
    #expect(
      printedError { try graph.droppingLevels() } == """
        error: n: every activation has one level: there is nothing to choose
          hint: use it as it is
        """)
  }

  // MARK: The file

  private func banks() throws -> LevelBanks {
    try LevelBanks(of: graph().droppingLevels(), calibration: calibration)
  }

  @Test func whatIsWrittenIsRead() throws {
    try TestData.withTemporaryFolder { folder in
      let url = folder.appending(path: "a.json")
      let banks = try banks()
      // The second time it replaces its own.
      for _ in 1...2 { try banks.write(to: url) }
      #expect(try LevelBanks(contentsOf: url) == banks)
      #expect(try banks.applied(to: graph()) == graph().droppingLevels())
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a.json"])
    }
  }

  @Test func banksAreOfOneNetwork() throws {
    let banks = try banks()
    #expect(
      printedError { try banks.applied(to: graph("m"), path: "a.json") } == """
        error: a.json: made for the network 'n'; this is 'm'
          hint: name the file that `resbin calibrate` wrote for this model
        """)
    let other = try graph(gammas: [4, 2, 2])
    let (made, found) = try (graph().hash().prefix(12), other.hash().prefix(12))
    #expect(made != found)
    #expect(
      printedError { try banks.applied(to: other, path: "a.json") } == """
        error: a.json: made for a 'n' of other numbers: its SHA-256 begins with \(made), that of this \
        one with \(found)
          hint: use the `--gamma-bits` of the calibration, or calibrate this model
        """)
  }

  /// Each weight, threshold and score is in the hash; what names files and reports is not.
  @Test func theHashIsOfWhatIsComputed() throws {
    let graph = try graph()
    let hash = try graph.hash()
    #expect(hash.count == 64)
    var same = graph
    same.lowering.flippedChannels += 1
    same.fewerLevels = try graph.droppingLevels().fewerLevels
    #expect(try same.hash() == hash)
    for index in graph.nodes.indices {
      var other = graph
      switch graph.nodes[index].operation {
      case .popcount(var popcount):
        popcount.weights[1, 1].toggle()
        other.nodes[index].operation = .popcount(popcount)
      case .encode(var tree):
        tree.thresholds[1][0] += 1
        other.nodes[index].operation = .encode(tree)
      case .score(var score):
        score.offsets[1] += 1
        other.nodes[index].operation = .score(score)
      default:
        continue
      }
      #expect(try other.hash() != hash, "node \(index)")
    }
  }

  @Test func damagedBanksAreRefused() throws {
    var banks = try banks()
    banks.modes.removeLast()
    #expect(
      printedError { try banks.applied(to: graph(), path: "a.json") } == """
        error: a.json: the level banks are damaged: n: there are 1 modes of fewer levels; 2 are expected
          hint: calibrate the model again
        """)
    banks = try self.banks()
    guard case .encode(var tree) = banks.modes[1].steps[0].operation else {
      Issue.record("the first step is no sign")
      return
    }
    tree.thresholds[1].removeLast()
    banks.modes[1].steps[0].operation = .encode(tree)
    #expect(
      printedError { try banks.applied(to: graph(), path: "a.json") } == """
        error: a.json: the level banks are damaged: n.sign: 2 channels of 3 thresholds are expected
          hint: calibrate the model again
        """)
  }

  @Test(arguments: [
    (
      "", "the file is damaged, or holds no level banks",
      "name a file that `resbin calibrate` wrote"
    ),
    (
      #"{"format": 1}"#, "the file is damaged, or holds no level banks",
      "name a file that `resbin calibrate` wrote"
    ),
    (
      #"{"levelBanks": 2}"#, "the level banks have format 2; this version reads format 1",
      "calibrate the model again"
    ),
    (#"{"levelBanks": 1}"#, "the level banks are damaged", "calibrate the model again"),
  ]) func aFileThatIsNone(text: String, message: String, hint: String) throws {
    try TestData.withTemporaryFolder { folder in
      let url = folder.appending(path: "a.json")
      #expect(
        printedError { try LevelBanks(contentsOf: url) } == """
          error: \(url.relativePath): the file is missing or cannot be read
            hint: name a file that `resbin calibrate` wrote
          """)
      try Data(text.utf8).write(to: url)
      #expect(
        printedError { try LevelBanks(contentsOf: url) } == """
          error: \(url.relativePath): \(message)
            hint: \(hint)
          """)
    }
  }

  @Test func nothingElseIsReplaced() throws {
    try TestData.withTemporaryFolder { folder in
      let (url, nowhere) = (folder.appending(path: "a.onnx"), folder.appending(path: "b/c.json"))
      try Data("model".utf8).write(to: url)
      let banks = try banks()
      #expect(
        printedError { try banks.write(to: url) } == """
          error: \(url.relativePath): something is there already, and it is no file of level banks
            hint: choose another name
          """)
      #expect(
        printedError { try banks.write(to: nowhere) } == """
          error: \(nowhere.relativePath): there is no folder '\(folder.appending(path: "b").path)'
            hint: choose a file in a folder that you may write to
          """)
      #expect(try String(contentsOf: url, encoding: .utf8) == "model")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a.onnx"])
    }
  }
}
