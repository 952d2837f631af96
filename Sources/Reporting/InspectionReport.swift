// SPDX-License-Identifier: Apache-2.0

import Diagnostics
import IntegerNetwork
import Modeling

/// What a model is made of: `resbin inspect`.
public struct InspectionReport: Codable, Equatable, Sendable {
  /// The network's name.
  public var network: String
  /// What enters: height, width, channels.
  public var inputShape: [Int]
  /// Bits of an input value.
  public var inputBits: Int
  /// The layers in order.
  public var layers: [Layer]
  /// Weights that are not masked out.
  public var weightBits: Int
  /// Channels whose weights were turned round for a negative batch norm scale.
  public var flippedChannels: Int
  /// Channels whose bits are constant.
  public var constantChannels: Int
  /// What the importer and the checks had to say.
  public var remarks: [String]

  /// One layer.
  public struct Layer: Codable, Equatable, Sendable {
    /// Its name.
    public var name: String
    /// Its kind.
    public var kind: String
    /// What leaves it, in words.
    public var output: String
    /// Values that leave it: height, width, channels.
    public var shape: [Int]
    /// Levels of the codes that leave it; absent for reals and indices.
    public var levels: Int?
    /// Trained gammas; absent where there are none.
    public var gammas: [Double]?
    /// The integers that stand for the gammas.
    public var integerGammas: [Int]?
    /// The most by which one value can differ from the trained one.
    public var gammaBound: Double?
    /// Weights that are not masked out; absent where there are none.
    public var weightBits: Int?
  }

  /// Looks at a model and at its integer meaning.
  ///
  /// - Throws: ``InvalidInput`` when the model does not fit together.
  public init(_ model: TrainedNetwork, options: LoweringOptions = LoweringOptions()) throws {
    let network = model.network
    let features = try network.features()
    let warnings = try network.check(model.parameters)
    let graph = try network.lowered(with: model.parameters, options: options)
    self.network = network.name
    inputShape = features[0].shape.sizes
    inputBits = network.input?.bits ?? 0
    weightBits = graph.weightBits
    flippedChannels = graph.lowering.flippedChannels
    constantChannels = graph.lowering.constantChannels
    remarks = (model.remarks + warnings).map(\.description)
    layers = network.nodes.indices.map { index in
      let node = network.nodes[index]
      let code = graph.lowering.codes.first { $0.layer == node.name }
      var levels: Int?
      if case .code(let count) = features[index].values { levels = count }
      return Layer(
        name: node.name, kind: type(of: node.layer).kind,
        output: features[index].description, shape: features[index].shape.sizes, levels: levels,
        gammas: code?.gammas, integerGammas: code?.weights, gammaBound: code?.bound,
        weightBits: graph.nodes.first { $0.name == node.name }?.operation.activeWeights)
    }
  }

  /// For the terminal.
  public var text: String {
    var table = TextTable(
      ["layer", "kind", "output", "weight bits", "gammas", "as integers"], numbers: [3])
    for layer in layers {
      table.rows.append([
        layer.name, layer.kind, layer.output, layer.weightBits.map(\.grouped) ?? "",
        layer.gammas?.map { $0.fixed(4) }.joined(separator: " ") ?? "",
        layer.integerGammas?.map(String.init).joined(separator: " : ") ?? "",
      ])
    }
    var lines = [
      "\(network): \(inputShape.map(String.init).joined(separator: "×")) input of \(inputBits) "
        + "bit\(inputBits == 1 ? "" : "s"), \(weightBits.grouped) weight bits", "",
      table.text, "",
    ]
    if flippedChannels > 0 {
      lines.append(
        "note: channels with a negative batch norm scale: \(flippedChannels); "
          + "their weights were turned round (exact)")
    }
    if constantChannels > 0 {
      lines.append(
        "note: channels with a batch norm scale of 0: \(constantChannels); their bits are constant")
    }
    for layer in layers {
      guard let bound = layer.gammaBound, bound > 0 else { continue }
      lines.append(
        "note: \(layer.name): integer gammas put a value at most \(bound.short) off")
    }
    return (lines + remarks).joined(separator: "\n")
  }
}

extension Shape {
  var sizes: [Int] { [height, width, channels] }
}

extension IntegerGraph.Operation {
  /// Weights that are not masked out, if there are weights.
  fileprivate var activeWeights: Int? {
    if case .popcount(let popcount) = self { popcount.activeWeights } else { nil }
  }
}
