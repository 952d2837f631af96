// SPDX-License-Identifier: Apache-2.0

import Modeling
import TestSupport
import Testing

@Suite(.tags(.unit)) struct BatchNormTests {
  private func findings(_ variance: [Double], epsilon: Double = 1e-5) -> String {
    var parameters = Parameters.ones(rows: 2, columns: 2)
    for slot in ["scale", "bias", "mean"] { parameters["fc_norm", slot] = Tensor([1, 1]) }
    parameters["fc_norm.variance"] = Tensor(variance)
    return ModelingTests.findings(
      .of(Dense(2, name: "fc"), BatchNorm(epsilon: epsilon)), parameters)
  }

  @Test func sumsStaySums() throws {
    let network = Network.of(Dense(2), BatchNorm())
    #expect(try network.features()[2] == Feature(.vector(2), .real))
    #expect(
      network.nodes[2].layer.slots(for: try network.features()[1])
        == ["scale", "bias", "mean", "variance"].map { ParameterSlot($0, shape: [2]) })
  }

  @Test func codesAreNoSums() {
    let hint = "  hint: put `BatchNorm()` directly after `Dense`"
    #expect(
      shapeError(.of(BatchNorm())) == """
        error: n.layers[0] (BatchNorm): the input is a residual code; the sums of a linear layer \
        are expected
        \(hint)
        """)
    #expect(
      shapeError(.of(Dense(2), ArgMax(), BatchNorm())) == """
        error: n.layers[2] (BatchNorm): the input is a class index; the sums of a linear layer are \
        expected
        \(hint)
        """)
  }

  @Test func aPositiveVarianceIsRight() {
    #expect(findings([1, 0.25]) == "")
    #expect(findings([0, 1]) == "")
    #expect(findings([1, 2], epsilon: 0) == "")
    #expect(findings([2, 2], epsilon: -1) == "")
  }

  @Test func varianceAndEpsilonArePositive() {
    #expect(
      findings([1, -1]) == """
        error: n.layers[1] (BatchNorm): variance[1] + epsilon is \(-1 + 1e-5); it must be positive
        """)
    #expect(
      findings([0, 0], epsilon: 0) == """
        error: n.layers[1] (BatchNorm): variance[0] + epsilon is 0.0; it must be positive
        """)
  }

  @Test(arguments: [(Double.nan, "nan"), (.infinity, "inf")])
  func epsilonIsFinite(epsilon: Double, text: String) {
    #expect(
      findings([1, 1], epsilon: epsilon) == """
        error: n.layers[1] (BatchNorm): epsilon is \(text); a finite number is expected
        """)
  }
}
