// SPDX-License-Identifier: Apache-2.0

extension CodeQuantization {
  /// The integers g_1 ≤ 2^bits − 1 and the step for which Σ |γ_l − step · g_l| is least; of equally
  /// good ones, the smallest.
  ///
  /// Only the ratios of the gammas matter to the thresholds that follow, so the step is free.
  /// - Exactness: the bound is of the returned step, a double; it is stated, not hidden.
  init(layer: String, gammas: [Double], bits: Int) {
    self.layer = layer
    self.gammas = gammas
    let largest = gammas.max() ?? 0
    // A ratio that is right to 2^-40 is what float32 training meant.
    let negligible = largest * 0x1p-40
    var best: (weights: [Int], step: Double, bound: Double)?
    for top in 1...((1 << bits) - 1) {
      let weights = gammas.map { Int(($0 / largest * Double(top)).rounded()) }
      let step = leastSquaresStep(gammas: gammas, weights: weights)
      let bound = zip(gammas, weights).reduce(0) { $0 + abs($1.0 - step * Double($1.1)) }
      if bound < (best?.bound ?? .infinity) { best = (weights, step, bound) }
      if bound <= negligible { break }
    }
    weights = best?.weights ?? []
    step = best?.step ?? 1
    bound = best?.bound ?? 0
  }
}

private func leastSquaresStep(gammas: [Double], weights: [Int]) -> Double {
  let products = zip(gammas, weights).reduce(0) { $0 + $1.0 * Double($1.1) }
  let squares = weights.reduce(0) { $0 + Double($1) * Double($1) }
  return products / squares
}
