// SPDX-License-Identifier: Apache-2.0

import Diagnostics
import Modeling

extension Input: LoweringRule {
  func lower(
    from source: Lowering.Lowered?, shape: Shape, node: Network.Node, at path: String,
    _ lowering: inout Lowering
  ) throws -> Lowering.Lowered {
    let index = lowering.append(
      node.name, .input(.unsigned(bits: bits)), inputs: [], shape: shape)
    // 2u = (2^bits − 1) + Σ g·b, so scale·u + offset = scale/2 · Σ g·b + offset + scale/2·(2^bits − 1).
    let step = Dyadic(scale) * Dyadic(0.5)
    return .code(
      node: index, step: step, offset: Dyadic(self.offset) + step * Dyadic((1 << bits) - 1),
      order: nil)
  }
}

extension Flatten: LoweringRule {
  func lower(
    from source: Lowering.Lowered?, shape: Shape, node: Network.Node, at path: String,
    _ lowering: inout Lowering
  ) throws -> Lowering.Lowered {
    guard case .code(let index, let step, let offset, _) = source else {
      throw Diagnostic(
        at: path, "flattening real values is not supported",
        hint: "flatten after the sign")
    }
    let sources = sources(of: shape)
    let isIdentity = sources.indices.allSatisfy { sources[$0] == $0 }
    return .code(node: index, step: step, offset: offset, order: isIdentity ? nil : sources)
  }
}

extension Dense: LoweringRule {
  func lower(
    from source: Lowering.Lowered?, shape: Shape, node: Network.Node, at path: String,
    _ lowering: inout Lowering
  ) throws -> Lowering.Lowered {
    guard case .code(let input, let step, let offset, let order) = source,
      let weight = lowering.parameters[node.name, "weight"]
    else { throw Diagnostic(at: path, "the input of a dense layer must be codes") }
    let columns = shape.count
    let bias = lowering.parameters[node.name, "bias"]?.values
    var signs = BitMatrix(rows: units, columns: columns)
    var mask = BitMatrix(rows: units, columns: columns, filled: true)
    var isMasked = false
    var channels: [ExactAffine] = []
    channels.reserveCapacity(units)
    for row in 0..<units {
      var magnitude = 0.0
      var total = 0
      for column in 0..<columns {
        let value = weight.values[row * columns + (order?[column] ?? column)]
        if value == 0 {
          mask[row, column] = false
          isMasked = true
        } else {
          magnitude = abs(value)
          total += value > 0 ? 1 : -1
          if value > 0 { signs[row, column] = true }
        }
      }
      // y = α·(step·s + offset·Σw) + bias
      let alpha = Dyadic(magnitude)
      channels.append(
        ExactAffine(
          slope: alpha * step,
          intercept: alpha * offset * Dyadic(total) + Dyadic(bias?[row] ?? 0)))
    }
    let index = lowering.append(
      node.name, .popcount(MaskedPopcount(weights: signs, mask: isMasked ? mask : nil)),
      inputs: [input], shape: .vector(units))
    return .sum(node: index, channels: channels)
  }
}

extension BatchNorm: LoweringRule {
  func lower(
    from source: Lowering.Lowered?, shape: Shape, node: Network.Node, at path: String,
    _ lowering: inout Lowering
  ) throws -> Lowering.Lowered {
    guard case .sum(let index, var channels) = source,
      let scale = lowering.parameters[node.name, "scale"]?.values,
      let bias = lowering.parameters[node.name, "bias"]?.values,
      let mean = lowering.parameters[node.name, "mean"]?.values,
      let variance = lowering.parameters[node.name, "variance"]?.values
    else { throw Diagnostic(at: path, "the input of a batch norm must be sums") }
    for channel in channels.indices {
      guard !channels[channel].isNormalised else {
        throw Diagnostic(
          at: path, "a second batch norm on the same sums; one is supported",
          hint: "fold the two into one before the export")
      }
      let factor = Dyadic(scale[channel])
      channels[channel].slope = channels[channel].slope * factor
      channels[channel].intercept =
        (channels[channel].intercept - Dyadic(mean[channel])) * factor
      channels[channel].radicand = Dyadic(variance[channel]) + Dyadic(epsilon)
      channels[channel].shift = Dyadic(bias[channel])
      channels[channel].isNormalised = true
    }
    return .sum(node: index, channels: channels)
  }
}

extension ResidualSign: LoweringRule {
  func lower(
    from source: Lowering.Lowered?, shape: Shape, node: Network.Node, at path: String,
    _ lowering: inout Lowering
  ) throws -> Lowering.Lowered {
    let gammas = lowering.parameters[node.name, "gammas"]?.values ?? []
    return try lowering.encode(
      source, gammas: gammas, zero: zero, name: node.name, shape: shape, at: path)
  }
}

extension Sign: LoweringRule {
  func lower(
    from source: Lowering.Lowered?, shape: Shape, node: Network.Node, at path: String,
    _ lowering: inout Lowering
  ) throws -> Lowering.Lowered {
    try lowering.encode(
      source, gammas: [1], zero: zero, name: node.name, shape: shape, at: path)
  }
}

extension ArgMax: LoweringRule {
  func lower(
    from source: Lowering.Lowered?, shape: Shape, node: Network.Node, at path: String,
    _ lowering: inout Lowering
  ) throws -> Lowering.Lowered {
    guard case .sum(let index, let channels) = source else {
      throw Diagnostic(at: path, "the input of an arg max must be scores")
    }
    let scores = lowering.appendScores(of: index, channels: channels, name: "scores")
    _ = lowering.append(node.name, .argMax, inputs: [scores], shape: .vector(1))
    return .index
  }
}
