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

  private var inputStages: [Pixels: Int] = [:]
  private var signMaps: [Signs: Map] = [:]
  private var quantizerStages: [Quantized: Int] = [:]
  private var vectorStages: [VectorKey: Int] = [:]

  private struct VectorKey: Hashable {
    var stage: Int
    var order: Flatten.Order
  }

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

  /// The stage's output as an ONNX tensor.
  func map(_ stage: Int, _ layout: Layout) -> Map {
    let kind =
      switch stages[stage].feature.values {
      case .code(let levels): "a map of \(levels)-level codes"
      case .real: "a real map"
      case .index: "a class index"
      }
    return Map(stage: stage, layout: layout, kind: kind)
  }

  /// The map that a value is, with the stages that it needs; nil for a value that is none.
  mutating func map(of value: Value) throws(Rejection) -> Map? {
    switch value {
    case .map(let map): map
    case .pixels(let pixels): try map(of: pixels)
    case .signs(let signs): try map(of: signs)
    case .quantized(let quantized): try map(of: quantized)
    case .constant, .condition, .residual, .clipped, .padded: nil
    }
  }

  /// The map of a value, if it is one of real numbers.
  func realMap(_ value: Value?) -> Map? {
    guard case .map(let map) = value, stages[map.stage].feature.values == .real else {
      return nil
    }
    return map
  }

  /// The stage of a map whose tensor is a vector, flattened where it is not.
  mutating func vectorStage(of map: Map) throws(Rejection) -> Int {
    guard let order = map.layout.flatOrder else { return map.stage }
    let key = VectorKey(stage: map.stage, order: order)
    if let stage = vectorStages[key] { return stage }
    let stage = try add(Flatten(order), inputs: [map.stage])
    vectorStages[key] = stage
    return stage
  }

  private mutating func map(of pixels: Pixels) throws(Rejection) -> Map {
    // The layout changes no input.
    var key = pixels
    (key.layout, key.type) = (pixels.inputLayout, .float)
    if let stage = inputStages[key] { return map(stage, pixels.layout) }
    func input(_ bits: Int, scale: Double, offset: Double) -> Input {
      Input(
        pixels.inputLayout.shape, bits: bits, scale: scale, offset: offset, name: pixels.name)
    }
    let stage: Int
    switch try pixels.entry() {
    case .bits(let bits, let scale, let offset):
      stage = try self.stage(of: input(bits, scale: scale, offset: offset))
    case .table(let lookup):
      stage = try add(lookup, inputs: [self.stage(of: input(8, scale: 1, offset: 0))])
    }
    inputStages[key] = stage
    return map(stage, pixels.layout)
  }

  /// The stage of an input, the same for the same input.
  private mutating func stage(of input: Input) throws(Rejection) -> Int {
    if let stage = stages.firstIndex(where: { $0.layer as? Input == input }) { return stage }
    return try add(input, inputs: [], name: input.name)
  }

  private mutating func map(of quantized: Quantized) throws(Rejection) -> Map {
    var key = quantized
    key.layout = .image(quantized.layout.shape)
    if let stage = quantizerStages[key] { return map(stage, quantized.layout) }
    let thresholds = quantized.thresholds.flatMap { $0 }
    try spend(thresholds.count)
    let stage = try add(
      Quantizer(scale: quantized.scale, offset: quantized.offset, zero: quantized.zero),
      [
        "thresholds": Tensor(
          shape: [quantized.thresholds.count, quantized.zero.count], values: thresholds)
      ], inputs: [quantized.base], name: quantized.name)
    quantizerStages[key] = stage
    return map(stage, quantized.layout)
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
    let map = map(stage, first.residual.layout)
    signMaps[signs] = map
    return map
  }
}
