// SPDX-License-Identifier: Apache-2.0

import Diagnostics
import IntegerNetwork

/// A linear layer and the folds that it can have.
package struct LinearLayer {
  /// Its node.
  package var index: Int
  /// Its name.
  package var name: String
  /// Its weights.
  package var popcount: MaskedPopcount
  /// Bits of the codes that it reads.
  package var levels: Int
  /// What lanes divide: the channels of a pixel, or the values of the vector.
  var vector: Int
  /// Products with the matrix in an image.
  var positions: Int
  /// Values that arrive in an image.
  var arrivals: Int

  /// Every `units` that it can have.
  package var units: [Int] { divisors(of: popcount.outputs) }

  /// Every `lanes` that it can have.
  package var lanes: [Int] { divisors(of: vector) + (wholeWindow.map { [$0] } ?? []) }

  /// Lanes of a whole window, of which several taps lie in a beat; nil where there is no such fold. A
  /// border of absent values has one flag a beat, so a beat cannot be a window that lies half in it.
  var wholeWindow: Int? {
    guard let window = popcount.window, window.window.taps > 1, !window.hasAbsentValues else {
      return nil
    }
    return popcount.inputs
  }

  /// Lanes of the stream that feeds a fold: of whole windows those of a pixel.
  package func streamLanes(_ lanes: Int) -> Int { min(lanes, vector) }

  /// Cycles for an image.
  package func cycles(_ fold: LayerFold) -> Int {
    fold.cycles(
      for: popcount, levels: levels, positions: positions, arrivals: arrivals, channels: vector)
  }

  /// Cycles of the fastest fold.
  var fewestCycles: Int {
    cycles(
      LayerFold(units: popcount.outputs, lanes: lanes.last ?? 1, schedule: .parallel))
  }

  /// Whether one width adapter joins a stream of `unitsBefore` lanes to `lanes`; nil: the stream
  /// comes from outside and has the lanes that are wanted.
  package func fits(_ lanes: Int, _ unitsBefore: Int?) -> Bool {
    guard let unitsBefore, unitsBefore > 0, lanes > 0 else { return true }
    let lanes = streamLanes(lanes)
    return lanes % unitsBefore == 0 || unitsBefore % lanes == 0
  }

  func check(
    _ fold: LayerFold, unitsBefore: Int?, at path: String,
    _ diagnostics: inout DiagnosticCollector
  ) {
    if fold.units < 1 || popcount.outputs % fold.units != 0 {
      diagnostics.error(
        at: path, "units (\(fold.units)) do not divide the layer's \(popcount.outputs) outputs",
        hint: "use one of \(list(units))")
    }
    if let cycles = fold.popcountCycles, !(1...2).contains(cycles) {
      diagnostics.error(
        at: path, "a popcount of \(cycles) cycles is asked for", hint: "use 1 or 2, or leave it out"
      )
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

  private func list(_ numbers: [Int]) -> String {
    numbers.map(String.init).joined(separator: ", ")
  }
}

extension IntegerGraph {
  /// The linear layers, in order.
  package var linearLayers: [LinearLayer] {
    nodes.indices.compactMap { index in
      guard case .popcount(let popcount) = nodes[index].operation,
        let code = code(of: nodes[index].inputs[0])
      else { return nil }
      let source = nodes[nodes[index].inputs[0]].shape
      return LinearLayer(
        index: index, name: nodes[index].name, popcount: popcount, levels: code.levels,
        vector: popcount.window == nil ? source.count : source.channels,
        positions: nodes[index].shape.pixels, arrivals: arrivals(at: index, popcount))
    }
  }

  /// Checks folds that were chosen by hand: each by itself, and with that of the layer before where
  /// there is one.
  ///
  /// - Throws: ``InvalidInput``.
  package func check(_ folds: [String: LayerFold]) throws {
    var diagnostics = DiagnosticCollector()
    let layers = linearLayers
    let names = layers.map(\.name)
    for name in folds.keys.sorted() where !names.contains(name) {
      diagnostics.error(
        at: "fold \(self.name)", "there is no linear layer '\(name)'",
        hint: "the linear layers are \(names.joined(separator: ", "))")
    }
    for layer in layers {
      guard let fold = folds[layer.name] else { continue }
      layer.check(
        fold, unitsBefore: lanesBefore(layer.index, folds),
        at: "fold \(self.name).\(layer.name)", &diagnostics)
    }
    try diagnostics.throwIfErrors()
  }

  /// Lanes of the stream that linear layer `index` reads; nil where it comes from outside as the
  /// layer wants it, or from a layer without a fold.
  package func lanesBefore(_ index: Int, _ folds: [String: LayerFold]) -> Int? {
    guard let source = nodes[index].inputs.first else { return nil }
    return lanes(of: source) { node in
      folds[nodes[node].name]?.units
        ?? (node == 0 && !inputReaders.contains(index) ? pooledInputLanes : nil)
    }
  }
}

func divisors(of number: Int) -> [Int] {
  guard number > 0 else { return [1] }
  let small = (1...Int(Double(number).squareRoot())).filter { number % $0 == 0 }
  return small + small.reversed().map { number / $0 }.filter { $0 > (small.last ?? 0) }
}
