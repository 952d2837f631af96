// SPDX-License-Identifier: Apache-2.0

import Diagnostics
import Modeling

/// The network in the making.
struct Assembly {
  /// Inputs come before their users.
  private(set) var stages: [Stage] = []
  /// How the file writes the comparisons of a sign stage.
  private(set) var spellings: [Int: String] = [:]
  /// The names of the nodes that make the residual sign of a stage's map.
  var signNodes: [Int: [String]] = [:]
  /// Elements that may still be computed.
  private var budget: Int

  private var pixelMaps: [Pixels: Map] = [:]
  private var signMaps: [Signs: Map] = [:]

  /// - Parameter budget: elements of constants that may be computed, so that a small file cannot
  ///   ask for unlimited memory or time.
  init(budget: Int) {
    self.budget = budget
  }

  /// Pays for computed elements.
  mutating func spend(_ elements: Int) throws(Rejection) {
    guard elements <= budget else {
      throw Rejection(
        "its constants grow far beyond the size of the file",
        hint: "fold the constants before the export")
    }
    budget -= elements
  }

  /// Adds a layer behind earlier stages.
  ///
  /// - Throws: ``Rejection`` when the layer does not take what enters.
  mutating func add(
    _ layer: any PrimitiveLayer, _ parameters: [String: Tensor] = [:], inputs: [Int],
    name: String? = nil
  ) throws(Rejection) -> Int {
    var diagnostics = DiagnosticCollector()
    let entering = inputs.first.map { stages[$0].feature } ?? Feature(.vector(1), .real)
    guard let feature = layer.output(for: entering, at: "", &diagnostics) else {
      let reason = diagnostics.diagnostics.first
      throw Rejection(reason?.message ?? "it takes no \(entering)", hint: reason?.hint)
    }
    stages.append(
      Stage(
        layer: layer, parameters: parameters, inputs: inputs, name: name, feature: feature))
    return stages.count - 1
  }

  /// The stage's output as an ONNX tensor of those sizes.
  func map(_ stage: Int, _ dimensions: [Int]) -> Map {
    let kind =
      switch stages[stage].feature.values {
      case .code(let levels): "a map of \(levels)-level codes"
      case .real: "a real map"
      case .index: "a class index"
      }
    return Map(stage: stage, dimensions: dimensions, kind: kind)
  }

  /// The map that a value is, with the stages that it needs; nil for a value that is none.
  mutating func map(of value: Value) throws(Rejection) -> Map? {
    switch value {
    case .map(let map): map
    case .pixels(let pixels): try map(of: pixels)
    case .signs(let signs): try map(of: signs)
    case .constant, .condition, .residual: nil
    }
  }

  /// The map of a value, if it is one of real numbers with its channels in front.
  func realMap(_ value: Value?) -> Map? {
    guard case .map(let map) = value else { return nil }
    let feature = stages[map.stage].feature
    guard feature.values == .real, map.dimensions.first == feature.shape.channels else {
      return nil
    }
    return map
  }

  private mutating func map(of pixels: Pixels) throws(Rejection) -> Map {
    if let map = pixelMaps[pixels] { return map }
    let shape = try shape(ofInput: pixels.inputDimensions)
    let input = Input(
      shape, bits: pixels.bits, scale: pixels.scale, offset: pixels.offset, name: pixels.name)
    var stage = try add(input, inputs: [], name: pixels.name)
    if pixels.dimensions.count == 1, !shape.isVector {
      stage = try add(Flatten(.channelsFirst), inputs: [stage])
    }
    let map = map(stage, pixels.dimensions)
    pixelMaps[pixels] = map
    return map
  }

  private mutating func map(of signs: Signs) throws(Rejection) -> Map {
    if let map = signMaps[signs] { return map }
    let gammas = try signs.checkedGammas()
    let first = signs.levels[0]
    let base = first.residual.base
    let stage = try add(
      ResidualSign(levels: gammas.count, zero: first.zero), ["gammas": Tensor(gammas)],
      inputs: [base], name: LayerNames.common(signNodes[base] ?? []))
    spellings[stage] = first.spelling
    let map = map(stage, first.residual.dimensions)
    signMaps[signs] = map
    return map
  }

  /// [channels], [height, width] or [channels, height, width].
  private func shape(ofInput dimensions: [Int]) throws(Rejection) -> Shape {
    switch dimensions.count {
    case 1: .vector(dimensions[0])
    case 2: Shape(height: dimensions[0], width: dimensions[1], channels: 1)
    case 3: Shape(height: dimensions[1], width: dimensions[2], channels: dimensions[0])
    default: throw Rejection("the input has sizes \(dimensions)")
    }
  }
}
