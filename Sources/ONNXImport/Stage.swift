// SPDX-License-Identifier: Apache-2.0

import Modeling

/// A layer of the network in the making. It never changes: what merges with it makes a new stage,
/// and those that the output does not need are left out in the end.
struct Stage {
  var layer: any PrimitiveLayer
  /// By slot.
  var parameters: [String: Tensor] = [:]
  /// Earlier stages.
  var inputs: [Int]
  /// From the file's names; one from its kind is taken without it.
  var name: String?
  /// What leaves it.
  var feature: Feature
  /// Set for a batch norm that later multiplications and additions can join.
  var affine: Affine?
}

/// y = (x + shift) · factor / divisor + bias for each channel, in steps that the file gives one by
/// one; each becomes a value of a batch norm as it stands, so that nothing is rounded.
struct Affine {
  var shift: [Double]?
  var factor: [Double]?
  var divisor: [Double]?
  var bias: [Double]?

  /// A step with a constant for each channel.
  enum Step {
    case add([Double])
    case multiply([Double])
    case divide([Double])
  }

  /// With one more step, or nil when that is a batch norm of its own.
  func appending(_ step: Step) -> Affine? {
    var affine = self
    switch step {
    case .add(let values):
      if shift == nil, factor == nil, divisor == nil, bias == nil {
        affine.shift = values
      } else if bias == nil {
        affine.bias = values
      } else {
        return nil
      }
    case .multiply(let values):
      guard factor == nil, bias == nil else { return nil }
      affine.factor = values
    case .divide(let values):
      guard divisor == nil, bias == nil else { return nil }
      // 1/d is not exact, √(d²) is.
      for value in values where value == 0 || !(value * value).isExactSquare(of: value) {
        return nil
      }
      affine.divisor = values
    }
    return affine
  }

  /// The batch norm's parameters for so many channels.
  func parameters(channels: Int) -> [String: Tensor] {
    let ones = Array(repeating: 1.0, count: channels)
    let zeros = Array(repeating: 0.0, count: channels)
    var scale = factor ?? ones
    if let divisor {
      for channel in scale.indices where divisor[channel] < 0 {
        scale[channel] = -scale[channel]
      }
    }
    return [
      "mean": Tensor((shift ?? zeros).map { 0 - $0 }),
      "scale": Tensor(scale),
      "variance": Tensor((divisor ?? ones).map { $0 * $0 }),
      "bias": Tensor(bias ?? zeros),
    ]
  }
}

extension Double {
  /// True when this is value² without rounding.
  fileprivate func isExactSquare(of value: Double) -> Bool {
    isNormal && (-self).addingProduct(value, value) == 0
  }
}
