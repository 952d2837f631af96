// SPDX-License-Identifier: Apache-2.0

import Modeling
import TestSupport

@testable import IntegerNetwork

/// Random integer networks: any levels, any thresholds, any masks, any windows, sizes around the
/// words of the bit-packed model.
struct RandomGraph {
  /// Widths beside the limits of 64-bit words.
  static let sizes = [1, 2, 7, 63, 64, 65, 130]
  /// Bits that the direct evaluation may look at in one layer.
  private static let work = 1 << 17

  private var nodes: [IntegerGraph.Node] = []
  private var random: SeededRandom

  private init(_ random: SeededRandom) {
    self.random = random
  }

  /// input → (popcount → encode)… → popcount → score → arg max, cut off at a random place.
  static func make(using random: inout SeededRandom, depth: Int) -> IntegerGraph {
    var graph = RandomGraph(random)
    defer { random = graph.random }
    graph.appendInput(.vector(graph.pick(sizes)))
    for layer in 1...depth {
      graph.appendDense(rows: graph.pick(sizes))
      if graph.isEnded(layer == depth) { break }
    }
    return graph.graph
  }

  /// input → convolutions, pools and encoders in any order that has a meaning → …
  ///
  /// - Parameters:
  ///   - depth: nodes that make sums from codes.
  ///   - joins: whether maps are added.
  static func makeMap(
    using random: inout SeededRandom, depth: Int, joins: Bool = true
  ) -> IntegerGraph {
    var graph = RandomGraph(random)
    defer { random = graph.random }
    graph.appendInput(
      Shape(
        height: graph.number(1...7), width: graph.number(1...7),
        channels: graph.pick([1, 2, 3, 7, 31, 63, 64, 65])))
    for layer in 1...depth {
      while graph.number(0...3) == 0 { graph.appendMaxPool() }
      switch graph.number(0...9) {
      case 0...6: graph.appendConvolution()
      case 7, 8: graph.appendSumPool()
      default: graph.appendDense(rows: graph.number(1...9))
      }
      while graph.number(0...3) == 0 { graph.appendMaxPool() }
      while graph.number(0...5) == 0 { graph.appendSumPool() }
      while joins, graph.number(0...3) == 0 { graph.appendJoin() }
      if graph.isEnded(layer == depth) { break }
    }
    return graph.graph
  }

  /// So many images for a graph.
  static func images(
    _ count: Int, for graph: IntegerGraph, using random: inout SeededRandom
  ) -> [UInt8] {
    let bits = graph.code(of: 0)?.levels ?? 1
    return (0..<count * graph.nodes[0].shape.count).map { _ in
      UInt8.random(in: 0...UInt8(1 << bits - 1), using: &random)
    }
  }

  /// A matrix of weights: `planes` for each output, worth random scales.
  static func popcount(
    rows: Int, columns: Int, planes: Int = 1, _ random: inout SeededRandom
  ) -> MaskedPopcount {
    let isMasked = Bool.random(using: &random)
    // Some masks leave nothing, some nearly everything.
    let density = Int.random(in: 0...8, using: &random)
    var weights = BitMatrix(rows: rows * planes, columns: columns)
    var mask = BitMatrix(rows: rows * planes, columns: columns)
    for row in 0..<rows * planes {
      for column in 0..<columns {
        let isActive = !isMasked || Int.random(in: 0..<8, using: &random) < density
        mask[row, column] = isActive
        weights[row, column] = isActive && Bool.random(using: &random)
      }
    }
    let scales =
      planes == 1 ? [1] : (0..<planes).map { _ in Int.random(in: 1...1 << 10, using: &random) }
    return MaskedPopcount(weights: weights, mask: isMasked ? mask : nil, scales: scales)
  }

  // MARK: Nodes

  private var graph: IntegerGraph {
    IntegerGraph(name: "random", nodes: nodes, lowering: LoweringReport())
  }

  private var shape: Shape { nodes[nodes.count - 1].shape }

  /// The code that the last node sends; of no levels after sums.
  private var code: ResidualCode {
    graph.code(of: nodes.count - 1) ?? ResidualCode(weights: [])
  }

  private mutating func append(_ operation: IntegerGraph.Operation, _ shape: Shape) {
    nodes.append(
      IntegerGraph.Node(
        name: "n\(nodes.count)", operation: operation,
        inputs: nodes.isEmpty ? [] : [nodes.count - 1], shape: shape))
  }

  private mutating func appendInput(_ shape: Shape) {
    let levels = number(1...8)
    append(.input(number(0...3) > 0 ? .unsigned(bits: levels) : weights(levels)), shape)
    guard number(0...3) == 0 else { return }
    let bits = number(1...8)
    let code = number(0...3) > 0 ? .unsigned(bits: bits) : weights(bits)
    let entries = (0..<1 << levels).map { _ in number(0...(1 << bits) - 1) }
    append(.lookup(CodeTable(code: code, entries: entries)), shape)
  }

  private mutating func appendDense(rows: Int) {
    let planes = number(0...3) == 0 ? number(2...3) : 1
    append(
      .popcount(Self.popcount(rows: rows, columns: shape.count, planes: planes, &random)),
      .vector(rows))
  }

  private mutating func appendConvolution() {
    let window = window()
    let positions = window.positions(on: shape)
    let planes = number(0...3) == 0 ? number(2...3) : 1
    let work =
      positions.height * positions.width * window.taps * shape.channels * planes * code.levels
    let filters = pick(Self.sizes.filter { $0 == 1 || $0 * work <= Self.work })
    var popcount = Self.popcount(
      rows: filters, columns: window.taps * shape.channels, planes: planes, &random)
    popcount.window = MapWindow(window, border: border())
    append(
      .popcount(popcount),
      Shape(height: positions.height, width: positions.width, channels: filters))
  }

  private mutating func appendMaxPool() {
    let window = window()
    append(.maxPool(window), pooled(window))
  }

  private mutating func appendSumPool() {
    var window = window()
    // Sums are pooled without a border.
    if code.levels == 0 {
      window = Window(
        Extent(min(window.kernel.height, shape.height), min(window.kernel.width, shape.width)),
        stride: window.stride)
    }
    append(.sumPool(MapWindow(window, border: border())), pooled(window))
  }

  /// Adds the sums of the last node to those of another node, or to themselves, each rescaled or not.
  private mutating func appendJoin() {
    let last = nodes.count - 1
    guard code.levels == 0 else { return }
    let others = nodes.indices.filter {
      nodes[$0].shape == nodes[last].shape && !graph.sumLimits(of: $0).isEmpty
    }
    let shape = shape
    let inputs = [last, others.randomElement(using: &random) ?? last].map { source in
      guard number(0...1) == 0 else { return source }
      let map = AffineScore(
        multipliers: (0..<shape.channels).map { _ in number(-9...9) },
        offsets: (0..<shape.channels).map { _ in number(-99...99) }, step: 1)
      append(.rescale(map), shape)
      nodes[nodes.count - 1].inputs = [source]
      return nodes.count - 1
    }
    append(.add, shape)
    nodes[nodes.count - 1].inputs = inputs
  }

  /// Appends an encoder, or what ends the network; true at its end.
  private mutating func isEnded(_ isLast: Bool) -> Bool {
    let end = isLast ? number(0...3) : 3
    if end == 0 { return true }
    if end < 3 {
      // Few values, so that the largest often comes twice.
      let multipliers = (0..<shape.channels).map { _ in number(-2...2) }
      let offsets = (0..<shape.channels).map { _ in number(-2...2) }
      append(.score(AffineScore(multipliers: multipliers, offsets: offsets, step: 1)), shape)
      if end == 2, shape.isVector { append(.argMax, .vector(1)) }
      return true
    }
    let code = weights(number(1...8))
    let limit = graph.sumLimits(of: nodes.count - 1).max() ?? 0
    // Most sums are far from their limits.
    let reach = number(0...1) == 0 ? limit : max(1, limit / 16)
    let thresholds = (0..<shape.channels).map { _ in
      (1..<1 << code.levels).map { _ in number(-reach - 1...reach + 1) }
    }
    let mayFall = number(0...1) == 0
    let falling = (0..<shape.channels).map { _ in mayFall && number(0...1) == 0 }
    append(.encode(ThresholdTree(code: code, thresholds: thresholds, falling: falling)), shape)
    return false
  }

  // MARK: Random values

  private mutating func number(_ range: ClosedRange<Int>) -> Int {
    Int.random(in: range, using: &random)
  }

  private mutating func pick(_ values: [Int]) -> Int {
    values.randomElement(using: &random) ?? 1
  }

  private mutating func weights(_ levels: Int) -> ResidualCode {
    ResidualCode(weights: (0..<levels).map { _ in number(0...300) })
  }

  private mutating func border() -> MapWindow.Border {
    code.levels > 0 && number(0...1) == 0 ? .code(number(0...(1 << code.levels) - 1)) : .absent
  }

  /// A window that fits the map, each side padded by itself.
  private mutating func window() -> Window {
    while true {
      let kernel = Extent(number(1...4), number(1...4))
      let isPadded = number(0...1) == 0
      let window = Window(
        kernel, stride: Extent(number(1...3), number(1...3)),
        top: isPadded ? number(0...kernel.height - 1) : 0,
        bottom: isPadded ? number(0...kernel.height - 1) : 0,
        left: isPadded ? number(0...kernel.width - 1) : 0,
        right: isPadded ? number(0...kernel.width - 1) : 0)
      if window.problem(on: shape) == nil { return window }
    }
  }

  private func pooled(_ window: Window) -> Shape {
    let positions = window.positions(on: shape)
    return Shape(height: positions.height, width: positions.width, channels: shape.channels)
  }
}
