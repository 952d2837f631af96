// SPDX-License-Identifier: Apache-2.0

import Diagnostics
import Modeling
import TestSupport
import Testing

/// The trained numbers: presence, shapes, finite values.
@Suite(.tags(.unit)) struct ParametersTests {
  private let network = Network.of(Dense(2, name: "fc"))

  @Test func parametersThatFitGiveNoWarning() {
    #expect(findings(network, .ones(rows: 2, columns: 2)) == "")
  }

  @Test func aMissingParameterIsNamedWithItsShape() {
    #expect(
      findings(network, Parameters()) == """
        error: n.layers[0] (Dense): parameter 'fc.weight' is missing; a tensor of shape [2, 2] is \
        expected
        """)
  }

  @Test func everyMissingParameterIsNamed() {
    let network = Network.of(Dense(2, name: "fc"), BatchNorm(), ResidualSign(levels: 2))
    let names = findings(network, Parameters()).split(separator: "\n").compactMap {
      $0.split(separator: "'").dropFirst().first
    }
    #expect(
      names == [
        "fc.weight", "fc_norm.scale", "fc_norm.bias", "fc_norm.mean", "fc_norm.variance",
        "fc_sign.gammas",
      ])
  }

  @Test(arguments: [[3, 2], [2, 3], [4], [2, 2, 1], []])
  func aShapeMustBeTheLayers(shape: [Int]) {
    let values = Array(repeating: 1.0, count: shape.reduce(1, *))
    #expect(
      findings(network, Parameters(["fc.weight": Tensor(shape: shape, values: values)])) == """
        error: n.layers[0] (Dense): parameter 'fc.weight' has shape \(shape) and \(values.count) \
        values; shape [2, 2] is expected
        """)
  }

  @Test func valuesMustFillTheShape() {
    let tensor = Tensor(shape: [2, 2], values: [1, 1, 1])
    #expect(
      findings(network, Parameters(["fc.weight": tensor])) == """
        error: n.layers[0] (Dense): parameter 'fc.weight' has shape [2, 2] and 3 values; shape \
        [2, 2] is expected
        """)
  }

  @Test(arguments: [(Double.nan, "nan"), (.infinity, "inf"), (-.infinity, "-inf")])
  func valuesAreFinite(value: Double, text: String) {
    let tensor = Tensor(shape: [2, 2], values: [1, 1, value, 1])
    #expect(
      findings(network, Parameters(["fc.weight": tensor])) == """
        error: n.layers[0] (Dense): parameter 'fc.weight' holds \(text) at position 2; finite \
        numbers are expected
          hint: the training diverged, or the file is damaged
        """)
  }

  @Test(arguments: [0x1p128, -1e300]) func valuesAreOfFloat32sRange(value: Double) {
    let tensor = Tensor(shape: [2, 2], values: [value, 1, 1, 1])
    #expect(
      findings(network, Parameters(["fc.weight": tensor])) == """
        error: n.layers[0] (Dense): parameter 'fc.weight' holds \(value) at position 0; numbers of \
        float32's range are expected
          hint: the training diverged, or the file is damaged
        """)
    let largest = Double(Float.greatestFiniteMagnitude)
    let right = Tensor(shape: [2, 2], values: [largest, -largest, 1, 1])
    #expect(findings(network, Parameters(["fc.weight": right])) == "")
  }

  @Test func unusedParametersAreWarnedOf() {
    var parameters = Parameters.ones(rows: 2, columns: 2)
    parameters["fc.weights"] = Tensor([1])
    parameters["aux", "scale"] = Tensor([1])
    #expect(
      findings(network, parameters) == """
        warning: n: parameter 'aux.scale' belongs to no layer; it is unused
        warning: n: parameter 'fc.weights' belongs to no layer; it is unused
        """)
  }

  @Test func errorsComeWithTheWarnings() {
    #expect(
      findings(network, Parameters(["fc.gain": Tensor([1])])) == """
        error: n.layers[0] (Dense): parameter 'fc.weight' is missing; a tensor of shape [2, 2] is \
        expected
        warning: n: parameter 'fc.gain' belongs to no layer; it is unused
        """)
  }

  /// Where a layer is broken its parameters are unknown, not unused.
  @Test func aBrokenLayerLeavesNothingUnused() {
    #expect(
      findings(.of(Dense(0, name: "fc")), .ones(rows: 2, columns: 2)) == """
        error: n.layers[0] (Dense): 0 outputs; at least 1 is expected
        error: n.layers[0] (Dense): parameter 'fc.weight' has shape [2, 2] and 4 values; shape \
        [0, 2] is expected
        """)
  }

  @Test func tensorsAreFoundByLayerAndSlot() {
    var parameters = Parameters(["fc.weight": Tensor([1])])
    #expect(parameters["fc", "weight"] == parameters["fc.weight"])
    parameters["fc", "bias"] = Tensor([2, 3])
    #expect(parameters["fc.bias"] == Tensor(shape: [2], values: [2, 3]))
    #expect(parameters["fc", "mask"] == nil)
  }
}
