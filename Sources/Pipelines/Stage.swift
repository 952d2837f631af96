// SPDX-License-Identifier: Apache-2.0

import Cores

/// One core in a pipeline: what it is called, what it reads, what it does for which layer.
public struct Stage: Sendable {
  /// Unique in the pipeline; nets, instances and memory images are named after it.
  public var name: String
  /// The layer it works for.
  public var layer: String
  /// The hardware.
  public var core: any Core
  /// Where the core's input comes from.
  public var source: Source
  /// Cycles that it is busy with one image when nothing holds it up.
  public var cycles: Int
  /// Which values of the integer network its output carries, if that is a joint of the network.
  public var carries: CarriedValues?

  /// Where a stream comes from.
  public enum Source: Equatable, Sendable {
    /// The stream that enters the pipeline.
    case outside
    /// The output of the stage with this index.
    case stage(Int)
  }
}

/// How a stream carries the values of a node of the integer network.
public struct CarriedValues: Equatable, Codable, Sendable {
  /// The node of the integer network.
  public var node: Int
  /// How a value becomes a lane.
  public var encoding: Encoding

  /// How a value becomes a lane.
  public enum Encoding: Equatable, Codable, Sendable {
    /// The value itself, unsigned, or in two's complement when negative.
    case direct
    /// A signed sum s as the unsigned (s + offset) / 2: the popcounts without what is the same for
    /// every image. One offset an output.
    case popcount(offsets: [Int])
  }

  /// The lane that carries `value` of channel `channel`, in `bits` bits.
  public func lane(_ value: Int, channel: Int, bits: Int) -> UInt64 {
    let mask: UInt64 = bits >= 64 ? .max : (1 << UInt64(bits)) - 1
    return UInt64(bitPattern: Int64(carried(value, channel: channel))) & mask
  }

  private func carried(_ value: Int, channel: Int) -> Int {
    switch encoding {
    case .direct: value
    case .popcount(let offsets): (value + offsets[channel]) / 2
    }
  }
}
