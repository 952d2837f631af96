// SPDX-License-Identifier: Apache-2.0

/// The counters of `rb_window`, one clock at a time. Distances are in words, in the order of arrival.
struct WindowMachine: Equatable, Sendable {
  /// The output register holds a beat.
  private(set) var valid = false
  /// Words that may arrive until the buffer is full.
  private var room: Int
  /// Words there beyond the one that is read next; -1: it is not there.
  private var ahead = -1
  // How far the present read is in each loop, innermost first.
  private var tap = 0
  private var line = 0
  private var word = 0
  private var pass = 0
  private var column = 0
  private var row = 0

  // The length of each loop.
  private let taps: Int
  private let lines: Int
  private let words: Int
  private let passes: Int
  private let columns: Int
  private let rows: Int

  // From a read to the next one within its row of the window, in the next row, for the next word,
  // and from the last read of a pass back to the first word of the window.
  private let tapStep: Int
  private let lineStep: Int
  private let wordStep: Int
  private let passStep: Int

  // From the first word of a window to that of the next column, row and image.
  private let nextColumn: Int
  private let nextRow: Int
  private let nextImage: Int

  init(_ shape: Handshake.Window) {
    let span = WindowBuffer.span(
      width: shape.width, words: shape.words, kernelHeight: shape.kernelHeight,
      kernelWidth: shape.kernelWidth)
    let strideX = max(1, shape.strideX)
    let strideY = max(1, shape.strideY)
    taps = shape.channelsOuter ? shape.kernelWidth : shape.kernelWidth * shape.words
    lines = shape.kernelHeight
    words = shape.channelsOuter ? shape.words : 1
    passes = shape.passes
    columns = (shape.width - shape.kernelWidth) / strideX + 1
    rows = (shape.height - shape.kernelHeight) / strideY + 1
    tapStep = shape.channelsOuter ? shape.words : 1
    lineStep = shape.width * shape.words - (taps - 1) * tapStep
    wordStep = shape.words - span + 1
    passStep = 1 - span
    nextColumn = strideX * shape.words
    let back = (columns - 1) * nextColumn
    nextRow = strideY * shape.width * shape.words - back
    nextImage = (shape.height - (rows - 1) * strideY) * shape.width * shape.words - back
    room = shape.depth
  }

  /// `ready` of the input.
  var ready: Bool { room != 0 }

  /// The rising edge.
  mutating func clock(input: Bool, output: Bool) {
    // A word is read when it is there and the output register is free or being emptied.
    let reads = ahead >= 0 && (!valid || output)
    if output { valid = false }
    if input {
      room -= 1
      ahead += 1
    }
    if reads {
      valid = true
      step()
    }
  }

  /// To the next read.
  private mutating func step() {
    tap += 1
    if tap < taps {
      ahead -= tapStep
      return
    }
    tap = 0
    line += 1
    if line < lines {
      ahead -= lineStep
      return
    }
    line = 0
    word += 1
    if word < words {
      ahead -= wordStep
      return
    }
    word = 0
    ahead -= passStep
    pass += 1
    if pass < passes { return }
    pass = 0
    let freed = nextWindow()
    ahead -= freed
    room += freed
  }

  /// How far the next window is; no window needs the words before it any more.
  private mutating func nextWindow() -> Int {
    column += 1
    if column < columns { return nextColumn }
    column = 0
    row += 1
    if row < rows { return nextRow }
    row = 0
    return nextImage
  }
}
