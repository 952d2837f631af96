// SPDX-License-Identifier: Apache-2.0

import Modeling

/// A network whose every step is exact integer arithmetic: the contract between the golden model
/// and the hardware.
///
///     s_o = Σ_l g_l · P_ol,   P_ol = 2·popcount(xnor(b_l, w_o) ∧ mask_o) − popcount(mask_o)
///     b_1 = [s ≥ T_o()],  b_2 = [s ≥ T_o(b_1)],  b_3 = [s ≥ T_o(b_1 b_2)] …
///     score_o = A_o · s_o + C_o
public struct IntegerGraph: Equatable, Codable, Sendable {
  /// The network's name.
  public var name: String
  /// In an order in which inputs come before their users; node 0 is the input.
  public var nodes: [Node]
  /// What the lowering decided and what it cost in exactness.
  public var lowering: LoweringReport

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
    /// Codes → signed sums.
    case popcount(MaskedPopcount)
    /// Sums → codes.
    case encode(ThresholdTree)
    /// Sums → fixed-point scores.
    case score(AffineScore)
    /// Scores → the index of the largest, the first of equals.
    case argMax
  }

  /// The index of the node whose result leaves the network.
  public var output: Int { nodes.count - 1 }

  /// The code that node `index` sends, if it sends codes.
  public func code(of index: Int) -> ResidualCode? {
    nodes[index].operation.code
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

extension IntegerGraph.Operation {
  /// The code of the result, if it is one.
  var code: ResidualCode? {
    switch self {
    case .input(let code): code
    case .encode(let tree): tree.code
    case .popcount, .score, .argMax: nil
    }
  }
}

/// Codes → signed sums s_o = Σ_l g_l · P_ol through binary weights with a mask.
public struct MaskedPopcount: Equatable, Codable, Sendable {
  /// Row o is output o; a bit 1 means +1. Inactive weights are 0.
  public var weights: BitMatrix
  /// Which weights are active, or nil when all are.
  public var mask: BitMatrix?

  /// Outputs.
  public var outputs: Int { weights.rows }
  /// Inputs.
  public var inputs: Int { weights.columns }

  /// Active weights of an output.
  public func activeWeights(of output: Int) -> Int {
    mask?.count(row: output) ?? inputs
  }

  /// The largest |s_o| of each output when values of `code` enter.
  public func limits(for code: ResidualCode) -> [Int] {
    (0..<outputs).map { activeWeights(of: $0) * code.range }
  }

  /// Active weights of all outputs.
  public var activeWeights: Int {
    (0..<outputs).reduce(0) { $0 + activeWeights(of: $1) }
  }
}

/// Sums → codes: a binary search through 2^M − 1 integers a channel.
public struct ThresholdTree: Equatable, Codable, Sendable {
  /// What the bits mean to the next layer.
  public var code: ResidualCode
  /// Channel → thresholds in heap order: the root first, the children of node n (from 1) at 2n
  /// (bit 0) and 2n + 1 (bit 1). A bit is sum ≥ threshold.
  public var thresholds: [[Int]]

  /// The code of a sum.
  public func code(of sum: Int, channel: Int) -> Int {
    var node = 1
    while node <= thresholds[channel].count {
      node = 2 * node + (sum >= thresholds[channel][node - 1] ? 1 : 0)
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
}
