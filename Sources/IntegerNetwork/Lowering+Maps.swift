// SPDX-License-Identifier: Apache-2.0

import Diagnostics
import Foundation
import Modeling

extension Add: LoweringRule {
  func lower(
    from source: Lowering.Lowered?, shape: Shape, node: Network.Node, at path: String,
    _ lowering: inout Lowering
  ) throws -> Lowering.Lowered {
    try lowering.add(
      node.inputs.map { try lowering.map(of: $0, shape: shape, for: node.name, at: path) },
      shape: shape, name: node.name, at: path)
  }
}

extension Lowering {
  /// A map that is added: sums, and the real numbers slope · s + offset that they stand for, by channel.
  struct Addend {
    var node: Int
    var lines: [(slope: Double, offset: Double)]

    /// The largest real number, where the sums reach `limits`.
    func reach(limits: [Int]) -> Double {
      zip(lines, limits).reduce(0.0) { reach, channel in
        max(reach, abs(channel.0.slope) * Double(max(1, channel.1)) + abs(channel.0.offset))
      }
    }

    /// The largest slope; an offset counts as the slope that reaches as far.
    func slope(limits: [Int]) -> Double {
      zip(lines, limits).reduce(0.0) { slope, channel in
        max(slope, abs(channel.0.slope) + abs(channel.0.offset) / Double(max(1, channel.1)))
      }
    }
  }

  /// What node `index` of the network sends, as sums: codes as what they are worth.
  mutating func map(of index: Int, shape: Shape, for name: String, at path: String) throws -> Addend
  {
    switch lowered[index] {
    case .sum(let node, let channels):
      return Addend(node: node, lines: channels.map { $0.approximation() })
    case .code(let map):
      guard nodes[map.node].shape == shape, map.order == nil else {
        throw Diagnostic(
          at: path, "adding a flattened map is not supported", hint: "add before the flattening")
      }
      let values = append(
        unusedName("\(name)_values"), .sumPool(MapWindow(Window(1))), inputs: [map.node],
        shape: shape)
      let line = (slope: map.step.approximation, offset: map.offset.approximation)
      return Addend(node: values, lines: Array(repeating: line, count: shape.channels))
    case .index:
      throw Diagnostic(at: path, "the inputs of an addition must be maps of sums or codes")
    }
  }

  /// Brings maps to one step and adds them.
  ///
  /// - Exactness: Each real number slope · s + offset becomes step · (A·s + C), rounded; sums of the common
  ///   step stay as they are. `report.maps` has the most by which a value can be wrong for it.
  mutating func add(
    _ addends: [Addend], shape: Shape, name: String, at path: String
  ) throws -> Lowered {
    let limits = addends.map { sumLimits(of: $0.node) }
    let reach = zip(addends, limits).reduce(0.0) { $0 + $1.0.reach(limits: $1.1) }
    // Of sums of many values a multiplier may have fewer bits than were asked for, but not few.
    let steps = stride(from: options.mapBits, through: min(options.mapBits, 12), by: -1).map {
      commonStep(of: addends, limits: limits, bits: $0)
    }
    guard let step = steps.first(where: { reach / $0 < 0x1p40 }) else {
      throw Diagnostic(
        at: path,
        "the values that are added reach \(reach), in steps of \(steps.last ?? 0); at most 2^40 steps are "
          + "supported",
        hint: "their batch norms bring one map or channel a scale or shift far beyond the others: "
          + "look for a variance near 0")
    }
    var bounds = Array(repeating: 0.0, count: shape.channels)
    var inputs: [Int] = []
    for (position, addend) in addends.enumerated() {
      let map = AffineScore(
        multipliers: addend.lines.map { Int(($0.slope / step).rounded()) },
        offsets: addend.lines.map { Int(($0.offset / step).rounded()) }, step: step)
      for (channel, line) in addend.lines.enumerated() {
        bounds[channel] +=
          abs(line.slope - step * Double(map.multipliers[channel]))
          * Double(limits[position][channel])
          + abs(line.offset - step * Double(map.offsets[channel]))
      }
      let isAsItIs = map.multipliers.allSatisfy { $0 == 1 } && map.offsets.allSatisfy { $0 == 0 }
      inputs.append(
        isAsItIs
          ? addend.node
          : append(
            unusedName("\(name)_map\(position)"), .rescale(map), inputs: [addend.node],
            shape: shape))
    }
    let sum = append(name, .add, inputs: inputs, shape: shape)
    report.maps =
      (report.maps ?? []) + [
        ScoreQuantization(layer: name, step: step, bound: bounds.max() ?? 0)
      ]
    return .sum(
      node: sum,
      channels: Array(
        repeating: ExactAffine(slope: Dyadic(step), intercept: Dyadic(0)), count: shape.channels))
  }

  /// The step of maps that are added: that of the finest map that has one already, halved until the
  /// largest multiplier has all but four of `bits` bits, so that there it may have more; else the least
  /// power of two with which none has more. A shift counts as the slope that reaches as far.
  private func commonStep(of addends: [Addend], limits: [[Int]], bits: Int) -> Double {
    let most = Double(1 << (bits - 1) - 1)
    let largest = zip(addends, limits).reduce(0.0) { max($0, $1.0.slope(limits: $1.1)) }
    let steps = addends.map { AffineScore.commonSlope(of: $0.lines) }
    guard var step = steps.compactMap(\.self).min() else {
      return exp2(log2(max(largest / most, 0x1p-900)).rounded(.up))
    }
    if !steps.allSatisfy({ $0.map { ($0 / step).rounded() * step == $0 } ?? false }) {
      while largest / step < max(1, most / 16) { step /= 2 }
    }
    return step
  }
}
