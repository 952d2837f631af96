// SPDX-License-Identifier: Apache-2.0

import Modeling

/// A comparison operator, as a question for the sign.
enum Relation: String, Sendable {
  case greaterOrEqual = "GreaterOrEqual"
  case greater = "Greater"
  case lessOrEqual = "LessOrEqual"
  case less = "Less"

  /// Which sign zero has: x ≥ 0 counts it to the positive ones, and so does its opposite x < 0.
  var zero: ZeroRule { self == .greaterOrEqual || self == .less ? .positive : .negative }

  /// True when the comparison holds for the negative sign.
  var isInverted: Bool { self == .lessOrEqual || self == .less }

  /// The relation between the swapped sides.
  var swapped: Relation {
    switch self {
    case .greaterOrEqual: .lessOrEqual
    case .greater: .less
    case .lessOrEqual: .greaterOrEqual
    case .less: .greater
    }
  }

  func holds(_ x: Double, _ y: Double) -> Bool {
    switch self {
    case .greaterOrEqual: x >= y
    case .greater: x > y
    case .lessOrEqual: x <= y
    case .less: x < y
    }
  }
}

/// Comparisons of a map with a constant: the bits of a residual sign.
enum SignComparison {
  /// x ⋈ c, or c ⋈ x
  static func compare(_ relation: Relation) -> Rule {
    { (call, assembly) throws(Rejection) in
      for (index, other) in [(0, 1), (1, 0)] {
        guard let value = call[index], let constant = call.constant(other) else { continue }
        let asked = index == 0 ? relation : relation.swapped
        guard let subject = try subject(value, constant, asked, call, &assembly) else { continue }
        return .condition(
          Condition(
            subject: subject.value, zero: asked.zero,
            isInverted: subject.isInverted ?? asked.isInverted,
            spelling: index == 0 ? relation.rawValue : "\(relation.rawValue), 0 first"))
      }
      return nil
    }
  }

  static let not: Rule = { (call, _) throws(Rejection) in
    guard case .condition(var condition) = call[0] else { return nil }
    condition.isInverted.toggle()
    condition.spelling = "Not(\(condition.spelling))"
    return .condition(condition)
  }

  // MARK: Parts

  private static func subject(
    _ value: Value, _ constant: Constant, _ relation: Relation, _ call: Call,
    _ assembly: inout Assembly
  ) throws(Rejection) -> (value: Condition.Subject, isInverted: Bool?)? {
    switch value {
    case .pixels(let pixels):
      guard let threshold = constant.uniform else {
        throw Rejection(
          "it compares pixels with \(constant.description); one number is expected")
      }
      return (.pixels(pixels, pixels.values.map { relation.holds($0, threshold) }), false)
    case .residual(let residual):
      guard constant.uniform == 0 else {
        throw Rejection(
          "level \(residual.gammas.count + 1) compares with \(constant.description); "
            + "every level after the first compares with 0")
      }
      assembly.note(call.node, signOf: residual.base)
      return (.residual(residual), nil)
    case .map:
      guard var map = assembly.realMap(value) else { return nil }
      if constant.uniform != 0 {
        // x ⋈ t is (x − t) ⋈ 0; the layer's bias takes −t as it stands.
        let thresholds = try call.perChannel(constant, of: map)
        map = try assembly.appending(.add(thresholds.map { 0 - $0 }), to: map)
      }
      assembly.note(call.node, signOf: map.stage)
      return (.residual(Residual(base: map.stage, layout: map.layout)), nil)
    case .clipped(let clipped):
      var residual = Residual(
        base: clipped.map.stage, layout: clipped.map.layout, limits: clipped.limits)
      if constant.uniform != 0 {
        let thresholds = try call.perChannel(constant, of: clipped.map)
        residual.base = try assembly.appending(
          .add(thresholds.map { 0 - $0 }), to: clipped.map
        ).stage
        residual.limits = try clipped.limits(minus: thresholds)
      }
      assembly.note(call.node, signOf: residual.base)
      return (.residual(residual), nil)
    case .constant, .condition, .signs, .quantized, .padded:
      return nil
    }
  }
}

extension Assembly {
  /// Remembers a node that takes part in the residual sign of a stage's map.
  mutating func note(_ node: ONNXNode, signOf stage: Int) {
    signNodes[stage, default: []].append(node.name)
  }
}
