// SPDX-License-Identifier: Apache-2.0

import Foundation
import Modeling

/// The layers' equations as they stand in the papers, in double precision, value by value: nothing
/// is shared with the integer network.
public enum RealReference {
  /// What the layers compute.
  public struct Result {
    /// Sign layer → codes, most significant bit first.
    public var codes: [String: [Int]] = [:]
    /// The real values before an arg max, or those that leave the network.
    public var reals: [Double] = []
  }

  /// Runs a chain of vector layers.
  public static func run(_ trained: TrainedNetwork, image: [UInt8]) -> Result {
    var result = Result()
    var values: [Double] = []
    for node in trained.network.nodes {
      func tensor(_ slot: String) -> [Double]? { trained.parameters[node.name, slot]?.values }
      switch node.layer {
      case let input as Input:
        values = image.map { input.scale * Double($0) + input.offset }
      case let dense as Dense:
        let weight = tensor("weight") ?? []
        values = (0..<dense.units).map { row in
          var sum = tensor("bias")?[row] ?? 0
          for column in values.indices {
            sum += weight[row * values.count + column] * values[column]
          }
          return sum
        }
        result.reals = values
      case let norm as BatchNorm:
        for channel in values.indices {
          values[channel] =
            (tensor("scale")?[channel] ?? 0) * (values[channel] - (tensor("mean")?[channel] ?? 0))
            / ((tensor("variance")?[channel] ?? 0) + norm.epsilon).squareRoot()
            + (tensor("bias")?[channel] ?? 0)
        }
        result.reals = values
      case let sign as ResidualSign:
        let gammas = tensor("gammas") ?? []
        var codes: [Int] = []
        values = values.map { value in
          var rest = value
          var sum = 0.0
          var code = 0
          for gamma in gammas {
            let bit = sign.zero == .positive ? rest >= 0 : rest > 0
            code = 2 * code + (bit ? 1 : 0)
            let step = bit ? gamma : -gamma
            rest -= step
            sum += step
          }
          codes.append(code)
          return sum
        }
        result.codes[node.name] = codes
      default:
        break
      }
    }
    return result
  }
}
