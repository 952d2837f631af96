// SPDX-License-Identifier: Apache-2.0

import GoldenModel
import Modeling
import TestSupport
import Testing

@testable import IntegerNetwork

/// Pools before and behind a batch norm: falling channels, divisors, and what is refused.
@Suite(.tags(.unit)) struct PoolLoweringTests {
  /// Scale, mean and bias of one channel; a 1×2 map of 4-bit pixels u that mean u.
  private func graph(
    scale: Double, mean: Double = 0, bias: Double = 0, _ layers: [any Layer],
    weight: Double = 1
  ) throws -> IntegerGraph {
    let input = Input(Shape(height: 1, width: 2, channels: 1), bits: 4, scale: 1, offset: 0)
    let network = Network("n", input: input) { layers }
    return try network.lowered(
      with: Parameters([
        "conv.weight": Tensor(shape: [1, 1, 1, 1], values: [weight]),
        "norm.scale": Tensor([scale]), "norm.mean": Tensor([mean]), "norm.bias": Tensor([bias]),
        "norm.variance": Tensor([1]),
      ]))
  }

  private let conv = Conv(1, kernel: 1, name: "conv")
  private let norm = BatchNorm(epsilon: 0, name: "norm")
  private let pool = MaxPool(Extent(1, 2))

  /// Before the batch norm the largest sum counts, behind it the largest result.
  @Test(arguments: [1.0, -1]) func aPoolBeforeOrBehindABatchNorm(scale: Double) throws {
    let before = GoldenExecutor(try graph(scale: scale, mean: 5, [conv, pool, norm, Sign()]))
    let behind = GoldenExecutor(try graph(scale: scale, mean: 5, [conv, norm, pool, Sign()]))
    for first in 0..<16 {
      for second in 0..<16 {
        let image = [UInt8(first), UInt8(second)]
        let largest = scale * Double(max(first, second) - 5)
        #expect(before.outputs(image) == [largest >= 0 ? 1 : 0])
        let results = [first, second].map { scale * Double($0 - 5) }
        #expect(behind.outputs(image) == [(results.max() ?? 0) >= 0 ? 1 : 0])
      }
    }
  }

  /// Only a comparison behind a pool is turned round; elsewhere the weights are.
  @Test func aPooledChannelThatFallsTurnsItsComparison() throws {
    func falling(_ layers: [any Layer]) throws -> [[Bool]] {
      let graph = try graph(scale: -1, layers)
      #expect(graph.lowering.flippedChannels == 1)
      return graph.nodes.compactMap {
        if case .encode(let tree) = $0.operation { tree.falling } else { nil }
      }
    }
    #expect(try falling([conv, pool, norm, Sign()]) == [[true]])
    #expect(try falling([conv, AveragePool(Extent(1, 2)), norm, Sign()]) == [[true]])
    #expect(try falling([conv, norm, pool, Sign()]) == [[]])
    #expect(try falling([conv, norm, Sign()]) == [[]])
  }

  /// Every level of a falling code, and every threshold of a falling quantizer.
  @Test func fallingCodesOfEveryKind() throws {
    var random = SeededRandom(seed: 3)
    for zero in [ZeroRule.positive, .negative] {
      let network = Network(
        "n", input: Input(Shape(height: 1, width: 7, channels: 1), bits: 4, scale: 1, offset: -7)
      ) {
        GlobalAveragePool()
        BatchNorm(epsilon: 0, name: "norm")
        ResidualSign(levels: 3, zero: zero, name: "sign")
      }
      let parameters = Parameters([
        "norm.scale": Tensor([-2]), "norm.mean": Tensor([0]), "norm.bias": Tensor([1]),
        "norm.variance": Tensor([1]), "sign.gammas": Tensor([4, 2, 1]),
      ])
      let trained = TrainedNetwork(network: network, parameters: parameters)
      let golden = GoldenExecutor(try network.lowered(with: parameters))
      for _ in 0..<200 {
        let image = RandomNetwork.image(for: network, using: &random)
        #expect(golden.outputs(image) == RealReference.run(trained, image: image).codes["sign"])
      }
      // Ties: a mean of −1, 0, +1 … is an x of 3, 1, −1 …
      for value in 0..<16 {
        let image = Array(repeating: UInt8(value), count: 7)
        #expect(golden.outputs(image) == RealReference.run(trained, image: image).codes["sign"])
      }
    }
  }

  /// A mean is compared as its sum: 1/3 is not rounded.
  @Test func theDivisorOfAMeanIsNotRounded() throws {
    let input = Input(Shape(height: 1, width: 3, channels: 1), bits: 1, scale: 1, offset: 0)
    let network = Network("n", input: input) {
      GlobalAveragePool()
      Quantizer(scale: 1, offset: 0, zero: [.positive, .positive], name: "q")
    }
    // 1/3 as a double is below a third, and its neighbour above.
    for (threshold, isReached) in [(1.0 / 3, true), ((1.0 / 3).nextUp, false)] {
      let golden = GoldenExecutor(
        try network.lowered(
          with: Parameters([
            "q.thresholds": Tensor(shape: [1, 2], values: [threshold, 1])
          ])))
      #expect(golden.outputs([0, 1, 0]) == [isReached ? 1 : 0])
      #expect(golden.outputs([1, 1, 1]) == [2])
    }
  }

  /// The mean of means of sums, and its scores.
  @Test func divisorsMultiply() throws {
    let input = Input(Shape(height: 3, width: 4, channels: 1), bits: 4, scale: 1, offset: -3)
    let network = Network("n", input: input) {
      AveragePool(Extent(3, 2))
      AveragePool(Extent(1, 2))
    }
    let graph = try network.lowered(with: Parameters())
    let score = try #require(graph.lowering.scores)
    let image: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 15]
    let outputs = GoldenExecutor(graph).outputs(image)
    let mean = image.reduce(0) { $0 + Double($1) - 3 } / 12
    #expect(abs(Double(outputs[0]) * score.step - mean) <= score.bound)
  }

  @Test func aFallingChannelIsPooledOnce() {
    for layers in [[conv, pool, norm, MaxPool(1), Sign()], [conv, AveragePool(1), norm, pool]]
      as [[any Layer]]
    {
      #expect(
        printedError { try graph(scale: -1, layers) } == """
          error: n.layers[3] (MaxPool): channel 0 falls as its sum rises, and its sum is pooled \
          already
            hint: pool once, or put the sign between the two pools
          """)
      #expect(printedError { try graph(scale: 1, layers) } == "no error")
    }
  }

  /// Codes of an input whose values fall are in the wrong order for a pool.
  @Test func aFallingInputIsNotPooled() {
    let input = Input(Shape(height: 2, width: 2, channels: 1), bits: 4, scale: -1, offset: 0)
    let network = Network("n", input: input) { MaxPool(2) }
    #expect(
      printedError { try network.lowered(with: Parameters()) } == """
        error: n.layers[0] (MaxPool): the values that enter fall as their codes rise; pooling takes \
        the largest code
          hint: give the input a positive scale, and images that are turned round
        """)
  }

  /// A mean of falling pixels turns the comparison that follows.
  @Test func aFallingInputIsAveraged() throws {
    let input = Input(Shape(height: 1, width: 2, channels: 1), bits: 2, scale: -1, offset: 2)
    let network = Network("n", input: input) {
      GlobalAveragePool()
      Sign()
    }
    let golden = GoldenExecutor(try network.lowered(with: Parameters()))
    for first in 0..<4 {
      for second in 0..<4 {
        let mean = 2 - Double(first + second) / 2
        #expect(golden.outputs([UInt8(first), UInt8(second)]) == [mean >= 0 ? 1 : 0])
      }
    }
  }

  @Test func flattenedCodesThatLeaveAreInTheOrderOfTheStream() throws {
    let network = Network("n", input: .image(2, 2, channels: 2)) { Flatten(.channelsFirst) }
    #expect(
      printedError { try network.lowered(with: Parameters()) } == """
        error: n.layers[0] (Flatten): the codes that leave the network stand in the order of the \
        stream, channel fastest; no layer follows that could read them in another
          hint: leave the flattening out, or use `Flatten(.channelsLast)`
        """)
  }
}
