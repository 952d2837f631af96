// SPDX-License-Identifier: Apache-2.0

/// One running ``Handshake``: `valid`, then `ready`, then `clock`, once a cycle.
public struct HandshakeMachine: Sendable {
  /// The behaviour.
  public let handshake: Handshake

  // One set of registers serves the small machines; each uses what its RTL has.
  /// Beats held: FIFO words, slices or beats of a width change.
  private var count = 0
  /// Pipeline: which stages hold a result. Bit 0 is the first stage.
  private var stages: UInt64 = 0
  /// Pipeline: beats since the last result.
  private var position = 0
  /// Width up: the output register holds a beat.
  private var outputValid = false
  // The machines that count through maps have registers of their own.
  private var window: WindowMachine?
  private var pad: PadMachine?

  init(_ handshake: Handshake) {
    self.handshake = handshake
    switch handshake {
    case .window(let shape): window = WindowMachine(shape)
    case .pad(let shape): pad = PadMachine(shape)
    case .fifo, .pipeline, .widthUp, .widthDown: break
    }
  }

  /// `valid` of the output in this cycle. Depends on state only.
  public var valid: Bool {
    switch handshake {
    case .fifo, .widthDown: count > 0
    case .pipeline(let depth, _): stages >> UInt64(depth - 1) & 1 == 1
    case .widthUp: outputValid
    case .window: window?.valid ?? false
    case .pad: pad?.valid ?? false
    }
  }

  /// `ready` of the input in this cycle, given the output's.
  public func ready(outputReady: Bool) -> Bool {
    switch handshake {
    case .fifo(let depth): count < depth
    case .pipeline: !valid || outputReady
    case .widthUp(let ratio): count < ratio - 1 || !outputValid || outputReady
    case .widthDown: count == 0 || (count == 1 && outputReady)
    case .window: window?.ready ?? false
    case .pad: pad?.ready(outputReady: outputReady) ?? false
    }
  }

  /// The rising edge: `input` and `output` say which beats were transferred in this cycle.
  public mutating func clock(input: Bool, output: Bool) {
    switch handshake {
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
    case .window: window?.clock(input: input, output: output)
    case .pad: pad?.clock(input: input, output: output)
    }
  }
}
