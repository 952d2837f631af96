// SPDX-License-Identifier: Apache-2.0

import Foundation
import Modeling

/// A dense network of BNN-PYNQ in its plain form (../shared/data/README.md), as a model.
public struct ThirdPartyModel {
  /// The network and its numbers.
  public let trained: TrainedNetwork
  /// Test image → the published scores of the ten classes, for the first images.
  public let goldenScores: [[Int]]
  /// The published class of every test image.
  public let goldenPredictions: [Int]

  private struct Description: Decodable {
    struct Layer: Decodable {
      var inFeatures: Int
      var usedInputs: Int
      var usedOutputs: Int
      var thresholds: [[Int]]
      var compare: String
      var weightsOffset: Int
      var rowBytes: Int
    }
    var layers: [Layer]
  }

  private struct Golden: Decodable {
    var scores: [[Int]]
    var predicted: String
  }

  /// Reads `name`.json, .bin and .golden.json.
  public init(name: String, in folder: URL) throws {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let description = try decoder.decode(
      Description.self, from: Data(contentsOf: folder.appending(path: "\(name).json")))
    let weights = [UInt8](try Data(contentsOf: folder.appending(path: "\(name).bin")))
    let golden = try decoder.decode(
      Golden.self, from: Data(contentsOf: folder.appending(path: "\(name).golden.json")))
    goldenScores = golden.scores
    goldenPredictions = golden.predicted.compactMap(\.wholeNumberValue)

    var parameters = Parameters()
    var layers: [any Layer] = [Flatten()]
    for (index, layer) in description.layers.enumerated() {
      let name = "fc\(index + 1)"
      let isLast = index == description.layers.count - 1
      layers.append(Dense(layer.usedOutputs, name: name))
      parameters[name, "weight"] = Self.weights(of: layer, weights)
      if !isLast {
        layers.append(BatchNorm(epsilon: 0, name: "\(name)_norm"))
        Self.addThresholds(of: layer, "\(name)_norm", to: &parameters)
        let isTernary = layer.compare == "signed_sum>t"
        layers.append(ResidualSign(levels: isTernary ? 2 : 1, name: "\(name)_sign"))
        // Two equal planes: −1, 0, +1 = ½·b₁ + ½·b₂.
        parameters["\(name)_sign", "gammas"] = Tensor(isTernary ? [0.5, 0.5] : [1])
      }
    }
    trained = TrainedNetwork(
      network: Network(name, input: .image(28, 28, bits: 1)) { layers }, parameters: parameters)
  }

  private static func weights(of layer: Description.Layer, _ bytes: [UInt8]) -> Tensor {
    var values: [Double] = []
    values.reserveCapacity(layer.usedOutputs * layer.usedInputs)
    for row in 0..<layer.usedOutputs {
      let start = layer.weightsOffset + row * layer.rowBytes
      for column in 0..<layer.usedInputs {
        values.append(bytes[start + column / 8] >> UInt8(column % 8) & 1 == 1 ? 1 : -1)
      }
    }
    return Tensor(shape: [layer.usedOutputs, layer.usedInputs], values: values)
  }

  /// Thresholds as batch norm numbers that put the sign's decisions between two sums.
  private static func addThresholds(
    of layer: Description.Layer, _ name: String, to parameters: inout Parameters
  ) {
    let padding = layer.inFeatures - layer.usedInputs
    var scale: [Double] = []
    var mean: [Double] = []
    for thresholds in layer.thresholds.prefix(layer.usedOutputs) {
      if layer.compare == "popcount>t" {
        // popcount > t ⟺ s = 2·popcount − n > 2t − n; sums have the parity of n.
        scale.append(1)
        mean.append(Double(2 * thresholds[0] - layer.usedInputs) + 1)
      } else {
        // Each padded input is −1 with weight +1. x = −½ and +½ at the two thresholds.
        let (low, high) = (
          Double(thresholds.min() ?? 0) + 0.5, Double(thresholds.max() ?? 0) + 0.5
        )
        scale.append(high > low ? 1 / (high - low) : 1e6)
        mean.append((low + high) / 2 + Double(padding))
      }
    }
    let count = scale.count
    parameters[name, "scale"] = Tensor(scale)
    parameters[name, "bias"] = Tensor(Array(repeating: 0, count: count))
    parameters[name, "mean"] = Tensor(mean)
    parameters[name, "variance"] = Tensor(Array(repeating: 1, count: count))
  }
}
