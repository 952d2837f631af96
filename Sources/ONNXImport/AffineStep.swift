// SPDX-License-Identifier: Apache-2.0

import Modeling

/// An operation on the real values of a map, with a constant for each channel.
enum AffineStep {
  case add([Double])
  case multiply([Double])
  case divide([Double])

  /// The parameters of a layer whose output is the step of this layer's output; nil when the layer
  /// has none that could take it, or when a value would be rounded.
  ///
  ///     k·(W·x + b) = (k·W)·x + k·b,   (W·x + b) + c = W·x + (b + c)
  func joined(with stage: Stage) -> [String: Tensor]? {
    guard let slots = slots(of: stage.layer) else { return nil }
    let channels = stage.feature.shape.channels
    var parameters = stage.parameters
    for slot in slots {
      guard var tensor = parameters[slot] ?? absent(slot, channels: channels) else { continue }
      let size = tensor.values.count / channels
      for index in tensor.values.indices {
        guard let value = exactly(tensor.values[index], channel: index / size) else { return nil }
        tensor.values[index] = value
      }
      parameters[slot] = tensor
    }
    return parameters
  }

  /// The parameters of a batch norm that is this step alone; nil when a value would be rounded.
  ///
  ///     y = scale · x / √variance + bias
  func batchNorm() -> [String: Tensor]? {
    let channels = constants.count
    var scale = Array(repeating: 1.0, count: channels)
    var variance = scale
    var bias = Array(repeating: 0.0, count: channels)
    switch self {
    case .add(let constants): bias = constants
    case .multiply(let constants): scale = constants
    case .divide(let constants):
      // 1/d is not exact, √(d²) is.
      for (channel, divisor) in constants.enumerated() {
        guard divisor != 0, let square = divisor.exactProduct(divisor) else { return nil }
        variance[channel] = square
        scale[channel] = divisor < 0 ? -1 : 1
      }
    }
    return [
      "scale": Tensor(scale), "variance": Tensor(variance), "bias": Tensor(bias),
      "mean": Tensor(Array(repeating: 0, count: channels)),
    ]
  }

  private var constants: [Double] {
    switch self {
    case .add(let constants), .multiply(let constants), .divide(let constants): constants
    }
  }

  /// The parameters that change.
  private func slots(of layer: any PrimitiveLayer) -> [String]? {
    let factor: String
    switch layer {
    case is Dense, is Conv: factor = "weight"
    case is BatchNorm: factor = "scale"
    default: return nil
    }
    if case .add = self { return ["bias"] }
    return [factor, "bias"]
  }

  /// A bias that is not there is 0: adding makes it one, scaling does not.
  private func absent(_ slot: String, channels: Int) -> Tensor? {
    guard case .add = self else { return nil }
    return Tensor(Array(repeating: 0, count: channels))
  }

  /// The result for one value, unless it would be rounded.
  private func exactly(_ value: Double, channel: Int) -> Double? {
    switch self {
    case .add(let constants): value.exactSum(constants[channel])
    case .multiply(let constants): value.exactProduct(constants[channel])
    case .divide(let constants): value.exactQuotient(constants[channel])
    }
  }
}

extension Double {
  /// self + other, unless it is rounded.
  func exactSum(_ other: Double) -> Double? {
    let sum = self + other
    // Knuth's two-sum: what was lost.
    let part = sum - self
    let lost = (self - (sum - part)) + (other - part)
    return lost == 0 ? sum : nil
  }

  /// self · other, unless it is rounded.
  func exactProduct(_ other: Double) -> Double? {
    let product = self * other
    if self == 0 || other == 0 { return product }
    return product.isNormal && (-product).addingProduct(self, other) == 0 ? product : nil
  }

  /// self ÷ other, unless it is rounded.
  func exactQuotient(_ other: Double) -> Double? {
    guard other != 0, other.isFinite else { return nil }
    let quotient = self / other
    if self == 0 { return quotient }
    return quotient.isNormal && (-self).addingProduct(quotient, other) == 0 ? quotient : nil
  }
}
