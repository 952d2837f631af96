// SPDX-License-Identifier: Apache-2.0

import Pipelines
import Simulation

/// What a run of the Verilog against the golden model has shown.
public struct VerificationResult: Equatable, Sendable, CustomStringConvertible {
  /// How the simulation ended.
  public var status: SimulationStatus
  /// Images that were sent.
  public var images: Int
  /// Images of which every value at every joint was right.
  public var agreeing: Int
  /// Values that were compared, at all joints.
  public var comparedValues: Int
  /// The first difference: of the first wrong image the first joint, there the first value.
  public var mismatch: Mismatch?
  /// What left the design for each image that came out whole.
  public var outputs: [[Int]]
  /// The class of each of these.
  public var predictions: [Int]
  /// For each image, the cycle in which its first beat was taken.
  public var starts: [Int]
  /// For each image, the cycle in which its last beat left.
  public var completions: [Int]
  /// How full each queue was, in stream order.
  public var queues: [QueueFill]

  /// One line: how many agree, how it ended, what differs first.
  public var description: String {
    "\(agreeing) of \(images) images agree, \(status)"
      + (mismatch.map { "; first mismatch: \($0)" } ?? "")
  }

  /// True when the run ended well and every value was right.
  public var passed: Bool {
    status == .finished && mismatch == nil && agreeing == images
  }

  /// Cycles from the transfer of the first image's first beat in to that of its last beat out.
  public var latency: Int? {
    guard let start = starts.first, let end = completions.first else { return nil }
    return end - start
  }

  /// Cycles between the ends of the last two images.
  public var interval: Int? {
    guard completions.count >= 2 else { return nil }
    return completions[completions.count - 1] - completions[completions.count - 2]
  }
}

/// One value that the Verilog got wrong.
public struct Mismatch: Equatable, Sendable, Codable, CustomStringConvertible {
  /// The image, from 0.
  public var image: Int
  /// The layer.
  public var layer: String
  /// The stage whose output stream is wrong.
  public var stage: String
  /// Row and column of the pixel.
  public var row: Int
  public var column: Int
  /// The channel.
  public var channel: Int
  /// The first level whose bit is wrong, from 1; nil for sums, scores and indices.
  public var level: Int?
  /// The bits of the lane as they should be, read as an unsigned integer.
  public var expected: Int
  /// The bits that came, or nil when the stream ended before.
  public var got: Int?

  public var description: String {
    let bit = level.map { ", level \($0)" } ?? ""
    let value =
      got == expected
      ? "the value is right, its `last` is not"
      : got.map { "got \($0)" } ?? "got nothing: the stream ended"
    return "image \(image), layer \(layer) (stream \(stage)), pixel (\(row), \(column)), "
      + "channel \(channel)\(bit): expected \(expected), \(value)"
  }
}
