// SPDX-License-Identifier: Apache-2.0

import Modeling
import TestSupport
import Testing

@Suite(.tags(.unit)) struct ConvTests {
  private static let input = Input.image(7, 5, channels: 4, bits: 8)

  private func error(_ layers: any Layer...) -> String {
    shapeError(Network("n", input: Self.input) { layers })
  }

  @Test func aMapOfCodesBecomesAMapOfSums() throws {
    let network = Network.of(
      Conv(6, kernel: Extent(3, 2), stride: Extent(2, 1), padding: .all(1), groups: 2),
      input: Self.input)
    let features = try network.features()
    #expect(features[1] == Feature(Shape(height: 4, width: 6, channels: 6), .real))
    #expect(
      network.nodes[1].layer.slots(for: features[0]) == [
        ParameterSlot("weight", shape: [6, 2, 3, 2]),
        ParameterSlot("bias", shape: [6], isRequired: false),
      ])
  }

  @Test(arguments: [0, -1, 1 << 25]) func filtersHaveLimits(filters: Int) {
    #expect(
      error(Conv(filters))
        == "error: n.layers[0] (Conv): \(filters) filters; 1…16777216 are supported")
  }

  @Test(arguments: [0, 12, -3, .max]) func kernelsHaveLimits(size: Int) {
    #expect(
      error(Conv(2, kernel: Extent(3, size), padding: .same))
        == "error: n.layers[0] (Conv): the kernel is 3×\(size); 1×1 to 11×11 are supported")
  }

  @Test(arguments: [0, -1, 3, 8]) func groupsDivideTheChannels(groups: Int) {
    #expect(
      error(Conv(6, groups: groups))
        == "error: n.layers[0] (Conv): \(groups) groups do not divide 4 channels and 6 filters")
  }

  @Test(arguments: [Double.nan, .infinity]) func aBorderIsFinite(value: Double) {
    #expect(
      error(Conv(2, padding: .all(1, value: value)))
        == "error: n.layers[0] (Conv): the padding is \(value); a finite number is expected")
  }

  @Test func sumsAreNoCodes() {
    #expect(
      error(Conv(2), Conv(2)) == """
        error: n.layers[1] (Conv): the input is real-valued; a binary layer takes residual codes
          hint: put `Sign()` or `ResidualSign(levels: 2)` before it
        """)
  }

  @Test func weightsAreIntegersOfAScale() {
    let network = Network.of(Conv(1, kernel: Extent(1, 3), name: "c"), input: .image(1, 3))
    func findings(_ values: [Double]) -> String {
      ModelingTests.findings(
        network, Parameters(["c.weight": Tensor(shape: [1, 1, 1, 3], values: values)]))
    }
    #expect(findings([0.5, -0.5, 0]) == "")
    #expect(findings([0.3, -0.1, 1.5]) == "")
    #expect(findings([0.3, -0.1, 1.6]).contains("weight[0, 2] has magnitude 1.6"))
  }
}
