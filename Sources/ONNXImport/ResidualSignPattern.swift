// SPDX-License-Identifier: Apache-2.0

import Modeling

/// The nodes of a residual sign:
///
///     c_l = r_l ≥ 0,   e_l = c_l ? γ_l : −γ_l,   r_(l+1) = r_l − e_l,   value = e₁ + e₂ + …
///
/// Each node says what it adds; the sum is checked where a layer takes it, so that the order of the
/// nodes and the way in which ±γ is written do not matter.
enum ResidualSignPattern {
  /// e_l = c_l ? a : b
  static let choose: Rule = { (call, assembly) throws(Rejection) in
    guard case .condition(let condition) = call[0], let a = call.constant(1),
      let b = call.constant(2)
    else { return nil }
    guard let high = a.uniform, let low = b.uniform else {
      throw Rejection(
        "it chooses between \(a.description) and \(b.description); one number γ for all channels "
          + "is expected",
        hint: "scale the channels in the batch norm before, and the weights after it")
    }
    guard a.type == b.type else {
      throw Rejection(
        "its inputs are of types \(a.type.name) and \(b.type.name); one type is expected")
    }
    return choice(condition, high, low, a.type, call, &assembly)
  }

  /// A truth value as 1 or 0.
  static let cast: Rule = { (call, assembly) throws(Rejection) in
    guard case .condition(let condition) = call[0] else { return nil }
    return choice(condition, 1, 0, try ConstantFolding.castType(call), call, &assembly)
  }

  /// An operation with a constant, on both values that a level can have.
  static func binary(_ operation: @escaping @Sendable (Double, Double) -> Double) -> Rule {
    { (call, assembly) throws(Rejection) in
      for (index, other) in [(0, 1), (1, 0)] {
        guard case .signs(let signs) = call[index], signs.levels.count == 1,
          let constant = call.constant(other)?.uniform
        else { continue }
        assembly.note(call.node, signOf: signs.base)
        var level = signs.levels[0]
        func result(_ x: Double) throws(Rejection) -> Double {
          try level.type.rounded(index == 0 ? operation(x, constant) : operation(constant, x))
        }
        (level.high, level.low) = (try result(level.high), try result(level.low))
        return .signs(Signs(levels: [level]))
      }
      return nil
    }
  }

  /// −e_l
  static let negate: Rule = { (call, assembly) throws(Rejection) in
    guard case .signs(let signs) = call[0], signs.levels.count == 1 else { return nil }
    var level = signs.levels[0]
    (level.high, level.low) = (-level.high, -level.low)
    return .signs(Signs(levels: [level]))
  }

  /// A level as another type that holds both its values.
  static let castLevel: Rule = { (call, assembly) throws(Rejection) in
    guard case .signs(let signs) = call[0] else { return nil }
    let type = try ConstantFolding.castType(call)
    var result = signs
    for index in signs.levels.indices {
      let level = signs.levels[index]
      let values = (high: try type.rounded(level.high), low: try type.rounded(level.low))
      guard type == level.type || values == (level.high, level.low) else {
        throw Rejection("a cast of ±\(level.high) to \(type.name) rounds it")
      }
      result.levels[index].type = type
    }
    return .signs(result)
  }

  /// r_(l+1) = r_l − e_l
  static let subtract: Rule = { (call, assembly) throws(Rejection) in
    guard case .signs(let signs) = call[1] else { return nil }
    let before: Residual
    if case .residual(let residual) = call[0] {
      before = residual
    } else if case .clipped(let clipped) = call[0] {
      before = Residual(
        base: clipped.map.stage, layout: clipped.map.layout, limits: clipped.limits)
    } else if let map = assembly.realMap(call[0]) {
      before = Residual(base: map.stage, layout: map.layout)
    } else {
      return nil
    }
    guard signs.base == before.base else {
      throw Rejection(
        "it subtracts the sign of another map; a residual is a map minus its own signs",
        hint: "subtract a threshold from the map before the sign and the residual are made")
    }
    assembly.note(call.node, signOf: before.base)
    var after = before
    after.gammas = try signs.checkedGammas(after: before.gammas)
    return .residual(after)
  }

  /// e₁ + e₂
  static let sum: Rule = { (call, assembly) throws(Rejection) in
    guard case .signs(let a) = call[0], case .signs(let b) = call[1] else { return nil }
    guard a.base == b.base else {
      throw Rejection("it adds the signs of two maps; joins are not supported")
    }
    assembly.note(call.node, signOf: a.base)
    let levels = (a.levels + b.levels).sorted { $0.number < $1.number }
    guard levels.count <= Signs.mostLevels else { throw Signs.tooMany(levels.count) }
    return .signs(Signs(levels: levels))
  }

  private static func choice(
    _ condition: Condition, _ high: Double, _ low: Double, _ type: ElementType, _ call: Call,
    _ assembly: inout Assembly
  ) -> Value {
    let (high, low) = condition.isInverted ? (low, high) : (high, low)
    switch condition.subject {
    case .pixels(var pixels, let holds):
      pixels.grid = Grid(codes: holds.map { $0 ? 1 : 0 }, scale: high - low, offset: low)
      pixels.values = holds.map { $0 ? high : low }
      pixels.type = type
      return .pixels(pixels)
    case .residual(let residual):
      assembly.note(call.node, signOf: residual.base)
      return .signs(
        Signs(levels: [
          SignLevel(
            residual: residual, high: high, low: low, type: type, zero: condition.zero,
            spelling: condition.spelling)
        ]))
    }
  }
}

extension Signs {
  static let mostLevels = 4

  static func tooMany(_ count: Int) -> Rejection {
    Rejection("\(count) residual levels; 1…\(mostLevels) are supported")
  }

  /// The stage whose map they are the signs of.
  var base: Int { levels[0].residual.base }

  /// The γ of all levels, in order, once it is certain that they form a residual sign.
  ///
  /// - Parameter earlier: the γ of the levels that come before these.
  func checkedGammas(after earlier: [Double] = []) throws(Rejection) -> [Double] {
    var gammas = earlier
    for level in levels {
      let number = gammas.count + 1
      guard number <= Self.mostLevels else { throw Self.tooMany(number) }
      guard level.number == number else {
        throw Rejection(
          "level \(level.number) stands where level \(number) is expected; "
            + "a residual sign has every level once")
      }
      guard level.residual.gammas == gammas else {
        throw Rejection(
          "level \(number) is the sign of what remains after \(list(level.residual.gammas)); "
            + "the levels before it are \(list(gammas))")
      }
      guard level.high == -level.low else {
        throw Rejection(
          "level \(number) is \(level.high) or \(level.low); +γ and −γ are expected",
          hint: "for bits 0 and 1 use 2·b − 1, and change the weights and bias that follow")
      }
      guard level.high >= 0 else {
        throw Rejection(
          "level \(number) is \(level.high) for the positive sign; a gamma is at least 0",
          hint: "swap the branches of Where, or negate the weights before it")
      }
      guard level.zero == levels[0].zero else {
        throw Rejection(
          "level \(number) counts zero as \(level.zero), level 1 as \(levels[0].zero); "
            + "one rule for all levels is expected")
      }
      gammas.append(level.high)
    }
    try checkLimits(gammas)
    return gammas
  }

  /// Refuses a clip that changes a bit: x ⋈ t is clip(x) ⋈ t only where t is inside the range.
  private func checkLimits(_ gammas: [Double]) throws(Rejection) {
    let limits = levels[0].residual.limits
    // The thresholds of the levels are ±γ₁ ± … of those before.
    let reach = gammas.dropLast().reduce(0, +)
    let isInside =
      levels[0].zero == .positive
      ? limits.lowerBound < -reach && reach <= limits.upperBound
      : limits.lowerBound <= -reach && reach < limits.upperBound
    guard isInside else {
      throw Rejection(
        "its values are clipped to \(limits.lowerBound)…\(limits.upperBound), which does not "
          + "hold the thresholds −\(reach)…\(reach) of the sign that follows",
        hint: "leave the clip before the sign out")
    }
  }

  private func list(_ gammas: [Double]) -> String {
    gammas.map { "±\($0)" }.joined(separator: ", ")
  }
}
