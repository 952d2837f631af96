// SPDX-License-Identifier: Apache-2.0

import Diagnostics

/// Rows and columns. An integer literal is a square.
public struct Extent: Hashable, Codable, Sendable, ExpressibleByIntegerLiteral,
  CustomStringConvertible
{
  /// Rows.
  public var height: Int
  /// Columns.
  public var width: Int

  public init(_ height: Int, _ width: Int) {
    self.height = height
    self.width = width
  }

  /// A square.
  public init(_ side: Int) {
    self.init(side, side)
  }

  public init(integerLiteral side: Int) {
    self.init(side)
  }

  /// `3×3`
  public var description: String { "\(height)×\(width)" }
}

/// What lies around a map when a window moves over it.
public enum Padding: Hashable, Codable, Sendable {
  /// Nothing: the window stays inside the map.
  case none
  /// As much as makes the output ⌈size / stride⌉ large; the odd row or column is below or right.
  case same(value: Double)
  /// So many rows and columns of one value.
  case border(top: Int, bottom: Int, left: Int, right: Int, value: Double)

  /// ``same(value:)`` with zeros.
  public static let same = Padding.same(value: 0)

  /// The same border of one value on every side.
  public static func all(_ size: Int, value: Double = 0) -> Padding {
    .border(top: size, bottom: size, left: size, right: size, value: value)
  }

  /// The value of the border.
  public var value: Double {
    switch self {
    case .none: 0
    case .same(let value), .border(_, _, _, _, let value): value
    }
  }
}

/// A rectangle that moves over a map, in raster order, and the border round the map.
public struct Window: Hashable, Codable, Sendable, CustomStringConvertible {
  /// Rows and columns of the rectangle.
  public var kernel: Extent
  /// Rows and columns from one position to the next.
  public var stride: Extent
  /// Rows above the map.
  public var top: Int
  /// Rows below the map.
  public var bottom: Int
  /// Columns to its left.
  public var left: Int
  /// Columns to its right.
  public var right: Int

  public init(
    _ kernel: Extent, stride: Extent = 1, top: Int = 0, bottom: Int = 0, left: Int = 0,
    right: Int = 0
  ) {
    self.kernel = kernel
    self.stride = stride
    self.top = top
    self.bottom = bottom
    self.left = left
    self.right = right
  }

  /// The window of a layer on a map of `shape`.
  public init(_ kernel: Extent, stride: Extent, padding: Padding, on shape: Shape) {
    switch padding {
    case .none:
      self.init(kernel, stride: stride)
    case .border(let top, let bottom, let left, let right, _):
      self.init(kernel, stride: stride, top: top, bottom: bottom, left: left, right: right)
    case .same:
      func total(_ size: Int, _ kernel: Int, _ stride: Int) -> Int {
        // What is out of range is reported later.
        guard (1...Shape.most).contains(kernel), (1...Shape.most).contains(stride) else { return 0 }
        return max(0, ((size + stride - 1) / stride - 1) * stride + kernel - size)
      }
      let rows = total(shape.height, kernel.height, stride.height)
      let columns = total(shape.width, kernel.width, stride.width)
      self.init(
        kernel, stride: stride, top: rows / 2, bottom: rows - rows / 2, left: columns / 2,
        right: columns - columns / 2)
    }
  }

  /// Values of a channel that it covers.
  public var taps: Int { kernel.height * kernel.width }

  /// Whether there is a border.
  public var isPadded: Bool { top + bottom + left + right > 0 }

  /// The map of `shape` with its border.
  public func padded(_ shape: Shape) -> Shape {
    Shape(
      height: top + shape.height + bottom, width: left + shape.width + right,
      channels: shape.channels)
  }

  /// How many positions it has on a map of `shape`; it must fit.
  public func positions(on shape: Shape) -> Extent {
    let padded = padded(shape)
    return Extent(
      (padded.height - kernel.height) / stride.height + 1,
      (padded.width - kernel.width) / stride.width + 1)
  }

  /// Why it cannot move over a map of `shape`, or nil.
  public func problem(on shape: Shape) -> String? {
    guard (1...Shape.most).contains(kernel.height), (1...Shape.most).contains(kernel.width) else {
      return "the kernel is \(kernel); sizes from 1 are expected"
    }
    guard (1...Shape.most).contains(stride.height), (1...Shape.most).contains(stride.width) else {
      return "the stride is \(stride); sizes from 1 are expected"
    }
    guard 0..<kernel.height ~= top, 0..<kernel.height ~= bottom, 0..<kernel.width ~= left,
      0..<kernel.width ~= right
    else {
      return "the padding is \(top), \(bottom), \(left), \(right) (top, bottom, left, right); "
        + "it must be less than the \(kernel) kernel, and not negative"
    }
    let padded = padded(shape)
    guard padded.height >= kernel.height, padded.width >= kernel.width else {
      return "the \(kernel) kernel does not fit into the "
        + "\(padded.height)×\(padded.width) map" + (isPadded ? " with its padding" : "")
    }
    return nil
  }

  /// `3×3`, `3×3 stride 2×2`, `3×3 padding 1, 1, 1, 1`
  public var description: String {
    "\(kernel)" + (stride == 1 ? "" : " stride \(stride)")
      + (isPadded ? " padding \(top), \(bottom), \(left), \(right)" : "")
  }
}

extension Window {
  /// The shape that leaves a layer, or nil after an error.
  func output(
    for shape: Shape, channels: Int, at path: String, _ diagnostics: inout DiagnosticCollector
  ) -> Shape? {
    if let problem = problem(on: shape) {
      diagnostics.error(at: path, problem, hint: "the input is a \(shape) map")
      return nil
    }
    let positions = positions(on: shape)
    guard positions.height <= Shape.most, positions.width <= Shape.most,
      positions.height * positions.width <= Shape.most,
      positions.height * positions.width * channels <= Shape.most
    else {
      diagnostics.error(
        at: path,
        "\(positions) positions of \(channels) values are more than \(Shape.most) values",
        hint: "the input is a \(shape) map")
      return nil
    }
    return Shape(height: positions.height, width: positions.width, channels: channels)
  }
}
