// SPDX-License-Identifier: Apache-2.0

import Modeling

/// Random small networks with random parameters.
public enum RandomNetwork {
  /// A chain of dense layers with random widths, levels, masks, scales (negative and zero ones
  /// too), sign rules and outputs.
  ///
  /// - Parameter exact: parameters are few-bit numbers and variances are squares, so that doubles
  ///   compute the layers' equations without rounding, and gammas become integers exactly.
  public static func make(
    using random: inout SeededRandom, exact: Bool = false,
    widths: [Int] = [1, 2, 3, 5, 6, 8, 12, 16, 30]
  ) -> TrainedNetwork {
    let bits = [1, 1, 2, 4, 8].randomElement(using: &random) ?? 1
    let inputs = [1, 2, 6, 15, 24, 60, 65, 130].randomElement(using: &random) ?? 1
    var input = Input.vector(inputs, bits: bits)
    if exact {
      input.scale = 0.25
      input.offset = -0.5
    }
    var layers: [any Layer] = []
    var parameters = Parameters()
    var columns = inputs
    let depth = Int.random(in: 1...4, using: &random)
    for index in 1...depth {
      let name = "fc\(index)"
      let width = widths.randomElement(using: &random) ?? 1
      layers.append(Dense(width, name: name))
      addDense(name, rows: width, columns: columns, exact: exact, to: &parameters, &random)
      if Int.random(in: 0..<4, using: &random) > 0 {
        layers.append(BatchNorm(epsilon: exact ? 0 : 1e-5, name: "\(name)_norm"))
        addNorm("\(name)_norm", channels: width, exact: exact, to: &parameters, &random)
      }
      columns = width
      guard index < depth || Int.random(in: 0..<4, using: &random) == 0 else { break }
      let zero: ZeroRule = Bool.random(using: &random) ? .positive : .negative
      let levels = Int.random(in: 1...4, using: &random)
      layers.append(ResidualSign(levels: levels, zero: zero, name: "\(name)_sign"))
      var gammas = (0..<levels).map { _ in
        exact
          ? Double(Int.random(in: 1...64, using: &random)) / 16
          : Double.random(in: 0.01...2, using: &random)
      }
      gammas.sort(by: >)
      parameters["\(name)_sign", "gammas"] = Tensor(gammas)
    }
    let endsInScores = !(layers.last is ResidualSign)
    if endsInScores, Bool.random(using: &random) { layers.append(ArgMax()) }
    let network = Network("random", input: input) { layers }
    return TrainedNetwork(network: network, parameters: parameters)
  }

  /// An image for a network's input.
  public static func image(for network: Network, using random: inout SeededRandom) -> [UInt8] {
    guard let input = network.input else { return [] }
    return (0..<input.shape.count).map { _ in
      UInt8.random(in: 0...UInt8((1 << input.bits) - 1), using: &random)
    }
  }

  private static func addDense(
    _ name: String, rows: Int, columns: Int, exact: Bool, to parameters: inout Parameters,
    _ random: inout SeededRandom
  ) {
    let isMasked = Int.random(in: 0..<3, using: &random) == 0
    var weights: [Double] = []
    for _ in 0..<rows {
      let alpha = Bool.random(using: &random) ? 1 : 0.5
      for _ in 0..<columns {
        let isActive = !isMasked || Int.random(in: 0..<4, using: &random) > 0
        weights.append(isActive ? (Bool.random(using: &random) ? alpha : -alpha) : 0)
      }
    }
    parameters[name, "weight"] = Tensor(shape: [rows, columns], values: weights)
    if Int.random(in: 0..<3, using: &random) == 0 {
      parameters[name, "bias"] = Tensor(
        (0..<rows).map { _ in Double(Int.random(in: -8...8, using: &random)) / 4 })
    }
  }

  private static func addNorm(
    _ name: String, channels: Int, exact: Bool, to parameters: inout Parameters,
    _ random: inout SeededRandom
  ) {
    func values(_ range: ClosedRange<Double>, zeros: Bool = false) -> Tensor {
      Tensor(
        (0..<channels).map { _ in
          if zeros, Int.random(in: 0..<8, using: &random) == 0 { return 0 }
          let value = Double.random(in: range, using: &random)
          return exact ? (value * 8).rounded() / 8 : value
        })
    }
    parameters[name, "scale"] = values(-2...2, zeros: true)
    parameters[name, "bias"] = values(-1...1)
    parameters[name, "mean"] = values(-4...4)
    parameters[name, "variance"] =
      exact
      ? Tensor((0..<channels).map { _ in [0.25, 1, 4].randomElement(using: &random) ?? 1 })
      : values(0.1...4)
  }
}
