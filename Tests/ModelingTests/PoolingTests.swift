// SPDX-License-Identifier: Apache-2.0

import Modeling
import TestSupport
import Testing

@Suite(.tags(.unit)) struct PoolingTests {
  private static let input = Input.image(6, 4, channels: 3, bits: 2)

  private func features(_ layers: any Layer...) throws -> Feature? {
    try Network("n", input: Self.input) { layers }.features().last
  }

  @Test func theLargestKeepsWhatItIs() throws {
    #expect(
      try features(MaxPool(2))
        == Feature(Shape(height: 3, width: 2, channels: 3), .code(levels: 2)))
    #expect(
      try features(Conv(5, kernel: 1), MaxPool(Extent(3, 2), stride: 1))
        == Feature(Shape(height: 4, width: 3, channels: 5), .real))
    #expect(
      try features(MaxPool(3, stride: 2, padding: .all(1)))
        == Feature(Shape(height: 3, width: 2, channels: 3), .code(levels: 2)))
  }

  @Test func aMeanIsReal() throws {
    #expect(
      try features(AveragePool(2)) == Feature(Shape(height: 3, width: 2, channels: 3), .real))
    #expect(try features(GlobalAveragePool()) == Feature(.vector(3), .real))
    #expect(try features(Conv(5, kernel: 1), GlobalAveragePool()) == Feature(.vector(5), .real))
  }

  @Test func sumsAreAveragedWithoutABorder() throws {
    let pool = AveragePool(2, stride: 2, padding: .all(1))
    #expect(try features(pool) == Feature(Shape(height: 4, width: 3, channels: 3), .real))
    #expect(
      shapeError(.of(Conv(1, kernel: 1), pool, input: Self.input)) == """
        error: n.layers[1] (AveragePool): an average of real sums with padding is not supported
          hint: average after the sign, or without padding
        """)
  }

  @Test(arguments: [Double.nan, .infinity]) func aBorderThatCountsIsFinite(value: Double) {
    #expect(
      shapeError(.of(AveragePool(2, padding: .all(1, value: value)), input: Self.input)) == """
        error: n.layers[0] (AveragePool): the padding is \(value); a finite number is expected
        """)
  }

  @Test func aClassIsNotPooled() {
    for layer in [MaxPool(1), AveragePool(1), GlobalAveragePool()] as [any Layer] {
      #expect(
        shapeError(.of(Dense(2), ArgMax(), layer)).contains(
          "the input is a class index; a map is expected\n  hint: put `ArgMax()` last"))
    }
  }

  @Test func aPoolFits() {
    #expect(
      shapeError(.of(MaxPool(5), input: Self.input)) == """
        error: n.layers[0] (MaxPool): the 5×5 kernel does not fit into the 6×4 map
          hint: the input is a 6×4×3 map
        """)
  }
}
