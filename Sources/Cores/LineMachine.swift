// SPDX-License-Identifier: Apache-2.0

/// The counters of `rb_line_buffer`, one clock at a time.
struct LineMachine: Equatable, Sendable {
  /// The registers hold a window.
  private(set) var valid = false
  /// Beats of the window that were sent.
  private var beat = 0
  // The pixel that enters next.
  private var column = 0
  private var row = 0

  private let beats: Int
  private let width: Int
  private let height: Int
  private let kernelWidth: Int
  private let kernelHeight: Int
  private let strideX: Int
  private let strideY: Int

  init(_ shape: Handshake.Lines) {
    beats = shape.beats
    width = shape.width
    height = shape.height
    kernelWidth = shape.kernelWidth
    kernelHeight = shape.kernelHeight
    strideX = max(1, shape.strideX)
    strideY = max(1, shape.strideY)
  }

  /// `ready` of the input, given the output's: a pixel enters with the last beat of a window.
  func ready(outputReady: Bool) -> Bool { !valid || (outputReady && beat == beats - 1) }

  /// The rising edge.
  mutating func clock(input: Bool, output: Bool) {
    if output {
      beat += 1
      if beat == beats {
        beat = 0
        valid = false
      }
    }
    if input {
      valid = completesWindow
      column += 1
      guard column == width else { return }
      column = 0
      row += 1
      if row == height { row = 0 }
    }
  }

  /// Whether the pixel that enters next is the last one of a window.
  private var completesWindow: Bool {
    let (left, top) = (column + 1 - kernelWidth, row + 1 - kernelHeight)
    return left >= 0 && top >= 0 && left % strideX == 0 && top % strideY == 0
  }
}
