// SPDX-License-Identifier: Apache-2.0

/// What a simulation recorded, and how it ended. What a design does wrong is a value here, never a
/// thrown error.
public struct SimulationResult: Equatable, Sendable {
  /// How it ended.
  public var status: SimulationStatus
  /// For each input, the cycles in which its beats were taken.
  public var inputCycles: [[Int]]
  /// For each output, its beats.
  public var outputs: [StreamRecord]
  /// For each tap, its beats.
  public var taps: [StreamRecord]
  /// Clock edges after reset.
  public var cycles: Int
  /// The end of what the design printed (`$display`, `$warning`, `$error`).
  public var log: String
}

/// The beats of one stream and the cycle of each transfer. Cycle 0 is the first clock edge after
/// reset.
public struct StreamRecord: Equatable, Sendable {
  /// The beats.
  public var beats: StreamBeats
  /// For each beat, the clock edge that transferred it.
  public var cycles: [Int]

  /// The value of a lane.
  public func lane(_ index: Int, ofBeat beat: Int) -> Int {
    beats.lane(index, ofBeat: beat)
  }
}

/// How a simulation ended.
public enum SimulationStatus: Equatable, Sendable, CustomStringConvertible {
  /// Every input beat was taken, every expected beat came, and none came after.
  case finished
  /// An output offered a beat after its last expected one.
  case extraBeat(output: String, cycle: Int)
  /// Beats were still expected, and nothing moved after this cycle (nil: nothing ever moved).
  case deadlock(lastTransfer: Int?)
  /// The limit of cycles was reached.
  case timedOut(cycles: Int)
  /// `$error`, `$fatal`, `$stop`, `$finish` or a failed assertion, and its text.
  case assertionFailed(String, cycle: Int)
  /// The simulation itself ended without a result.
  case crashed(String)

  public var description: String {
    switch self {
    case .finished: "finished"
    case .extraBeat(let output, let cycle):
      "output '\(output)' offered more beats than expected, in cycle \(cycle)"
    case .deadlock(let cycle?): "deadlock: nothing moved after cycle \(cycle)"
    case .deadlock(nil): "deadlock: nothing ever moved"
    case .timedOut(let cycles): "not finished after \(cycles) cycles"
    case .assertionFailed(let message, let cycle): "stopped in cycle \(cycle): \(message)"
    case .crashed(let reason): "the simulation crashed: \(reason)"
    }
  }
}
