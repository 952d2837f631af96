// SPDX-License-Identifier: Apache-2.0

import Modeling
import TestSupport
import Testing

@Suite(.tags(.unit)) struct ArgMaxTests {
  @Test func scoresBecomeAnIndex() throws {
    let features = try Network.of(Dense(5), BatchNorm(), ArgMax()).features()
    #expect(features[3] == Feature(.vector(1), .index))
    #expect("\(features[3])" == "class index")
  }

  @Test func codesAreNoScores() {
    #expect(
      shapeError(.of(ArgMax())) == """
        error: n.layers[0] (ArgMax): the input is 2, 1 level; a vector of real scores is expected
          hint: put it after the last `Dense` or `BatchNorm`
        """)
  }

  @Test func oneIsEnough() {
    #expect(
      shapeError(.of(Dense(2), ArgMax(), ArgMax(name: "again"))) == """
        error: n.layers[2] (ArgMax): the input is class index; a vector of real scores is expected
          hint: put it after the last `Dense` or `BatchNorm`
        """)
  }
}
