// SPDX-License-Identifier: Apache-2.0

import IntegerNetwork

/// The memory for one image on its way through a graph, allocated once.
final class Workspace {
  let graph: IntegerGraph
  /// Node → its values in stream order.
  var values: [[Int]]
  /// Node → its codes as bit planes, level by level; empty where the node sends no codes.
  private var planes: [[UInt64]]

  init(_ graph: IntegerGraph) {
    self.graph = graph
    values = graph.nodes.map { Array(repeating: 0, count: $0.shape.count) }
    planes = graph.nodes.indices.map { index in
      let words = (graph.nodes[index].shape.count + 63) / 64
      return Array(repeating: 0, count: words * (graph.code(of: index)?.levels ?? 0))
    }
  }

  /// Fills ``values`` with those of `image`.
  func run(_ image: some Collection<UInt8>) {
    for index in graph.nodes.indices {
      let node = graph.nodes[index]
      switch node.operation {
      case .input(let code):
        for (position, value) in image.enumerated() { values[index][position] = Int(value) }
        pack(index, levels: code.levels)
      case .popcount(let popcount):
        sum(popcount, from: node.inputs[0], into: index)
      case .encode(let tree):
        let sums = values[node.inputs[0]]
        for channel in sums.indices {
          values[index][channel] = tree.code(of: sums[channel], channel: channel)
        }
        pack(index, levels: tree.code.levels)
      case .score(let score):
        let sums = values[node.inputs[0]]
        for channel in sums.indices {
          values[index][channel] =
            score.multipliers[channel] * sums[channel]
            + score.offsets[channel]
        }
      case .argMax:
        values[index][0] = argMax(values[node.inputs[0]])
      }
    }
  }

  /// Codes → bit planes, level 1 first.
  private func pack(_ index: Int, levels: Int) {
    values[index].withUnsafeBufferPointer { values in
      planes[index].withUnsafeMutableBufferPointer { planes in
        let words = planes.count / levels
        for level in 0..<levels {
          let shift = levels - 1 - level
          for word in 0..<words {
            var bits: UInt64 = 0
            for bit in word * 64..<min(values.count, word * 64 + 64) {
              bits |= UInt64(truncatingIfNeeded: values[bit] >> shift & 1) << UInt64(bit & 63)
            }
            planes[level * words + word] = bits
          }
        }
      }
    }
  }

  /// s_o = Σ_l g_l · (n_o − 2·popcount(xor(b_l, w_o) ∧ mask_o)). Bits past the last input are 0 in
  /// both codes and weights, so that they never differ.
  private func sum(_ popcount: MaskedPopcount, from source: Int, into index: Int) {
    let levelWeights = graph.code(of: source)?.weights ?? []
    let words = popcount.weights.wordsPerRow
    values[index].withUnsafeMutableBufferPointer { sums in
      planes[source].withUnsafeBufferPointer { planes in
        popcount.weights.words.withUnsafeBufferPointer { weights in
          for output in 0..<popcount.outputs {
            let row = weights.baseAddress.unsafelyUnwrapped + output * words
            var sum = 0
            var active = popcount.inputs
            if let mask = popcount.mask {
              active = mask.count(row: output)
              for level in levelWeights.indices {
                var different = 0
                for word in 0..<words {
                  different +=
                    ((planes[level * words + word] ^ row[word])
                    & mask.words[output * words + word]).nonzeroBitCount
                }
                sum += levelWeights[level] * (active - 2 * different)
              }
            } else {
              for level in levelWeights.indices {
                let plane = planes.baseAddress.unsafelyUnwrapped + level * words
                var different = 0
                for word in 0..<words {
                  different += (plane[word] ^ row[word]).nonzeroBitCount
                }
                sum += levelWeights[level] * (active - 2 * different)
              }
            }
            sums[output] = sum
          }
        }
      }
    }
  }
}
