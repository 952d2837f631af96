// SPDX-License-Identifier: Apache-2.0

import Modeling

/// What the importer knows about a value of the graph.
///
/// Every operator maps the values of its inputs to the value of its output. Only where a value
/// enters a layer does it become a stage of the network: a residual sign, for instance, is a dozen
/// nodes and one stage.
enum Value {
  /// Known numbers.
  case constant(Constant)
  /// The graph's input, scaled.
  case pixels(Pixels)
  /// What leaves a stage.
  case map(Map)
  /// A truth value for each element of a map: which sign it has.
  case condition(Condition)
  /// A sum of residual levels ±γ_l.
  case signs(Signs)
  /// A map minus its first residual levels.
  case residual(Residual)
  /// A real map limited to a range.
  case clipped(Clipped)
  /// The steps that a map's values reach.
  case quantized(Quantized)
  /// A map with a border.
  case padded(Padded)

  var description: String {
    switch self {
    case .constant(let constant): constant.description
    case .pixels(let pixels): "8-bit pixels \(pixels.dimensions)"
    case .map(let map): "\(map.kind) \(map.dimensions)"
    case .condition: "the result of a comparison"
    case .signs: "a residual sign"
    case .residual: "a residual"
    case .clipped: "a clipped map"
    case .quantized: "a quantizer"
    case .padded: "a map with a border"
    }
  }
}

/// The graph's input: what the nodes so far made of each 8-bit pixel u, the same at every place.
struct Pixels: Hashable {
  var name: String
  /// The input as the file has it: a vector, or a map with its channels in front.
  var inputLayout: Layout
  /// The same as the nodes so far left it.
  var layout: Layout
  /// The type that arithmetic on them uses.
  var type: ElementType
  /// What each u has become, with the roundings of the type.
  var values = (0..<256).map(Double.init)
  /// The same as integers of one scale and offset, without roundings, where the nodes say them.
  var grid: Grid? = Grid(codes: Array(0..<256), scale: 1, offset: 0)

  var dimensions: [Int] { layout.dimensions }
}

/// What the pixels mean: pixel u is scale · codes[u] + offset.
struct Grid: Hashable {
  var codes: [Int]
  var scale: Double
  var offset: Double
}

/// What leaves a stage, read as an ONNX tensor.
struct Map: Hashable {
  /// Which stage.
  var stage: Int
  var layout: Layout
  /// For messages: `a real map`.
  var kind: String

  /// Sizes without the batch: [channels], or [channels, height, width].
  var dimensions: [Int] { layout.dimensions }
  var channels: Int { layout.shape.channels }
}

/// A map whose values are limited to a range.
struct Clipped: Hashable {
  var map: Map
  var limits: ClosedRange<Double>
}

/// A map with a border of one value, for the layer that it enters.
struct Padded: Hashable {
  var map: Map
  /// Rows and columns.
  var border: Border
  var value: Double
}

/// Rows and columns round a map.
struct Border: Hashable {
  var top = 0
  var bottom = 0
  var left = 0
  var right = 0

  var isEmpty: Bool { self == Border() }
}

/// A comparison that asks for the sign of each element.
struct Condition: Hashable {
  /// What was compared.
  enum Subject: Hashable {
    case residual(Residual)
    /// The pixels for which it holds.
    case pixels(Pixels, [Bool])
  }

  var subject: Subject
  /// Which sign zero has.
  var zero: ZeroRule
  /// True when the condition holds for the negative sign.
  var isInverted: Bool
  /// How the file writes it: `GreaterOrEqual`, `Not(Less)`.
  var spelling: String
}

/// r_(l+1) = x − Σ_(k≤l) γ_k·b_k; without γ, x itself.
struct Residual: Hashable {
  /// The stage that x leaves.
  var base: Int
  var layout: Layout
  var gammas: [Double] = []
  /// The range that x was limited to.
  var limits = Self.all

  static let all = -Double.infinity...Double.infinity
}

/// The level l of a residual sign: `high` where r_l has a positive sign, `low` elsewhere.
struct SignLevel: Hashable {
  /// r_l.
  var residual: Residual
  var high: Double
  var low: Double
  var type: ElementType
  var zero: ZeroRule
  var spelling: String

  /// 1 for the first.
  var number: Int { residual.gammas.count + 1 }
}

/// scale · q + offset, where q is the number of thresholds that a map's value reaches.
struct Quantized: Hashable {
  /// The stage whose map is quantized.
  var base: Int
  var layout: Layout
  /// For each channel, ascending.
  var thresholds: [[Double]]
  /// For each threshold.
  var zero: [ZeroRule]
  var scale: Double
  var offset: Double
  var name: String?
}

/// Levels of the residual sign of one map, in order.
struct Signs: Hashable {
  /// At least one; all of the same base.
  var levels: [SignLevel]
}
