// SPDX-License-Identifier: Apache-2.0

import IntegerNetwork
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
      return (0..<popcount.outputs).map { popcount.activeWeights(of: $0) }
    }
    differences = zeros((values.map(\.count).max() ?? 0) * (levels.max() ?? 0))
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
        sum(popcount, from: node.inputs[0], into: index)
      case .encode(let tree):
        for channel in source.indices {
          result[channel] = tree.code(of: source[channel], channel: channel)
        }
        pack(index, levels: tree.code.levels)
      case .score(let score):
        for channel in source.indices {
          result[channel] = score.multipliers[channel] * source[channel] + score.offsets[channel]
        }
      case .argMax:
        result[0] = argMax(source)
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
          resbin_best, rows.baseAddress, masks, popcount.outputs, popcount.weights.wordsPerRow,
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
          var sum = 0
          for level in weights.indices {
            let different = Int(differences[output * weights.count + level])
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
