// SPDX-License-Identifier: Apache-2.0

import Modeling
import TestSupport
import Testing

/// `ResidualSign` and its one-level form `Sign`.
@Suite(.tags(.unit)) struct ResidualSignTests {
  private func findings(_ gammas: [Double]) -> String {
    var parameters = Parameters.ones(rows: 2, columns: 2)
    parameters["fc_sign.gammas"] = Tensor(gammas)
    return ModelingTests.findings(
      .of(Dense(2, name: "fc"), ResidualSign(levels: gammas.count)), parameters)
  }

  @Test(arguments: 1...4) func sumsBecomeCodes(levels: Int) throws {
    let network = Network.of(Dense(2), ResidualSign(levels: levels))
    #expect(try network.features()[2] == Feature(.vector(2), .code(levels: levels)))
    #expect(
      network.nodes[2].layer.slots(for: try network.features()[1]) == [
        ParameterSlot("gammas", shape: [levels])
      ])
  }

  @Test func aSignIsOneLevelWithoutParameters() throws {
    let network = Network.of(Dense(2, name: "fc"), Sign())
    #expect(try network.features()[2] == Feature(.vector(2), .code(levels: 1)))
    #expect("\(try network.features()[2])" == "2, 1 level")
    #expect(ModelingTests.findings(network, .ones(rows: 2, columns: 2)) == "")
  }

  @Test(arguments: [0, 5, -1]) func oneToFourLevels(levels: Int) {
    #expect(
      shapeError(.of(Dense(2), ResidualSign(levels: levels)))
        == "error: n.layers[1] (ResidualSign): \(levels) levels; 1…4 are supported")
  }

  @Test func codesAreNoSums() {
    let hint = "  hint: put it after `Dense` or `BatchNorm`"
    #expect(
      shapeError(.of(Dense(2), Sign(), ResidualSign(levels: 2, name: "again"))) == """
        error: n.layers[2] (ResidualSign): the input is a residual code already; real sums are \
        expected
        \(hint)
        """)
    #expect(
      shapeError(.of(Sign())) == """
        error: n.layers[0] (Sign): the input is a residual code already; real sums are expected
        \(hint)
        """)
    #expect(
      shapeError(.of(Dense(2), ArgMax(), Sign())) == """
        error: n.layers[2] (Sign): the input is a class index; real sums are expected
        \(hint)
        """)
  }

  @Test(arguments: [[1.0], [1, 0.5], [0.5, 0.5], [2, 1, 0.5, 0.25], [1, 0]])
  func gammasThatDecreaseAreRight(gammas: [Double]) {
    #expect(findings(gammas) == "")
  }

  @Test func gammasAreNotNegative() {
    #expect(
      findings([1, -0.5]) == """
        error: n.layers[1] (ResidualSign): gamma 2 is -0.5; a gamma is at least 0
          hint: a negative gamma swaps the bit's meaning: export its magnitude
        """)
  }

  @Test func oneGammaIsNotZero() {
    #expect(
      findings([0, 0]) == """
        error: n.layers[1] (ResidualSign): every gamma is 0; the layer's output would always be 0
        """)
  }

  @Test(arguments: [(Double.nan, "nan"), (.infinity, "inf")])
  func gammasAreFinite(gamma: Double, text: String) {
    #expect(
      findings([1, gamma]) == """
        error: n.layers[1] (ResidualSign): parameter 'fc_sign.gammas' holds \(text) at position 1; \
        finite numbers are expected
          hint: the training diverged, or the file is damaged
        """)
  }

  @Test func gammasAreExpectedToDecrease() {
    #expect(
      findings([0.5, 0.25, 0.75]) == """
        warning: n.layers[1] (ResidualSign): gamma 3 (0.75) is larger than gamma 2 (0.25); residual \
        levels are expected to decrease
          hint: train with gammas that decrease by construction
        """)
  }

  @Test func codesInAnotherOrderThanValuesAreWarnedOf() {
    #expect(
      findings([1, 0.75, 0.5]) == """
        warning: n.layers[1] (ResidualSign): gamma 1 (1.0) is less than the sum of the later ones \
        (1.25); the codes are not ordered as their values: pooling codes would differ from pooling \
        values
        """)
  }
}
