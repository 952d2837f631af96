// SPDX-License-Identifier: Apache-2.0

import Diagnostics
import Foundation
import Modeling

/// A network that others trained, in its plain form (../shared/data/README.md), as a model: BNN-PYNQ
/// on MNIST and CIFAR-10, and a residual network of two levels.
///
/// - Exactness: every decision of the source is a decision of the model. A source's bit is a sum
///   *over* a threshold, so signs take `.negative` for zero. The one thing that is left to the
///   lowering is what integers stand for the gammas of the residual network.
public struct ThirdPartyModel {
  /// The network and its numbers.
  public let trained: TrainedNetwork
  /// Test image → the published scores of the classes, for the first images.
  public let goldenScores: [[Double]]
  /// The published class of every test image.
  public let goldenPredictions: [Int]
  /// Pixel → what enters the network.
  public let pixelTable: [UInt8]

  /// How the fractions of a residual network's numbers are kept.
  public enum Fractions: Sendable {
    /// As they stand in the file.
    case all
    /// Cut to so many bits, as the source's hardware keeps them.
    case bits(Int)

    func cut(_ value: Double) -> Double {
      switch self {
      case .all: value
      case .bits(let bits): (value * Double(1 << bits)).rounded(.down) / Double(1 << bits)
      }
    }
  }

  private struct Golden: Decodable {
    var scores: [[Double]]
    var predicted: String
    var predictedFixed12: String?
  }

  /// Reads `name`.json, .bin and .golden.json.
  public init(name: String, in folder: URL, fractions: Fractions = .all) throws {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let description = try decoder.decode(
      Description.self, from: Data(contentsOf: folder.appending(path: "\(name).json")))
    let weights = [UInt8](try Data(contentsOf: folder.appending(path: "\(name).bin")))
    let golden = try decoder.decode(
      Golden.self, from: Data(contentsOf: folder.appending(path: "\(name).golden.json")))
    goldenScores = golden.scores
    var predictions = golden.predicted
    if case .bits(12) = fractions { predictions = golden.predictedFixed12 ?? predictions }
    goldenPredictions = predictions.compactMap(\.wholeNumberValue)

    let isImage = description.layers.first?.type == "conv3x3"
    var assembly = Assembly(weights: weights, fractions: fractions)
    if !isImage { assembly.layers.append(Flatten()) }
    for (index, layer) in description.layers.enumerated() {
      // The gammas of a residual code are the scales of the layer that reads it.
      let reader = description.layers[(index + 1)...].first { $0.type != "maxpool2x2" }
      let isLast = index == description.layers.count - 1
      try assembly.add(layer, number: index + 1, gammas: reader?.alpha, isLast: isLast)
    }
    var input = Input.image(28, 28, bits: 1)
    if isImage {
      input = Input(
        Shape(height: 32, width: 32, channels: 3), bits: 8, scale: 0x1p-7, offset: -1)
    }
    pixelTable = (0...255).map { isImage ? Self.fixedPoint($0) : $0 >> 7 }
    trained = TrainedNetwork(
      network: Network(name, input: input) { [layers = assembly.layers] in layers },
      parameters: assembly.parameters)
  }

  /// Images as they enter the network.
  public func images(_ pixels: some Sequence<UInt8>) -> [UInt8] {
    pixels.map { pixelTable[Int($0)] }
  }

  /// q + 128 of a pixel, q = clamp(⌊(2p/255 − 1)·128 + 0.5⌋, −128, 127), in integers.
  private static func fixedPoint(_ pixel: UInt8) -> UInt8 {
    // (2p/255 − 1)·128 + ½ + 128 = (512·p + 255) / 510
    UInt8(min(255, (512 * Int(pixel) + 255) / 510))
  }
}

/// The plain form of a network.
private struct Description: Decodable {
  var layers: [Layer]

  struct Layer: Decodable {
    var type: String
    var inChannels: Int?
    var outChannels: Int?
    var inFeatures: Int?
    var outFeatures: Int?
    var usedInputs: Int?
    var usedOutputs: Int?
    var thresholds: [Thresholds]?
    var compare: String?
    var alpha: [Double]?
    var means: [Double]?
    var weightsOffset: Int?
    var rowBytes: Int?

    var inputs: Int { usedInputs ?? inFeatures ?? 9 * (inChannels ?? 0) }
    var outputs: Int { usedOutputs ?? outFeatures ?? outChannels ?? 0 }
  }

  /// One number a neuron, or several.
  struct Thresholds: Decodable {
    var values: [Double]

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let value = try? container.decode(Double.self) {
        values = [value]
      } else {
        values = try container.decode([Double].self)
      }
    }
  }
}

/// Layers and parameters in the making.
private struct Assembly {
  let weights: [UInt8]
  let fractions: ThirdPartyModel.Fractions
  var layers: [any Layer] = []
  var parameters = Parameters()
  /// Whether maps still travel.
  var isMap = false

  init(weights: [UInt8], fractions: ThirdPartyModel.Fractions) {
    self.weights = weights
    self.fractions = fractions
  }

  mutating func add(
    _ layer: Description.Layer, number: Int, gammas: [Double]?, isLast: Bool
  ) throws {
    let name = "layer\(number)"
    switch layer.type {
    case "maxpool2x2":
      layers.append(MaxPool(2, name: name))
      return
    case "conv3x3":
      isMap = true
      layers.append(Conv(layer.outputs, kernel: 3, name: name))
    default:
      if isMap { layers.append(Flatten(.channelsLast)) }
      isMap = false
      layers.append(Dense(layer.outputs, name: name))
    }
    addWeights(layer, name)
    // The last sums are the scores, also where the source has thresholds for them.
    if isLast { return }
    if let means = layer.means, let gammas {
      try addResidualSign(layer, means: means, gammas: gammas.map(fractions.cut), name)
    } else if layer.compare == "signed_sum>t" {
      addTernarySign(layer, name)
    } else if let thresholds = layer.thresholds {
      layers.append(Sign(zero: .negative))
      let inputs = Double(layer.inputs)
      parameters[name, "bias"] = try Tensor(
        thresholds.prefix(layer.outputs).map { threshold in
          let value = threshold.values.first ?? 0
          switch layer.compare {
          // popcount > t ⟺ s = 2·popcount − n > 2t − n
          case "popcount>t": return inputs - 2 * value
          // Σ w·q/128 > t/256
          case "fixed_sum*256>t": return -value / 256
          default:
            throw Diagnostic(at: name, "the comparison '\(layer.compare ?? "")' is not known")
          }
        })
    }
  }

  /// The bits of a row are inputs (y, x, c), c fastest; the tensor of a convolution has (c, y, x).
  private mutating func addWeights(_ layer: Description.Layer, _ name: String) {
    // A residual code has the scales already; those of the fixed-point pixels are of the weights.
    let alpha = layer.alpha.map { $0.count == 1 ? fractions.cut($0[0]) : 1 } ?? 1
    let channels = layer.inChannels ?? 0
    var values: [Double] = []
    values.reserveCapacity(layer.outputs * layer.inputs)
    for row in 0..<layer.outputs {
      let start = (layer.weightsOffset ?? 0) + row * (layer.rowBytes ?? 0)
      for column in 0..<layer.inputs {
        let bit = isMap ? column % 9 * channels + column / 9 : column
        values.append(weights[start + bit / 8] >> UInt8(bit % 8) & 1 == 1 ? alpha : -alpha)
      }
    }
    parameters[name, "weight"] = Tensor(
      shape: isMap ? [layer.outputs, channels, 3, 3] : [layer.outputs, layer.inputs],
      values: values)
  }

  /// Two thresholds a neuron: −1, 0 and +1 are ½·b₁ + ½·b₂, two equal planes.
  private mutating func addTernarySign(_ layer: Description.Layer, _ name: String) {
    // Each padded input is −1 with weight +1.
    let padding = Double((layer.inFeatures ?? layer.inputs) - layer.inputs)
    let bounds = (layer.thresholds ?? []).prefix(layer.outputs).map { thresholds in
      ((thresholds.values.min() ?? 0) + 0.5, (thresholds.values.max() ?? 0) + 0.5)
    }
    // x = −½ and +½ half a step above the two thresholds.
    let widths = bounds.map { $1 > $0 ? $1 - $0 : 1e-6 }
    addNorm(
      name, scale: bounds.map { _ in 1 }, mean: bounds.map { ($0 + $1) / 2 + padding },
      variance: widths.map { $0 * $0 })
    layers.append(ResidualSign(levels: 2, name: "\(name)_sign"))
    parameters["\(name)_sign", "gammas"] = Tensor([0.5, 0.5])
  }

  /// s₀ = [acc > 0], s₁ = [acc − s₀·mean > 0], with a mean for each neuron.
  ///
  /// x = γ₁·acc / mean turns the neuron's mean into the layer's γ₁; the division is the batch
  /// norm's root, which the lowering does not round.
  private mutating func addResidualSign(
    _ layer: Description.Layer, means: [Double], gammas: [Double], _ name: String
  ) throws {
    let means = means.map(fractions.cut)
    guard means.allSatisfy({ $0 > 0 }) else {
      throw Diagnostic(at: name, "a mean is not positive: the second bit would repeat the first")
    }
    addNorm(
      name, scale: means.map { _ in gammas[0] },
      mean: (layer.thresholds ?? []).map { fractions.cut($0.values.first ?? 0) },
      variance: means.map { $0 * $0 })
    layers.append(ResidualSign(levels: gammas.count, zero: .negative, name: "\(name)_sign"))
    parameters["\(name)_sign", "gammas"] = Tensor(gammas)
  }

  private mutating func addNorm(
    _ name: String, scale: [Double], mean: [Double], variance: [Double]
  ) {
    layers.append(BatchNorm(epsilon: 0, name: "\(name)_norm"))
    parameters["\(name)_norm", "scale"] = Tensor(scale)
    parameters["\(name)_norm", "bias"] = Tensor(scale.map { _ in 0 })
    parameters["\(name)_norm", "mean"] = Tensor(mean)
    parameters["\(name)_norm", "variance"] = Tensor(variance)
  }
}
