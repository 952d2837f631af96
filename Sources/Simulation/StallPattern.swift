// SPDX-License-Identifier: Apache-2.0

/// When the testbench makes the design wait. Every pattern but `patient` is a function of the seed,
/// the stream and the cycle alone.
public enum StallPattern: String, CaseIterable, Sendable {
  /// Sources always offer, sinks are always ready: the design runs at its own speed.
  case none
  /// Sources may offer a new beat in one cycle of four.
  case source
  /// Sinks are ready in one cycle of four.
  case sink
  /// Sources and sinks alternate between bursts, pauses and coin flips of 1 to 32 cycles.
  case random
  /// Sinks raise ready only in answer to valid: a design that waits for ready before it raises
  /// valid comes to a deadlock. Any other moves as under `none`.
  case patient

  /// The gate of the source that drives input `index`: open in a cycle where it may offer a beat.
  /// A beat once offered stays.
  public func sourceGate(_ index: Int, seed: UInt64) -> StallGate {
    let kind: StallGate.Kind =
      switch self {
      case .none, .sink, .patient: .open
      case .source: .sparse
      case .random: .bursts
      }
    return StallGate(kind, seed: StallGate.streamSeed(seed, UInt64(index)))
  }

  /// The gate of the sink of output `index`: open in a cycle where it is ready (or, for a patient
  /// sink, would be if it were offered a beat).
  public func sinkGate(_ index: Int, seed: UInt64) -> StallGate {
    let kind: StallGate.Kind =
      switch self {
      case .none, .source, .patient: .open
      case .sink: .sparse
      case .random: .bursts
      }
    return StallGate(kind, seed: StallGate.streamSeed(seed, 1000 + UInt64(index)))
  }
}

/// One bit a cycle: may the stream move? The same machine as `Sim/stall_gate.h`, so that a model of
/// the cycles can live through the very stalls of a simulation.
public struct StallGate: Sendable {
  enum Kind {
    case open, sparse, bursts
  }

  private let kind: Kind
  private var random: UInt64
  private var left: UInt64 = 0
  private var mode: UInt64 = 0

  init(_ kind: Kind, seed: UInt64) {
    self.kind = kind
    var z = seed &+ 0x9E37_79B9_7F4A_7C15
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    random = (z ^ (z >> 31)) | 1
  }

  static func streamSeed(_ seed: UInt64, _ index: UInt64) -> UInt64 {
    seed &* 0x9E37_79B9_7F4A_7C15 &+ index
  }

  /// The bit of the next cycle; the first call is for cycle 0.
  public mutating func next() -> Bool {
    if kind == .open { return true }
    random ^= random >> 12
    random ^= random << 25
    random ^= random >> 27
    let bits = random &* 0x2545_F491_4F6C_DD1D
    if kind == .sparse { return bits >> 62 == 0 }
    if left == 0 {
      left = 1 + (bits >> 32) & 31
      mode = (bits >> 40) & 3
    }
    left -= 1
    switch mode {
    case 0: return true
    case 1: return false
    case 2: return bits >> 63 == 0
    default: return bits >> 62 == 0
    }
  }
}
