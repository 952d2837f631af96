// SPDX-License-Identifier: Apache-2.0

/// What travels on an edge of a network: a map of values, and what a value is.
public struct Feature: Equatable, Sendable, CustomStringConvertible {
  /// The size of the map.
  public var shape: Shape
  /// What each value is.
  public var values: Values

  /// What a value can be.
  public enum Values: Equatable, Sendable {
    /// A residual code of so many levels; the only thing that a binary layer takes.
    case code(levels: Int)
    /// A real number: a sum, before or after batch norm.
    case real
    /// The index of a class.
    case index
  }

  public init(_ shape: Shape, _ values: Values) {
    self.shape = shape
    self.values = values
  }

  public var description: String {
    switch values {
    case .code(let levels): "\(shape), \(levels) level\(levels == 1 ? "" : "s")"
    case .real: "\(shape), real"
    case .index: "class index"
    }
  }
}
