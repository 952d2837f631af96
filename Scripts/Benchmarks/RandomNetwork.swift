// SPDX-License-Identifier: Apache-2.0

import IntegerNetwork
import Modeling

/// A convolution as every layer of CNV has it.
private struct BinaryConvolution: Block {
  var filters: Int
  var levels: Int

  var body: [any Layer] {
    Conv(filters, kernel: 3)
    BatchNorm()
    ResidualSign(levels: levels)
  }
}

/// FINN's CNV for 32×32×3 images of 8 bits, with residual codes and random parameters.
func randomCNV(levels: Int) throws -> IntegerGraph {
  let network = Network("cnv", input: .image(32, 32, channels: 3, bits: 8)) {
    for filters in [64, 128, 256] {
      BinaryConvolution(filters: filters, levels: levels)
      BinaryConvolution(filters: filters, levels: levels)
      if filters < 256 { MaxPool(2) }
    }
    Flatten()
    for units in [512, 512] {
      Dense(units)
      BatchNorm()
      ResidualSign(levels: levels)
    }
    Dense(10)
    BatchNorm()
    ArgMax()
  }
  var parameters = Parameters()
  var random = SystemRandomNumberGenerator()
  let features = try network.features()
  for node in network.nodes {
    guard let input = node.inputs.first else { continue }
    for slot in node.layer.slots(for: features[input]) where slot.isRequired {
      let count = slot.shape.reduce(1, *)
      let values: [Double] =
        switch slot.name {
        case "weight": (0..<count).map { _ in Bool.random(using: &random) ? 1 : -1 }
        case "gammas": (0..<count).map { 0.8 / Double(1 << $0) }
        case "variance": (0..<count).map { _ in Double.random(in: 100...900, using: &random) }
        default: (0..<count).map { _ in Double.random(in: -1...1, using: &random) }
        }
      parameters[node.name, slot.name] = Tensor(shape: slot.shape, values: values)
    }
  }
  return try network.lowered(with: parameters)
}
