// SPDX-License-Identifier: Apache-2.0

import Diagnostics
import Modeling

extension Lowering {
  /// Sums → codes: every threshold of every channel, exactly.
  ///
  /// The bit after the bits p is [x − Σ_k γ_k·p_k ≥ 0] = [x ≥ R(p)] with R(p) = Σ_k γ_k·p_k.
  mutating func encode(
    _ source: Lowered?, gammas: [Double], zero: ZeroRule, name: String, shape: Shape,
    at path: String
  ) throws -> Lowered {
    guard case .sum(let node, let channels) = source else {
      throw Diagnostic(at: path, "the input of a sign must be sums")
    }
    let bounds = residualBounds(gammas.map { Dyadic($0) })
    let limits = sumLimits(of: node)
    var thresholds: [[Int]] = []
    thresholds.reserveCapacity(channels.count)
    for (channel, affine) in channels.enumerated() {
      var affine = affine
      if affine.slope.signum < 0 {
        // x falls with s: turn the weights round, so that the new sum −s rises with x.
        flip(channel: channel, of: node)
        affine.slope = -affine.slope
        report.flippedChannels += 1
      } else if affine.slope.signum == 0 {
        report.constantChannels += 1
      }
      let range = -limits[channel]...limits[channel]
      thresholds.append(
        bounds.map { affine.threshold(of: $0, strict: zero == .negative, in: range) })
    }
    let quantization = CodeQuantization(layer: name, gammas: gammas, bits: options.gammaBits)
    report.codes.append(quantization)
    let tree = ThresholdTree(
      code: ResidualCode(weights: quantization.weights), thresholds: thresholds)
    let index = append(name, .encode(tree), inputs: [node], shape: shape)
    return .code(
      node: index, step: Dyadic(quantization.step), offset: Dyadic(0), order: nil)
  }

  /// R(p) of every prefix p, in heap order.
  private func residualBounds(_ gammas: [Dyadic]) -> [Dyadic] {
    var bounds = [Dyadic(0)]
    for node in 1..<1 << (gammas.count - 1) {
      let level = node.bitWidth - 1 - node.leadingZeroBitCount
      bounds.append(bounds[node - 1] - gammas[level])
      bounds.append(bounds[node - 1] + gammas[level])
    }
    return bounds
  }

  private mutating func flip(channel: Int, of node: Int) {
    guard case .popcount(var popcount) = nodes[node].operation else { return }
    popcount.flip(output: channel)
    nodes[node].operation = .popcount(popcount)
  }

  /// Sums → scores with a common step.
  mutating func appendScores(of node: Int, channels: [ExactAffine], name: String) -> Int {
    let lines = channels.map { $0.approximation() }
    let limits = sumLimits(of: node)
    let score: AffineScore
    let bound: Double
    if let exact = exactScore(lines) {
      (score, bound) = (exact, 0)
    } else {
      let most = Double((1 << (options.scoreBits - 1)) - 1)
      // Beside tiny slopes an offset may be huge; a score has at most 48 bits.
      let step = max(
        (lines.map { abs($0.slope) }.max() ?? 0) / most,
        (lines.map { abs($0.offset) }.max() ?? 0) / 0x1p47, .leastNormalMagnitude)
      score = AffineScore(
        multipliers: lines.map { Int(($0.slope / step).rounded()) },
        offsets: lines.map { Int(($0.offset / step).rounded()) }, step: step)
      bound = step * 0.5 * Double((limits.max() ?? 0) + 1)
    }
    report.scores = ScoreQuantization(layer: nodes[node].name, step: score.step, bound: bound)
    return append(
      name, .score(score), inputs: [node], shape: nodes[node].shape)
  }

  /// Where every channel has the same slope and no offset the sums are scores as they are.
  private func exactScore(_ lines: [(slope: Double, offset: Double)]) -> AffineScore? {
    guard let slope = lines.first?.slope, slope > 0,
      lines.allSatisfy({ $0.slope == slope && $0.offset == 0 })
    else { return nil }
    return AffineScore(
      multipliers: lines.map { _ in 1 }, offsets: lines.map { _ in 0 }, step: slope)
  }
}

extension MaskedPopcount {
  /// Turns the weights of an output round: its sum changes sign.
  mutating func flip(output: Int) {
    weights.invert(row: output)
    // Inactive weights stay 0.
    guard let mask else { return }
    for column in 0..<inputs where !mask[output, column] { weights[output, column] = false }
  }
}
