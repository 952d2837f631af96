// SPDX-License-Identifier: Apache-2.0

import IntegerNetwork
import Modeling
import PopcountKernels

/// The memory for one image on its way through a graph, allocated once: nothing is allocated while
/// an image runs.
final class Workspace {
  private let graph: IntegerGraph
  /// Node → its values in stream order.
  private let values: [UnsafeMutableBufferPointer<Int>]
  /// Node → its codes as bit planes, level by level; empty where the node sends no codes.
  private let planes: [UnsafeMutableBufferPointer<UInt64>]
  /// Node → the weights of its levels; empty where the node sends no codes.
  private let levelWeights: [[Int]]
  /// Node → the active weights of each output; empty where the node has no weights.
  private let activeWeights: [[Int]]
  /// Output by output and level by level, how many bits differ, of the node at hand.
  private let differences: UnsafeMutableBufferPointer<Int32>

  init(_ graph: IntegerGraph) {
    self.graph = graph
    values = graph.nodes.map { zeros($0.shape.count) }
    levelWeights = graph.nodes.indices.map { graph.code(of: $0)?.weights ?? [] }
    let levels = levelWeights.map(\.count)
    planes = graph.nodes.indices.map { zeros((graph.nodes[$0].shape.count + 63) / 64 * levels[$0]) }
    activeWeights = graph.nodes.map { node in
      guard case .popcount(let popcount) = node.operation else { return [] }
      return (0..<popcount.outputs).map { popcount.reach(of: $0) }
    }
    differences = zeros(8 * (values.map(\.count).max() ?? 0) * (levels.max() ?? 0))
  }

  deinit {
    for buffer in values { buffer.deallocate() }
    for buffer in planes { buffer.deallocate() }
    differences.deallocate()
  }

  /// The values of a node for the image that ran last.
  func values(of node: Int) -> [Int] {
    Array(values[node])
  }

  /// Computes the values of every node.
  func run(_ image: ArraySlice<UInt8>) {
    for (index, node) in graph.nodes.enumerated() {
      let result = values[index]
      let source = values[node.inputs.first ?? 0]
      switch node.operation {
      case .input(let code):
        for (position, value) in image.enumerated() { result[position] = Int(value) }
        pack(index, levels: code.levels)
      case .popcount(let popcount):
        if let window = popcount.window {
          convolve(popcount, window, from: node.inputs[0], into: index)
        } else {
          sum(popcount, from: node.inputs[0], into: index)
        }
      case .maxPool(let window):
        pool(window, from: node.inputs[0], into: index) { $0.max() ?? 0 }
        if levelWeights[index].count > 0 { pack(index, levels: levelWeights[index].count) }
      case .sumPool(let pool):
        let border = border(pool, from: node.inputs[0])
        self.pool(pool.window, from: node.inputs[0], into: index) { [levelWeights] taps in
          let code = ResidualCode(weights: levelWeights[node.inputs[0]])
          let inside = code.levels > 0 ? taps.reduce(0) { $0 + code.value(of: $1) } : taps.reduce(0, +)
          return inside + (pool.window.taps - taps.count) * border
        }
      case .encode(let tree):
        for position in source.indices {
          result[position] = tree.code(
            of: source[position], channel: position % node.shape.channels)
        }
        pack(index, levels: tree.code.levels)
      case .score(let score):
        for position in source.indices {
          let channel = position % node.shape.channels
          result[position] = score.multipliers[channel] * source[position] + score.offsets[channel]
        }
      case .argMax:
        result[0] = argMax(source)
      }
    }
  }

  /// The value of a border's code.
  private func border(_ window: MapWindow, from source: Int) -> Int {
    guard case .code(let code) = window.border else { return 0 }
    return ResidualCode(weights: levelWeights[source]).value(of: code)
  }

  /// The values of each window that lie inside the map, position by position.
  private func pool(
    _ window: Window, from source: Int, into index: Int, _ body: ([Int]) -> Int
  ) {
    let shape = graph.nodes[source].shape
    let positions = window.positions(on: shape)
    for position in 0..<positions.height * positions.width {
      let row = position / positions.width * window.stride.height - window.top
      let column = position % positions.width * window.stride.width - window.left
      for channel in 0..<shape.channels {
        var taps: [Int] = []
        for y in max(0, row)..<min(shape.height, row + window.kernel.height) {
          for x in max(0, column)..<min(shape.width, column + window.kernel.width) {
            taps.append(values[source][(y * shape.width + x) * shape.channels + channel])
          }
        }
        values[index][position * shape.channels + channel] = body(taps)
      }
    }
  }

  /// A popcount at each position of a window, weight by weight.
  private func convolve(
    _ popcount: MaskedPopcount, _ window: MapWindow, from source: Int, into index: Int
  ) {
    let shape = graph.nodes[source].shape
    let positions = window.window.positions(on: shape)
    let code = ResidualCode(weights: levelWeights[source])
    let border = border(window, from: source)
    let kernel = window.window.kernel
    for position in 0..<positions.height * positions.width {
      let row = position / positions.width * window.window.stride.height - window.window.top
      let column = position % positions.width * window.window.stride.width - window.window.left
      var inputs: [Int] = []
      for tap in 0..<window.window.taps {
        let (y, x) = (row + tap / kernel.width, column + tap % kernel.width)
        let isInside = 0..<shape.height ~= y && 0..<shape.width ~= x
        for channel in 0..<shape.channels {
          inputs.append(
            isInside
              ? code.value(of: values[source][(y * shape.width + x) * shape.channels + channel])
              : border)
        }
      }
      for output in 0..<popcount.outputs {
        var sum = 0
        for (plane, scale) in popcount.scales.enumerated() {
          let weights = plane * popcount.outputs + output
          for input in inputs.indices where popcount.mask?[weights, input] ?? true {
            sum += popcount.weights[weights, input] ? scale * inputs[input] : -scale * inputs[input]
          }
        }
        values[index][position * popcount.outputs + output] = sum
      }
    }
  }

  /// Codes → bit planes, level 1 first.
  private func pack(_ index: Int, levels: Int) {
    let codes = values[index]
    let planes = planes[index]
    let words = planes.count / levels
    for word in 0..<words {
      let first = word * 64
      let count = min(64, codes.count - first)
      for level in 0..<levels {
        let shift = levels - 1 - level
        var bits: UInt64 = 0
        for bit in 0..<count {
          bits |= UInt64(truncatingIfNeeded: codes[first + bit] &>> shift & 1) &<< UInt64(bit)
        }
        planes[level * words + word] = bits
      }
    }
  }

  /// s_o = Σ_l g_l · (n_o − 2·popcount(xor(b_l, w_o) ∧ mask_o)). Bits past the last input are 0 in
  /// both codes and weights, so that they never differ.
  private func sum(_ popcount: MaskedPopcount, from source: Int, into index: Int) {
    let weights = levelWeights[source]
    let planes = planes[source].baseAddress
    let differences = differences
    popcount.weights.words.withUnsafeBufferPointer { rows in
      func count(_ masks: UnsafePointer<UInt64>?) {
        resbin_count_differences(
          resbin_best, rows.baseAddress, masks, popcount.weights.rows, popcount.weights.wordsPerRow,
          planes, weights.count, differences.baseAddress)
      }
      if let mask = popcount.mask {
        mask.words.withUnsafeBufferPointer { count($0.baseAddress) }
      } else {
        count(nil)
      }
    }
    let result = values[index]
    activeWeights[index].withUnsafeBufferPointer { active in
      weights.withUnsafeBufferPointer { weights in
        for output in result.indices {
          // Σ_l g_l · Σ_k h_k · (active − 2 · different)
          var sum = 0
          for level in weights.indices {
            var different = 0
            for (plane, scale) in popcount.scales.enumerated() {
              let row = plane * popcount.outputs + output
              different += scale * Int(differences[row * weights.count + level])
            }
            sum += weights[level] * (active[output] - 2 * different)
          }
          result[output] = sum
        }
      }
    }
  }
}

private func zeros<Value: FixedWidthInteger>(_ count: Int) -> UnsafeMutableBufferPointer<Value> {
  let buffer = UnsafeMutableBufferPointer<Value>.allocate(capacity: count)
  buffer.initialize(repeating: 0)
  return buffer
}
