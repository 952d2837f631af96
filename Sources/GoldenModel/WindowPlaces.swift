// SPDX-License-Identifier: Apache-2.0

import Modeling

/// Where the positions of a window lie on a map, rows and columns apart.
struct WindowPlaces {
  let shape: Shape
  let kernel: Extent
  let rows: [Place]
  let columns: [Place]

  /// One row, or one column, of positions.
  struct Place: Hashable {
    /// The first index of the window; negative in the border.
    let first: Int
    /// The indices of the map in the window. A border is less than a window: never empty.
    let inside: Range<Int>

    /// The indices of the window that lie on the map, the window's first being 0.
    var covered: Range<Int> { inside.lowerBound - first..<inside.upperBound - first }
  }

  init(_ window: Window, on shape: Shape) {
    func places(_ count: Int, stride: Int, before: Int, kernel: Int, size: Int) -> [Place] {
      (0..<count).map { position in
        let first = position * stride - before
        return Place(first: first, inside: max(0, first)..<min(size, first + kernel))
      }
    }
    self.shape = shape
    kernel = window.kernel
    let positions = window.positions(on: shape)
    rows = places(
      positions.height, stride: window.stride.height, before: window.top,
      kernel: kernel.height, size: shape.height)
    columns = places(
      positions.width, stride: window.stride.width, before: window.left,
      kernel: kernel.width, size: shape.width)
  }

  /// The positions in raster order, with their rows and columns.
  @inline(__always)
  func forEachPosition(_ body: (Int, Place, Place) -> Void) {
    for (y, row) in rows.enumerated() {
      for (x, column) in columns.enumerated() { body(y * columns.count + x, row, column) }
    }
  }

  /// The pixels of the map in the window at a position.
  @inline(__always)
  func forEachPixel(_ row: Place, _ column: Place, _ body: (Int) -> Void) {
    for y in row.inside {
      for x in column.inside { body(y * shape.width + x) }
    }
  }

  /// The window's values, kernel row by kernel row, as runs that lie side by side in the map or in
  /// the border: `body` is given the first value, or nil in the border, and the number of values.
  @inline(__always)
  func forEachRun(_ row: Place, _ column: Place, _ body: (Int?, Int) -> Void) {
    let before = (column.inside.lowerBound - column.first) * shape.channels
    let inside = column.inside.count * shape.channels
    let all = kernel.width * shape.channels
    for y in row.first..<row.first + kernel.height {
      guard row.inside.contains(y) else {
        body(nil, all)
        continue
      }
      if before > 0 { body(nil, before) }
      body((y * shape.width + column.inside.lowerBound) * shape.channels, inside)
      if before + inside < all { body(nil, all - before - inside) }
    }
  }
}
