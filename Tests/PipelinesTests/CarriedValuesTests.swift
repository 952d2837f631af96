// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import Pipelines

@Suite(.tags(.unit)) struct CarriedValuesTests {
  @Test func directValuesAreTwosComplement() {
    let carried = CarriedValues(node: 0, encodings: [.direct])
    #expect(carried.lane(5, channel: 0, bits: 3, mode: 0) == 5)
    #expect(carried.lane(-1, channel: 0, bits: 4, mode: 0) == 15)
    #expect(carried.lane(-8, channel: 3, bits: 4, mode: 0) == 8)
    #expect(carried.lane(-1, channel: 0, bits: 64, mode: 0) == .max)
    #expect(carried.lane(.min, channel: 0, bits: 64, mode: 0) == 1 << 63)
    #expect(carried.lane(0, channel: 0, bits: 1, mode: 0) == 0)
  }

  /// A sum of n signs is n − 2d: its lane counts the signs that are +1.
  @Test(arguments: [0, 1, 7, 300]) func sumsArePopcounts(active: Int) {
    let carried = CarriedValues(node: 0, encodings: [.sum(SumLanes(offsets: [99, active]))])
    for positive in 0...active {
      let sum = positive - (active - positive)
      #expect(carried.lane(sum, channel: 1, bits: 9, mode: 0) == UInt64(positive))
    }
  }

  /// A border without values may leave a sum of any parity: the lane is the sum and its offset.
  @Test func doubledSumsAreWhole() {
    let carried = CarriedValues(
      node: 0, encodings: [.sum(SumLanes(offsets: [5], isDoubled: true))])
    for sum in -5...5 {
      #expect(carried.lane(sum, channel: 0, bits: 5, mode: 0) == UInt64(sum + 5))
    }
  }
}
