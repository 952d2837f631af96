// SPDX-License-Identifier: Apache-2.0

import Diagnostics
import Foundation
import Modeling

extension RandomNetwork {
  /// A chain of convolutions, pools, signs and quantizers on a small map, and perhaps dense layers
  /// behind it: every combination that the lowering takes.
  ///
  /// - Parameter exact: parameters are few-bit numbers, variances are squares, and a mean over a
  ///   window that no power of two divides never lies on a threshold, so that doubles compute the
  ///   layers' equations as if without rounding, and gammas become integers exactly.
  public static func map(using random: inout SeededRandom, exact: Bool = false) -> TrainedNetwork {
    var maker = MapNetworkMaker(exact: exact, random: random)
    let trained = maker.network()
    random = maker.random
    return trained
  }
}

/// A network in the making: what was added so far, and what leaves it.
private struct MapNetworkMaker {
  let exact: Bool
  var random: SeededRandom
  var layers: [any Layer] = []
  var parameters = Parameters()
  var feature: Feature
  /// What the codes that leave the last layer can mean, the middle of the code first.
  var values: [Double]
  /// Whether a mean left powers of two behind since the last codes.
  var isInexact = false
  /// Whether a batch norm stands since the last codes; a second one is not supported.
  var isNormalised = false
  /// Whether sums were pooled since the last codes; behind a batch norm they are not pooled again,
  /// since a falling channel cannot be turned round any more.
  var isPooled = false
  let input: Input

  init(exact: Bool, random: SeededRandom) {
    self.exact = exact
    var random = random
    let shape = Shape(
      height: .random(in: 1...9, using: &random), width: .random(in: 1...9, using: &random),
      channels: [1, 1, 2, 3, 4, 6].randomElement(using: &random) ?? 1)
    let bits = [1, 2, 4, 8, 8].randomElement(using: &random) ?? 1
    var input = Input.image(shape.height, shape.width, channels: shape.channels, bits: bits)
    if bits > 1 {
      // A quarter of a step is a code's middle, a code's value is a multiple of a step.
      input.scale = 0.25
      input.offset = -0.25 * Double(Int.random(in: 0..<1 << bits, using: &random))
    }
    self.input = input
    self.random = random
    feature = Feature(shape, .code(levels: bits))
    values = Self.values(bits: bits, scale: input.scale, offset: input.offset)
  }

  /// What codes of so many bits mean, the middle first.
  private static func values(bits: Int, scale: Double, offset: Double) -> [Double] {
    let codes = (0..<1 << bits).map { scale * Double($0) + offset }
    return [(codes[0] + codes[codes.count - 1]) / 2] + codes
  }

  mutating func network() -> TrainedNetwork {
    let depth = integer(1...3)
    if chance(4) { addLookup() }
    for index in 1...depth {
      if chance(6) { addPool("pool\(index)a", ofCodes: true) }
      let isAdded = chance(8) && addMean("mean\(index)") || addConv("conv\(index)")
      guard isAdded else { break }
      addLine("line\(index)")
      guard index < depth || chance(3) else { break }
      addCodes("code\(index)")
      if chance(3) { addPool("pool\(index)b", ofCodes: true) }
    }
    if case .code = feature.values { addEnd() }
    if feature.values == .real, feature.shape.isVector, chance(2) { add(ArgMax()) }
    let layers = layers
    return TrainedNetwork(
      network: Network("random", input: input) { layers }, parameters: parameters)
  }

  // MARK: Layers

  /// Other values for the input's codes.
  private mutating func addLookup() {
    let bits = integer(1...8)
    let offset = -0.25 * Double(integer(0...(1 << bits) - 1))
    let table = (0..<1 << input.bits).map { _ in integer(0...(1 << bits) - 1) }
    if add(Lookup(table, bits: bits, scale: 0.25, offset: offset, name: "lookup")) {
      values = Self.values(bits: bits, scale: 0.25, offset: offset)
    }
  }

  /// Batch norm and pools of sums, in any order.
  private mutating func addLine(_ name: String) {
    if chance(4) { addPool("\(name)_pool1", ofCodes: false) }
    if !chance(4) { addNorm("\(name)_norm") }
    if chance(4) { addPool("\(name)_pool2", ofCodes: false) }
    if chance(8) { addMean("\(name)_mean") }
  }

  /// Flatten and dense layers, or a mean, or nothing.
  private mutating func addEnd() {
    switch integer(0...3) {
    case 0, 1:
      add(Flatten(chance(2) ? .channelsFirst : .channelsLast))
      if chance(4) { add(Flatten()) }
      addDense("fc1", units: integer(1...6))
      if chance(2) {
        addCodes("fc1_code")
        addDense("fc2", units: integer(1...4))
      }
      if chance(2) { addNorm("fc_norm") }
      if chance(4) { addCodes("end_code") }
    case 2:
      if addMean("end_mean"), chance(2) { addNorm("end_norm") }
    default:
      break
    }
  }

  @discardableResult
  private mutating func addConv(_ name: String) -> Bool {
    for attempt in 1...8 {
      let channels = feature.shape.channels
      let groups = [1, 1, 1, 2, channels].filter { channels % $0 == 0 }
      let group = groups.randomElement(using: &random) ?? 1
      // The last one fits always.
      let conv = Conv(
        group * integer(1...max(1, 8 / group)), kernel: attempt == 8 ? 1 : extent(1...5),
        stride: extent(1...3), padding: attempt == 8 ? .none : padding(), groups: group, name: name)
      let before = feature
      guard add(conv) else { continue }
      addWeights(conv.slots(for: before), of: name)
      return true
    }
    return false
  }

  private mutating func addDense(_ name: String, units: Int) {
    let dense = Dense(units, name: name)
    let slots = dense.slots(for: feature)
    if add(dense) { addWeights(slots, of: name) }
  }

  private mutating func addPool(_ name: String, ofCodes: Bool) {
    guard ofCodes || !(isPooled && isNormalised) else { return }
    let pool = MaxPool(
      extent(1...3), stride: extent(1...3), padding: chance(3) ? padding() : .none, name: name)
    if add(pool), !ofCodes { isPooled = true }
  }

  /// A mean of codes or of sums.
  @discardableResult
  private mutating func addMean(_ name: String) -> Bool {
    guard !(exact && isInexact) else { return false }
    let before = feature
    let window: Window
    if chance(2) {
      let pool = GlobalAveragePool(name: name)
      window = pool.window(on: before.shape)
      guard add(pool) else { return false }
    } else {
      let isCode = feature.values != .real
      let pool = AveragePool(
        extent(1...3), stride: extent(1...3), padding: isCode ? padding() : .none, name: name)
      window = pool.window(on: before.shape)
      guard add(pool) else { return false }
    }
    isPooled = true
    isInexact = window.taps & (window.taps - 1) != 0
    // A mean on a threshold is what doubles cannot tell; a batch norm moves it away.
    if exact, isInexact, !isNormalised { addNorm("\(name)_norm") }
    return true
  }

  private mutating func addNorm(_ name: String) {
    guard !isNormalised, add(BatchNorm(epsilon: exact ? 0 : 1e-5, name: name)) else { return }
    isNormalised = true
    let channels = feature.shape.channels
    // Values of an image: what the batch norm must bring near 0 for codes to be of every kind.
    let layers = layers.dropLast()
    let before = TrainedNetwork(
      network: Network("random", input: input) { Array(layers) }, parameters: parameters)
    let image = RandomNetwork.image(for: before.network, using: &random)
    let values = layers.isEmpty ? [0] : RealReference.run(before, image: image).reals
    var mean: [Double] = []
    var variance: [Double] = []
    for channel in 0..<channels {
      let seen = values.indices.filter { $0 % channels == channel }.map { values[$0] }
      let middle = seen.randomElement(using: &random) ?? 0
      let spread = seen.reduce(0.25) { max($0, abs($1 - middle)) }
      // 2^-12 is far below every step of the sums, and moves ties of a mean away.
      let nudge = exact && isInexact ? 0x1p-12 : 0
      mean.append((middle * 8).rounded() / 8 + few(-4...4, per: 8) + nudge)
      let deviation = exact ? exp2(log2(spread).rounded()) : spread * real(0.5...2)
      variance.append(deviation * deviation)
    }
    parameters[name, "mean"] = Tensor(mean)
    parameters[name, "variance"] = Tensor(variance)
    parameters[name, "bias"] = Tensor((0..<channels).map { _ in few(-8...8, per: 8) })
    parameters[name, "scale"] = Tensor(
      (0..<channels).map { _ in
        if chance(8) { return 0 }
        let value = exact ? Double(integer(1...16)) / 8 : real(0.1...2)
        return chance(2) ? value : -value
      })
  }

  private mutating func addCodes(_ name: String) {
    guard feature.values == .real else { return }
    switch integer(0...3) {
    case 0:
      if add(Sign(zero: rule(), name: name)) { values = [0, -1, 1] }
    case 1:
      addQuantizer(name)
    default:
      let levels = integer(1...4)
      guard add(ResidualSign(levels: levels, zero: rule(), name: name)) else { return }
      var gammas = (0..<levels).map { _ in
        exact ? Double(integer(1...64)) / 16 : real(0.01...2)
      }
      gammas.sort(by: >)
      if chance(8) { gammas[levels - 1] = levels == 1 ? 1 : 0 }
      parameters[name, "gammas"] = Tensor(gammas)
      var sums: [Double] = [0]
      for gamma in gammas {
        sums = sums.flatMap { (sum: Double) -> [Double] in [sum - gamma, sum + gamma] }
      }
      values = [0] + sums
    }
    (isInexact, isNormalised, isPooled) = (false, false, false)
  }

  private mutating func addQuantizer(_ name: String) {
    let count = integer(1...15)
    let scale = Double(integer(1...8)) / 4
    let offset = few(-8...8, per: 4)
    let quantizer = Quantizer(
      scale: scale, offset: offset, zero: (0..<count).map { _ in rule() }, name: name)
    let channels = feature.shape.channels
    guard add(quantizer) else { return }
    var thresholds: [Double] = []
    for _ in 0..<channels {
      // Some of them are equal.
      thresholds += (0..<count).map { _ in few(-24...24, per: 8) }.sorted()
    }
    parameters[name, "thresholds"] = Tensor(shape: [channels, count], values: thresholds)
    values = (0..<1 << quantizer.levels).map { scale * Double($0) + offset }
    values.insert((values[0] + values[values.count - 1]) / 2, at: 0)
  }

  /// Binary weights, masked ones, or integers of a few bits; and perhaps a bias.
  private mutating func addWeights(_ slots: [ParameterSlot], of name: String) {
    for slot in slots {
      guard let rows = slot.shape.first else { continue }
      if slot.name == "bias" {
        guard chance(3) else { continue }
        parameters[name, "bias"] = Tensor((0..<rows).map { _ in few(-8...8, per: 4) })
        continue
      }
      let columns = slot.shape.dropFirst().reduce(1, *)
      let limit = [1, 1, 1, 2, 3, 7, 15].randomElement(using: &random) ?? 1
      let isOdd = chance(2)
      let isMasked = chance(3)
      var weights: [Double] = []
      for _ in 0..<rows {
        let alpha: Double = [0.25, 0.5, 1].randomElement(using: &random) ?? 1
        for _ in 0..<columns {
          var weight = limit == 1 ? 1 : integer(isOdd ? 1...limit : 0...limit)
          if isOdd, weight % 2 == 0 { weight -= 1 }
          if isMasked, chance(4) { weight = 0 }
          weights.append(Double(chance(2) ? weight : -weight) * alpha)
        }
      }
      parameters[name, "weight"] = Tensor(shape: slot.shape, values: weights)
    }
  }

  // MARK: Choices

  /// Adds a layer when it fits.
  @discardableResult
  private mutating func add(_ layer: some PrimitiveLayer) -> Bool {
    var diagnostics = DiagnosticCollector()
    guard let output = layer.output(for: feature, at: "random", &diagnostics) else { return false }
    layers.append(layer)
    feature = output
    return true
  }

  private mutating func padding() -> Padding {
    let value = values.contains(0) && chance(2) ? 0 : values.randomElement(using: &random) ?? 0
    switch integer(0...3) {
    case 0: return .none
    case 1: return .same(value: value)
    default:
      return .border(
        top: integer(0...2), bottom: integer(0...2), left: integer(0...2), right: integer(0...2),
        value: value)
    }
  }

  private mutating func extent(_ range: ClosedRange<Int>) -> Extent {
    Extent(integer(range), integer(range))
  }

  private mutating func rule() -> ZeroRule { chance(2) ? .positive : .negative }

  private mutating func integer(_ range: ClosedRange<Int>) -> Int {
    .random(in: range, using: &random)
  }

  private mutating func real(_ range: ClosedRange<Double>) -> Double {
    .random(in: range, using: &random)
  }

  /// A number of a few bits, or any number between.
  private mutating func few(_ range: ClosedRange<Int>, per unit: Int) -> Double {
    exact
      ? Double(integer(range)) / Double(unit)
      : real(Double(range.lowerBound) / Double(unit)...Double(range.upperBound) / Double(unit))
  }

  /// True once in so many.
  private mutating func chance(_ many: Int) -> Bool { integer(1...many) == 1 }
}
