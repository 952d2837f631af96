// SPDX-License-Identifier: Apache-2.0

import BigInt
import Foundation
import GoldenModel
import Modeling
import TestSupport
import Testing

@testable import IntegerNetwork

@Suite(.tags(.unit)) struct LoweringTests {
  /// The lowering against the layers' own equations, evaluated in floating point on numbers for
  /// which floating point is exact.
  @Test(arguments: 0..<40) func equalsTheEquations(seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    let trained = RandomNetwork.make(using: &random, exact: true)
    let graph = try trained.network.lowered(
      with: trained.parameters, options: LoweringOptions(gammaBits: 12, scoreBits: 32))
    for code in graph.lowering.codes { #expect(code.bound == 0, "seed \(seed): \(code)") }
    let golden = GoldenExecutor(graph)
    for _ in 0..<10 {
      let image = RandomNetwork.image(for: trained.network, using: &random)
      let expected = RealReference.run(trained, image: image)
      let trace = golden.trace(image)
      for (index, node) in graph.nodes.enumerated() {
        if let codes = expected.codes[node.name] {
          #expect(trace[index] == codes, "seed \(seed), \(node.name)")
        }
        if case .score(let score) = node.operation {
          for (value, real) in zip(trace[index], expected.reals) {
            let bound = (graph.lowering.scores?.bound ?? 0) + 1e-9 * (1 + abs(real))
            #expect(abs(Double(value) * score.step - real) <= bound, "seed \(seed)")
          }
        }
      }
    }
  }

  @Test func signOfZeroFollowsTheRule() throws {
    for (zero, bit) in [(ZeroRule.positive, 1), (.negative, 0)] {
      let network = Network("n", input: .vector(2, bits: 1)) {
        Dense(1, name: "fc")
        Sign(zero: zero)
      }
      let parameters = Parameters(["fc.weight": Tensor(shape: [1, 2], values: [1, 1])])
      let golden = GoldenExecutor(try network.lowered(with: parameters))
      #expect(golden.outputs([0, 1]) == [bit])
      #expect(golden.outputs([1, 1]) == [1])
      #expect(golden.outputs([0, 0]) == [0])
    }
  }

  @Test func negativeAndZeroScales() throws {
    let network = Network("n", input: .vector(3, bits: 1)) {
      Dense(4, name: "fc")
      BatchNorm(epsilon: 0)
      Sign()
    }
    let parameters = Parameters([
      "fc.weight": Tensor(shape: [4, 3], values: Array(repeating: 1, count: 12)),
      "fc_norm.scale": Tensor([1, -1, 0, 0]),
      "fc_norm.bias": Tensor([0, 0, 0.5, -0.5]),
      "fc_norm.mean": Tensor([1, 1, 7, 7]),
      "fc_norm.variance": Tensor([2, 2, 2, 2]),
    ])
    let graph = try network.lowered(with: parameters)
    #expect(graph.lowering.flippedChannels == 1)
    #expect(graph.lowering.constantChannels == 2)
    let golden = GoldenExecutor(graph)
    // Sums 3, 1, −1: x = (s − 1)/√2 and −(s − 1)/√2; at s = 1 both are zero, and zero is +1.
    #expect(golden.outputs([1, 1, 1]) == [1, 0, 1, 0])
    #expect(golden.outputs([1, 1, 0]) == [1, 1, 1, 0])
    #expect(golden.outputs([1, 0, 0]) == [0, 1, 1, 0])
  }

  /// Of two batch norms one may have a root: variance + epsilon other than 1.
  @Test(arguments: [["a", "b"], ["b", "a"]])
  func aBatchNormWithoutARootJoinsAnother(order: [String]) throws {
    let network = Network("n", input: .vector(4, bits: 1)) {
      Dense(1, name: "fc")
      for name in order { BatchNorm(epsilon: 0, name: name) }
      Sign()
    }
    let numbers: [String: [String: Double]] = [
      "a": ["scale": 6, "mean": 0.5, "bias": 1, "variance": 4],
      "b": ["scale": -1, "mean": -0.25, "bias": 2.5, "variance": 1],
    ]
    var parameters = Parameters(["fc.weight": Tensor(shape: [1, 4], values: [1, 1, 1, 1])])
    for (name, slots) in numbers {
      for (slot, value) in slots { parameters[name, slot] = Tensor([value]) }
    }
    let golden = GoldenExecutor(try network.lowered(with: parameters))
    for ones in 0...4 {
      var x = Double(2 * ones - 4)
      for name in order {
        let norm = numbers[name] ?? [:]
        x =
          (norm["scale"] ?? 0) * (x - (norm["mean"] ?? 0))
          / (norm["variance"] ?? 1).squareRoot() + (norm["bias"] ?? 0)
      }
      let image = (0..<4).map { UInt8($0 < ones ? 1 : 0) }
      #expect(golden.outputs(image) == [x >= 0 ? 1 : 0], "\(ones) ones")
    }
  }

  @Test func thresholdsAreExactAtAnIrrationalBoundary() throws {
    // x = (s − mean)/√variance ≥ 0.5 with mean chosen one unit in the last place on each side of
    // the exact boundary s − 0.5·√2 at s = 1.
    let exact = 1 - 0.5 * 2.0.squareRoot()
    for (mean, bit) in [(exact.nextDown, 1), (exact.nextUp.nextUp, 0)] {
      let network = Network("n", input: .vector(1, bits: 1)) {
        Dense(1, name: "fc")
        BatchNorm(epsilon: 0)
        Sign()
      }
      let parameters = Parameters([
        "fc.weight": Tensor(shape: [1, 1], values: [1]), "fc_norm.scale": Tensor([1]),
        "fc_norm.bias": Tensor([-0.5]), "fc_norm.mean": Tensor([mean]),
        "fc_norm.variance": Tensor([2]),
      ])
      let golden = GoldenExecutor(try network.lowered(with: parameters))
      #expect(golden.outputs([1]) == [bit])
    }
  }

  @Test func gammaRatiosBecomeSmallIntegers() {
    let cases: [([Double], [Int])] = [
      ([0.7], [1]), ([1, 0.5], [2, 1]), ([0.5, 0.5], [1, 1]), ([0.75, 0.5, 0.25], [3, 2, 1]),
      ([0.3, 0], [1, 0]),
    ]
    for (gammas, weights) in cases {
      let quantization = CodeQuantization(layer: "l", gammas: gammas, bits: 8)
      #expect(quantization.weights == weights)
      #expect(quantization.bound < 1e-12)
    }
  }

  @Test func gammaBoundHolds() {
    var random = SeededRandom(seed: 11)
    for _ in 0..<50 {
      var gammas = (0..<3).map { _ in Double.random(in: 0.01...1, using: &random) }
      gammas.sort(by: >)
      let quantization = CodeQuantization(layer: "l", gammas: gammas, bits: 8)
      let error = zip(gammas, quantization.weights).reduce(0) {
        $0 + abs($1.0 - quantization.step * Double($1.1))
      }
      #expect(error <= quantization.bound)
      #expect(quantization.bound < gammas[0] * 0.01)
    }
  }

  @Test func dyadicArithmeticIsExact() {
    for value in [0, 1, -1, 0.1, -3.75, 0x1p-1040, 1e300, .leastNonzeroMagnitude] as [Double] {
      let dyadic = Dyadic(value)
      #expect(dyadic.signum == (value > 0 ? 1 : value < 0 ? -1 : 0))
      #expect(Dyadic.compare(dyadic, Dyadic(value.nextUp)) == -1)
      #expect(Dyadic.compare(dyadic + -dyadic, Dyadic(0 as Int)) == 0)
      if value.isNormal { #expect(dyadic.approximation == value) }
    }
    // 3 against 2·√2, −3 against −2·√2, 2 against 1·√4.
    let two = Dyadic(2 as Int)
    #expect(Dyadic.compare(Dyadic(3 as Int), two, timesRootOf: two) == 1)
    #expect(Dyadic.compare(Dyadic(-3 as Int), Dyadic(-2 as Int), timesRootOf: two) == -1)
    #expect(Dyadic.compare(two, Dyadic(1 as Int), timesRootOf: Dyadic(4 as Int)) == 0)
  }

  @Test func integerGraphSurvivesJSON() throws {
    var random = SeededRandom(seed: 3)
    let trained = RandomNetwork.make(using: &random)
    let graph = try trained.network.lowered(with: trained.parameters)
    let data = try JSONEncoder().encode(graph)
    #expect(try JSONDecoder().decode(IntegerGraph.self, from: data) == graph)
  }
}
