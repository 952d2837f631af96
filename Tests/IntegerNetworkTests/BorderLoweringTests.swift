// SPDX-License-Identifier: Apache-2.0

import GoldenModel
import Modeling
import TestSupport
import Testing

@testable import IntegerNetwork

/// What real numbers round a map become: a code, or no value at all.
@Suite(.tags(.unit)) struct BorderLoweringTests {
  /// The border of a 1×1 convolution's window that reaches one pixel beyond the map.
  private func border(_ value: Double, _ network: (Conv) -> Network, _ parameters: Parameters)
    throws -> MapWindow.Border?
  {
    var parameters = parameters
    parameters["c.weight"] = Tensor(shape: [1, 1, 1, 2], values: [1, 1])
    let conv = Conv(
      1, kernel: Extent(1, 2), padding: .border(top: 0, bottom: 0, left: 1, right: 0, value: value),
      name: "c")
    let graph = try network(conv).lowered(with: parameters)
    for node in graph.nodes where node.name == "c" {
      guard case .popcount(let popcount) = node.operation else { return nil }
      return popcount.window?.border
    }
    return nil
  }

  private func ofPixels(_ value: Double, bits: Int, scale: Double, offset: Double) throws
    -> MapWindow.Border?
  {
    try border(
      value,
      { conv in
        Network(
          "n",
          input: Input(
            Shape(height: 1, width: 2, channels: 1), bits: bits, scale: scale, offset: offset)
        ) { conv }
      }, Parameters())
  }

  @Test func aPixelThatMeansZero() throws {
    #expect(try ofPixels(0, bits: 8, scale: 1, offset: 0) == .code(0))
    #expect(try ofPixels(0, bits: 8, scale: 1.0 / 128, offset: -1) == .code(128))
    #expect(try ofPixels(-1, bits: 8, scale: 1.0 / 128, offset: -1) == .code(0))
    #expect(try ofPixels(1, bits: 1, scale: 2, offset: -1) == .code(1))
  }

  @Test func theMiddleOfTheCodesIsNoValue() throws {
    #expect(try ofPixels(0, bits: 1, scale: 2, offset: -1) == .absent)
    #expect(try ofPixels(127.5, bits: 8, scale: 1, offset: 0) == .absent)
    #expect(try ofPixels(0, bits: 8, scale: 2.0 / 255, offset: -1) == .absent)
  }

  /// A source computes its scales in float32.
  @Test func aFloat32ScaleStillMeetsItsZero() throws {
    let scale = Double(Float(0.1))
    #expect(try ofPixels(0, bits: 4, scale: scale, offset: Double(Float(-0.3))) == .code(3))
  }

  @Test func anotherNumberIsAnError() throws {
    #expect(
      printedError { try ofPixels(0.5, bits: 8, scale: 1, offset: 0) } == """
        error: n.layers[0] (Conv): the border of 0.5 is not a value of the codes that enter; the \
        nearest that they have is 0.0
          hint: pad with 0.0, or scale the input so that 0.5 is one of its values
        """)
    #expect(
      printedError { try ofPixels(7, bits: 2, scale: 1, offset: 0) }.contains(
        "the nearest that they have is 3.0"))
  }

  private func ofCodes(_ value: Double, _ layer: any PrimitiveLayer, _ parameters: Parameters)
    throws -> MapWindow.Border?
  {
    var parameters = parameters
    parameters["first.weight"] = Tensor(shape: [1, 1, 1, 1], values: [1])
    return try border(
      value,
      { conv in
        Network("n", input: .image(1, 2)) {
          Conv(1, kernel: 1, name: "first")
          layer
          conv
        }
      }, parameters)
  }

  @Test(arguments: [(0, nil), (0.75, 3), (0.25, 2), (-0.25, 1), (-0.75, 0)] as [(Double, Int?)])
  func valuesOfAResidualSign(value: Double, code: Int?) throws {
    #expect(
      try ofCodes(
        value, ResidualSign(levels: 2, name: "s"), Parameters(["s.gammas": Tensor([0.5, 0.25])]))
        == code.map { .code($0) } ?? .absent)
  }

  @Test(arguments: [(-1, 0), (0, 1), (1, 2), (2, 3), (0.5, nil)] as [(Double, Int?)])
  func valuesOfAQuantizer(value: Double, code: Int?) throws {
    let layer = Quantizer(scale: 1, offset: -1, zero: [.positive, .positive], name: "q")
    let thresholds = Tensor(shape: [1, 2], values: [0, 1])
    #expect(
      try ofCodes(value, layer, Parameters(["q.thresholds": thresholds]))
        == code.map { .code($0) } ?? .absent)
  }

  /// Gammas that integers do not hold exactly: the border is the trained number.
  @Test func aBorderIsComparedWithTheTrainedNumbers() throws {
    let gammas = [0.7310585, 0.2718281]
    #expect(
      try ofCodes(
        gammas[0] - gammas[1], ResidualSign(levels: 2, name: "s"),
        Parameters(["s.gammas": Tensor(gammas)])) == .code(2))
  }
}
