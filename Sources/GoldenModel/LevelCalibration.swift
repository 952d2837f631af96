// SPDX-License-Identifier: Apache-2.0

import Diagnostics
import IntegerNetwork

extension IntegerGraph {
  /// The fewest images from which sums are known well enough.
  public static var leastCalibrationImages: Int { 50 }

  /// The network in which the levels in use are chosen at run time, with thresholds, weights of levels and
  /// scores for each number of levels from a few hundred images.
  ///
  /// In the mode of m levels, layer by layer, s_m being the sums behind the layers that are done, and s_M
  /// those of the whole network for the same images:
  ///
  ///     T' = E[s_m] + (T − ½ − E[s_M]) · cov(s_m, s_M) / var(s_M), rounded up
  ///     γ: those for which E[(e − Σ_l γ_l · b_l)²] is least, e being what the whole network sends there
  ///     A' · s_m + C': the line of least squares to A · s_M + C
  ///
  /// T' is what s_m is expected to be where s_M reaches T (it does between T − 1 and T). A single level
  /// weighs 1, since a scale of its own would mean nothing to the thresholds behind it. Sums of a channel
  /// that the images do not tell apart keep their distance from the threshold in shares of the limit.
  /// - Parameters:
  ///   - images: whole images one after the other, as the network takes them; no labels.
  ///   - options: bits of weights of levels and of scores.
  /// - Shape: the nodes, weights and masks are those of this network; so is the mode of all levels.
  /// - Exactness: the modes are integer networks like any other; that they are good is measured, not
  ///   proven. The same images give the same integers, on any number of processors.
  /// - Throws: ``Diagnostic`` when every activation has one level, or there are fewer images than
  ///   ``leastCalibrationImages``.
  public func calibrated(
    on images: [UInt8], options: LoweringOptions = LoweringOptions()
  ) throws -> IntegerGraph {
    let dropped = try droppingLevels()
    let count = images.count / max(1, nodes[0].shape.count)
    guard count >= Self.leastCalibrationImages else {
      throw Diagnostic(
        at: name,
        "a calibration on \(count) image\(count == 1 ? "" : "s"); "
          + "at least \(Self.leastCalibrationImages) are needed",
        hint: "give some hundred")
    }
    let whole = dropped.inMode(dropped.modes - 1)
    let modes = (0..<dropped.modes - 1).map { mode in
      var calibration = LevelCalibration(
        whole: whole, graph: dropped.inMode(mode), images: images, options: options)
      for node in whole.nodes.indices { calibration.calibrate(node) }
      return calibration.graph
    }
    return try .choosingLevels(among: modes + [whole])
  }
}

/// The network of one mode while its layers are calibrated, in order.
private struct LevelCalibration {
  let whole: IntegerGraph
  /// Of fewer levels, calibrated up to some node.
  var graph: IntegerGraph
  let images: [UInt8]
  let options: LoweringOptions

  /// Calibrates a node, those before which are calibrated.
  mutating func calibrate(_ node: Int) {
    guard let source = graph.nodes[node].inputs.first else { return }
    switch (graph.nodes[node].operation, whole.nodes[node].operation) {
    case (.encode(let tree), .encode(let wholeTree)):
      calibrate(tree, of: wholeTree, node: node, source: source)
    case (.score(let score), _):
      calibrate(score, node: node, source: source)
    default:
      return
    }
  }

  /// Whether nothing before this node differs from the whole network: nor do its sums.
  private func isUnchanged(upTo source: Int) -> Bool {
    graph.nodes[...source] == whole.nodes[...source]
  }

  private mutating func calibrate(
    _ tree: ThresholdTree, of wholeTree: ThresholdTree, node: Int, source: Int
  ) {
    var tree = tree
    if !isUnchanged(upTo: source) {
      let statistics = statistics(of: source)
      let (limits, wholeLimits) = (graph.sumLimits(of: source), whole.sumLimits(of: source))
      for channel in tree.thresholds.indices {
        let line = statistics[channel].lineFromWhole(
          limit: limits[channel], wholeLimit: wholeLimits[channel])
        tree.thresholds[channel] = tree.thresholds[channel].map {
          line.threshold(for: $0, limit: limits[channel], wholeLimit: wholeLimits[channel])
        }
      }
      graph.nodes[node].operation = .encode(tree)
    }
    if tree.code.levels < wholeTree.code.levels {
      tree.code.weights = weights(of: node, levels: tree.code.levels) ?? tree.code.weights
      graph.nodes[node].operation = .encode(tree)
    }
  }

  private mutating func calibrate(_ score: AffineScore, node: Int, source: Int) {
    guard !isUnchanged(upTo: source) else { return }
    let statistics = statistics(of: source)
    let limits = graph.sumLimits(of: source)
    let lines = statistics.enumerated().map { channel, moments in
      let line = moments.lineToWhole
      let slope = score.step * Double(score.multipliers[channel])
      return (
        slope: slope * line.slope,
        offset: slope * line.intercept + score.step * Double(score.offsets[channel])
      )
    }
    let (rounded, quantization) = AffineScore.rounding(
      lines, bits: options.scoreBits, of: graph.nodes[source].name, limit: limits.max() ?? 0)
    graph.nodes[node].operation = .score(rounded)
    graph.lowering.scores = quantization
  }

  /// The integers that stand for the gammas of a node in this mode; nil where its values say nothing.
  private func weights(of node: Int, levels: Int) -> [Int]? {
    guard levels > 1 else { return [1] }
    guard let code = whole.code(of: node) else { return nil }
    // How often each code of the mode stands where each code of the whole network does.
    let empty = Array(repeating: 0, count: 1 << (code.levels + levels))
    let counts = pairs(at: node, initial: empty) { counts, wholeCodes, codes in
      for (wholeCode, code) in zip(wholeCodes, codes) { counts[wholeCode << levels | code] += 1 }
    }.reduce(into: empty) { total, image in
      for index in total.indices { total[index] += image[index] }
    }
    // A row for each level: Σ b_k · b_l, and Σ e · b_l behind it.
    var equations = Array(repeating: Array(repeating: 0.0, count: levels + 1), count: levels)
    for (index, count) in counts.enumerated() where count > 0 {
      let value = code.value(of: index >> levels)
      let signs = (0..<levels).map { index >> (levels - 1 - $0) & 1 == 1 ? 1 : -1 }
      for row in 0..<levels {
        for column in 0..<levels {
          equations[row][column] += Double(count * signs[row] * signs[column])
        }
        equations[row][levels] += Double(count) * Double(value * signs[row])
      }
    }
    guard let gammas = solution(of: equations), let largest = gammas.max(), largest > 0,
      gammas.allSatisfy({ $0 >= 0 })
    else { return nil }
    return CodeQuantization(
      layer: graph.nodes[node].name, gammas: gammas, bits: options.gammaBits
    ).weights
  }

  /// How the sums of each channel of a node go together with those of the whole network.
  private func statistics(of source: Int) -> [SumMoments] {
    let channels = whole.nodes[source].shape.channels
    let empty = Array(repeating: SumMoments(), count: channels)
    return pairs(at: source, initial: empty) { moments, wholeSums, sums in
      for start in stride(from: 0, to: sums.count, by: channels) {
        for channel in 0..<channels {
          moments[channel].add(sums[start + channel], whole: wholeSums[start + channel])
        }
      }
    }.reduce(into: empty) { total, image in
      for channel in 0..<channels { total[channel].add(image[channel]) }
    }
  }

  /// A value for each image from the values of a node in the whole network, then in this.
  private func pairs<Result: Sendable>(
    at node: Int, initial: Result, _ body: @Sendable (inout Result, [Int], [Int]) -> Void
  ) -> [Result] {
    func executor(_ graph: IntegerGraph) -> GoldenExecutor {
      var beginning = graph
      beginning.nodes.removeSubrange((node + 1)...)
      return GoldenExecutor(beginning)
    }
    return executor(whole).reduce(images, beside: executor(graph), initial: initial) {
      body(&$0, $1(node), $2(node))
    }
  }
}

/// The solution of linear equations with a positive semidefinite matrix, whose right side is the last
/// column; nil where the matrix has none that is certain.
func solution(of equations: [[Double]]) -> [Double]? {
  var rows = equations
  for pivot in rows.indices {
    guard rows[pivot][pivot] > 1e-9 * equations[pivot][pivot] else { return nil }
    for row in rows.indices where row != pivot {
      let factor = rows[row][pivot] / rows[pivot][pivot]
      for column in pivot...rows.count { rows[row][column] -= factor * rows[pivot][column] }
    }
  }
  return rows.indices.map { rows[$0][rows.count] / rows[$0][$0] }
}
