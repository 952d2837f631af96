// SPDX-License-Identifier: Apache-2.0

import Modeling
import TestSupport
import Testing

@Suite(.tags(.unit)) struct FlattenTests {
  @Test func aMapBecomesAVector() throws {
    let features = try Network.of(Flatten(), input: .image(2, 3, channels: 4, bits: 8)).features()
    #expect(features[1] == Feature(.vector(24), .code(levels: 8)))
  }

  @Test func channelsLastIsTheOrderOfTheStream() {
    let shape = Shape(height: 2, width: 3, channels: 4)
    #expect(Flatten().sources(of: shape) == Array(0..<24))
  }

  @Test func channelsFirstPutsChannelsApart() {
    // Stream: (y, x, c), c fastest; vector: (c, y, x).
    let shape = Shape(height: 1, width: 2, channels: 3)
    #expect(Flatten(.channelsFirst).sources(of: shape) == [0, 2, 4, 1, 3, 5])
  }

  @Test(arguments: [(1, 1, 5), (2, 3, 1), (3, 2, 4), (1, 7, 2)])
  func everyPositionIsUsedOnce(height: Int, width: Int, channels: Int) {
    let shape = Shape(height: height, width: width, channels: channels)
    let sources = Flatten(.channelsFirst).sources(of: shape)
    #expect(sources.sorted() == Array(0..<shape.count))
    for y in 0..<height {
      for x in 0..<width {
        for channel in 0..<channels {
          let position = (y * width + x) * channels + channel
          #expect(sources[position] == (channel * height + y) * width + x)
        }
      }
    }
  }

  @Test func aClassIndexIsNoMap() {
    #expect(
      shapeError(.of(Dense(2), ArgMax(), Flatten())) == """
        error: n.layers[2] (Flatten): the input is a class index; a map is expected
          hint: put `ArgMax()` last
        """)
  }
}
