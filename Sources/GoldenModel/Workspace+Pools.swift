// SPDX-License-Identifier: Apache-2.0

import IntegerNetwork
import Modeling
import PopcountKernels

extension Workspace {
  /// The largest code of each channel in each window, 64 channels at a time.
  func poolCodes(_ places: WindowPlaces, from source: NodeValues, into result: NodeValues) {
    let words = source.pixelWords
    let largest = pixels.start
    let next = largest + source.levels * words
    places.forEachPosition { position, row, column in
      var isFirst = true
      places.forEachPixel(row, column) { pixel in
        source.read(pixel: pixel, into: isFirst ? largest : next)
        if !isFirst { keepLargest(largest, next, levels: source.levels, words: words) }
        isFirst = false
      }
      result.write(pixel: position, from: largest)
    }
  }

  /// Codes as unsigned integers: the first bit that differs decides.
  private func keepLargest(
    _ largest: UnsafeMutablePointer<UInt64>, _ next: UnsafePointer<UInt64>, levels: Int, words: Int
  ) {
    for word in 0..<words {
      var undecided = UInt64.max
      var isNext: UInt64 = 0
      for level in 0..<levels {
        let position = level * words + word
        let differs = largest[position] ^ next[position]
        isNext |= undecided & differs & next[position]
        undecided &= ~differs
        largest[position] ^= differs & isNext
      }
    }
  }

  /// Numbers of each channel in each window, combined.
  @inline(__always)
  func poolNumbers(
    _ places: WindowPlaces, from source: NodeValues, into result: NodeValues,
    _ combine: (Int64, Int64) -> Int64
  ) {
    places.forEachPosition { position, row, column in
      let total = result.numbers + position * result.stride
      var isFirst = true
      places.forEachPixel(row, column) { pixel in
        let next = source.numbers + pixel * source.stride
        for channel in 0..<source.stride {
          total[channel] = isFirst ? next[channel] : combine(total[channel], next[channel])
        }
        isFirst = false
      }
    }
  }

  /// The sum of the values of each channel in each window: Σ g_l · (2·b_l − 1), and the border's.
  func addCodes(
    _ places: WindowPlaces, border: Int, code: ResidualCode, from source: NodeValues,
    into result: NodeValues
  ) {
    let taps = places.kernel.height * places.kernel.width
    places.forEachPosition { position, row, column in
      let inside = row.inside.count * column.inside.count
      let total = result.numbers + position * result.stride
      total.update(
        repeating: Int64((taps - inside) * border - inside * code.range), count: result.stride)
      places.forEachPixel(row, column) { pixel in
        source.read(pixel: pixel, into: pixels.start)
        for (level, weight) in code.weights.enumerated() {
          let bits = pixels.start + level * source.pixelWords
          for channel in 0..<source.shape.channels {
            total[channel] &+=
              Int64(2 * weight) & -Int64(bits[channel / 64] >> UInt64(channel % 64) & 1)
          }
        }
      }
    }
  }
}
