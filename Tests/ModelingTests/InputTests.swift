// SPDX-License-Identifier: Apache-2.0

import Modeling
import TestSupport
import Testing

@Suite(.tags(.unit)) struct InputTests {
  private func error(_ input: Input) -> String {
    shapeError(Network("n", input: input) { Flatten() })
  }

  @Test(arguments: 1...8) func valuesSpanMinusOneToOne(bits: Int) throws {
    for input in [Input.image(2, 3, channels: 4, bits: bits), .vector(24, bits: bits)] {
      #expect(input.offset == -1)
      #expect(input.scale * Double((1 << bits) - 1) + input.offset == 1)
      let features = try Network("n", input: input) { Flatten() }.features()
      #expect(features[0].values == .code(levels: bits))
      #expect(features[0].shape.count == 24)
    }
  }

  @Test func imagesAndVectorsHaveTheirShapes() {
    #expect(Input.image(28, 27).shape == Shape(height: 28, width: 27, channels: 1))
    #expect(Input.image(28, 27).bits == 8)
    #expect("\(Input.image(28, 27, channels: 3).shape)" == "28×27×3")
    #expect(Input.vector(7).shape == .vector(7))
    #expect("\(Input.vector(7).shape)" == "7")
    #expect(Input.vector(7).bits == 1)
  }

  @Test(arguments: [0, 9, -1, 64, Int.max])
  func oneToEightBits(bits: Int) {
    #expect(
      error(.image(2, 2, bits: bits)) == """
        error: n.input: \(bits) bits a value; 1…8 are supported
          hint: scale the values to 8 bits before they enter
        """)
  }

  @Test(arguments: [(0, 2, 3), (2, 0, 3), (2, 2, 0), (-1, 2, 3)])
  func everySizeIsPositive(height: Int, width: Int, channels: Int) {
    #expect(
      error(.image(height, width, channels: channels)) == """
        error: n.input: the shape \(height)×\(width)×\(channels) has no values; every size must \
        be positive
        """)
  }

  @Test(arguments: [
    (1 << 12, 1 << 12, 2), (1 << 25, 1, 1), (1, 1 << 62, 2), (Int.max, Int.max, Int.max),
  ])
  func sizesHaveALimit(height: Int, width: Int, channels: Int) {
    let input = Input.image(height, width, channels: channels)
    #expect(
      error(input) == """
        error: n.input: the shape \(input.shape) has more than 16777216 values
          hint: check the sizes; the file may be damaged
        """)
  }

  @Test func theLargestMapFits() {
    #expect(error(.image(1 << 12, 1 << 12)) == "no error")
  }

  @Test(arguments: [
    (0.0, 0.0, "0.0 and offset 0.0"), (.nan, 0, "nan and offset 0.0"),
    (1, .infinity, "1.0 and offset inf"), (-.infinity, 0, "-inf and offset 0.0"),
    (1, 0x1p128, "1.0 and offset 3.402823669209385e+38"), (1e300, 0, "1e+300 and offset 0.0"),
  ])
  func scaleAndOffsetAreNumbers(scale: Double, offset: Double, text: String) {
    #expect(
      error(Input(.vector(2), bits: 1, scale: scale, offset: offset)) == """
        error: n.input: scale \(text); numbers of float32's range are expected, the scale not zero
        """)
  }

  @Test func aNegativeScaleIsAScale() {
    #expect(error(Input(.vector(2), bits: 1, scale: -1, offset: 0)) == "no error")
  }
}
