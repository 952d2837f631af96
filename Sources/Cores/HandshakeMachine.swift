// SPDX-License-Identifier: Apache-2.0

/// One running ``Handshake``: `valid`, then `ready`, then `clock`, once a cycle.
///
/// Where a core has several streams on a side, ``validOutputs``, ``readyInputs(valid:ready:)`` and
/// ``clock(inputs:outputs:)`` speak of each, stream k in bit k; the others speak of the first.
public struct HandshakeMachine: Equatable, Sendable {
  /// The behaviour.
  public let handshake: Handshake

  /// The same without the shapes of maps: millions of steps ask for it.
  private let kind: Kind

  // One set of registers serves the small machines; each uses what its RTL has.
  /// Beats held: FIFO words, slices or beats of a width change, the beat of a fork or join.
  private var count = 0
  /// Pipeline: which stages hold a result, bit 0 is the first stage. Fork: which readers have the beat.
  private var stages: UInt64 = 0
  /// Pipeline: beats since the last result.
  private var position = 0
  /// Width up: the output register holds a beat.
  private var outputValid = false
  // The machines that count through maps have registers of their own.
  private var window: WindowMachine
  private var lines: LineMachine
  private var pad: PadMachine

  /// A handshake in few bytes.
  private enum Kind: Equatable {
    case fifo(depth: Int)
    case pipeline(depth: Int, period: Int)
    case widthUp(ratio: Int)
    case widthDown(ratio: Int)
    case window
    case lines
    case pad
    case fork
    case join
  }

  init(_ handshake: Handshake) {
    self.handshake = handshake
    var windowShape = Handshake.Window.pixel
    var linesShape = Handshake.Lines.pixel
    var padShape = Handshake.Pad.pixel
    switch handshake {
    case .fifo(let depth): kind = .fifo(depth: depth)
    case .pipeline(let depth, let period): kind = .pipeline(depth: depth, period: period)
    case .widthUp(let ratio): kind = .widthUp(ratio: ratio)
    case .widthDown(let ratio): kind = .widthDown(ratio: ratio)
    case .window(let shape):
      kind = .window
      windowShape = shape
    case .lines(let shape):
      kind = .lines
      linesShape = shape
    case .pad(let shape):
      kind = .pad
      padShape = shape
    case .fork: kind = .fork
    case .join: kind = .join
    }
    window = WindowMachine(windowShape)
    lines = LineMachine(linesShape)
    pad = PadMachine(padShape)
  }

  /// `valid` of the output in this cycle. Depends on state only.
  public var valid: Bool {
    switch kind {
    case .fifo, .widthDown, .join: count > 0
    case .fork: count > 0 && stages & 1 == 0
    case .pipeline(let depth, _): stages >> UInt64(depth - 1) & 1 == 1
    case .widthUp: outputValid
    case .window: window.valid
    case .lines: lines.valid
    case .pad: pad.valid
    }
  }

  /// `ready` of the input in this cycle, given the output's.
  public func ready(outputReady: Bool) -> Bool {
    switch kind {
    case .fifo(let depth): count < depth
    case .pipeline: !valid || outputReady
    case .widthUp(let ratio): count < ratio - 1 || !outputValid || outputReady
    case .widthDown: count == 0 || (count == 1 && outputReady)
    case .window: window.ready
    case .lines: lines.ready(outputReady: outputReady)
    case .pad: pad.ready(outputReady: outputReady)
    case .fork, .join: readyInputs(valid: 3, ready: outputReady ? 3 : 0) & 1 == 1
    }
  }

  /// `valid` of each output in this cycle.
  public var validOutputs: UInt64 {
    if case .fork = kind { return count > 0 ? ~stages & 3 : 0 }
    return valid ? 1 : 0
  }

  /// `ready` of each input in this cycle, given `valid` of the inputs and `ready` of the outputs.
  public func readyInputs(valid inputs: UInt64, ready outputs: UInt64) -> UInt64 {
    switch kind {
    case .fork: count == 0 || stages | outputs & 3 == 3 ? 1 : 0
    case .join: inputs & 3 == 3 && (count == 0 || outputs & 1 == 1) ? 3 : 0
    default: ready(outputReady: outputs & 1 == 1) ? 1 : 0
    }
  }

  /// Beats that a queue or a register holds; 0 of the other machines.
  public var beatsQueued: Int {
    if case .fifo = kind { count } else { 0 }
  }

  /// The rising edge: `input` and `output` say which beats were transferred in this cycle.
  public mutating func clock(input: Bool, output: Bool) {
    switch kind {
    case .fifo:
      count += (input ? 1 : 0) - (output ? 1 : 0)
    case .pipeline(let depth, let period):
      guard !valid || output else { return }
      var entering: UInt64 = 0
      if input {
        position += 1
        if position == period {
          position = 0
          entering = 1
        }
      }
      stages = (stages << 1 | entering) & (depth == 64 ? .max : (1 << UInt64(depth)) - 1)
    case .widthUp(let ratio):
      if output { outputValid = false }
      if input {
        count += 1
        if count == ratio {
          count = 0
          outputValid = true
        }
      }
    case .widthDown(let ratio):
      if output { count -= 1 }
      if input { count = ratio }
    case .window: window.clock(input: input, output: output)
    case .lines: lines.clock(input: input, output: output)
    case .pad: pad.clock(input: input, output: output)
    case .fork, .join: clock(inputs: input ? 3 : 0, outputs: output ? 3 : 0)
    }
  }

  /// The rising edge: which beats were transferred, stream k in bit k.
  public mutating func clock(inputs: UInt64, outputs: UInt64) {
    switch kind {
    case .fork:
      stages |= outputs & 3
      if stages == 3 { count = 0 }
      if inputs & 1 == 1 { count = 1 }
      if count == 0 || inputs & 1 == 1 { stages = 0 }
    case .join:
      if outputs & 1 == 1 { count = 0 }
      if inputs & 1 == 1 { count = 1 }
    default:
      clock(input: inputs & 1 == 1, output: outputs & 1 == 1)
    }
  }
}

extension Handshake.Window {
  /// A map of one pixel: what the machine of another core holds unused.
  fileprivate static let pixel = Handshake.Window(
    words: 1, height: 1, width: 1, kernelHeight: 1, kernelWidth: 1, strideY: 1, strideX: 1,
    passes: 1, channelsOuter: false, depth: 1)
}

extension Handshake.Lines {
  /// A map of one pixel: what the machine of another core holds unused.
  fileprivate static let pixel = Handshake.Lines(
    height: 1, width: 1, kernelHeight: 1, kernelWidth: 1, strideY: 1, strideX: 1, beats: 1)
}

extension Handshake.Pad {
  /// A map of one pixel without a border: what the machine of another core holds unused.
  fileprivate static let pixel = Handshake.Pad(
    words: 1, height: 1, width: 1, top: 0, bottom: 0, left: 0, right: 0)
}
