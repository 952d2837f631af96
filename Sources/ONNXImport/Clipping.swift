// SPDX-License-Identifier: Apache-2.0

import Modeling

/// Limits to a range. Before a sign or a quantizer whose thresholds are inside, a limit changes
/// nothing: clip(x) ≥ t is x ≥ t where low < t ≤ high.
enum Clipping {
  static let clip: Rule = { (call, assembly) throws(Rejection) in
    var (low, high) = (-Double.infinity, Double.infinity)
    for (index, name) in [(1, "min"), (2, "max")] {
      var value: Double?
      if call.node.attributes.contains(name) {
        value = try call.node.attributes.real(name, default: 0)
      } else if let input = call[index] {
        guard case .constant(let constant) = input, let number = constant.uniform else {
          throw Rejection("its \(name) is \(input.description); one number is expected")
        }
        value = number
      }
      if index == 1 { low = value ?? low } else { high = value ?? high }
    }
    return try limited(call, low, high, &assembly)
  }

  /// Nothing below 0.
  static let relu: Rule = { (call, assembly) throws(Rejection) in
    try limited(call, 0, .infinity, &assembly)
  }

  private static func limited(
    _ call: Call, _ low: Double, _ high: Double, _ assembly: inout Assembly
  ) throws(Rejection) -> Value? {
    guard low < high else {
      throw Rejection("it clips to \(low)…\(high); a range is expected")
    }
    switch call[0] {
    case .constant(var x):
      try assembly.spend(x.values.count)
      x.values = x.values.map { $0 < low ? low : $0 > high ? high : $0 }
      return .constant(x)
    case .pixels(let pixels):
      return .pixels(try pixels.mapped { min(max($0, low), high) })
    case .clipped(var clipped):
      let limits = (
        max(low, clipped.limits.lowerBound), min(high, clipped.limits.upperBound)
      )
      guard limits.0 < limits.1 else {
        throw Rejection("it clips to \(low)…\(high) what is clipped to \(clipped.limits)")
      }
      clipped.limits = limits.0...limits.1
      return .clipped(clipped)
    default:
      guard let map = assembly.realMap(call[0]) else { return nil }
      return .clipped(Clipped(map: map, limits: low...high))
    }
  }
}

extension Clipped {
  /// The range of the map minus a threshold of each channel, as far as it holds for all.
  func limits(minus thresholds: [Double]) throws(Rejection) -> ClosedRange<Double> {
    let low = thresholds.map { limits.lowerBound - $0 }.max() ?? 0
    let high = thresholds.map { limits.upperBound - $0 }.min() ?? 0
    guard low <= high else {
      throw Rejection(
        "it compares a map clipped to \(limits) with thresholds outside of that range",
        hint: "leave the clip before the comparison out")
    }
    return low...high
  }
}
