// SPDX-License-Identifier: Apache-2.0

/// The counters of `rb_pad`, one clock at a time.
struct PadMachine: Equatable, Sendable {
  /// The output register holds a beat.
  private(set) var valid = false
  /// Beat of the padded row that is loaded next.
  private var beat = 0
  /// Row of the padded image.
  private var row = 0

  private let rowBeats: Int
  private let rows: Int
  private let innerBeats: Range<Int>
  private let innerRows: Range<Int>

  init(_ shape: Handshake.Pad) {
    rowBeats = (shape.left + shape.width + shape.right) * shape.words
    rows = shape.top + shape.height + shape.bottom
    let first = shape.left * shape.words
    innerBeats = first..<first + shape.width * shape.words
    innerRows = shape.top..<shape.top + shape.height
  }

  private var isInner: Bool { innerRows.contains(row) && innerBeats.contains(beat) }

  /// `ready` of the input, given the output's.
  func ready(outputReady: Bool) -> Bool { isInner && (!valid || outputReady) }

  /// The rising edge.
  mutating func clock(input: Bool, output: Bool) {
    let loads = (!valid || output) && (input || !isInner)
    if output { valid = false }
    guard loads else { return }
    valid = true
    beat += 1
    guard beat == rowBeats else { return }
    beat = 0
    row += 1
    if row == rows { row = 0 }
  }
}
