// SPDX-License-Identifier: Apache-2.0

import Modeling
import TestSupport
import Testing

@Suite(.tags(.unit)) struct DenseTests {
  @Test func aVectorOfCodesBecomesSums() throws {
    let network = Network.of(Dense(3), input: .vector(5, bits: 4))
    #expect(try network.features()[1] == Feature(.vector(3), .real))
    #expect(
      network.nodes[1].layer.slots(for: try network.features()[0]) == [
        ParameterSlot("weight", shape: [3, 5]),
        ParameterSlot("bias", shape: [3], isRequired: false),
      ])
  }

  @Test(arguments: [0, -3]) func aLayerHasOutputs(units: Int) {
    #expect(
      shapeError(.of(Dense(units)))
        == "error: n.layers[0] (Dense): \(units) outputs; at least 1 is expected")
  }

  @Test func outputsHaveALimit() {
    #expect(
      shapeError(.of(Dense(.max)))
        == "error: n.layers[0] (Dense): \(Int.max) outputs; at most 16777216 are supported")
  }

  @Test func anImageMustBeFlattened() {
    #expect(
      shapeError(.of(Dense(2), input: .image(2, 3))) == """
        error: n.layers[0] (Dense): the input is a 2×3×1 map; a vector is expected
          hint: put `Flatten()` before it
        """)
  }

  @Test func realsAreNoCodes() {
    #expect(
      shapeError(.of(Dense(2), Dense(2))) == """
        error: n.layers[1] (Dense): the input is real-valued; a binary layer takes residual codes
          hint: put `Sign()` or `ResidualSign(levels: 2)` before it
        """)
  }

  @Test func aClassIndexIsNoCode() {
    #expect(
      shapeError(.of(Dense(2), ArgMax(), Dense(2))) == """
        error: n.layers[2] (Dense): the input is a class index; a binary layer takes residual codes
          hint: put `Sign()` or `ResidualSign(levels: 2)` before it
        """)
  }

  @Test func aRowHasOneMagnitude() {
    let network = Network.of(Dense(2, name: "fc"), input: .vector(3))
    func findings(_ values: [Double]) -> String {
      ModelingTests.findings(
        network, Parameters(["fc.weight": Tensor(shape: [2, 3], values: values)]))
    }
    #expect(findings([1, -1, 1, 0.5, 0.5, -0.5]) == "")
    #expect(findings([0, 0, 0, 0, -2, 0]) == "")
    #expect(findings([1, 1, 1, 0.5, 0, -0.25]) == "")
    #expect(findings([3, -2, 15, 0.1, 0.25, -0.15]) == "")
    #expect(
      findings([1, 1, 1, 0.5, 0, -0.31]) == """
        error: n.layers[0] (Dense): weight[1, 0] has magnitude 0.5, others of that row 0.31; a row \
        holds −α, 0 and +α, or integers up to 15 times α, only
          hint: binarise the weights before the export
        """)
  }

  @Test func aBiasHasAValueAnOutput() {
    var parameters = Parameters.ones(rows: 2, columns: 2)
    parameters["fc.bias"] = Tensor([1, 2])
    let network = Network.of(Dense(2, name: "fc"))
    #expect(findings(network, parameters) == "")
    parameters["fc.bias"] = Tensor([1])
    #expect(
      findings(network, parameters) == """
        error: n.layers[0] (Dense): parameter 'fc.bias' has shape [1] and 1 values; shape [2] is \
        expected
        """)
  }
}
