// SPDX-License-Identifier: Apache-2.0

import Foundation
import Modeling

/// The layers' equations as they stand in the papers, in double precision, value by value: nothing
/// is shared with the integer network, nor with the geometry of Modeling.
public enum RealReference {
  /// What the layers compute.
  public struct Result {
    /// Layer that sends codes → codes, most significant bit first, in the order of the stream.
    public var codes: [String: [Int]] = [:]
    /// The real values before an arg max, or those that leave the network.
    public var reals: [Double] = []
  }

  /// A map of numbers in raster order, the channel fastest.
  private struct Map {
    var height: Int
    var width: Int
    var channels: Int
    var values: [Double]
    /// What the codes of the values are; nil where they are sums.
    var codes: [Int]?

    func index(_ y: Int, _ x: Int, _ channel: Int) -> Int {
      (y * width + x) * channels + channel
    }

    /// The indices of the values below a window at each position, nil where it sees the border.
    func windows(
      _ kernel: Extent, _ stride: Extent, _ padding: Padding, _ body: ([(y: Int, x: Int)?]) -> Void
    ) -> (height: Int, width: Int) {
      /// Values before the first, and positions, along an axis.
      func axis(_ size: Int, _ kernel: Int, _ stride: Int, _ before: Int?, _ after: Int?)
        -> (before: Int, positions: Int)
      {
        if let before, let after { return (before, (before + size + after - kernel) / stride + 1) }
        let positions = Int((Double(size) / Double(stride)).rounded(.up))
        let missing = (positions - 1) * stride + kernel - size
        return (max(0, missing) / 2, positions)
      }
      var border: (Int?, Int?, Int?, Int?) = (0, 0, 0, 0)
      switch padding {
      case .none: break
      case .same: border = (nil, nil, nil, nil)
      case .border(let top, let bottom, let left, let right, _): border = (top, bottom, left, right)
      }
      let rows = axis(height, kernel.height, stride.height, border.0, border.1)
      let columns = axis(width, kernel.width, stride.width, border.2, border.3)
      for row in 0..<rows.positions {
        for column in 0..<columns.positions {
          var taps: [(y: Int, x: Int)?] = []
          for y in 0..<kernel.height {
            for x in 0..<kernel.width {
              let tap = (
                y: row * stride.height + y - rows.before,
                x: column * stride.width + x - columns.before
              )
              let isInside = tap.y >= 0 && tap.y < height && tap.x >= 0 && tap.x < width
              taps.append(isInside ? tap : nil)
            }
          }
          body(taps)
        }
      }
      return (rows.positions, columns.positions)
    }
  }

  /// Runs the layers, in the order of the network.
  public static func run(_ trained: TrainedNetwork, image: [UInt8]) -> Result {
    var result = Result()
    var maps: [Map] = []
    for node in trained.network.nodes {
      var map =
        node.inputs.first.map { maps[$0] } ?? Map(height: 1, width: 1, channels: 0, values: [])
      func tensor(_ slot: String) -> [Double] {
        trained.parameters[node.name, slot]?.values ?? []
      }
      switch node.layer {
      case let input as Input:
        map = Map(
          height: input.shape.height, width: input.shape.width, channels: input.shape.channels,
          values: image.map { input.scale * Double($0) + input.offset },
          codes: image.map { Int($0) })
      case let lookup as Lookup:
        let entries = (map.codes ?? []).map { lookup.table[$0] }
        map.values = entries.map { lookup.scale * Double($0) + lookup.offset }
        map.codes = entries
      case let dense as Dense:
        map = self.dense(dense, map, tensor("weight"), tensor("bias"))
      case let conv as Conv:
        map = self.conv(conv, map, tensor("weight"), tensor("bias"))
      case let norm as BatchNorm:
        let (scale, bias) = (tensor("scale"), tensor("bias"))
        let (mean, variance) = (tensor("mean"), tensor("variance"))
        for index in map.values.indices {
          let channel = index % map.channels
          map.values[index] =
            scale[channel] * (map.values[index] - mean[channel])
            / (variance[channel] + norm.epsilon).squareRoot() + bias[channel]
        }
      case let sign as ResidualSign:
        encode(&map) { value, _ in residual(value, tensor("gammas"), sign.zero) }
      case let sign as Sign:
        encode(&map) { value, _ in residual(value, [1], sign.zero) }
      case let quantizer as Quantizer:
        let thresholds = tensor("thresholds")
        encode(&map) { value, channel in
          let number = quantizer.zero.indices.count { index in
            let threshold = thresholds[channel * quantizer.zero.count + index]
            return quantizer.zero[index] == .positive ? value >= threshold : value > threshold
          }
          return (number, quantizer.scale * Double(number) + quantizer.offset)
        }
      case let pool as MaxPool:
        map = largest(map, pool.size, pool.stride, pool.padding)
      case let pool as AveragePool:
        map = mean(map, pool.size, pool.stride, pool.padding)
      case is GlobalAveragePool:
        let all = Extent(map.height, map.width)
        map = mean(map, all, all, .none)
      case let flatten as Flatten:
        map = flattened(map, flatten.order)
      case is Add:
        let other = maps[node.inputs[1]]
        map.values = zip(map.values, other.values).map { $0 + $1 }
        map.codes = nil
      default:
        break
      }
      result.codes[node.name] = map.codes
      if map.codes == nil { result.reals = map.values }
      maps.append(map)
    }
    return result
  }

  private static func dense(
    _ dense: Dense, _ map: Map, _ weight: [Double], _ bias: [Double]
  ) -> Map {
    let columns = map.values.count
    let values = (0..<dense.units).map { row in
      var sum = bias.isEmpty ? 0 : bias[row]
      for column in 0..<columns { sum += weight[row * columns + column] * map.values[column] }
      return sum
    }
    return Map(height: 1, width: 1, channels: dense.units, values: values)
  }

  private static func conv(_ conv: Conv, _ map: Map, _ weight: [Double], _ bias: [Double]) -> Map {
    let seen = map.channels / conv.groups
    var result = Map(height: 0, width: 0, channels: conv.filters, values: [])
    (result.height, result.width) = map.windows(conv.kernel, conv.stride, conv.padding) { taps in
      for filter in 0..<conv.filters {
        let group = filter / (conv.filters / conv.groups)
        var sum = bias.isEmpty ? 0 : bias[filter]
        for channel in 0..<seen {
          for (tap, place) in taps.enumerated() {
            let value =
              place.map { map.values[map.index($0.y, $0.x, group * seen + channel)] }
              ?? conv.padding.value
            sum += weight[(filter * seen + channel) * taps.count + tap] * value
          }
        }
        result.values.append(sum)
      }
    }
    return result
  }

  /// The code and the value of a number.
  private static func residual(
    _ value: Double, _ gammas: [Double], _ zero: ZeroRule
  ) -> (code: Int, value: Double) {
    var rest = value
    var sum = 0.0
    var code = 0
    for gamma in gammas {
      let bit = zero == .positive ? rest >= 0 : rest > 0
      code = 2 * code + (bit ? 1 : 0)
      let step = bit ? gamma : -gamma
      rest -= step
      sum += step
    }
    return (code, sum)
  }

  private static func encode(
    _ map: inout Map, _ body: (Double, _ channel: Int) -> (code: Int, value: Double)
  ) {
    let channels = map.channels
    let encoded = map.values.enumerated().map { body($1, $0 % channels) }
    map.values = encoded.map(\.value)
    map.codes = encoded.map(\.code)
  }

  /// The largest code with its value, or the largest sum.
  private static func largest(
    _ map: Map, _ size: Extent, _ stride: Extent, _ padding: Padding
  ) -> Map {
    var result = Map(height: 0, width: 0, channels: map.channels, values: [])
    var codes: [Int] = []
    (result.height, result.width) = map.windows(size, stride, padding) { taps in
      for channel in 0..<map.channels {
        let indices = taps.compactMap { $0.map { map.index($0.y, $0.x, channel) } }
        let best = indices.max {
          if let codes = map.codes {
            codes[$0] < codes[$1]
          } else {
            map.values[$0] < map.values[$1]
          }
        }
        guard let best else { continue }
        result.values.append(map.values[best])
        if let code = map.codes?[best] { codes.append(code) }
      }
    }
    if map.codes != nil { result.codes = codes }
    return result
  }

  private static func mean(
    _ map: Map, _ size: Extent, _ stride: Extent, _ padding: Padding
  ) -> Map {
    var result = Map(height: 0, width: 0, channels: map.channels, values: [])
    (result.height, result.width) = map.windows(size, stride, padding) { taps in
      for channel in 0..<map.channels {
        let sum = taps.reduce(0) { sum, place in
          sum + (place.map { map.values[map.index($0.y, $0.x, channel)] } ?? padding.value)
        }
        result.values.append(sum / Double(taps.count))
      }
    }
    return result
  }

  private static func flattened(_ map: Map, _ order: Flatten.Order) -> Map {
    var indices: [Int] = []
    switch order {
    case .channelsLast:
      indices = Array(map.values.indices)
    case .channelsFirst:
      for channel in 0..<map.channels {
        for y in 0..<map.height {
          for x in 0..<map.width { indices.append(map.index(y, x, channel)) }
        }
      }
    }
    return Map(
      height: 1, width: 1, channels: indices.count, values: indices.map { map.values[$0] },
      codes: map.codes.map { codes in indices.map { codes[$0] } })
  }
}
