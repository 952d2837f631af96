// SPDX-License-Identifier: Apache-2.0

import Modeling

/// What happens to the graph's input before the first layer: any function of a pixel, as its 256
/// values in the source's own arithmetic.
enum PixelScaling {
  /// Pixels as another type: FLOAT or DOUBLE, so that arithmetic does not wrap.
  static let cast: Rule = { (call, _) throws(Rejection) in
    guard case .pixels(var pixels) = call[0] else { return nil }
    let type = try ConstantFolding.castType(call)
    guard type.isReal || type == pixels.type else {
      throw Rejection("a cast of pixels to \(type.name) is not supported", hint: "use FLOAT")
    }
    pixels.type = type
    return .pixels(pixels)
  }

  static let add: Rule = scaling { (_, constant) in (1, constant) }

  static let subtract: Rule = scaling { (isFirst, constant) in
    isFirst ? (1, -constant) : (-1, constant)
  }

  static let multiply: Rule = scaling { (_, constant) in (constant, 0) }

  static let negate: Rule = { (call, _) throws(Rejection) in
    guard case .pixels(let pixels) = call[0] else { return nil }
    return .pixels(try pixels.scaled(by: -1, plus: 0))
  }

  static let divide: Rule = { (call, _) throws(Rejection) in
    guard case .pixels(var pixels) = call[0], let constant = call.constant(1) else { return nil }
    let divisor = try single(constant)
    guard divisor != 0 else { throw Rejection("it divides by 0") }
    let before = pixels.grid
    pixels = try pixels.mapped { $0 / divisor }
    pixels.grid = before.map {
      Grid(codes: $0.codes, scale: $0.scale / divisor, offset: $0.offset / divisor)
    }
    return .pixels(pixels)
  }

  /// (u − zero point) · scale
  static let dequantize: Rule = { (call, _) throws(Rejection) in
    guard case .pixels(var pixels) = call[0], let scale = call.constant(1) else { return nil }
    guard pixels.type == .uint8 else { return nil }
    let zero = try call.constant(2).map(single) ?? 0
    pixels.type = .float
    return .pixels(
      try pixels.scaled(by: 1, plus: -zero).scaled(by: try single(scale), plus: 0))
  }

  /// Any other operation on each pixel; nil for another value.
  static func unary(_ operation: @escaping @Sendable (Double) -> Double) -> Rule {
    { (call, _) throws(Rejection) in
      guard case .pixels(let pixels) = call[0] else { return nil }
      return .pixels(try pixels.mapped(operation))
    }
  }

  // MARK: Parts

  /// - Parameter step: factor and addend, given if the pixels are the first input and the constant.
  private static func scaling(
    _ step: @escaping @Sendable (Bool, Double) -> (Double, Double)
  ) -> Rule {
    { (call, _) throws(Rejection) in
      for (index, other) in [(0, 1), (1, 0)] {
        guard case .pixels(let pixels) = call[index], let constant = call.constant(other) else {
          continue
        }
        let (factor, addend) = step(index == 0, try single(constant))
        return .pixels(try pixels.scaled(by: factor, plus: addend))
      }
      return nil
    }
  }

  private static func single(_ constant: Constant) throws(Rejection) -> Double {
    guard let value = constant.uniform else {
      throw Rejection(
        "it scales pixels by \(constant.description); one number for all pixels is expected",
        hint: "use the same mean and deviation for every channel")
    }
    return value
  }
}

extension Pixels {
  /// factor · x + addend for the value x so far.
  fileprivate func scaled(by factor: Double, plus addend: Double) throws(Rejection) -> Pixels {
    // One of the two changes nothing: this is one operation of the file.
    var pixels = try mapped { $0 * factor + addend }
    pixels.grid = grid.map {
      Grid(codes: $0.codes, scale: $0.scale * factor, offset: $0.offset * factor + addend)
    }
    return pixels
  }

  /// An operation of the file on every value.
  func mapped(_ operation: (Double) -> Double) throws(Rejection) -> Pixels {
    guard type.isReal else {
      throw Rejection(
        "arithmetic on \(type.name) pixels wraps around", hint: "cast them to FLOAT first")
    }
    var pixels = self
    for index in values.indices {
      pixels.values[index] = try type.rounded(operation(values[index]))
    }
    if pixels.values != values { pixels.grid = nil }
    return pixels
  }
}
