// SPDX-License-Identifier: Apache-2.0

import Diagnostics
import Modeling

/// What the lowering may choose.
public struct LoweringOptions: Equatable, Codable, Sendable {
  /// The most bits of an integer that stands for a gamma.
  public var gammaBits: Int
  /// Bits of a score multiplier, with its sign.
  public var scoreBits: Int
  /// Bits of the largest multiplier of a map that is added to another, with its sign: where none of
  /// the two is a sum of maps, which has a step already. Up to 12 are kept, more only as far as the sums
  /// have 40 bits.
  public var mapBits: Int
  /// Whether a channel that falls has its comparisons turned round, not its weights: then networks of
  /// the same trained weights have the same weights whatever their batch norms are.
  public var keepsWeights: Bool

  public init(
    gammaBits: Int = 8, scoreBits: Int = 16, mapBits: Int = 12, keepsWeights: Bool = false
  ) {
    self.gammaBits = gammaBits
    self.scoreBits = scoreBits
    self.mapBits = mapBits
    self.keepsWeights = keepsWeights
  }

  /// So many bits that the quantization of gammas, scores and maps does not count: the real-valued
  /// network, to compare with.
  public static let reference = LoweringOptions(gammaBits: 20, scoreBits: 32, mapBits: 24)
}

extension Network {
  /// The exact integer meaning of this network with these trained numbers.
  ///
  /// Scale factors, biases and batch norm disappear into integer thresholds, by exact arithmetic:
  /// no floating-point number decides a comparison. What is rounded is the gammas (and the scores
  /// that leave the network); how, and by how much at most, is in the result's `lowering`.
  ///
  /// - Throws: ``InvalidInput`` with everything that does not fit.
  /// - Source: ResBinNet, arXiv 1711.01243; FINN, arXiv 1612.07119 (batch norm as thresholds).
  public func lowered(
    with parameters: Parameters, options: LoweringOptions = LoweringOptions()
  ) throws -> IntegerGraph {
    try check(parameters)
    guard (1...20).contains(options.gammaBits), (2...32).contains(options.scoreBits),
      (2...24).contains(options.mapBits)
    else {
      throw Diagnostic(
        at: "lower \(name)",
        "\(options.gammaBits) bits for a gamma, \(options.scoreBits) for a score and "
          + "\(options.mapBits) for a map; 1…20, 2…32 and 2…24 are supported")
    }
    var lowering = Lowering(network: self, parameters: parameters, options: options)
    return try lowering.run()
  }
}

/// A pass over the network's nodes, in order.
struct Lowering {
  let network: Network
  let parameters: Parameters
  let options: LoweringOptions
  var nodes: [IntegerGraph.Node] = []
  /// Sums with more than one reader: turning a channel round for one would turn it for the other.
  var sharedSums: Set<Int> = []
  /// What each node of the network so far has become.
  var lowered: [Lowered] = []
  var report = LoweringReport()

  /// What a node of the network has become.
  enum Lowered {
    /// Codes of an integer node.
    case code(CodedMap)
    /// Sums of an integer node and the real numbers that they stand for, by channel.
    case sum(node: Int, channels: [ExactAffine])
    /// The class index.
    case index
  }

  /// Codes of an integer node; value = step · Σ g·b + offset.
  struct CodedMap {
    var node: Int
    var step: Dyadic
    var offset: Dyadic
    /// The trained numbers that g stand for: value = offset + Σ gammas·b in the source.
    var gammas: [Dyadic]
    /// Which position of the stream each input of the next layer is; nil: in stream order.
    var order: [Int]?
  }

  init(network: Network, parameters: Parameters, options: LoweringOptions) {
    self.network = network
    self.parameters = parameters
    self.options = options
  }

  mutating func run() throws -> IntegerGraph {
    let features = try network.features()
    for (index, node) in network.nodes.enumerated() {
      guard let rule = node.layer as? any LoweringRule else {
        throw Diagnostic(
          at: network.path(of: index), "this layer has no integer meaning yet")
      }
      let source = node.inputs.first.map { lowered[$0] }
      let shape = node.inputs.first.map { features[$0].shape } ?? features[index].shape
      try lowered.append(
        rule.lower(from: source, shape: shape, node: node, at: network.path(of: index), &self))
      let readers = network.nodes.reduce(0) { $0 + $1.inputs.count { $0 == index } }
      if readers > 1, case .sum(let sums, _) = lowered[index] { sharedSums.insert(sums) }
    }
    if let last = lowered.last, case .sum(let node, let channels) = last {
      _ = appendScores(of: node, channels: channels, name: "scores")
    }
    if let last = lowered.last, case .code(let map) = last, map.order != nil {
      throw Diagnostic(
        at: network.path(of: network.output),
        "the codes that leave the network stand in the order of the stream, channel fastest; "
          + "no layer follows that could read them in another",
        hint: "leave the flattening out, or use `Flatten(.channelsLast)`")
    }
    return graph
  }

  /// A name for what stands for no layer: another where a layer has it.
  func unusedName(_ name: String) -> String {
    var name = name
    while network.nodes.contains(where: { $0.name == name }) { name += "_" }
    return name
  }

  /// Adds a node and returns its index.
  mutating func append(
    _ name: String, _ operation: IntegerGraph.Operation, inputs: [Int], shape: Shape
  ) -> Int {
    nodes.append(
      IntegerGraph.Node(name: name, operation: operation, inputs: inputs, shape: shape))
    return nodes.count - 1
  }

  /// The graph so far.
  var graph: IntegerGraph { IntegerGraph(name: network.name, nodes: nodes, lowering: report) }

  /// The largest |s| of each channel of a node that makes sums.
  func sumLimits(of node: Int) -> [Int] {
    graph.sumLimits(of: node)
  }
}

/// How one kind of layer is lowered.
protocol LoweringRule {
  /// - Parameters:
  ///   - source: what the layer before has become; nil for the input.
  ///   - shape: what enters the layer.
  func lower(
    from source: Lowering.Lowered?, shape: Shape, node: Network.Node, at path: String,
    _ lowering: inout Lowering
  ) throws -> Lowering.Lowered
}
