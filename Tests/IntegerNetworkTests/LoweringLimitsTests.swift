// SPDX-License-Identifier: Apache-2.0

import GoldenModel
import IntegerNetwork
import Modeling
import TestSupport
import Testing

/// Networks at the edges of what the lowering takes.
@Suite(.tags(.unit)) struct LoweringLimitsTests {
  private func scores(scale: [Double], bias: [Double]) throws -> (IntegerGraph, [[Int]]) {
    let network = Network("n", input: .vector(2)) {
      Dense(2, name: "fc")
      BatchNorm(epsilon: 0)
    }
    let graph = try network.lowered(
      with: Parameters([
        "fc.weight": Tensor(shape: [2, 2], values: [1, 1, 1, -1]), "fc_norm.scale": Tensor(scale),
        "fc_norm.bias": Tensor(bias), "fc_norm.mean": Tensor([0, 0]),
        "fc_norm.variance": Tensor([1, 1]),
      ]))
    let golden = GoldenExecutor(graph)
    return (graph, [[0, 0], [0, 1], [1, 0], [1, 1]].map { golden.outputs($0) })
  }

  /// Offsets that are huge beside the slopes take the step with them.
  @Test(arguments: [1e-30, 1e-9, 1e-4, 1, 1e30]) func offsetsBesideAnySlopeAreScores(scale: Double)
    throws
  {
    let (graph, outputs) = try scores(scale: [scale, -scale], bias: [1, -0.5])
    let quantization = try #require(graph.lowering.scores)
    // Sums 2·(±1 ± 1).
    let sums: [[Double]] = [[-2, 0], [0, -2], [0, 2], [2, 0]]
    for (output, sums) in zip(outputs, sums) {
      let real = [scale * sums[0] + 1, -scale * sums[1] - 0.5]
      for (value, real) in zip(output, real) {
        let error = abs(Double(value) * quantization.step - real)
        #expect(error <= quantization.bound + 1e-9 * (1 + abs(real)))
      }
    }
  }

  /// A network that always says the same keeps saying it.
  @Test func constantScoresKeepTheirOrder() throws {
    let (graph, outputs) = try scores(scale: [0, 0], bias: [0.25, 0.5])
    #expect(outputs.allSatisfy { $0[0] < $0[1] })
    let (_, zeros) = try scores(scale: [0, 0], bias: [0, 0])
    #expect(zeros.allSatisfy { $0 == [0, 0] })
    #expect(GoldenExecutor(graph).predictions([0, 0, 1, 1]) == [1, 1])
  }

  @Test(arguments: [0x1p127, -0x1p127, .leastNonzeroMagnitude] as [Double])
  func extremeParametersAreLowered(value: Double) throws {
    _ = try scores(scale: [value, value], bias: [value, -value])
    _ = try scores(scale: [value, 0], bias: [0, value])
  }

  @Test(arguments: [0x1p128, -1e300]) func numbersBeyondFloat32AreAnError(value: Double) {
    #expect(
      printedError { try scores(scale: [1, value], bias: [0, 0]) } == """
        error: n.layers[1] (BatchNorm): parameter 'fc_norm.scale' holds \(value) at position 1; \
        numbers of float32's range are expected
          hint: the training diverged, or the file is damaged
        """)
  }

  @Test func theScoresTakeAnUnusedName() throws {
    let network = Network("n", input: .vector(2)) {
      Dense(2, name: "scores")
      Sign(name: "scores_")
      Dense(2, name: "fc")
    }
    let ones = Tensor(shape: [2, 2], values: [1, 1, 1, 1])
    let graph = try network.lowered(
      with: Parameters(["scores.weight": ones, "fc.weight": ones]))
    #expect(graph.nodes.map(\.name) == ["input", "scores", "scores_", "fc", "scores__"])
  }

  @Test(arguments: [(0, 16, 12), (21, 16, 12), (8, 1, 12), (8, 33, 12), (8, 16, 1), (8, 16, 25)])
  func bitsHaveLimits(gammaBits: Int, scoreBits: Int, mapBits: Int) {
    let network = Network("n", input: .vector(2)) { Dense(1, name: "fc") }
    let parameters = Parameters(["fc.weight": Tensor(shape: [1, 2], values: [1, 1])])
    let options = LoweringOptions(
      gammaBits: gammaBits, scoreBits: scoreBits, mapBits: mapBits)
    #expect(
      printedError { try network.lowered(with: parameters, options: options) } == """
        error: lower n: \(gammaBits) bits for a gamma, \(scoreBits) for a score and \(mapBits) for \
        a map; 1…20, 2…32 and 2…24 are supported
        """)
  }

  @Test func aMapOfRealValuesIsNotFlattened() {
    let network = Network("n", input: .image(2, 1)) {
      Conv(1, kernel: 1, name: "conv")
      Flatten()
      Sign()
    }
    let one = Tensor(shape: [1, 1, 1, 1], values: [1])
    #expect(
      printedError { try network.lowered(with: Parameters(["conv.weight": one])) } == """
        error: n.layers[1] (Flatten): flattening a map of real values is not supported
          hint: flatten after the sign
        """)
  }

  @Test func oneBatchNormALayer() {
    let network = Network("n", input: .vector(2)) {
      Dense(2, name: "fc")
      BatchNorm(name: "a")
      BatchNorm(name: "b")
    }
    var parameters = Parameters(["fc.weight": Tensor(shape: [2, 2], values: [1, 1, 1, 1])])
    for name in ["a", "b"] {
      for slot in ["scale", "bias", "mean", "variance"] { parameters[name, slot] = Tensor([1, 1]) }
    }
    #expect(
      printedError { try network.lowered(with: parameters) } == """
        error: n.layers[2] (BatchNorm): a second batch norm on the same sums; one is supported
          hint: fold the two into one before the export
        """)
  }
}
