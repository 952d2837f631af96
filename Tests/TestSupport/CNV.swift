// SPDX-License-Identifier: Apache-2.0

import Modeling

/// The convolutional network that the papers of this field measure.
public enum CNV {
  /// CNV with 64, 128 and 256 filters and 512 units, or all of them divided by `divisor`.
  public static func network(levels: Int, divisor: Int = 1) -> Network {
    Network("cnv", input: .image(32, 32, channels: 3)) {
      for (index, filters) in [64, 64, 128, 128, 256, 256].enumerated() {
        Conv(filters / divisor)
        BatchNorm()
        ResidualSign(levels: levels)
        if index == 1 || index == 3 { MaxPool(2) }
      }
      Flatten()
      for _ in 0..<2 {
        Dense(512 / divisor)
        BatchNorm()
        ResidualSign(levels: levels)
      }
      Dense(10)
      BatchNorm()
      ArgMax()
    }
  }

  /// With random numbers in place of trained ones.
  public static func random(
    levels: Int, divisor: Int = 1, using random: inout SeededRandom
  ) throws -> TrainedNetwork {
    let network = network(levels: levels, divisor: divisor)
    return TrainedNetwork(
      network: network, parameters: try network.randomParameters(using: &random))
  }
}
