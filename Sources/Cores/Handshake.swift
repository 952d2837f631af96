// SPDX-License-Identifier: Apache-2.0

/// The valid/ready behaviour of a core, without its data.
///
/// Every core in RTL/ is one of these nine machines. They step one clock at a time, exactly as the
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
  /// Stores maps and sends each window of them `passes` times; a window may follow the arrival
  /// word by word.
  case window(Window)
  /// Shifts the pixels of maps in and sends each window `beats` times; a pixel may enter with the
  /// last beat of a window.
  case lines(Lines)
  /// Sends each map with a border round it, which does not wait for input.
  case pad(Pad)
  /// Holds one beat and sends it to two readers, each when it is ready; the next beat enters when both
  /// have, or are about to have, this one. Latency 1.
  case fork
  /// Takes a beat of each of two streams together, when both are there, and makes one of them. Latency 1.
  case join

  /// What a window buffer counts by.
  public struct Window: Equatable, Sendable {
    /// Beats of a pixel.
    public var words: Int
    /// Rows of a map.
    public var height: Int
    /// Pixels of a row.
    public var width: Int
    /// Rows of a window.
    public var kernelHeight: Int
    /// Pixels of a row of a window.
    public var kernelWidth: Int
    /// Rows from a window to the one below.
    public var strideY: Int
    /// Pixels from a window to the next one.
    public var strideX: Int
    /// Times that a window is sent.
    public var passes: Int
    /// Whether a pass goes through the pixels of a window once for each word.
    public var channelsOuter: Bool
    /// Words held.
    public var depth: Int

    public init(
      words: Int, height: Int, width: Int, kernelHeight: Int, kernelWidth: Int, strideY: Int,
      strideX: Int, passes: Int, channelsOuter: Bool, depth: Int
    ) {
      self.words = words
      self.height = height
      self.width = width
      self.kernelHeight = kernelHeight
      self.kernelWidth = kernelWidth
      self.strideY = strideY
      self.strideX = strideX
      self.passes = passes
      self.channelsOuter = channelsOuter
      self.depth = depth
    }

    /// Images of which the buffer may hold words at a time.
    public var imagesHeld: Int {
      let image = max(1, height * width * words)
      return max(2, (depth + image - 1) / image)
    }
  }

  /// What a line buffer counts by.
  public struct Lines: Equatable, Sendable {
    /// Rows of a map.
    public var height: Int
    /// Pixels of a row, a beat each.
    public var width: Int
    /// Rows of a window.
    public var kernelHeight: Int
    /// Pixels of a row of a window.
    public var kernelWidth: Int
    /// Rows from a window to the one below.
    public var strideY: Int
    /// Pixels from a window to the next one.
    public var strideX: Int
    /// Beats of a window.
    public var beats: Int

    public init(
      height: Int, width: Int, kernelHeight: Int, kernelWidth: Int, strideY: Int, strideX: Int,
      beats: Int
    ) {
      self.height = height
      self.width = width
      self.kernelHeight = kernelHeight
      self.kernelWidth = kernelWidth
      self.strideY = strideY
      self.strideX = strideX
      self.beats = beats
    }
  }

  /// What a border counts by.
  public struct Pad: Equatable, Sendable {
    /// Beats of a pixel.
    public var words: Int
    /// Rows that enter.
    public var height: Int
    /// Pixels of a row that enters.
    public var width: Int
    /// Rows above.
    public var top: Int
    /// Rows below.
    public var bottom: Int
    /// Pixels before each row.
    public var left: Int
    /// Pixels after each row.
    public var right: Int

    public init(
      words: Int, height: Int, width: Int, top: Int, bottom: Int, left: Int, right: Int
    ) {
      self.words = words
      self.height = height
      self.width = width
      self.top = top
      self.bottom = bottom
      self.left = left
      self.right = right
    }
  }

  /// The state after reset.
  public func machine() -> HandshakeMachine {
    HandshakeMachine(self)
  }
}
