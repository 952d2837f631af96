// SPDX-License-Identifier: Apache-2.0

import Diagnostics
import GoldenModel
import IntegerNetwork
import Modeling

/// How well the golden model does on labelled images, and what integers in place of real gammas
/// changed: `resbin evaluate`.
public struct EvaluationReport: Codable, Equatable, Sendable {
  /// The network's name.
  public var network: String
  /// Images.
  public var images: Int
  /// Images whose prediction is their label.
  public var correct: Int
  /// correct / images, in percent.
  public var accuracy: Double
  /// Wall-clock seconds of the golden model.
  public var seconds: Double
  /// images / seconds.
  public var imagesPerSecond: Double
  /// The class of each image.
  public var predictions: [Int]
  /// What quantizing gammas and scores changed.
  public var quantization: Quantization

  /// What quantizing gammas and scores changed, against integers of 20 and 32 bits.
  public struct Quantization: Codable, Equatable, Sendable {
    /// Codes that were compared.
    public var codes: Int
    /// Codes that differ.
    public var differingCodes: Int
    /// Images whose prediction differs.
    public var differingPredictions: Int
    /// Accuracy without quantization, in percent.
    public var unquantizedAccuracy: Double
    /// By layer: the gammas, their integers and the bound.
    public var layers: [CodeQuantization]
    /// The output scores.
    public var scores: ScoreQuantization?
  }

  /// Runs the golden model on `images`.
  ///
  /// - Parameters:
  ///   - images: as the network takes them, one after the other.
  ///   - labels: one an image.
  public init(
    _ model: TrainedNetwork, images: [UInt8], labels: [UInt8],
    options: LoweringOptions = LoweringOptions()
  ) throws {
    let graph = try model.network.lowered(with: model.parameters, options: options)
    let golden = GoldenExecutor(graph)
    let clock = ContinuousClock()
    var predictions: [Int] = []
    let duration = clock.measure { predictions = golden.predictions(images) }
    network = graph.name
    self.images = labels.count
    self.predictions = predictions
    correct = zip(predictions, labels).count { $0 == Int($1) }
    accuracy = 100 * Double(correct) / Double(max(1, labels.count))
    seconds = Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
    imagesPerSecond = Double(labels.count) / max(seconds, 1e-9)

    let reference = try model.network.lowered(with: model.parameters, options: .reference)
    let comparison = QuantizationComparison(graph: graph, reference: reference, images: images)
    quantization = Quantization(
      codes: comparison.codes, differingCodes: comparison.differingCodes,
      differingPredictions: zip(predictions, comparison.predictions).count { $0 != $1 },
      unquantizedAccuracy: 100
        * Double(zip(comparison.predictions, labels).count { $0 == Int($1) })
        / Double(max(1, labels.count)),
      layers: graph.lowering.codes, scores: graph.lowering.scores)
  }

  /// For the terminal.
  public var text: String {
    let bound = quantization.layers.map { layer in
      "  \(layer.layer): gammas \(layer.gammas.map { $0.fixed(4) }.joined(separator: " ")) as "
        + "\(layer.weights.map(String.init).joined(separator: " : ")), "
        + "a value at most \(layer.bound.short) off"
    }
    return
      ([
        "\(network): \(correct) of \(images) right, \(accuracy.fixed(2)) %",
        "golden model: \(seconds.fixed(3)) s, \(imagesPerSecond.grouped) images/s", "",
        "quantization of gammas and scores, against integers of 20 and 32 bits:",
      ] + bound + [
        "  \(quantization.differingCodes.grouped) of \(quantization.codes.grouped) activations and "
          + "\(quantization.differingPredictions) of \(images) predictions differ; "
          + "\(quantization.unquantizedAccuracy.fixed(2)) % without quantization"
      ]).joined(separator: "\n")
  }
}

/// The codes and predictions of two lowerings of one network, side by side.
private struct QuantizationComparison {
  var codes = 0
  var differingCodes = 0
  var predictions: [Int] = []

  init(graph: IntegerGraph, reference: IntegerGraph, images: [UInt8]) {
    let executor = GoldenExecutor(reference)
    predictions = executor.predictions(images)
    let encoders = graph.nodes.indices.filter {
      if case .encode = graph.nodes[$0].operation { true } else { false }
    }
    codes = predictions.count * encoders.reduce(0) { $0 + graph.nodes[$1].shape.count }
    differingCodes = executor.differingCodes(
      from: GoldenExecutor(graph), nodes: encoders, on: images
    ).reduce(0, +)
  }
}
