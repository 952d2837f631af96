// SPDX-License-Identifier: Apache-2.0

import Foundation
import GoldenModel
import Modeling
import TestSupport
import Testing

@testable import IntegerNetwork

@Suite(.tags(.unit)) struct LookupLoweringTests {
  private let table = [3, 0, 5, 7]

  private func graph(
    _ weights: [Double], order: Flatten.Order = .channelsLast, lookupLast: Bool = false
  ) throws -> IntegerGraph {
    let lookup = Lookup(table, bits: 3, scale: 0.5, offset: -1)
    let network = Network("n", input: .image(1, 2, channels: 2, bits: 2)) {
      if !lookupLast { lookup }
      Flatten(order)
      if lookupLast { lookup }
      Dense(1, name: "fc")
    }
    return try network.lowered(
      with: Parameters(["fc.weight": Tensor(shape: [1, 4], values: weights)]))
  }

  /// Every image of four values: the score is the sum of what the entries mean.
  @Test(arguments: [Flatten.Order.channelsFirst, .channelsLast], [false, true])
  func sumsAreThoseOfTheEntries(order: Flatten.Order, lookupLast: Bool) throws {
    let weights: [Double] = [1, -1, 0, 3]
    let graph = try graph(weights, order: order, lookupLast: lookupLast)
    try graph.check()
    let golden = GoldenExecutor(graph)
    let scores = try #require(graph.lowering.scores)
    for number in 0..<256 {
      let image = (0..<4).map { UInt8(number >> (2 * $0) & 3) }
      // Stream order is pixel by pixel; channels first takes both pixels of a channel.
      let read = order == .channelsFirst ? [0, 2, 1, 3] : [0, 1, 2, 3]
      let expected = zip(weights, read).reduce(0.0) { sum, pair in
        sum + pair.0 * (0.5 * Double(table[Int(image[pair.1])]) - 1)
      }
      let trace = golden.trace(image)
      #expect(trace[1] == image.map { table[Int($0)] })
      let score = Double(golden.outputs(image)[0]) * scores.step
      #expect(abs(score - expected) <= scores.bound + 1e-9)
    }
  }

  @Test func onlyTheInputHasATable() {
    let network = Network("n", input: .image(2, 2, bits: 2)) {
      MaxPool(2)
      Lookup(table, bits: 3, scale: 1, offset: 0)
      Dense(1, name: "fc")
    }
    let weight = Tensor(shape: [1, 1], values: [1])
    #expect(
      printedError { try network.lowered(with: Parameters(["fc.weight": weight])) } == """
        error: n.layers[1] (Lookup): the codes that enter are not those of the network's input
          hint: put it directly behind the input
        """)
  }

  @Test func aTableFromAFileIsChecked() throws {
    func error(_ change: (inout IntegerGraph.Node) -> Void) throws -> String {
      var graph = try self.graph([1, 1, 1, 1])
      change(&graph.nodes[1])
      return printedError { try graph.check() }
    }
    func table(_ entries: [Int], bits: Int = 3) -> IntegerGraph.Operation {
      .lookup(CodeTable(code: .unsigned(bits: bits), entries: entries))
    }
    #expect(try error { _ in } == "no error")
    let message = "error: n.image_lookup: 4 entries from 0 to 7 are expected"
    for entries in [[], [0, 1, 2], [0, 1, 2, 3, 4], [0, 8, 0, 0], [0, -1, 0, 0]] {
      #expect(try error { $0.operation = table(entries) } == message)
    }
    #expect(try error { $0.shape = .vector(4) } == message)
    #expect(try error { $0.operation = table([0, 0, 0, 0], bits: 9) }.contains("levels weigh"))
    var graph = try self.graph([1, 1, 1, 1])
    graph.nodes.insert(graph.nodes[1], at: 2)
    graph.nodes[2].inputs = [1]
    #expect(
      printedError { try graph.check() }
        == "error: n.image_lookup: the input is expected to enter")
  }

  @Test func aTableSurvivesJSON() throws {
    let graph = try graph([1, 1, -1, 1])
    let data = try JSONEncoder().encode(graph)
    #expect(try JSONDecoder().decode(IntegerGraph.self, from: data) == graph)
  }
}
