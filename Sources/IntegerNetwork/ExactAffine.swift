// SPDX-License-Identifier: Apache-2.0

/// The real number that an integer sum s stands for in one channel, exactly:
///
///     x = (slope · s + intercept) / (divisor · √radicand) + shift
///
/// Batch norm brings the root, an average the divisor; nothing is ever divided or rooted.
struct ExactAffine: Sendable {
  var slope: Dyadic
  var intercept: Dyadic
  /// Positive.
  var divisor = 1
  var radicand = Dyadic(1)
  var shift = Dyadic(0)
  /// True once a batch norm was applied; a second root cannot be held.
  var isNormalised = false

  /// x as a double, for estimates and scores.
  func approximation() -> (slope: Double, offset: Double) {
    let root = Double(divisor) * radicand.approximation.squareRoot()
    return (
      slope.approximation / root, intercept.approximation / root + shift.approximation
    )
  }

  /// True where x ≥ `bound`, or x > `bound` when `strict`.
  func reaches(_ bound: Dyadic, strict: Bool, at sum: Int) -> Bool {
    let order = Dyadic.compare(
      slope * Dyadic(sum) + intercept, (bound - shift) * Dyadic(divisor), timesRootOf: radicand)
    return strict ? order > 0 : order >= 0
  }

  /// The least sum in `range` for which x reaches `bound`, or one past the range when none does.
  /// The slope must not be negative.
  func threshold(of bound: Dyadic, strict: Bool, in range: ClosedRange<Int>) -> Int {
    var low = range.lowerBound
    var high = range.upperBound + 1
    // The answer is in low...high: every sum below low fails, and high or past the end succeeds.
    let line = approximation()
    if line.slope > 0 {
      let estimate = ((bound.approximation - line.offset) / line.slope).rounded(.up)
      if estimate > Double(low), estimate < Double(high) {
        // Two exact answers beside the estimate nearly always leave one candidate.
        let guess = Int(estimate)
        for sum in [guess - 1, guess, guess + 1] where sum >= low && sum < high {
          if reaches(bound, strict: strict, at: sum) {
            high = sum
            break
          }
          low = sum + 1
        }
      }
    }
    while low < high {
      let middle = low + (high - low) / 2
      if reaches(bound, strict: strict, at: middle) {
        high = middle
      } else {
        low = middle + 1
      }
    }
    return low
  }
}
