// SPDX-License-Identifier: Apache-2.0

import Diagnostics
import Modeling

extension Input: LoweringRule {
  func lower(
    from source: Lowering.Lowered?, shape: Shape, node: Network.Node, at path: String,
    _ lowering: inout Lowering
  ) throws -> Lowering.Lowered {
    let index = lowering.append(
      node.name, .input(.unsigned(bits: bits)), inputs: [], shape: shape)
    // 2u = (2^bits − 1) + Σ g·b, so scale·u + offset = scale/2 · Σ g·b + offset + scale/2·(2^bits − 1).
    return .code(
      Lowering.CodedMap(
        node: index, steps: Dyadic(scale) * Dyadic(0.5), lowest: Dyadic(self.offset), bits: bits))
  }
}

extension Lookup: LoweringRule {
  func lower(
    from source: Lowering.Lowered?, shape: Shape, node: Network.Node, at path: String,
    _ lowering: inout Lowering
  ) throws -> Lowering.Lowered {
    guard case .code(let map) = source, case .input = lowering.nodes[map.node].operation else {
      throw Diagnostic(
        at: path, "the codes that enter are not those of the network's input",
        hint: "put it directly behind the input")
    }
    // The stream still carries a flattened map as it was.
    let index = lowering.append(
      node.name, .lookup(CodeTable(code: .unsigned(bits: bits), entries: table)),
      inputs: [map.node], shape: lowering.nodes[map.node].shape)
    var result = Lowering.CodedMap(
      node: index, steps: Dyadic(scale) * Dyadic(0.5), lowest: Dyadic(offset), bits: bits)
    result.order = map.order
    return .code(result)
  }
}

extension Lowering.CodedMap {
  /// An unsigned integer q of so many bits; value = lowest + 2 · steps · q.
  init(node: Int, steps: Dyadic, lowest: Dyadic, bits: Int) {
    self.init(
      node: node, step: steps, offset: lowest + steps * Dyadic((1 << bits) - 1),
      gammas: (0..<bits).reversed().map { steps * Dyadic(1 << $0) })
  }

  /// What a border of the real number `value` holds.
  ///
  /// A value of the map's own codes is that code; the middle of the code, 0 around ±1, is no value
  /// at all.
  /// - Exactness: to 2^-16 of a step, which is where a source's own floating-point scales end.
  func border(_ value: Double, at path: String) throws -> MapWindow.Border {
    let tolerance = step.approximation.magnitude * 0x1p-16
    func difference(_ candidate: Dyadic) -> Double {
      (candidate - Dyadic(value)).approximation.magnitude
    }
    if difference(offset) <= tolerance { return .absent }
    var values: [Double] = []
    for code in 0..<1 << gammas.count {
      var candidate = offset
      for (index, gamma) in gammas.enumerated() {
        let bit = code >> (gammas.count - 1 - index) & 1
        candidate = bit == 1 ? candidate + gamma : candidate - gamma
      }
      if difference(candidate) <= tolerance { return .code(code) }
      values.append(candidate.approximation)
    }
    let nearest = (values + [offset.approximation]).min { abs($0 - value) < abs($1 - value) }
    throw Diagnostic(
      at: path,
      "the border of \(value) is not a value of the codes that enter; "
        + "the nearest that they have is \(nearest ?? 0)",
      hint: "pad with \(nearest ?? 0), or scale the input so that \(value) is one of its values")
  }
}

extension Flatten: LoweringRule {
  func lower(
    from source: Lowering.Lowered?, shape: Shape, node: Network.Node, at path: String,
    _ lowering: inout Lowering
  ) throws -> Lowering.Lowered {
    let sources = sources(of: shape)
    let isIdentity = sources.indices.allSatisfy { sources[$0] == $0 }
    switch source {
    case .code(var map):
      // A vector that is flattened again keeps its order.
      if !isIdentity { map.order = sources }
      return .code(map)
    case .sum where shape.isVector:
      return source ?? .index
    default:
      throw Diagnostic(
        at: path, "flattening a map of real values is not supported",
        hint: "flatten after the sign")
    }
  }
}

/// Rows of weights as integers, in the order of the stream.
struct IntegerWeights {
  /// Row → its scale.
  var scales: [Double] = []
  /// Row → its integers.
  var rows: [[Int]] = []

  /// Row → the sum of its integers.
  var totals: [Int] { rows.map { $0.reduce(0, +) } }

  /// Adds a row; its values come from `value(column)`.
  mutating func append(
    columns: Int, row: Int, at path: String, _ value: (Int) -> Double
  ) throws {
    let values = (0..<columns).map(value)
    switch IntegerRow.of(values[...]) {
    case .success(let row):
      scales.append(row.scale)
      rows.append(row.integers)
    case .failure:
      throw Diagnostic(at: path, "weight row \(row) does not hold integers times one scale")
    }
  }

  /// As planes of signs: w = Σ_k h_k · v_k. Odd integers need no zero; others are written in the
  /// bits of their magnitudes, with a mask.
  func popcount(window: MapWindow?) -> MaskedPopcount {
    let largest = rows.reduce(1) { max($0, $1.reduce(0) { max($0, abs($1)) }) }
    let planes = Int.bitWidth - largest.leadingZeroBitCount
    let isOdd = rows.allSatisfy { $0.allSatisfy { $0 & 1 == 1 } }
    let columns = rows.first?.count ?? 0
    let scales = (0..<planes).reversed().map { 1 << $0 }
    var signs = BitMatrix(rows: planes * rows.count, columns: columns)
    var mask = BitMatrix(rows: planes * rows.count, columns: columns, filled: true)
    for (plane, scale) in scales.enumerated() {
      for (output, row) in rows.enumerated() {
        let index = plane * rows.count + output
        for (column, weight) in row.enumerated() {
          if isOdd {
            // n = Σ h·v, v = ±1: the bits of (n + 2^planes − 1) / 2.
            if (weight + 1 << planes - 1) / 2 & scale != 0 { signs[index, column] = true }
          } else if abs(weight) & scale == 0 {
            mask[index, column] = false
          } else if weight > 0 {
            signs[index, column] = true
          }
        }
      }
    }
    return MaskedPopcount(
      weights: signs, mask: isOdd ? nil : mask, scales: scales, window: window)
  }

  /// What the sums of a layer stand for: y = α·(step·s + offset·Σw) + bias.
  func channels(for map: Lowering.CodedMap, bias: [Double]?) -> [ExactAffine] {
    zip(scales, totals).enumerated().map { row, weights in
      let alpha = Dyadic(weights.0)
      return ExactAffine(
        slope: alpha * map.step,
        intercept: alpha * map.offset * Dyadic(weights.1) + Dyadic(bias?[row] ?? 0))
    }
  }
}

extension Dense: LoweringRule {
  func lower(
    from source: Lowering.Lowered?, shape: Shape, node: Network.Node, at path: String,
    _ lowering: inout Lowering
  ) throws -> Lowering.Lowered {
    guard case .code(let map) = source, let weight = lowering.parameters[node.name, "weight"]
    else { throw Diagnostic(at: path, "the input of a dense layer must be codes") }
    let columns = shape.count
    var weights = IntegerWeights()
    for row in 0..<units {
      try weights.append(columns: columns, row: row, at: path) {
        weight.values[row * columns + (map.order?[$0] ?? $0)]
      }
    }
    let index = lowering.append(
      node.name, .popcount(weights.popcount(window: nil)), inputs: [map.node],
      shape: .vector(units))
    let bias = lowering.parameters[node.name, "bias"]?.values
    return .sum(node: index, channels: weights.channels(for: map, bias: bias))
  }
}

extension Conv: LoweringRule {
  func lower(
    from source: Lowering.Lowered?, shape: Shape, node: Network.Node, at path: String,
    _ lowering: inout Lowering
  ) throws -> Lowering.Lowered {
    guard case .code(let map) = source, let weight = lowering.parameters[node.name, "weight"]
    else { throw Diagnostic(at: path, "the input of a convolution must be codes") }
    let window = window(on: shape)
    // The stream still carries a flattened map as it was: a position that sees all of it is a dense
    // layer.
    let isFlattened = lowering.nodes[map.node].shape != shape
    guard !isFlattened || !window.isPadded else {
      throw Diagnostic(
        at: path, "a border round a flattened map is not supported",
        hint: "leave out the flattening before it, or the padding")
    }
    let border = window.isPadded ? try map.border(padding.value, at: path) : .absent
    let seen = shape.channels / groups
    var weights = IntegerWeights()
    for filter in 0..<filters {
      let first = filter / (filters / groups) * seen
      try weights.append(columns: window.taps * shape.channels, row: filter, at: path) { column in
        let tap = column / shape.channels
        let position = column % shape.channels
        // A flattened map is a vector: its channels have an order.
        let channel = (map.order?[position] ?? position) - first
        guard 0..<seen ~= channel else { return 0 }
        return weight.values[(filter * seen + channel) * window.taps + tap]
      }
    }
    let positions = window.positions(on: shape)
    let index = lowering.append(
      node.name,
      .popcount(
        weights.popcount(window: isFlattened ? nil : MapWindow(window, border: border))),
      inputs: [map.node],
      shape: Shape(height: positions.height, width: positions.width, channels: filters))
    let bias = lowering.parameters[node.name, "bias"]?.values
    return .sum(node: index, channels: weights.channels(for: map, bias: bias))
  }
}

extension MaxPool: LoweringRule {
  func lower(
    from source: Lowering.Lowered?, shape: Shape, node: Network.Node, at path: String,
    _ lowering: inout Lowering
  ) throws -> Lowering.Lowered {
    let window = window(on: shape)
    func append(to source: Int) -> Int {
      lowering.append(
        node.name, .maxPool(window), inputs: [source], shape: pooled(shape, window))
    }
    switch source {
    case .code(var map):
      try lowering.checkIsMap(map, shape, at: path)
      guard map.step.signum > 0 else {
        throw Diagnostic(
          at: path,
          "the values that enter fall as their codes rise; pooling takes the largest code",
          hint: "give the input a positive scale, and images that are turned round")
      }
      map.node = append(to: map.node)
      return .code(map)
    case .sum(let sums, var channels):
      // The largest real value is the largest sum only where it rises with the sum.
      for channel in channels.indices where channels[channel].slope.signum < 0 {
        guard lowering.flip(channel: channel, of: sums) else {
          throw Diagnostic(
            at: path,
            lowering.sharedSums.contains(sums)
              ? "channel \(channel) falls as its sum rises, and another layer reads its sum, too"
              : "channel \(channel) falls as its sum rises, and its sum is pooled already",
            hint: lowering.sharedSums.contains(sums)
              ? "put a sign before the pool"
              : "pool once, or put the sign between the two pools")
        }
        channels[channel].slope = -channels[channel].slope
        lowering.report.flippedChannels += 1
      }
      return .sum(node: append(to: sums), channels: channels)
    default:
      throw Diagnostic(at: path, "the input of a max pool must be a map of codes or sums")
    }
  }
}

extension Lowering {
  /// Pools see rows and columns: the stream still carries a flattened map as it was.
  fileprivate func checkIsMap(_ map: CodedMap, _ shape: Shape, at path: String) throws {
    guard nodes[map.node].shape == shape, map.order == nil else {
      throw Diagnostic(
        at: path, "pooling a flattened map is not supported", hint: "pool before the flattening")
    }
  }
}

/// Sums over a window, for the two average pools.
private func lowerAverage(
  of window: Window, padding: Double, from source: Lowering.Lowered?, shape: Shape,
  node: Network.Node, at path: String, _ lowering: inout Lowering
) throws -> Lowering.Lowered {
  let taps = window.taps
  func append(_ pool: MapWindow, to source: Int) -> Int {
    lowering.append(node.name, .sumPool(pool), inputs: [source], shape: pooled(shape, window))
  }
  switch source {
  case .code(let map):
    try lowering.checkIsMap(map, shape, at: path)
    let border = window.isPadded ? try map.border(padding, at: path) : .absent
    let channel = ExactAffine(
      slope: map.step, intercept: map.offset * Dyadic(taps), divisor: taps)
    return .sum(
      node: append(MapWindow(window, border: border), to: map.node),
      channels: Array(repeating: channel, count: shape.channels))
  case .sum(let sums, var channels):
    for channel in channels.indices {
      // Σ (slope·s + intercept) / taps; a shift is its own mean.
      channels[channel].intercept = channels[channel].intercept * Dyadic(taps)
      channels[channel].divisor *= taps
    }
    return .sum(node: append(MapWindow(window), to: sums), channels: channels)
  default:
    throw Diagnostic(at: path, "the input of an average pool must be a map of codes or sums")
  }
}

private func pooled(_ shape: Shape, _ window: Window) -> Shape {
  let positions = window.positions(on: shape)
  return Shape(height: positions.height, width: positions.width, channels: shape.channels)
}

extension AveragePool: LoweringRule {
  func lower(
    from source: Lowering.Lowered?, shape: Shape, node: Network.Node, at path: String,
    _ lowering: inout Lowering
  ) throws -> Lowering.Lowered {
    try lowerAverage(
      of: window(on: shape), padding: padding.value, from: source, shape: shape, node: node,
      at: path, &lowering)
  }
}

extension GlobalAveragePool: LoweringRule {
  func lower(
    from source: Lowering.Lowered?, shape: Shape, node: Network.Node, at path: String,
    _ lowering: inout Lowering
  ) throws -> Lowering.Lowered {
    try lowerAverage(
      of: window(on: shape), padding: 0, from: source, shape: shape, node: node, at: path,
      &lowering)
  }
}

extension BatchNorm: LoweringRule {
  func lower(
    from source: Lowering.Lowered?, shape: Shape, node: Network.Node, at path: String,
    _ lowering: inout Lowering
  ) throws -> Lowering.Lowered {
    guard case .sum(let index, var channels) = source,
      let scale = lowering.parameters[node.name, "scale"]?.values,
      let bias = lowering.parameters[node.name, "bias"]?.values,
      let mean = lowering.parameters[node.name, "mean"]?.values,
      let variance = lowering.parameters[node.name, "variance"]?.values
    else { throw Diagnostic(at: path, "the input of a batch norm must be sums") }
    for channel in channels.indices {
      let factor = Dyadic(scale[channel])
      if channels[channel].isNormalised {
        let one = Dyadic(1 as Int)
        if Dyadic.compare(Dyadic(variance[channel]) + Dyadic(epsilon), one) == 0 {
          // Without a root of its own it is a factor and a shift.
          channels[channel].slope = channels[channel].slope * factor
          channels[channel].intercept = channels[channel].intercept * factor
          channels[channel].shift =
            (channels[channel].shift - Dyadic(mean[channel])) * factor + Dyadic(bias[channel])
          continue
        }
        guard Dyadic.compare(channels[channel].radicand, one) == 0 else {
          throw Diagnostic(
            at: path, "a second batch norm on the same sums; one is supported",
            hint: "fold the two into one before the export")
        }
        // Without a root the first one's shift is part of the sum.
        channels[channel].intercept =
          channels[channel].intercept
          + channels[channel].shift * Dyadic(channels[channel].divisor)
        channels[channel].shift = Dyadic(0 as Int)
      }
      channels[channel].slope = channels[channel].slope * factor
      channels[channel].intercept =
        (channels[channel].intercept - Dyadic(mean[channel]) * Dyadic(channels[channel].divisor))
        * factor
      channels[channel].radicand = Dyadic(variance[channel]) + Dyadic(epsilon)
      channels[channel].shift = Dyadic(bias[channel])
      channels[channel].isNormalised = true
    }
    return .sum(node: index, channels: channels)
  }
}

extension ResidualSign: LoweringRule {
  func lower(
    from source: Lowering.Lowered?, shape: Shape, node: Network.Node, at path: String,
    _ lowering: inout Lowering
  ) throws -> Lowering.Lowered {
    let gammas = lowering.parameters[node.name, "gammas"]?.values ?? []
    return try lowering.encode(
      source, gammas: gammas, zero: zero, name: node.name, shape: shape, at: path)
  }
}

extension Sign: LoweringRule {
  func lower(
    from source: Lowering.Lowered?, shape: Shape, node: Network.Node, at path: String,
    _ lowering: inout Lowering
  ) throws -> Lowering.Lowered {
    try lowering.encode(
      source, gammas: [1], zero: zero, name: node.name, shape: shape, at: path)
  }
}

extension Quantizer: LoweringRule {
  func lower(
    from source: Lowering.Lowered?, shape: Shape, node: Network.Node, at path: String,
    _ lowering: inout Lowering
  ) throws -> Lowering.Lowered {
    let thresholds = lowering.parameters[node.name, "thresholds"]?.values ?? []
    // The bit l after the bits p is [q ≥ (2p + 1) · 2^(levels − l)].
    let numbers = (1..<1 << levels).map { position in
      let depth = Int.bitWidth - 1 - position.leadingZeroBitCount
      return (2 * (position - 1 << depth) + 1) << (levels - 1 - depth)
    }
    let code = ResidualCode.unsigned(bits: levels)
    let index = try lowering.encode(
      source, code: code, name: node.name, shape: shape, at: path
    ) { channel in
      // Of equal thresholds, those that the value itself reaches come first: q counts both alike.
      let ordered = zero.indices.map { index in
        (value: thresholds[channel * zero.count + index], isStrict: zero[index] == .negative)
      }.sorted { ($0.value, $0.isStrict ? 1 : 0) < ($1.value, $1.isStrict ? 1 : 0) }
      return numbers.map { number in
        guard number <= ordered.count else { return nil }
        let bound = ordered[number - 1]
        return Lowering.Bound(value: Dyadic(bound.value), isStrict: bound.isStrict)
      }
    }
    let map = Lowering.CodedMap(
      node: index, steps: Dyadic(scale) * Dyadic(0.5), lowest: Dyadic(offset), bits: levels)
    lowering.report.codes.append(
      CodeQuantization(
        layer: node.name, gammas: map.gammas.map(\.approximation), weights: code.weights,
        step: map.step.approximation, bound: 0))
    return .code(map)
  }
}

extension ArgMax: LoweringRule {
  func lower(
    from source: Lowering.Lowered?, shape: Shape, node: Network.Node, at path: String,
    _ lowering: inout Lowering
  ) throws -> Lowering.Lowered {
    guard case .sum(let index, let channels) = source else {
      throw Diagnostic(at: path, "the input of an arg max must be scores")
    }
    let scores = lowering.appendScores(of: index, channels: channels, name: "scores")
    _ = lowering.append(node.name, .argMax, inputs: [scores], shape: .vector(1))
    return .index
  }
}
