// SPDX-License-Identifier: Apache-2.0

import Diagnostics

/// A network: layers as the nodes of a graph, without trained numbers.
///
///     let mlp = Network("mlp", input: .image(28, 28)) {
///       Flatten()
///       for width in [256, 256] { Dense(width); BatchNorm(); ResidualSign(levels: 2) }
///       Dense(10)
///       BatchNorm()
///       ArgMax()
///     }
public struct Network: Sendable {
  /// One layer and where its inputs come from.
  public struct Node: Sendable {
    /// Unique in the network; names memories, nets and modules after it.
    public var name: String
    /// What it does.
    public var layer: any PrimitiveLayer
    /// Indices of earlier nodes.
    public var inputs: [Int]

    public init(name: String, layer: any PrimitiveLayer, inputs: [Int]) {
      self.name = name
      self.layer = layer
      self.inputs = inputs
    }
  }

  /// The user's name for it.
  public var name: String
  /// In an order in which inputs come before their users; node 0 is the ``Input``.
  public var nodes: [Node]

  /// A graph as it is.
  public init(name: String, nodes: [Node]) {
    self.name = name
    self.nodes = nodes
  }

  /// A chain of layers.
  public init(_ name: String, input: Input, @NetworkBuilder _ layers: () -> [any Layer]) {
    self.name = name
    self.nodes = []
    _ = append(layers(), after: append(input, after: nil))
  }

  /// The index of the node whose output leaves the network.
  public var output: Int { nodes.count - 1 }

  /// The input layer, if node 0 is one.
  public var input: Input? { nodes.first?.layer as? Input }

  /// Adds layers behind node `source`.
  ///
  /// - Returns: the node of the last one.
  private mutating func append(_ layers: [any Layer], after source: Int) -> Int {
    layers.reduce(source) { source, layer in
      switch layer {
      case let primitive as any PrimitiveLayer: append(primitive, after: source)
      case let block as any Block: append(block.body, after: source)
      case let shortcut as Shortcut:
        append(
          Add(name: shortcut.name),
          after: append(shortcut.layers, after: source), append(shortcut.shortcut, after: source))
      default: append(UnknownLayer(type: "\(type(of: layer))"), after: source)
      }
    }
  }

  private mutating func append(_ layer: any PrimitiveLayer, after sources: Int?...) -> Int {
    nodes.append(
      Node(name: unusedName(for: layer), layer: layer, inputs: sources.compactMap(\.self)))
    return nodes.count - 1
  }

  /// The layer's own name, or one from its kind: `dense2`, `dense2_norm`, `dense2_norm2`.
  private func unusedName(for layer: any PrimitiveLayer) -> String {
    if let name = layer.name { return name }
    switch type(of: layer).naming {
    case .numbered(let stem):
      let count = nodes.count { type(of: $0.layer) == type(of: layer) }
      return "\(stem)\(count + 1)"
    case .suffix(let suffix):
      let root = nodes.last {
        if case .numbered = type(of: $0.layer).naming { true } else { false }
      }
      let name = "\(root?.name ?? "layer\(nodes.count)")_\(suffix)"
      // A second pool behind the same convolution is `conv1_pool2`.
      let used = nodes.count { node in
        node.name == name
          || node.name.hasPrefix(name) && Int(node.name.dropFirst(name.count)) != nil
      }
      return used == 0 ? name : "\(name)\(used + 1)"
    }
  }
}

/// A user's type that is a `Layer` but neither primitive nor a block; reported by the checks.
struct UnknownLayer: PrimitiveLayer {
  static let kind = "Layer"
  static let naming = LayerNaming.numbered("layer")
  var type: String
  var name: String? { nil }

  func output(
    for input: Feature, at path: String, _ diagnostics: inout DiagnosticCollector
  ) -> Feature? {
    diagnostics.error(
      at: path, "'\(type)' is neither a primitive layer nor a block",
      hint: "conform it to `Block` and give it a `body`")
    return nil
  }
}
