// SPDX-License-Identifier: Apache-2.0

import Foundation
import Modeling

/// The operators of QONNX, FINN and Brevitas: Quant, BipolarQuant, MultiThreshold and Trunc.
///
/// On constants they are computed as the source does, in float32; on maps they are the thresholds
/// that a value reaches.
/// - Source: the package qonnx, `qonnx.custom_op.general`.
enum Quantization {
  /// (round(clamp(x / scale + zero point)) − zero point) · scale
  static let quant: Rule = { (call, assembly) throws(Rejection) in
    let width = try call.number(3, "bit width")
    guard let bits = Int(exactly: width), 1...32 ~= bits else {
      throw Rejection("its bit width is \(width); 1…32 is expected")
    }
    let attributes = call.node.attributes
    for name in ["signed", "narrow"] where !attributes.contains(name) {
      throw Rejection("attribute \(name) is missing; 0 or 1 is expected")
    }
    let isSigned = try attributes.integer("signed", default: 1) != 0
    let isNarrow = try attributes.integer("narrow", default: 1) != 0
    let rounding = try Rounding(attributes, default: "ROUND")
    let isBipolar = isSigned && bits == 1
    let range = integers(bits, isSigned: isSigned, isNarrow: isNarrow)
    @Sendable func integer(_ y: Double) -> Double {
      isBipolar
        ? y >= 0 ? 1 : -1 : rounding.round(min(max(y, range.lowerBound), range.upperBound))
    }
    if let x = call.constant(0) {
      guard let scale = call.constant(1), let zero = call.constant(2) else { return nil }
      return .constant(try quantized(x, scale, zero, &assembly, integer))
    }
    let (scale, zero) = try call.scaleAndZeroPoint()
    if isBipolar {
      guard zero == 0 else {
        throw Rejection("its zero point is \(zero); 0 is expected with 1 signed bit")
      }
      return try bipolar(scale).applied(call, &assembly)
    }
    let first = range.lowerBound
    return try Staircase(
      rows: 1, count: Int(range.upperBound - first), scale: scale,
      offset: (first - zero) * scale,
      bound: { _, number in
        var bound = rounding.bound(of: first + Double(number))
        bound.value = (bound.value - zero) * scale
        return bound
      },
      steps: { (_, value) throws(Rejection) in
        integer(Double(Float(Double(Float(value / scale)) + zero))) - first
      }
    ).applied(call, &assembly)
  }

  /// +scale where x ≥ 0, −scale elsewhere
  static let bipolarQuant: Rule = { (call, assembly) throws(Rejection) in
    if let x = call.constant(0) {
      guard let scale = call.constant(1) else { return nil }
      return .constant(try quantized(x, scale, nil, &assembly) { $0 >= 0 ? 1 : -1 })
    }
    return try bipolar(call.scaleAndZeroPoint().scale).applied(call, &assembly)
  }

  /// out_scale · q + out_bias, where q is the number of thresholds t with x ≥ t
  static let multiThreshold: Rule = { (call, assembly) throws(Rejection) in
    guard let thresholds = call.constant(1) else { return nil }
    guard thresholds.shape.count == 2, let rows = thresholds.shape.first, rows > 0,
      thresholds.shape[1] > 0
    else {
      throw Rejection(
        "its thresholds have shape \(thresholds.shape); [channels, steps] is expected")
    }
    let count = thresholds.shape[1]
    let attributes = call.node.attributes
    let scale = try attributes.real("out_scale", default: 1)
    let offset = try attributes.real("out_bias", default: 0)
    guard scale > 0 else {
      throw Rejection("attribute out_scale is \(scale); a positive number is expected")
    }
    if rows > 1, let value = call[0], let layout = try assembly.layout(of: value) {
      let rank = layout.dimensions.count + 1
      let order = try attributes.text("data_layout", default: "")
      let names = Array(order.isEmpty ? [2: "NC", 3: "NWC", 4: "NCHW"][rank] ?? "NC" : order)
      let axis = names.firstIndex(of: "C") ?? 1
      guard 1..<rank ~= axis, layout.axes[axis - 1] == .channel, layout.shape.channels == rows
      else {
        throw Rejection(
          "its thresholds \(thresholds.shape) are for axis \(axis) of [N] + \(layout.names) of "
            + "sizes \(layout.dimensions); one row for each channel is expected")
      }
    }
    let values = thresholds.values
    for index in values.indices where index % count > 0 && !(values[index] >= values[index - 1]) {
      throw Rejection(
        "its thresholds [\(index / count), \(index % count)] is \(values[index]) behind "
          + "\(values[index - 1]); ascending ones are expected")
    }
    try assembly.spend(values.count)
    return try Staircase(
      rows: rows, count: count, scale: scale, offset: offset,
      bound: { Staircase.Bound(value: values[$0 * count + $1 - 1], zero: .positive) },
      steps: { (row, value) throws(Rejection) in
        Double(values[row * count..<(row + 1) * count].count { value >= $0 })
      }
    ).applied(call, &assembly)
  }

  /// round(x / scale + zero point) without its lowest bits
  static let trunc: Rule = { (call, assembly) throws(Rejection) in
    let (scale, zero) = try call.scaleAndZeroPoint()
    let rounding = try Rounding(call.node.attributes, default: "FLOOR")
    let isClamped = call.inputs.count == 6
    let out = try call.number(isClamped ? 5 : 4, "output bit width")
    var step = scale
    var ratio: Double
    var range: ClosedRange<Double>
    if isClamped {
      step = try call.number(4, "output scale")
      ratio = exp2(log2(step / scale).rounded(.toNearestOrEven))
      guard let bits = Int(exactly: out), 1...32 ~= bits else {
        throw Rejection("its output bit width is \(out); 1…32 is expected")
      }
      let attributes = call.node.attributes
      range = integers(
        bits, isSigned: try attributes.integer("signed", default: 1) != 0,
        isNarrow: try attributes.integer("narrow", default: 0) != 0)
    } else {
      ratio = exp2(try call.number(3, "input bit width") - out)
      guard case .map(let map) = call[0], let values = assembly.range(of: map.stage) else {
        throw Rejection(
          "the range of its input is not known; the average of codes is supported",
          hint: "quantize with Quant instead")
      }
      func integer(_ value: Double) -> Double {
        rounding.round((value / scale + zero).rounded(.toNearestOrEven) / ratio)
      }
      guard integer(values.lowerBound) <= integer(values.upperBound) else { return nil }
      range = integer(values.lowerBound)...integer(values.upperBound)
    }
    guard step > 0, step.isFinite, 1...0x1p32 ~= ratio,
      range.upperBound - range.lowerBound <= 0x1p32
    else { throw Rejection("it divides by \(ratio) in steps of \(step); 1 to 2^32 is expected") }
    let first = range.lowerBound
    let shift = isClamped ? zero / ratio : zero
    return try Staircase(
      rows: 1, count: Int(range.upperBound - first), scale: step, offset: (first - shift) * step,
      bound: { _, number in
        // The least integer before the division, then the least real number that rounds to it.
        let bound = rounding.bound(of: first + Double(number))
        let product = bound.value * ratio
        var least = Rounding.halfEven.bound(
          of: bound.zero == .positive ? product.rounded(.up) : product.rounded(.down) + 1)
        least.value = (least.value - zero) * scale
        return least
      },
      steps: { (_, value) throws(Rejection) in
        throw Rejection("it truncates pixels; a real map is expected")
      }
    ).applied(call, &assembly)
  }

  /// A quantizer's levels times, plus or minus a number.
  static func scaling(
    _ step: @escaping @Sendable (_ isFirst: Bool, _ constant: Double) -> (Double, Double)?
  ) -> Rule {
    { (call, _) throws(Rejection) in
      for (index, other) in [(0, 1), (1, 0)] {
        guard case .quantized(var quantized) = call[index], let constant = call.constant(other)
        else { continue }
        guard let number = constant.uniform, let (factor, addend) = step(index == 0, number),
          factor > 0, factor.isFinite, addend.isFinite
        else {
          throw Rejection(
            "it changes a quantizer's values with \(constant.description); one positive factor, "
              + "or one number to add, is expected")
        }
        quantized.scale *= factor
        quantized.offset = quantized.offset * factor + addend
        return .quantized(quantized)
      }
      return nil
    }
  }

  // MARK: Parts

  private static func bipolar(_ scale: Double) -> Staircase {
    Staircase(
      rows: 1, count: 1, scale: 2 * scale, offset: -scale,
      bound: { _, _ in Staircase.Bound(value: 0, zero: .positive) },
      steps: { (_, value) throws(Rejection) in value >= 0 ? 1 : 0 })
  }

  /// The integers of so many bits.
  private static func integers(
    _ bits: Int, isSigned: Bool, isNarrow: Bool
  ) -> ClosedRange<Double> {
    let half = exp2(Double(bits - 1))
    return isSigned
      ? (isNarrow ? 1 - half : -half)...(half - 1).magnitude
      : 0...max(0, 2 * half - (isNarrow ? 2 : 1))
  }

  /// A constant through a quantizer, rounded as float32 after every operation.
  private static func quantized(
    _ x: Constant, _ scale: Constant, _ zero: Constant?, _ assembly: inout Assembly,
    _ integer: (Double) -> Double
  ) throws(Rejection) -> Constant {
    guard x.type.isReal else {
      throw Rejection("its input is \(x.description); FLOAT is expected")
    }
    for other in [scale, zero ?? scale] {
      guard try ConstantFolding.broadcast(x.shape, other.shape, &assembly) == x.shape else {
        throw Rejection(
          "its scale or zero point has shape \(other.shape) for weights of shape \(x.shape)")
      }
    }
    let scales = ConstantFolding.expanded(scale, to: x.shape)
    let zeros = zero.map { ConstantFolding.expanded($0, to: x.shape) }
    var result = x
    for index in x.values.indices {
      var y = x.values[index]
      if let zeros {
        y = try x.type.rounded(x.type.rounded(y / scales[index]) + zeros[index])
        y = try x.type.rounded(integer(y) - zeros[index])
      } else {
        y = integer(y)
      }
      result.values[index] = try x.type.rounded(y * scales[index])
    }
    return result
  }
}

extension Call {
  /// One number that the file gives as a constant.
  fileprivate func number(_ index: Int, _ name: String) throws(Rejection) -> Double {
    guard let value = constant(index)?.uniform else {
      let isMany = (constant(index)?.values.count ?? 0) > 1
      throw Rejection(
        "its \(name) is \(self[index]?.description ?? "missing"); one constant number is expected",
        hint: isMany
          ? "use one \(name) for all channels, and scale the channels in the batch norm before"
          : nil)
    }
    return value
  }

  fileprivate func scaleAndZeroPoint() throws(Rejection) -> (scale: Double, zero: Double) {
    let scale = try number(1, "scale")
    let zero = inputs.count > 2 ? try number(2, "zero point") : 0
    guard scale > 0, scale.isFinite, zero.isFinite else {
      throw Rejection(
        "its scale is \(scale) and its zero point \(zero); a positive scale is expected")
    }
    return (scale, zero)
  }
}

extension Assembly {
  /// The values that a stage's map can have, as far as that is known without its weights.
  fileprivate func range(of stage: Int) -> ClosedRange<Double>? {
    let part = stages[stage]
    func input() -> ClosedRange<Double>? { part.inputs.first.flatMap { range(of: $0) } }
    switch part.layer {
    case let input as Input:
      let end = input.offset + input.scale * Double((1 << input.bits) - 1)
      return min(input.offset, end)...max(input.offset, end)
    case let lookup as Lookup:
      return lookup.offset...lookup.offset + lookup.scale * Double(lookup.table.max() ?? 0)
    case is ResidualSign:
      guard let sum = part.parameters["gammas"]?.values.reduce(0, +) else { return nil }
      return -sum...sum
    case let quantizer as Quantizer:
      return quantizer.offset...quantizer.offset + quantizer.scale * Double(quantizer.zero.count)
    case is MaxPool, is GlobalAveragePool:
      return input()
    case let pool as AveragePool:
      guard let range = input() else { return nil }
      guard pool.padding != .none else { return range }
      return min(range.lowerBound, pool.padding.value)...max(range.upperBound, pool.padding.value)
    case let norm as BatchNorm:
      guard let range = input(), norm.epsilon == 0, let scale = part.parameters["scale"]?.values,
        let bias = part.parameters["bias"]?.values, let mean = part.parameters["mean"]?.values,
        let variance = part.parameters["variance"]?.values, variance.allSatisfy({ $0 == 1 })
      else { return nil }
      let ends = scale.indices.flatMap { channel in
        [range.lowerBound, range.upperBound].map {
          scale[channel] * ($0 - mean[channel]) + bias[channel]
        }
      }
      guard let least = ends.min(), let most = ends.max() else { return nil }
      return least...most
    default:
      return nil
    }
  }
}
