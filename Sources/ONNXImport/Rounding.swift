// SPDX-License-Identifier: Apache-2.0

/// How a quantizer makes integers of real numbers.
enum Rounding: String {
  case halfEven = "ROUND"
  case up = "CEIL"
  case down = "FLOOR"
  case towardZero = "ROUND_TO_ZERO"

  init(_ attributes: Attributes, default name: String) throws(Rejection) {
    let given = try attributes.text("rounding_mode", default: name).uppercased()
    let same = ["HALF_EVEN": "ROUND", "DOWN": "ROUND_TO_ZERO"]
    guard let rounding = Rounding(rawValue: same[given] ?? given) else {
      throw Rejection(
        "attribute rounding_mode is \(given); ROUND (half to even), CEIL, FLOOR and "
          + "ROUND_TO_ZERO are supported")
    }
    self = rounding
  }

  func round(_ value: Double) -> Double {
    switch self {
    case .halfEven: value.rounded(.toNearestOrEven)
    case .up: value.rounded(.up)
    case .down: value.rounded(.down)
    case .towardZero: value.rounded(.towardZero)
    }
  }

  /// Where the integer begins: round(y) ≥ n is y ≥ the value, or y > it.
  func bound(of integer: Double) -> Staircase.Bound {
    switch self {
    case .halfEven:
      // A half goes to the even neighbour.
      Staircase.Bound(
        value: integer - 0.5,
        zero: integer.truncatingRemainder(dividingBy: 2) == 0 ? .positive : .negative)
    case .up:
      Staircase.Bound(value: integer - 1, zero: .negative)
    case .down:
      Staircase.Bound(value: integer, zero: .positive)
    case .towardZero:
      integer > 0
        ? Staircase.Bound(value: integer, zero: .positive)
        : Staircase.Bound(value: integer - 1, zero: .negative)
    }
  }
}
