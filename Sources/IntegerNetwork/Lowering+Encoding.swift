// SPDX-License-Identifier: Apache-2.0

import Diagnostics
import Modeling

extension Lowering {
  /// A bound that a value reaches (x ≥ bound), or passes (x > bound) where it is strict.
  struct Bound {
    var value: Dyadic
    var isStrict: Bool
  }

  /// Sums → residual codes.
  ///
  /// The bit after the bits p is [x − Σ_k γ_k·p_k ≥ 0] = [x ≥ R(p)] with R(p) = Σ_k γ_k·p_k.
  mutating func encode(
    _ source: Lowered?, gammas: [Double], zero: ZeroRule, name: String, shape: Shape,
    at path: String
  ) throws -> Lowered {
    let bounds = residualBounds(gammas.map { Dyadic($0) }).map {
      Bound(value: $0, isStrict: zero == .negative)
    }
    let quantization = CodeQuantization(layer: name, gammas: gammas, bits: options.gammaBits)
    let node = try encode(
      source, code: ResidualCode(weights: quantization.weights), name: name, shape: shape,
      at: path
    ) { _ in bounds }
    report.codes.append(quantization)
    return .code(
      CodedMap(
        node: node, step: Dyadic(quantization.step), offset: Dyadic(0),
        gammas: gammas.map { Dyadic($0) }))
  }

  /// Sums → codes: every threshold of every channel, exactly.
  ///
  /// - Parameter bounds: of a channel, in heap order; nil where no value reaches it.
  /// - Returns: the new node.
  mutating func encode(
    _ source: Lowered?, code: ResidualCode, name: String, shape: Shape, at path: String,
    bounds: (_ channel: Int) -> [Bound?]
  ) throws -> Int {
    guard case .sum(let node, let channels) = source else {
      throw Diagnostic(at: path, "the input of a sign must be sums")
    }
    let limits = sumLimits(of: node)
    var thresholds: [[Int]] = []
    thresholds.reserveCapacity(channels.count)
    var falling: [Bool] = []
    for (channel, affine) in channels.enumerated() {
      var affine = affine
      let limit = limits[channel]
      var falls = false
      if affine.slope.signum < 0 {
        // x falls with s, and rises with −s.
        affine.slope = -affine.slope
        // Turned weights make −s the sum; behind a pool the comparison is turned in their place.
        falls = options.keepsWeights || !flip(channel: channel, of: node)
        report.flippedChannels += 1
      } else if affine.slope.signum == 0 {
        report.constantChannels += 1
      }
      thresholds.append(
        bounds(channel).map { bound in
          let threshold =
            bound.map {
              affine.threshold(of: $0.value, strict: $0.isStrict, in: -limit...limit)
            } ?? limit + 1
          // −s ≥ T  ⟺  not s ≥ 1 − T
          return falls ? 1 - threshold : threshold
        })
      falling.append(falls)
    }
    let tree = ThresholdTree(code: code, thresholds: thresholds, falling: falling)
    return append(name, .encode(tree), inputs: [node], shape: shape)
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

  /// Turns the weights of a channel round, where `node` is a popcount with one reader: its sum
  /// changes sign.
  ///
  /// - Returns: false where it is another node.
  mutating func flip(channel: Int, of node: Int) -> Bool {
    guard !sharedSums.contains(node), case .popcount(var popcount) = nodes[node].operation else {
      return false
    }
    popcount.flip(output: channel)
    nodes[node].operation = .popcount(popcount)
    return true
  }

  /// Sums → scores with a common step.
  mutating func appendScores(of node: Int, channels: [ExactAffine], name: String) -> Int {
    let (score, quantization) = AffineScore.rounding(
      channels.map { $0.approximation() }, bits: options.scoreBits, of: nodes[node].name,
      limit: sumLimits(of: node).max() ?? 0)
    report.scores = quantization
    return append(
      unusedName(name), .score(score), inputs: [node], shape: nodes[node].shape)
  }
}

extension AffineScore {
  /// Integers for scores slope · s + offset, with a common step.
  ///
  /// - Parameters:
  ///   - bits: of a multiplier, with its sign.
  ///   - layer: what makes the sums s.
  ///   - limit: the largest |s|.
  package static func rounding(
    _ lines: [(slope: Double, offset: Double)], bits: Int, of layer: String, limit: Int
  ) -> (score: AffineScore, quantization: ScoreQuantization) {
    if let exact = exact(lines) {
      return (exact, ScoreQuantization(layer: layer, step: exact.step, bound: 0))
    }
    let most = Double((1 << (bits - 1)) - 1)
    // Beside tiny slopes an offset may be huge; a score has at most 48 bits, or 60 of large sums.
    let slope = lines.map { abs($0.slope) }.max() ?? 0
    let step = max(
      slope / most, slope * Double(limit) / 0x1p59,
      (lines.map { abs($0.offset) }.max() ?? 0) / 0x1p47, .leastNormalMagnitude)
    let score = AffineScore(
      multipliers: lines.map { Int(($0.slope / step).rounded()) },
      offsets: lines.map { Int(($0.offset / step).rounded()) }, step: step)
    let bound = step * 0.5 * Double(limit + 1)
    return (score, ScoreQuantization(layer: layer, step: step, bound: bound))
  }

  /// Where every channel has the same slope and no offset the sums are scores as they are.
  private static func exact(_ lines: [(slope: Double, offset: Double)]) -> AffineScore? {
    commonSlope(of: lines).map { slope in
      AffineScore(multipliers: lines.map { _ in 1 }, offsets: lines.map { _ in 0 }, step: slope)
    }
  }

  /// The slope that all channels have, positive, where none has an offset: the sums are numbers of one
  /// step as they are.
  static func commonSlope(of lines: [(slope: Double, offset: Double)]) -> Double? {
    guard let slope = lines.first?.slope, slope > 0,
      lines.allSatisfy({ $0.slope == slope && $0.offset == 0 })
    else { return nil }
    return slope
  }
}

extension MaskedPopcount {
  /// Turns the weights of an output round: its sum changes sign.
  mutating func flip(output: Int) {
    for plane in scales.indices {
      let row = plane * outputs + output
      weights.invert(row: row)
      // Inactive weights stay 0.
      guard let mask else { continue }
      for column in 0..<inputs where !mask[row, column] { weights[row, column] = false }
    }
  }
}
