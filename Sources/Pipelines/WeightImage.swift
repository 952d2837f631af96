// SPDX-License-Identifier: Apache-2.0

import Cores
import Folding
import IntegerNetwork

extension MemoryImage {
  /// The weights or mask of a folded layer, as its matrix unit reads them: word
  /// group · words + word holds, for unit u and lane i, at bit u · lanes + i, synapse
  /// word · lanes + i of neuron group · units + u.
  init(parameter: String, _ bits: BitMatrix, _ fold: LayerFold) {
    let words = bits.columns / fold.lanes
    let groups = bits.rows / fold.units
    let width = fold.units * fold.lanes
    var contents: [[UInt64]] = []
    var comments: [String] = []
    contents.reserveCapacity(groups * words)
    comments.reserveCapacity(groups * words)
    for group in 0..<groups {
      for word in 0..<words {
        var limbs = Array(repeating: UInt64(0), count: (width + 63) / 64)
        for unit in 0..<fold.units {
          bits.copy(
            row: group * fold.units + unit, from: word * fold.lanes, count: fold.lanes,
            to: &limbs, at: unit * fold.lanes)
        }
        contents.append(limbs)
        comments.append(
          "neurons \(span(group * fold.units, fold.units)), "
            + "synapses \(span(word * fold.lanes, fold.lanes))")
      }
    }
    self.init(parameter: parameter, width: width, words: contents, comments: comments)
  }
}

private func span(_ first: Int, _ count: Int) -> String {
  count == 1 ? "\(first)" : "\(first)...\(first + count - 1)"
}

extension BitMatrix {
  /// Copies `count` bits of a row into limbs, at any bit.
  fileprivate func copy(
    row: Int, from first: Int, count: Int, to limbs: inout [UInt64], at start: Int
  ) {
    var done = 0
    while done < count {
      let source = first + done
      let target = start + done
      let room = min(64 - source & 63, 64 - target & 63, count - done)
      let mask: UInt64 = room == 64 ? .max : (1 << UInt64(room)) - 1
      let bits = words[row * wordsPerRow + source >> 6] >> UInt64(source & 63) & mask
      limbs[target >> 6] |= bits << UInt64(target & 63)
      done += room
    }
  }
}
