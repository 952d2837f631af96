// SPDX-License-Identifier: Apache-2.0

import Modeling
import TestSupport
import Testing

@Suite(.tags(.unit)) struct QuantizerTests {
  private func quantizer(_ thresholds: Int, scale: Double = 1, offset: Double = 0) -> Quantizer {
    Quantizer(
      scale: scale, offset: offset, zero: Array(repeating: .positive, count: max(0, thresholds)),
      name: "q")
  }

  @Test(arguments: [(1, 1), (2, 2), (3, 2), (4, 3), (7, 3), (8, 4), (15, 4)])
  func thresholdsNeedBits(thresholds: Int, levels: Int) throws {
    let network = Network.of(Dense(3), quantizer(thresholds))
    let features = try network.features()
    #expect(features[2] == Feature(.vector(3), .code(levels: levels)))
    #expect(
      network.nodes[2].layer.slots(for: features[1]) == [
        ParameterSlot("thresholds", shape: [3, thresholds])
      ])
  }

  @Test(arguments: [0, 16, 400]) func thresholdsHaveLimits(thresholds: Int) {
    #expect(
      shapeError(.of(Dense(3), quantizer(thresholds)))
        == "error: n.layers[1] (Quantizer): \(thresholds) thresholds; 1…15 (1 to 4 bits) are "
        + "supported")
  }

  @Test(
    arguments: [(0, 0), (-1, 0), (.nan, 0), (.infinity, 0), (1, .nan), (1, 0x1p128)]
      as [(Double, Double)])
  func scaleAndOffsetAreNumbers(scale: Double, offset: Double) {
    #expect(
      shapeError(.of(Dense(3), quantizer(1, scale: scale, offset: offset))) == """
        error: n.layers[1] (Quantizer): scale \(scale) and offset \(offset); numbers of float32's \
        range are expected, the scale positive
        """)
  }

  @Test func codesAreNotQuantized() {
    #expect(
      shapeError(.of(quantizer(3))).contains(
        "the input is a residual code already; real sums are expected"))
  }

  @Test func thresholdsAscend() {
    let network = Network.of(Dense(2, name: "fc"), quantizer(3))
    func findings(_ values: [Double]) -> String {
      var parameters = Parameters.ones(rows: 2, columns: 2)
      parameters["q.thresholds"] = Tensor(shape: [2, 3], values: values)
      return ModelingTests.findings(network, parameters)
    }
    #expect(findings([1, 1, 2, -5, -4, 0]) == "")
    #expect(
      findings([1, 1, 2, -5, -6, 0]) == """
        error: n.layers[1] (Quantizer): thresholds[1, 1] is -6.0, the one before it -5.0; ascending \
        thresholds are expected
        """)
  }
}
