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
  /// Where each of the core's inputs comes from.
  public var sources: [Source]
  /// Cycles that it is busy with one image when nothing holds it up.
  public var cycles: Int
  /// Which values of the integer network its output carries, if that is a joint of the network.
  public var carries: CarriedValues?

  /// Where a stream comes from.
  public enum Source: Hashable, Sendable {
    /// The stream that enters the pipeline.
    case outside
    /// An output of the stage with this index.
    case stage(Int, output: Int = 0)
  }
}

/// How a stream carries the values of a node of the integer network.
public struct CarriedValues: Equatable, Codable, Sendable {
  /// The node of the integer network.
  public var node: Int
  /// How a value becomes a lane, in each mode of the network.
  public var encodings: [Encoding]

  /// How a value becomes a lane.
  public enum Encoding: Equatable, Codable, Sendable {
    /// The value itself, unsigned, or in two's complement when negative.
    case direct
    /// A code above the bits of so many levels that are not in use; they are 0.
    case code(unusedLevels: Int)
    /// A signed sum as an unsigned lane.
    case sum(SumLanes)
  }

  /// The lane that carries `value` of channel `channel` in mode `mode`, in `bits` bits.
  public func lane(_ value: Int, channel: Int, bits: Int, mode: Int) -> UInt64 {
    let mask: UInt64 = bits >= 64 ? .max : (1 << UInt64(bits)) - 1
    return UInt64(bitPattern: Int64(carried(value, channel: channel, mode: mode))) & mask
  }

  private func carried(_ value: Int, channel: Int, mode: Int) -> Int {
    switch encodings[mode] {
    case .direct: value
    case .code(let unusedLevels): value << unusedLevels
    case .sum(let sums): sums.lane(value, channel: channel)
    }
  }
}

/// How signed sums travel as unsigned numbers: without what is the same for every image.
///
///     lane = (s + offset) / step
///
/// The step is 2, popcounts as they are; or 1 where a border without values may make them odd.
public struct SumLanes: Equatable, Codable, Sendable {
  /// The largest |s| of each channel.
  public var offsets: [Int]
  /// Whether the step is 1: popcounts are doubled.
  public var isDoubled: Bool

  public init(offsets: [Int], isDoubled: Bool = false) {
    self.offsets = offsets
    self.isDoubled = isDoubled
  }

  /// What one step of a lane means.
  var step: Int { isDoubled ? 1 : 2 }

  /// Bits of a lane: one more value than the largest, so that a threshold can be out of reach.
  var width: Int {
    Pipelines.width(of: (offsets.max() ?? 0) * 2 / step + 1)
  }

  /// The lane of a sum.
  func lane(_ sum: Int, channel: Int) -> Int {
    (sum + offsets[channel]) / step
  }

  /// The least lane of a sum that is at least `threshold`.
  func threshold(_ threshold: Int, channel: Int) -> Int {
    // Rounded up, for negative numbers too.
    (threshold + offsets[channel] + step - 1) >> (step - 1)
  }
}
