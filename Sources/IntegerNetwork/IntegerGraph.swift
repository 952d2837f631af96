// SPDX-License-Identifier: Apache-2.0

import Modeling

/// A network whose every step is exact integer arithmetic: the contract between the golden model
/// and the hardware.
///
///     s_o = Σ_k h_k Σ_l g_l · P_okl,   P_okl = 2·popcount(xnor(b_l, w_ok) ∧ mask_ok) − popcount(mask_ok)
///     b_1 = [s ≥ T_o()],  b_2 = [s ≥ T_o(b_1)],  b_3 = [s ≥ T_o(b_1 b_2)] …
///     score_o = A_o · s_o + C_o
public struct IntegerGraph: Equatable, Codable, Sendable {
  /// The network's name.
  public var name: String
  /// In an order in which inputs come before their users; node 0 is the input.
  public var nodes: [Node]
  /// What the lowering decided and what it cost in exactness.
  public var lowering: LoweringReport
  /// What differs while fewer levels are in use, 1, 2 … in order; nil: the levels are fixed.
  public var fewerLevels: [LevelMode]?

  /// One operation and where its inputs come from.
  public struct Node: Equatable, Codable, Sendable {
    /// The name of the layer it stands for.
    public var name: String
    /// What it computes.
    public var operation: Operation
    /// Indices of earlier nodes.
    public var inputs: [Int]
    /// The size of its result.
    public var shape: Shape
  }

  /// What a node computes.
  public enum Operation: Equatable, Codable, Sendable {
    /// Unsigned integers from outside.
    case input(ResidualCode)
    /// Codes of the input → other codes.
    case lookup(CodeTable)
    /// Codes → signed sums.
    case popcount(MaskedPopcount)
    /// The largest code or sum in a window, for each channel; a border never wins.
    case maxPool(Window)
    /// The sum of the codes or sums in a window, for each channel → sums.
    case sumPool(MapWindow)
    /// Sums → codes.
    case encode(ThresholdTree)
    /// Sums → fixed-point sums A_o · s_o + C_o of another step: a map that is added to others.
    case rescale(AffineScore)
    /// Two maps of sums of the same step → their sum, value by value.
    case add
    /// Sums → fixed-point scores.
    case score(AffineScore)
    /// Scores → the index of the largest, the first of equals.
    case argMax
  }

  /// The index of the node whose result leaves the network.
  public var output: Int { nodes.count - 1 }

  /// The code that node `index` sends, if it sends codes.
  public func code(of index: Int) -> ResidualCode? {
    switch nodes[index].operation {
    case .input(let code): code
    case .lookup(let table): table.code
    case .encode(let tree): tree.code
    case .maxPool: nodes[index].inputs.first.flatMap(code(of:))
    case .popcount, .sumPool, .rescale, .add, .score, .argMax: nil
    }
  }

  /// The largest |s| of each channel of a node that makes sums; empty for other nodes.
  public func sumLimits(of index: Int) -> [Int] {
    var known: [Int: [Int]] = [:]
    return sumLimits(of: index, &known)
  }

  /// - Parameter known: those of nodes that were asked for before; a graph has many ways to a node.
  private func sumLimits(of index: Int, _ known: inout [Int: [Int]]) -> [Int] {
    if let limits = known[index] { return limits }
    guard let source = nodes[index].inputs.first else { return [] }
    let limits: [Int]
    switch nodes[index].operation {
    case .popcount(let popcount):
      limits = code(of: source).map(popcount.limits(for:)) ?? []
    case .maxPool:
      limits = sumLimits(of: source, &known)
    case .sumPool(let pool):
      limits =
        (code(of: source).map { Array(repeating: $0.range, count: nodes[source].shape.channels) }
        ?? sumLimits(of: source, &known)).map { pool.window.taps * $0 }
    case .rescale(let map):
      limits = zip(sumLimits(of: source, &known), zip(map.multipliers, map.offsets)).map {
        $0 * abs($1.0) + abs($1.1)
      }
    case .add:
      let others = nodes[index].inputs.map { sumLimits(of: $0, &known) }
      limits = zip(others[0], others[1]).map { $0 + $1 }
    case .input, .lookup, .encode, .score, .argMax:
      limits = []
    }
    known[index] = limits
    return limits
  }

  /// The most residual levels that an activation has.
  public var levels: Int {
    nodes.map { node in
      if case .encode(let tree) = node.operation { tree.code.levels } else { 1 }
    }.max() ?? 1
  }

  /// Whether maps are added: skip connections.
  public var hasJoins: Bool {
    nodes.contains { if case .add = $0.operation { true } else { false } }
  }

  /// How many maps are read of node `index`; 2 or more where the graph forks.
  public func readers(of index: Int) -> Int {
    nodes.reduce(0) { $0 + $1.inputs.count { $0 == index } }
  }

  /// The nodes that read node `index`.
  public func consumers(of index: Int) -> [Int] {
    nodes.indices.filter { nodes[$0].inputs.contains(index) }
  }

  /// Weights that are not masked out.
  public var weightBits: Int {
    nodes.reduce(0) { total, node in
      guard case .popcount(let popcount) = node.operation else { return total }
      return total + popcount.activeWeights
    }
  }
}

/// What each code of the input becomes.
public struct CodeTable: Equatable, Codable, Sendable {
  /// What the new codes mean to the next layer.
  public var code: ResidualCode
  /// The new code of each old one, as unsigned integers.
  public var entries: [Int]

  public init(code: ResidualCode, entries: [Int]) {
    self.code = code
    self.entries = entries
  }
}

/// A window on a map, and what its border holds.
public struct MapWindow: Equatable, Codable, Sendable {
  /// The window.
  public var window: Window
  /// What the border holds.
  public var border: Border

  /// What lies outside a map.
  public enum Border: Equatable, Codable, Sendable {
    /// Nothing: a value of 0, in a map whose codes may not have one. The mask of a popcount.
    case absent
    /// A code.
    case code(Int)
  }

  public init(_ window: Window, border: Border = .absent) {
    self.window = window
    self.border = border
  }

  /// Whether it meets positions without a value.
  public var hasAbsentValues: Bool { window.isPadded && border == .absent }
}

/// Codes → signed sums s_o = Σ_k h_k Σ_l g_l · P_okl through binary weights with a mask.
public struct MaskedPopcount: Equatable, Codable, Sendable {
  /// Row k · outputs + o is plane k of output o; a bit 1 means +1. Inactive weights are 0. The
  /// columns are the values of a window, (row, column, channel), the channel fastest.
  public var weights: BitMatrix
  /// Which weights are active, or nil when all are.
  public var mask: BitMatrix?
  /// h_k: what a plane of the weights is worth; [1] for binary weights.
  public var scales: [Int]
  /// Where its inputs are taken from the map; nil: the whole map, once.
  public var window: MapWindow?

  public init(
    weights: BitMatrix, mask: BitMatrix? = nil, scales: [Int] = [1], window: MapWindow? = nil
  ) {
    self.weights = weights
    self.mask = mask
    self.scales = scales
    self.window = window
  }

  /// Outputs at a position.
  public var outputs: Int { weights.rows / scales.count }
  /// Inputs at a position.
  public var inputs: Int { weights.columns }

  /// Active weights of plane `plane` of an output.
  public func activeWeights(of output: Int, plane: Int) -> Int {
    mask?.count(row: plane * outputs + output) ?? inputs
  }

  /// Σ_k h_k · (active weights): what each output's sum reaches for a code of range 1.
  public func reach(of output: Int) -> Int {
    scales.indices.reduce(0) { $0 + scales[$1] * activeWeights(of: output, plane: $1) }
  }

  /// The largest |s_o| of each output when values of `code` enter.
  public func limits(for code: ResidualCode) -> [Int] {
    (0..<outputs).map { reach(of: $0) * code.range }
  }

  /// What they are at most, whatever the mask.
  package func largestLimits(for code: ResidualCode) -> [Int] {
    Array(repeating: inputs * scales.reduce(0, +) * code.range, count: outputs)
  }

  /// Active weights of all outputs and planes.
  public var activeWeights: Int {
    mask.map { mask in (0..<mask.rows).reduce(0) { $0 + mask.count(row: $1) } }
      ?? weights.rows * weights.columns
  }
}

/// Sums → codes: a binary search through 2^M − 1 integers a channel.
public struct ThresholdTree: Equatable, Codable, Sendable {
  /// What the bits mean to the next layer.
  public var code: ResidualCode
  /// Channel → thresholds in heap order: the root first, the children of node n (from 1) at 2n
  /// (bit 0) and 2n + 1 (bit 1). A bit is sum ≥ threshold.
  public var thresholds: [[Int]]
  /// Channels whose code falls as the sum rises: a bit is sum < threshold. Empty when none does,
  /// else one a channel.
  public var falling: [Bool]

  public init(code: ResidualCode, thresholds: [[Int]], falling: [Bool] = []) {
    self.code = code
    self.thresholds = thresholds
    self.falling = falling.contains(true) ? falling : []
  }

  /// The code of a sum.
  public func code(of sum: Int, channel: Int) -> Int {
    let falls = !falling.isEmpty && falling[channel]
    var node = 1
    while node <= thresholds[channel].count {
      node = 2 * node + ((sum >= thresholds[channel][node - 1]) != falls ? 1 : 0)
    }
    return node - thresholds[channel].count - 1
  }
}

/// Sums → scores A_o · s_o + C_o.
public struct AffineScore: Equatable, Codable, Sendable {
  /// A_o.
  public var multipliers: [Int]
  /// C_o.
  public var offsets: [Int]
  /// What a step of the score means in the source's numbers.
  public var step: Double

  public init(multipliers: [Int], offsets: [Int], step: Double) {
    self.multipliers = multipliers
    self.offsets = offsets
    self.step = step
  }
}
