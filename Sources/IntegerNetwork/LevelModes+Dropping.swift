// SPDX-License-Identifier: Apache-2.0

import Diagnostics

extension IntegerGraph {
  /// The network in which the levels in use are chosen at run time and nothing makes up for those that
  /// are not: in the mode of m levels each code has its first min(m, M), with the thresholds and weights of
  /// the whole network.
  ///
  /// That is where a calibration begins and what it is measured against; a network is seldom of use in
  /// these modes (`Docs/explanation/calibration.md`).
  /// - Exactness: thresholds, weights of levels and scores are the network's own integers.
  /// - Throws: ``Diagnostic`` when every activation has one level.
  public func droppingLevels() throws -> IntegerGraph {
    var whole = self
    whole.fewerLevels = nil
    let modes = (1..<max(1, levels)).map { levels in
      var graph = whole
      for index in graph.nodes.indices {
        guard case .encode(var tree) = graph.nodes[index].operation else { continue }
        tree.keepLevels(levels)
        graph.nodes[index].operation = .encode(tree)
      }
      return LevelMode(of: graph, levels: levels)
    }
    guard !modes.isEmpty else {
      throw Diagnostic(
        at: name, "every activation has one level: there is nothing to choose",
        hint: "use it as it is")
    }
    whole.fewerLevels = modes
    return whole
  }
}

extension ThresholdTree {
  /// Keeps the first `levels` levels, or all: those of a heap are its beginning.
  fileprivate mutating func keepLevels(_ levels: Int) {
    guard levels < code.levels else { return }
    code.weights = Array(code.weights.prefix(levels))
    thresholds = thresholds.map { Array($0.prefix(1 << levels - 1)) }
  }
}
