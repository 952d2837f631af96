// SPDX-License-Identifier: Apache-2.0

import Diagnostics
import IntegerNetwork

/// An integer network with the fold of each linear layer.
public struct FoldedNetwork: Equatable, Codable, Sendable {
  /// What is folded.
  public let graph: IntegerGraph
  /// Linear layer → its fold.
  public let folds: [String: LayerFold]

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
    let complete = try graph.folded(overrides: folds).folds
    for name in complete.keys.sorted() where folds[name] == nil {
      throw Diagnostic(at: "fold \(graph.name).\(name)", "the layer has no fold")
    }
  }

  /// The cycles of the slowest linear layer: the initiation interval of the whole.
  public var interval: Int {
    folds.keys.reduce(1) { slowest, name in
      guard let index = graph.nodes.firstIndex(where: { $0.name == name }) else { return slowest }
      return max(slowest, cycles(of: index) ?? 1)
    }
  }
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
  fileprivate var pooledInputLanes: Int {
    let levels = code(of: 0)?.levels ?? 1
    return divisors(of: nodes[0].shape.channels).last { $0 * levels <= 64 } ?? 1
  }
}

extension IntegerGraph {
  /// Values that arrive at node `index` in an image, the border's too: strides skip some, but all
  /// of them pass.
  fileprivate func arrivals(at index: Int, _ popcount: MaskedPopcount) -> Int {
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

extension IntegerGraph {
  /// Folds every linear layer as small as the target allows; layers in `overrides` as they say.
  ///
  /// Of the folds that meet the target, each layer takes the one with the least popcount logic
  /// (units × lanes × levels side by side); of equal ones that with fewer units. Lanes divide the
  /// units of the layer before, or are a multiple of them, so that one width adapter joins the two.
  /// The lanes of a convolution divide its channels: a beat is part of one pixel. Only where that
  /// does not meet the target, a beat is a whole window.
  ///
  /// - Throws: ``InvalidInput`` for overrides that do not fit.
  public func folded(
    to target: FoldTarget = .cycles(1024), overrides: [String: LayerFold] = [:]
  ) throws -> FoldedNetwork {
    var diagnostics = DiagnosticCollector()
    var folds: [String: LayerFold] = [:]
    let layers = nodes.indices.compactMap { index -> LinearLayer? in
      guard case .popcount(let popcount) = nodes[index].operation,
        let code = code(of: nodes[index].inputs[0])
      else { return nil }
      let source = nodes[nodes[index].inputs[0]].shape
      return LinearLayer(
        index: index, popcount: popcount, levels: code.levels,
        vector: popcount.window == nil ? source.count : source.channels,
        positions: nodes[index].shape.pixels, arrivals: arrivals(at: index, popcount))
    }
    let names = layers.map { nodes[$0.index].name }
    for name in overrides.keys.sorted() where !names.contains(name) {
      diagnostics.error(
        at: "fold \(self.name)", "there is no linear layer '\(name)'",
        hint: "the linear layers are \(names.joined(separator: ", "))")
    }
    for layer in layers {
      let name = nodes[layer.index].name
      let before = unitsBefore(layer.index, folds)
      if let fold = overrides[name] {
        layer.check(fold, unitsBefore: before, at: "fold \(self.name).\(name)", &diagnostics)
        folds[name] = fold
      } else {
        folds[name] = layer.smallestFold(cycles: max(1, target.cycles), unitsBefore: before)
      }
    }
    try diagnostics.throwIfErrors()
    return FoldedNetwork(graph: self, folds: folds)
  }

  /// Lanes of the stream that node `index` reads, or nil when it comes from outside as it is.
  private func unitsBefore(_ index: Int, _ folds: [String: LayerFold]) -> Int? {
    var node = index
    while let input = nodes[node].inputs.first {
      if let fold = folds[nodes[input].name] { return fold.units }
      if input == 0, !inputReaders.contains(index) { return pooledInputLanes }
      node = input

    }
    return nil
  }
}

/// A linear layer and what its folds cost.
private struct LinearLayer {
  var index: Int
  var popcount: MaskedPopcount
  var levels: Int
  /// What lanes divide: the values of a pixel, or of the vector.
  var vector: Int
  /// Products with the matrix in an image.
  var positions: Int
  /// Values that arrive in an image.
  var arrivals: Int

  /// Lanes of a whole window, of which several taps lie in a beat; nil where there is no such fold. A
  /// border of absent values has one flag a beat, so a beat cannot be a window that lies half in it.
  var wholeWindow: Int? {
    guard let window = popcount.window, window.window.taps > 1, !window.hasAbsentValues else {
      return nil
    }
    return popcount.inputs
  }

  func smallestFold(cycles: Int, unitsBefore: Int?) -> LayerFold {
    let lanes = divisors(of: vector).filter { fits($0, unitsBefore) }
    let fold = smallestFold(cycles: cycles, lanes: lanes)
    guard let wholeWindow, self.cycles(of: fold) > cycles else { return fold }
    return smallestFold(cycles: cycles, lanes: lanes + [wholeWindow])
  }

  /// Cycles for an image.
  private func cycles(of fold: LayerFold) -> Int {
    fold.cycles(
      for: popcount, levels: levels, positions: positions, arrivals: arrivals, channels: vector)
  }

  private func smallestFold(cycles: Int, lanes: [Int]) -> LayerFold {
    var best: (fold: LayerFold, cost: (Int, Int, Int))?
    for units in divisors(of: popcount.outputs) {
      for lanes in lanes {
        for schedule in levels > 1 ? LevelSchedule.allCases : [.series] {
          let fold = LayerFold(units: units, lanes: lanes, schedule: schedule)
          // Meeting the target comes first, then the least logic; the fastest where none meets it.
          let excess = max(0, self.cycles(of: fold) - cycles)
          let logic = units * lanes * (schedule == .parallel ? levels : 1)
          let cost = (excess, logic, units)
          if best.map({ cost < $0.cost }) ?? true { best = (fold, cost) }
        }
      }
    }
    return best?.fold ?? LayerFold(units: 1, lanes: 1)
  }

  func check(
    _ fold: LayerFold, unitsBefore: Int?, at path: String,
    _ diagnostics: inout DiagnosticCollector
  ) {
    if fold.units < 1 || popcount.outputs % fold.units != 0 {
      diagnostics.error(
        at: path, "units (\(fold.units)) do not divide the layer's \(popcount.outputs) outputs",
        hint: "use one of \(list(divisors(of: popcount.outputs)))")
    }
    // Whatever the units before, an adapter joins them to the channels of whole windows.
    if fold.lanes == wholeWindow { return }
    let isBordered = popcount.window?.hasAbsentValues == true
    if isBordered, fold.lanes == popcount.inputs, fold.lanes > vector {
      diagnostics.error(
        at: path,
        "lanes (\(fold.lanes)) are whole windows, but the layer's border has values of 0, "
          + "which no code is: only beats of one pixel can be absent",
        hint: "use one of \(list(divisors(of: vector)))")
    } else if fold.lanes < 1 || vector % fold.lanes != 0 {
      diagnostics.error(
        at: path,
        "lanes (\(fold.lanes)) do not divide the layer's \(vector) "
          + (popcount.window == nil ? "inputs" : "channels"),
        hint: "use one of \(list(divisors(of: vector)))"
          + (wholeWindow.map { ", or \($0) for whole windows" } ?? ""))
    } else if !fits(fold.lanes, unitsBefore), let unitsBefore {
      let fitting = divisors(of: vector).filter { fits($0, unitsBefore) }
      diagnostics.error(
        at: path,
        "lanes (\(fold.lanes)) and the units of the layer before (\(unitsBefore)) "
          + "do not divide one another",
        hint: "use one of \(list(fitting)) lanes, or other units before")
    }
  }

  private func fits(_ lanes: Int, _ unitsBefore: Int?) -> Bool {
    guard let unitsBefore, unitsBefore > 0 else { return true }
    return lanes % unitsBefore == 0 || unitsBefore % lanes == 0
  }

  private func list(_ numbers: [Int]) -> String {
    numbers.map(String.init).joined(separator: ", ")
  }
}

private func divisors(of number: Int) -> [Int] {
  guard number > 0 else { return [1] }
  let small = (1...Int(Double(number).squareRoot())).filter { number % $0 == 0 }
  return small + small.reversed().map { number / $0 }.filter { $0 > (small.last ?? 0) }
}
