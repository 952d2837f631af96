// SPDX-License-Identifier: Apache-2.0

/// The valid/ready behaviour of a core with one stream in and one out, without its data.
///
/// Every core in RTL/ is one of these five machines. They step one clock at a time, exactly as the
/// RTL does, and the cycle model of a pipeline is nothing but these, connected.
public enum Handshake: Equatable, Sendable {
  /// Holds up to `depth` beats; `ready` and `valid` depend on state only. Latency 1.
  case fifo(depth: Int)
  /// `depth` register stages that all stop while the last one holds a result that is not taken;
  /// every `period`-th beat in makes one beat out.
  case pipeline(depth: Int, period: Int)
  /// Gathers `ratio` beats into one.
  case widthUp(ratio: Int)
  /// Splits one beat into `ratio`.
  case widthDown(ratio: Int)
  /// Stores vectors of `words` beats in `banks` banks and sends each vector `passes` times;
  /// the first pass may follow the arrival word by word.
  case replay(words: Int, passes: Int, banks: Int)

  /// The state after reset.
  public func machine() -> HandshakeMachine {
    HandshakeMachine(self)
  }
}
