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

  package init(graph: IntegerGraph, folds: [String: LayerFold], headroom: Headroom? = nil) {
    self.graph = graph
    self.folds = folds
    self.headroom = headroom
  }

  /// The fold of node `index`, if it is a linear layer.
  public func fold(of index: Int) -> LayerFold? {
    folds[graph.nodes[index].name]
  }

  /// Cycles that node `index` needs for an image, if it is a linear layer or a pool.
  public func cycles(of index: Int) -> Int? {
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
        index, taps: window.taps, pixels: window.padded(graph.nodes[node.inputs[0]].shape).pixels)
    case .sumPool(let pool):
      return cyclesOfPool(
        index, taps: pool.window.taps,
        pixels: pool.window.padded(graph.nodes[node.inputs[0]].shape).pixels)
    case .input, .lookup, .encode, .score, .argMax:
      return nil
    }
  }

  /// Every value of every window is read, and every pixel, the border's too, arrives.
  private func cyclesOfPool(_ index: Int, taps: Int, pixels: Int) -> Int {
    let node = graph.nodes[index]
    return max(node.shape.pixels * taps, pixels)
      * (node.shape.channels / max(1, lanes(of: node.inputs[0])))
  }

  /// Values side by side in the stream that leaves node `index`: the units of the linear layer that
  /// it comes from.
  public func lanes(of index: Int) -> Int {
    var node = index
    while node > 0 {
      if let fold = folds[graph.nodes[node].name] { return fold.units }
      node = graph.nodes[node].inputs.first ?? 0
    }
    return inputLanes
  }

  /// Checks the graph and that every linear layer has a fold that fits: a network from a file may
  /// hold anything.
  ///
  /// - Throws: ``Diagnostic`` or ``InvalidInput``.
  public func check() throws {
    try graph.check()
    try graph.check(folds)
    try headroom?.check(at: graph.name)
    for layer in graph.linearLayers where folds[layer.name] == nil {
      throw Diagnostic(at: "fold \(graph.name).\(layer.name)", "the layer has no fold")
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
