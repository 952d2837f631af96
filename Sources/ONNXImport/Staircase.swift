// SPDX-License-Identifier: Apache-2.0

import Foundation
import Modeling

/// A function that rises in equal steps: scale · q + offset, where q is the number of thresholds
/// that a value reaches.
struct Staircase {
  /// Where a step is, and whether a value that equals it reaches it.
  struct Bound {
    var value: Double
    var zero: ZeroRule
  }

  /// 1, or the number of channels.
  var rows: Int
  /// Thresholds of a row.
  var count: Int
  var scale: Double
  var offset: Double
  /// Threshold 1…count of a row, of real numbers.
  var bound: (_ row: Int, _ number: Int) -> Bound
  /// q of a number in the source's own arithmetic.
  var steps: (_ row: Int, _ value: Double) throws(Rejection) -> Double

  /// The steps of a real map or of pixels; nil for another value.
  func applied(_ call: Call, _ assembly: inout Assembly) throws(Rejection) -> Value? {
    switch call[0] {
    case .pixels(let pixels):
      return try applied(to: pixels, call, &assembly)
    case .clipped(let clipped):
      return try applied(to: clipped.map, within: clipped.limits, call, &assembly)
    default:
      guard let map = assembly.realMap(call[0]) else { return nil }
      return try applied(to: map, within: Residual.all, call, &assembly)
    }
  }

  // MARK: Maps

  private func applied(
    to map: Map, within limits: ClosedRange<Double>, _ call: Call, _ assembly: inout Assembly
  ) throws(Rejection) -> Value? {
    guard rows == 1 || rows == map.channels else {
      throw Rejection("it has thresholds for \(rows) channels; the map has \(map.channels)")
    }
    guard count <= 1 << 16 else { throw tooMany(count) }
    // What a clip keeps out is reached always, or never.
    var (first, last) = (0, count)
    while first < last, isAlways(bound(0, first + 1), limits) { first += 1 }
    while last > first, isNever(bound(0, last), limits) { last -= 1 }
    guard last - first <= Self.most else { throw tooMany(last - first) }
    guard first < last else {
      throw Rejection(
        "its input is clipped to \(limits), where it reaches no step; its result would be a "
          + "constant")
    }
    try assembly.spend(map.channels * (last - first))
    var bounds: [[Bound]] = []
    for row in 0..<rows {
      bounds.append((first + 1...last).map { bound(row, $0) })
      guard first == 0 || isAlways(bound(row, first), limits),
        last == count || isNever(bound(row, last + 1), limits),
        bounds[row].allSatisfy({ !isAlways($0, limits) && !isNever($0, limits) })
      else {
        throw Rejection(
          "its values are clipped to \(limits), which holds other thresholds for each channel",
          hint: "leave the clip before it out")
      }
    }
    let offset = offset + Double(first) * scale
    if last - first == 1, offset == -scale / 2 {
      return try sign(of: map, bounds.map { $0[0] }, within: limits, call, &assembly)
    }
    for row in bounds.indices {
      for (index, bound) in bounds[row].enumerated() where bound.zero != bounds[0][index].zero {
        throw Rejection("its thresholds count equal values differently by channel")
      }
    }
    let rows = bounds.map { $0.map(\.value) }
    return .quantized(
      Quantized(
        base: map.stage, layout: map.layout,
        thresholds: rows.count == 1
          ? Array(repeating: rows[0], count: map.channels) : rows,
        zero: bounds[0].map(\.zero), scale: scale, offset: offset,
        name: LayerNames.layer(call.node)))
  }

  /// One step between −scale/2 and +scale/2.
  private func sign(
    of map: Map, _ bounds: [Bound], within limits: ClosedRange<Double>, _ call: Call,
    _ assembly: inout Assembly
  ) throws(Rejection) -> Value {
    let zero = bounds[0].zero
    guard bounds.allSatisfy({ $0.zero == zero }) else {
      throw Rejection("its thresholds count equal values differently by channel")
    }
    var residual = Residual(base: map.stage, layout: map.layout, limits: limits)
    if bounds.contains(where: { $0.value != 0 }) {
      let thresholds =
        bounds.count == 1
        ? Array(repeating: bounds[0].value, count: map.channels) : bounds.map(\.value)
      residual.base = try assembly.appending(.add(thresholds.map { 0 - $0 }), to: map).stage
      residual.limits = try Clipped(map: map, limits: limits).limits(minus: thresholds)
    }
    assembly.note(call.node, signOf: residual.base)
    return .signs(
      Signs(levels: [
        SignLevel(
          residual: residual, high: scale / 2, low: -scale / 2, type: .float, zero: zero,
          spelling: call.node.type)
      ]))
  }

  private func isAlways(_ bound: Bound, _ limits: ClosedRange<Double>) -> Bool {
    bound.zero == .positive ? bound.value <= limits.lowerBound : bound.value < limits.lowerBound
  }

  private func isNever(_ bound: Bound, _ limits: ClosedRange<Double>) -> Bool {
    bound.zero == .positive ? bound.value > limits.upperBound : bound.value >= limits.upperBound
  }

  // MARK: Pixels

  /// Each of the 256 pixels has its step; no real number decides anything.
  private func applied(
    to pixels: Pixels, _ call: Call, _ assembly: inout Assembly
  ) throws(Rejection) -> Value? {
    guard pixels.type.isReal else {
      throw Rejection("its input is \(pixels.type.name) pixels", hint: "cast them to FLOAT first")
    }
    var codes: [Int]?
    for row in 0..<rows {
      var table: [Int] = []
      for value in pixels.values {
        let step = try steps(row, value)
        guard let number = Int(exactly: step), 0...count ~= number else {
          throw Rejection("the pixel of value \(value) has step \(step) of \(count)")
        }
        table.append(number)
      }
      guard table == codes ?? table else {
        throw Rejection(
          "it quantizes the pixels of each channel in another way; one way for all is supported",
          hint: "use the same thresholds for every channel")
      }
      codes = table
    }
    var result = pixels
    let grid = Grid(codes: codes ?? [], scale: scale, offset: offset)
    for (index, code) in grid.codes.enumerated() {
      result.values[index] = try pixels.type.rounded(scale * Double(code) + offset)
    }
    result.grid = grid
    return .pixels(result)
  }

  /// Thresholds of a layer's quantizer.
  static let most = 15

  private func tooMany(_ steps: Int) -> Rejection {
    Rejection(
      "it has \(steps + 1) values; up to \(Self.most + 1) (4 bits) are supported",
      hint: "train the activation with 1 to 4 bits")
  }
}
