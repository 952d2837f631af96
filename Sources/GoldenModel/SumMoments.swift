// SPDX-License-Identifier: Apache-2.0

/// How the sums s of a channel in a mode go together with the sums S of the whole network, for the
/// same images and pixels: what a calibration knows of them.
struct SumMoments: Sendable {
  private var count = 0.0
  private var sum = 0.0
  private var wholeSum = 0.0
  private var square = 0.0
  private var wholeSquare = 0.0
  private var product = 0.0

  /// Adds one pair of sums.
  mutating func add(_ sum: Int, whole: Int) {
    let (sum, whole) = (Double(sum), Double(whole))
    count += 1
    self.sum += sum
    wholeSum += whole
    square += sum * sum
    wholeSquare += whole * whole
    product += sum * whole
  }

  /// Adds the pairs of other images.
  mutating func add(_ other: SumMoments) {
    count += other.count
    sum += other.sum
    wholeSum += other.wholeSum
    square += other.square
    wholeSquare += other.wholeSquare
    product += other.product
  }

  private var mean: Double { sum / max(1, count) }
  private var wholeMean: Double { wholeSum / max(1, count) }
  private var covariance: Double { product / max(1, count) - mean * wholeMean }

  /// What s is expected to be for a value of S: its mean, and what it changes with S.
  ///
  /// - Parameters:
  ///   - limit, wholeLimit: the largest |s| and |S|, whose ratio is the slope where the sums say none.
  func lineFromWhole(limit: Int, wholeLimit: Int) -> Line {
    let variance = wholeSquare / max(1, count) - wholeMean * wholeMean
    let slope =
      isTelling ? covariance / variance : Double(limit) / Double(max(1, wholeLimit))
    return Line(slope: slope, intercept: mean - slope * wholeMean)
  }

  /// What S is expected to be for a value of s; its mean where the sums do not tell.
  var lineToWhole: Line {
    let variance = square / max(1, count) - mean * mean
    let slope = isTelling ? covariance / variance : 0
    return Line(slope: slope, intercept: wholeMean - slope * mean)
  }

  /// Whether both vary, together: beyond what rounding makes of sums that do not.
  private var isTelling: Bool {
    let variance = square / max(1, count) - mean * mean
    let wholeVariance = wholeSquare / max(1, count) - wholeMean * wholeMean
    let (noise, wholeNoise) = (1e-12 * square / max(1, count), 1e-12 * wholeSquare / max(1, count))
    return variance > noise && wholeVariance > wholeNoise && covariance > 0
  }

  /// y = slope · x + intercept
  struct Line {
    var slope: Double
    var intercept: Double

    /// The threshold of s in place of `threshold` of S; one that S always or never reaches, s always or
    /// never reaches.
    func threshold(for threshold: Int, limit: Int, wholeLimit: Int) -> Int {
      if threshold <= -wholeLimit { return -limit }
      if threshold > wholeLimit { return limit + 1 }
      // S reaches the threshold between the integer before it and itself.
      let value = (slope * (Double(threshold) - 0.5) + intercept).rounded(.up)
      return Int(min(max(value, Double(-limit)), Double(limit + 1)))
    }
  }
}
