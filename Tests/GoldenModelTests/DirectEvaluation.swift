// SPDX-License-Identifier: Apache-2.0

import IntegerNetwork
import Modeling

/// The equations of an integer network as they are written, bit by bit and without haste: nothing
/// is shared with the golden model.
struct DirectEvaluation {
  let graph: IntegerGraph

  /// The values of every node.
  func run(_ image: [UInt8]) -> [[Int]] {
    var values: [[Int]] = []
    for node in graph.nodes {
      let source = node.inputs.first.map { values[$0] } ?? []
      let before = node.inputs.first.map { graph.nodes[$0].shape } ?? node.shape
      let weights = node.inputs.first.map(weights(of:)) ?? []
      switch node.operation {
      case .input:
        values.append(image.map(Int.init))
      case .lookup(let table):
        values.append(source.map { table.entries[$0] })
      case .popcount(let popcount):
        guard let window = popcount.window else {
          values.append(
            (0..<popcount.outputs).map { sum(popcount, output: $0, source.map { $0 }, weights) })
          continue
        }
        values.append(
          eachPosition(of: window.window, on: before) { row, column in
            var inputs: [Int?] = []
            for y in row..<row + window.window.kernel.height {
              for x in column..<column + window.window.kernel.width {
                for channel in 0..<before.channels {
                  inputs.append(
                    value(source, before, y, x, channel) ?? border(window.border))
                }
              }
            }
            return (0..<popcount.outputs).map { sum(popcount, output: $0, inputs, weights) }
          })
      case .maxPool(let window):
        values.append(
          eachTap(of: window, on: before, source) { taps in taps.compactMap { $0 }.max() ?? .min })
      case .sumPool(let pool):
        values.append(
          eachTap(of: pool.window, on: before, source) { taps in
            taps.reduce(0) { total, tap in
              guard let tap = tap ?? border(pool.border) else { return total }
              return total + (weights.isEmpty ? tap : meaning(of: tap, weights))
            }
          })
      case .encode(let tree):
        values.append(
          source.enumerated().map { position, sum in
            let channel = position % before.channels
            return encoded(
              sum, tree.thresholds[channel], tree.code.weights.count,
              falls: tree.falling.isEmpty ? false : tree.falling[channel])
          })
      case .add:
        let others = node.inputs.dropFirst().map { values[$0] }
        values.append(source.indices.map { at in others.reduce(source[at]) { $0 + $1[at] } })
      case .score(let score), .rescale(let score):
        values.append(
          source.enumerated().map { position, sum in
            let channel = position % before.channels
            return score.multipliers[channel] * sum + score.offsets[channel]
          })
      case .argMax:
        let largest = source.max() ?? 0
        values.append([source.firstIndex(of: largest) ?? 0])
      }
    }
    return values
  }

  // MARK: Maps

  /// The value at a place, or nil outside the map.
  private func value(
    _ values: [Int], _ shape: Shape, _ y: Int, _ x: Int, _ channel: Int
  ) -> Int? {
    guard y >= 0, y < shape.height, x >= 0, x < shape.width else { return nil }
    return values[(y * shape.width + x) * shape.channels + channel]
  }

  /// The code of a border, or nil where there is nothing.
  private func border(_ border: MapWindow.Border) -> Int? {
    if case .code(let code) = border { code } else { nil }
  }

  /// The first row and column of each position, those outside the map negative.
  private func eachPosition(
    of window: Window, on shape: Shape, _ body: (Int, Int) -> [Int]
  ) -> [Int] {
    var results: [Int] = []
    var row = -window.top
    while row + window.kernel.height <= shape.height + window.bottom {
      var column = -window.left
      while column + window.kernel.width <= shape.width + window.right {
        results += body(row, column)
        column += window.stride.width
      }
      row += window.stride.height
    }
    return results
  }

  /// A value for each position and channel, from the values in the window.
  private func eachTap(
    of window: Window, on shape: Shape, _ values: [Int], _ body: ([Int?]) -> Int
  ) -> [Int] {
    eachPosition(of: window, on: shape) { row, column in
      (0..<shape.channels).map { channel in
        var taps: [Int?] = []
        for y in row..<row + window.kernel.height {
          for x in column..<column + window.kernel.width {
            taps.append(value(values, shape, y, x, channel))
          }
        }
        return body(taps)
      }
    }
  }

  // MARK: Codes

  /// g_1 … g_M of the codes that a node sends.
  private func weights(of node: Int) -> [Int] {
    switch graph.nodes[node].operation {
    case .input(let code): code.weights
    case .lookup(let table): table.code.weights
    case .encode(let tree): tree.code.weights
    case .maxPool: weights(of: graph.nodes[node].inputs[0])
    default: []
    }
  }

  /// Σ_l g_l · b_l, b_1 being the most significant bit.
  private func meaning(of code: Int, _ weights: [Int]) -> Int {
    var sum = 0
    for (index, weight) in weights.enumerated() {
      sum += code / (1 << (weights.count - 1 - index)) % 2 == 1 ? weight : -weight
    }
    return sum
  }

  /// s = Σ_k h_k Σ_l g_l · P_kl,  P_kl = 2·popcount(xnor(b_l, w_k) ∧ mask_k) − popcount(mask_k).
  /// What is absent counts in neither.
  private func sum(
    _ popcount: MaskedPopcount, output: Int, _ codes: [Int?], _ weights: [Int]
  ) -> Int {
    var sum = 0
    for (plane, scale) in popcount.scales.enumerated() {
      let row = plane * popcount.outputs + output
      for (index, weight) in weights.enumerated() {
        // b_1 is the most significant bit.
        let level = weights.count - 1 - index
        var equal = 0
        var active = 0
        for input in codes.indices {
          guard let code = codes[input] else { continue }
          if let mask = popcount.mask, !mask[row, input] { continue }
          active += 1
          let bit = code / (1 << level) % 2 == 1
          if bit == popcount.weights[row, input] { equal += 1 }
        }
        sum += scale * weight * (2 * equal - active)
      }
    }
    return sum
  }

  /// b_1 = [s ≥ T()],  b_2 = [s ≥ T(b_1)],  b_3 = [s ≥ T(b_1 b_2)] …, all turned round where the
  /// code falls.
  private func encoded(_ sum: Int, _ thresholds: [Int], _ levels: Int, falls: Bool) -> Int {
    var bits: [Int] = []
    for level in 0..<levels {
      // T(p) of the prefixes p of one length stand side by side, in the order of p as a number.
      let prefix = bits.reduce(0) { 2 * $0 + $1 }
      let shorter = (0..<level).reduce(0) { total, length in total + (1 << length) }
      let threshold = thresholds[shorter + prefix]
      bits.append((falls ? sum < threshold : sum >= threshold) ? 1 : 0)
    }
    return bits.reduce(0) { 2 * $0 + $1 }
  }
}
