// SPDX-License-Identifier: Apache-2.0

import BigInt

/// An exact number mantissa · 2^exponent. Every finite floating-point number is one, and sums and
/// products of them are too: the lowering computes with these and rounds nothing.
struct Dyadic: Sendable {
  var mantissa: BigInt
  var exponent: Int

  init(mantissa: BigInt, exponent: Int) {
    self.mantissa = mantissa
    self.exponent = exponent
  }

  init(_ value: Int) {
    self.init(mantissa: BigInt(value), exponent: 0)
  }

  /// Exactly `value`, which must be finite.
  init(_ value: Double) {
    guard value != 0 else {
      self.init(0 as Int)
      return
    }
    // significand · 2^52 is an integer for every finite double, subnormal ones too.
    let scaled = (value.significand * 0x1p52).rounded()
    self.init(
      mantissa: BigInt(Int64(value.sign == .minus ? -scaled : scaled)),
      exponent: Int(value.exponent) - 52)
  }

  /// −1, 0 or +1.
  var signum: Int { mantissa.isZero ? 0 : mantissa.sign == .minus ? -1 : 1 }

  static prefix func - (value: Dyadic) -> Dyadic {
    Dyadic(mantissa: -value.mantissa, exponent: value.exponent)
  }

  static func + (left: Dyadic, right: Dyadic) -> Dyadic {
    if left.mantissa.isZero { return right }
    if right.mantissa.isZero { return left }
    let exponent = min(left.exponent, right.exponent)
    return Dyadic(
      mantissa: (left.mantissa << (left.exponent - exponent))
        + (right.mantissa << (right.exponent - exponent)),
      exponent: exponent)
  }

  static func - (left: Dyadic, right: Dyadic) -> Dyadic {
    left + -right
  }

  static func * (left: Dyadic, right: Dyadic) -> Dyadic {
    Dyadic(
      mantissa: left.mantissa * right.mantissa, exponent: left.exponent + right.exponent)
  }

  /// The sign of `left` − `right`.
  static func compare(_ left: Dyadic, _ right: Dyadic) -> Int {
    (left - right).signum
  }

  /// The sign of `left` − `right`·√`radicand`, without computing a root. The radicand is positive.
  static func compare(_ left: Dyadic, _ right: Dyadic, timesRootOf radicand: Dyadic) -> Int {
    if left.signum != right.signum { return left.signum > right.signum ? 1 : -1 }
    // Same sign s: compare the squares, and turn the answer round for negative numbers.
    return left.signum * compare(left * left, right * right * radicand)
  }

  /// A double beside it; for estimates only, never for a decision.
  var approximation: Double {
    let excess = max(0, mantissa.bitWidth - 62)
    let head = Double(Int64(mantissa >> excess))
    return Double(sign: .plus, exponent: exponent + excess, significand: head)
  }
}
