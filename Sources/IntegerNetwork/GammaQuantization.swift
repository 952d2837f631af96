// SPDX-License-Identifier: Apache-2.0

extension CodeQuantization {
  /// The integers g_1 ≤ 2^bits − 1 and the step for which Σ |γ_l − step · g_l| is least; of equally
  /// good ones, the smallest.
  ///
  /// Only the ratios of the gammas matter to the thresholds that follow, so the step is free.
  /// - Exactness: the bound is of the returned step, a double; it is stated, not hidden.
  package init(layer: String, gammas: [Double], bits: Int) {
    self.layer = layer
    self.gammas = gammas
    let largest = gammas.max() ?? 0
    // A ratio that is right to 2^-40 is what float32 training meant.
    let negligible = largest * 0x1p-40
    func weight(_ gamma: Double, top: Int) -> Double {
      (gamma / largest * Double(top)).rounded()
    }
    // Up to a million candidates: nothing is allocated for one.
    var best: (top: Int, step: Double, bound: Double)?
    for top in 1...((1 << bits) - 1) {
      // The step of least squares, Σ γ·g / Σ g².
      var products = 0.0
      var squares = 0.0
      for gamma in gammas {
        let weight = weight(gamma, top: top)
        products += gamma * weight
        squares += weight * weight
      }
      let step = products / squares
      var bound = 0.0
      for gamma in gammas { bound += abs(gamma - step * weight(gamma, top: top)) }
      if bound < (best?.bound ?? .infinity) { best = (top, step, bound) }
      if bound <= negligible { break }
    }
    let top = best?.top ?? 1
    weights = gammas.map { Int(weight($0, top: top)) }
    step = best?.step ?? 1
    bound = best?.bound ?? 0
  }
}
