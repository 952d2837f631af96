// SPDX-License-Identifier: Apache-2.0

/// One running ``Handshake``: `valid`, then `ready`, then `clock`, once a cycle.
public struct HandshakeMachine: Sendable {
  /// The behaviour.
  public let handshake: Handshake

  // One set of registers serves all five machines; each uses what its RTL has.
  /// Beats held: FIFO words, replay words that are stored, slices or beats of a width change.
  private var count = 0
  /// Pipeline: which stages hold a result. Bit 0 is the first stage.
  private var stages: UInt64 = 0
  /// Pipeline: beats since the last result. Replay: the word to be read next.
  private var position = 0
  /// Replay: passes already sent of the present vector.
  private var pass = 0
  /// Width up, replay: the output register holds a beat.
  private var outputValid = false

  init(_ handshake: Handshake) {
    self.handshake = handshake
  }

  /// `valid` of the output in this cycle. Depends on state only.
  public var valid: Bool {
    switch handshake {
    case .fifo, .widthDown: count > 0
    case .pipeline(let depth, _): stages >> UInt64(depth - 1) & 1 == 1
    case .widthUp, .replay: outputValid
    }
  }

  /// `ready` of the input in this cycle, given the output's.
  public func ready(outputReady: Bool) -> Bool {
    switch handshake {
    case .fifo(let depth): count < depth
    case .pipeline: !valid || outputReady
    case .widthUp(let ratio): count < ratio - 1 || !outputValid || outputReady
    case .widthDown: count == 0 || (count == 1 && outputReady)
    case .replay(let words, _, let banks): count < words * banks
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
    case .replay(let words, let passes, _):
      // A word is read when it is stored and the output register is free or being emptied.
      let reads = position < count && (!outputValid || output)
      if output { outputValid = false }
      if reads {
        outputValid = true
        position += 1
        if position == words {
          position = 0
          pass += 1
          if pass == passes {
            pass = 0
            count -= words
          }
        }
      }
      if input { count += 1 }
    }
  }
}
