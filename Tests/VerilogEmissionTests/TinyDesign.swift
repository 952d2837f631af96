// SPDX-License-Identifier: Apache-2.0

import Folding
import IntegerNetwork
import Modeling
import Pipelines
import TestSupport
import Testing

@testable import VerilogEmission

/// Networks small enough to read their Verilog, and for Yosys to take seconds.
struct TinyDesign: Sendable, CustomTestStringConvertible {
  /// Also the folder of its snapshots.
  let name: String
  private let input: Input
  private let layers: @Sendable () -> [any Layer]
  private let gammas: [Double]
  private let isMasked: Bool
  private let folds: [String: LayerFold]
  private var isReloadable = false

  var testDescription: String { name }

  /// One bit in, one level, codes out.
  static let oneLevel = TinyDesign(
    name: "one-level", input: .vector(6, bits: 1),
    layers: { [Dense(4, name: "fc"), BatchNorm(), ResidualSign(levels: 1)] },
    gammas: [1], isMasked: false, folds: ["fc": LayerFold(units: 2, lanes: 3)])

  /// Pixels in, two levels in series, a class out.
  static let twoLevels = TinyDesign(
    name: "two-levels", input: .image(2, 3, bits: 8),
    layers: {
      [
        Flatten(), Dense(4, name: "fc1"), BatchNorm(), ResidualSign(levels: 2),
        Dense(3, name: "fc2"), BatchNorm(), ArgMax(),
      ]
    },
    gammas: [0.75, 0.25], isMasked: false,
    folds: [
      "fc1": LayerFold(units: 2, lanes: 3, schedule: .series),
      "fc2": LayerFold(units: 3, lanes: 4, schedule: .series),
    ])

  /// Three levels in parallel, masks, scores out.
  static let threeLevels = TinyDesign(
    name: "three-levels", input: .vector(6, bits: 2),
    layers: {
      [
        Dense(6, name: "hidden"), BatchNorm(), ResidualSign(levels: 3), Dense(3, name: "out"),
        BatchNorm(),
      ]
    },
    gammas: [0.5, 0.25, 0.125], isMasked: true,
    folds: [
      "hidden": LayerFold(units: 3, lanes: 2, schedule: .parallel),
      "out": LayerFold(units: 1, lanes: 6, schedule: .parallel),
    ])

  /// Convolutions of whole windows, with a queue before each.
  static let wholeWindows = TinyDesign(
    name: "whole-windows", input: .image(4, 5, bits: 1),
    layers: {
      [
        Conv(2, kernel: 2, name: "conv1"), BatchNorm(), ResidualSign(levels: 1),
        Conv(2, kernel: 2, name: "conv2"), BatchNorm(), ResidualSign(levels: 1),
      ]
    },
    gammas: [1], isMasked: false,
    folds: ["conv1": LayerFold(units: 2, lanes: 4), "conv2": LayerFold(units: 2, lanes: 8)])

  /// Two levels, of which weights, thresholds, gammas and scores can be written at run time.
  static let reloadable = TinyDesign(
    name: "reloadable", input: .vector(6, bits: 1),
    layers: {
      [
        Dense(4, name: "fc1"), BatchNorm(), ResidualSign(levels: 2), Dense(3, name: "fc2"),
        BatchNorm(),
      ]
    },
    gammas: [0.7, 0.3], isMasked: false,
    folds: ["fc1": LayerFold(units: 2, lanes: 3), "fc2": LayerFold(units: 3, lanes: 4)],
    isReloadable: true)

  static let all = [oneLevel, twoLevels, threeLevels, wholeWindows, reloadable]

  /// The pipeline of the network with fixed parameters.
  func pipeline(named name: String? = nil) throws -> Pipeline {
    let network = Network(name ?? self.name, input: input, layers)
    var random = SeededRandom(seed: 42)
    var parameters = Parameters()
    let features = try network.features()
    for node in network.nodes {
      guard let source = node.inputs.first else { continue }
      for slot in node.layer.slots(for: features[source]) where slot.isRequired {
        let count = slot.shape.reduce(1, *)
        parameters[node.name, slot.name] =
          slot.name == "gammas"
          ? Tensor(gammas)
          : Tensor(
            shape: slot.shape, values: (0..<count).map { _ in value(of: slot.name, &random) })
      }
    }
    let graph = try network.lowered(with: parameters)
    return try Pipeline(
      graph.folded(overrides: folds, headroom: isReloadable ? Headroom(for: graph) : nil))
  }

  /// The design of the network with fixed parameters.
  func design(named name: String? = nil) throws -> Design {
    try pipeline(named: name).verilog()
  }

  private func value(of slot: String, _ random: inout SeededRandom) -> Double {
    switch slot {
    case "weight":
      if isMasked, Int.random(in: 0..<3, using: &random) == 0 { return 0 }
      return Bool.random(using: &random) ? 1 : -1
    case "variance":
      return Double(Int.random(in: 1...8, using: &random)) / 4
    default:
      return Double(Int.random(in: -8...8, using: &random)) / 4
    }
  }
}

extension Design {
  /// The text of a file.
  func text(_ path: String) -> String? {
    files.first { $0.path == path }?.text
  }
}
