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

  var description: String {
    switch self {
    case .constant(let constant): constant.description
    case .pixels(let pixels): "\(pixels.bits)-bit pixels \(pixels.dimensions)"
    case .map(let map): "\(map.kind) \(map.dimensions)"
    case .condition: "the result of a comparison"
    case .signs: "a residual sign"
    case .residual: "a residual"
    }
  }
}

/// The graph's input: scale · u + offset for unsigned integers u of `bits` bits.
struct Pixels: Hashable {
  var name: String
  /// Sizes without the batch, as the file's input has them: [channels, height, width].
  var inputDimensions: [Int]
  /// Sizes without the batch, as the nodes so far left them.
  var dimensions: [Int]
  /// The type that arithmetic on them uses.
  var type: ElementType
  /// 8, or 1 when only the top bit is used.
  var bits = 8
  var scale = 1.0
  var offset = 0.0
}

/// What leaves a stage, read as an ONNX tensor.
struct Map: Hashable {
  /// Which stage.
  var stage: Int
  /// Sizes without the batch: [channels], or [channels, height, width].
  var dimensions: [Int]
  /// For messages: `a real map`.
  var kind: String
}

/// A comparison that asks for the sign of each element.
struct Condition: Hashable {
  /// What was compared with zero.
  enum Subject: Hashable {
    case residual(Residual)
    /// The top bit of a pixel is its sign.
    case topBit(Pixels)
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
  var dimensions: [Int]
  var gammas: [Double] = []
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

/// Levels of the residual sign of one map, in order.
struct Signs: Hashable {
  /// At least one; all of the same base.
  var levels: [SignLevel]
}
