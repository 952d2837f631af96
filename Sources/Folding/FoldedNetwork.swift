// SPDX-License-Identifier: Apache-2.0

import Diagnostics
import IntegerNetwork

/// An integer network with the fold of each linear layer.
public struct FoldedNetwork: Equatable, Codable, Sendable {
  /// What is folded.
  public let graph: IntegerGraph
  /// Linear layer → its fold.
  public let folds: [String: LayerFold]
  /// The memories can be written at run time, and have room for other models; nil: they are read only.
  public let headroom: Headroom?

  /// Nanoseconds of cells between registers that cores are cut to, where they can be
  /// (``Cores/LogicPath``); nil: ``Cores/LogicPath/usualLimit``.
  public let logicDelay: Double?

  package init(
    graph: IntegerGraph, folds: [String: LayerFold], headroom: Headroom? = nil,
    logicDelay: Double? = nil
  ) {
    self.graph = graph
    self.folds = folds
    self.headroom = headroom
    self.logicDelay = logicDelay
  }

  /// The fold of node `index`, if it is a linear layer.
  public func fold(of index: Int) -> LayerFold? {
    folds[graph.nodes[index].name]
  }

  /// Cycles that node `index` needs for an image, if it is a linear layer or a pool.
  public func cycles(of index: Int) -> Int? {
    cycles(of: index) { lanes(of: $0) }
  }

  private func cycles(of index: Int, lanes: (Int) -> Int?) -> Int? {
    let node = graph.nodes[index]
    switch node.operation {
    case .popcount(let popcount):
      guard let fold = fold(of: index), let code = graph.code(of: node.inputs[0]) else {
        return nil
      }
      return fold.cycles(
        for: popcount, levels: code.levels, positions: node.shape.pixels,
        arrivals: graph.arrivals(at: index, popcount), channels: graph.channels(into: index))
    case .maxPool(let window):
      return cyclesOfPool(
        index, taps: window.taps, pixels: window.padded(graph.nodes[node.inputs[0]].shape).pixels,
        lanes: lanes(node.inputs[0]))
    case .sumPool(let pool):
      return cyclesOfPool(
        index, taps: pool.window.taps,
        pixels: pool.window.padded(graph.nodes[node.inputs[0]].shape).pixels,
        lanes: lanes(node.inputs[0]))
    case .add:
      return lanes(index).map { node.shape.count / $0 }
    case .input, .lookup, .encode, .rescale, .score, .argMax:
      return nil
    }
  }

  /// Every value of every window is read, and every pixel, the border's too, arrives.
  private func cyclesOfPool(_ index: Int, taps: Int, pixels: Int, lanes: Int?) -> Int? {
    let node = graph.nodes[index]
    return lanes.map { max(node.shape.pixels * taps, pixels) * (node.shape.channels / max(1, $0)) }
  }

  /// Values side by side in the stream that leaves node `index`: the units of the linear layer that
  /// it comes from; where two streams join the more of the two, or what divides both.
  public func lanes(of index: Int) -> Int {
    graph.lanes(of: index) { folds[graph.nodes[$0].name]?.units ?? ($0 == 0 ? inputLanes : nil) }
      ?? inputLanes
  }

  /// Checks the graph and that every linear layer has a fold that fits: a network from a file may
  /// hold anything.
  ///
  /// - Throws: ``Diagnostic`` or ``InvalidInput``.
  public func check() throws {
    try graph.check()
    try graph.check(folds)
    try headroom?.check(for: graph)
    if let logicDelay { try Self.check(logicDelay: logicDelay, at: "\(graph.name).logicDelay") }
    for layer in graph.linearLayers where folds[layer.name] == nil {
      throw Diagnostic(at: "fold \(graph.name).\(layer.name)", "the layer has no fold")
    }
  }

  /// - Throws: ``Diagnostic`` for a delay that no device has, or that cuts nothing.
  package static func check(logicDelay: Double, at path: String) throws {
    guard (0.1...1000).contains(logicDelay) else {
      throw Diagnostic(
        at: path, "\(logicDelay) ns; a number from 0.1 to 1000 is expected")
    }
  }

  /// The cycles of the slowest linear layer or pool: the initiation interval of the whole.
  public var interval: Int {
    graph.nodes.indices.lazy.compactMap { cycles(of: $0) }.reduce(1, max)
  }

  /// The layer that sets the pace: the first of those that need most cycles.
  public var bottleneck: Bottleneck? {
    graph.nodes.indices.lazy.filter { cycles(of: $0) == interval }.first.map { index in
      let layer = graph.linearLayers.first { $0.index == index }
      return Bottleneck(
        layer: graph.nodes[index].name, cycles: interval, fewestCycles: layer?.fewestCycles)
    }
  }
}

/// What sets the pace of a folded network.
public struct Bottleneck: Equatable, Codable, Sendable {
  /// The linear layer or pool.
  public var layer: String
  /// Its cycles for an image.
  public var cycles: Int
  /// Cycles of the layer's fastest fold; nil: a pool, whose cycles follow from the layer before.
  public var fewestCycles: Int?
}

extension FoldedNetwork {
  /// Lanes of the stream that enters: as many of the first layer's as fit into 64 bits, or more
  /// where the image would otherwise take longer to arrive than the slowest layer needs.
  public var inputLanes: Int {
    // The pace of all whose lanes are not those of the input.
    let interval = graph.nodes.indices.reduce(1) { slowest, index in
      let cycles = cycles(of: index) { node in
        graph.lanes(of: node) { folds[graph.nodes[$0].name]?.units }
      }
      return max(slowest, cycles ?? 1)
    }
    let shape = graph.nodes[0].shape
    guard let code = graph.code(of: 0) else { return 1 }
    guard let reader = graph.inputReaders.first(where: { self.fold(of: $0) != nil }),
      let fold = fold(of: reader)
    else { return graph.pooledInputLanes }
    // Whole windows take a pixel a beat.
    if graph.hasWindow(reader), fold.lanes > shape.channels { return shape.channels }
    let lanes = divisors(of: fold.lanes)
    let narrow = lanes.last { $0 * code.levels <= 64 } ?? 1
    return lanes.first { $0 >= narrow && shape.count / $0 <= interval } ?? fold.lanes
  }
}

extension IntegerGraph {
  /// The nodes that read the input, as it is or through a table: its lanes are theirs.
  package var inputReaders: [Int] {
    consumers(of: 0).flatMap { isLookup($0) ? consumers(of: $0) : [$0] }
  }

  fileprivate func isLookup(_ index: Int) -> Bool {
    if case .lookup = nodes[index].operation { true } else { false }
  }

  /// Lanes of the stream that enters where a pool reads it: as many values of a pixel as fit into
  /// 64 bits.
  var pooledInputLanes: Int {
    let levels = code(of: 0)?.levels ?? 1
    return divisors(of: nodes[0].shape.channels).last { $0 * levels <= 64 } ?? 1
  }
}

extension IntegerGraph {
  /// Values side by side in the stream that leaves node `index`: what `known` says of the nodes that set
  /// them, carried on through the others.
  func lanes(of index: Int, known: (Int) -> Int?) -> Int? {
    var found: [Int: Int?] = [:]
    return lanes(of: index, known: known, &found)
  }

  /// - Parameter found: of nodes that were asked for before; a graph has many ways to a node.
  private func lanes(of index: Int, known: (Int) -> Int?, _ found: inout [Int: Int?]) -> Int? {
    if let lanes = found[index] { return lanes }
    var lanes = known(index)
    let isLinear = if case .popcount = nodes[index].operation { true } else { false }
    if lanes == nil, !isLinear {
      let joined = nodes[index].inputs.compactMap { self.lanes(of: $0, known: known, &found) }
      lanes = joined.first.map { commonLanes($0, joined[joined.count - 1]) }
    }
    found[index] = .some(lanes)
    return lanes
  }

  /// The more of two numbers of lanes where the other divides it, else what divides both.
  private func commonLanes(_ first: Int, _ second: Int) -> Int {
    let (most, least) = (max(first, second), min(first, second))
    let common = divisors(of: least).last { most % $0 == 0 } ?? 1
    return common == least ? most : common
  }

  /// Values that arrive at node `index` in an image, the border's too: strides skip some, but all
  /// of them pass.
  func arrivals(at index: Int, _ popcount: MaskedPopcount) -> Int {
    let map = nodes[nodes[index].inputs[0]].shape
    return popcount.window.map { $0.window.padded(map).count } ?? map.count
  }

  /// Whether node `index` is a convolution.
  fileprivate func hasWindow(_ index: Int) -> Bool {
    guard case .popcount(let popcount) = nodes[index].operation else { return false }
    return popcount.window != nil
  }

  /// Channels of the map that node `index` reads.
  fileprivate func channels(into index: Int) -> Int {
    nodes[nodes[index].inputs[0]].shape.channels
  }
}

extension LayerFold {
  /// Cycles for one product of a vector with the layer's matrix.
  func cycles(for popcount: MaskedPopcount, levels: Int) -> Int {
    popcount.inputs / lanes * (popcount.outputs / units) * popcount.scales.count
      * (schedule == .series ? levels : 1)
  }

  /// Cycles for an image, of `positions` vectors and of `arrivals` values on the map that enters with
  /// its border, `channels` a pixel.
  func cycles(
    for popcount: MaskedPopcount, levels: Int, positions: Int, arrivals: Int, channels: Int
  ) -> Int {
    let beats = positions * cycles(for: popcount, levels: levels)
    if popcount.window != nil, lanes > channels {
      // Whole windows: a pixel that completes none takes a cycle too.
      return beats + arrivals / channels - positions
    }
    return max(beats, arrivals / lanes)
  }
}
