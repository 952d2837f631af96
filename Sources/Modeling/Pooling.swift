// SPDX-License-Identifier: Apache-2.0

import Diagnostics

/// The largest value in a window, for each channel.
///
/// - Shape: height × width × channels → positions × channels, of codes or of reals.
/// - Exactness: codes are compared as unsigned integers, which equals encoding the maximum; it
///   equals the maximum of the decoded values where every γ is at least the sum of the later ones.
///   Reals are compared as integer sums. A border never wins.
/// - Hardware: RTL/rb_window.v, RTL/rb_max_pool.v.
public struct MaxPool: PrimitiveLayer, Equatable {
  public static let kind = "MaxPool"
  public static let naming = LayerNaming.suffix("pool")

  /// Rows and columns of the window.
  public var size: Extent
  /// Rows and columns from one position to the next.
  public var stride: Extent
  /// The border; its value counts for nothing.
  public var padding: Padding
  public var name: String?

  /// - Parameter stride: `size` when left out.
  public init(
    _ size: Extent, stride: Extent? = nil, padding: Padding = .none, name: String? = nil
  ) {
    self.size = size
    self.stride = stride ?? size
    self.padding = padding
    self.name = name
  }

  /// The window on a map of `shape`.
  public func window(on shape: Shape) -> Window {
    Window(size, stride: stride, padding: padding, on: shape)
  }

  public func output(
    for input: Feature, at path: String, _ diagnostics: inout DiagnosticCollector
  ) -> Feature? {
    pooled(input, window(on: input.shape), input.values, at: path, &diagnostics)
  }
}

/// The mean of the values in a window, for each channel.
///
/// - Shape: height × width × channels of codes or reals → positions × channels of reals.
/// - Exactness: an integer sum; the division moves into what reads it. Border values count as
///   values of the window.
/// - Hardware: RTL/rb_window.v, RTL/rb_sum_pool.v.
public struct AveragePool: PrimitiveLayer, Equatable {
  public static let kind = "AveragePool"
  public static let naming = LayerNaming.suffix("pool")

  /// Rows and columns of the window.
  public var size: Extent
  /// Rows and columns from one position to the next.
  public var stride: Extent
  /// What lies around the map; it counts.
  public var padding: Padding
  public var name: String?

  /// - Parameter stride: `size` when left out.
  public init(
    _ size: Extent, stride: Extent? = nil, padding: Padding = .none, name: String? = nil
  ) {
    self.size = size
    self.stride = stride ?? size
    self.padding = padding
    self.name = name
  }

  /// The window on a map of `shape`.
  public func window(on shape: Shape) -> Window {
    Window(size, stride: stride, padding: padding, on: shape)
  }

  public func output(
    for input: Feature, at path: String, _ diagnostics: inout DiagnosticCollector
  ) -> Feature? {
    guard padding.value.isFinite else {
      diagnostics.error(
        at: path, "the padding is \(padding.value); a finite number is expected")
      return nil
    }
    let window = window(on: input.shape)
    guard !window.isPadded || input.values != .real else {
      diagnostics.error(
        at: path, "an average of real sums with padding is not supported",
        hint: "average after the sign, or without padding")
      return nil
    }
    return pooled(input, window, .real, at: path, &diagnostics)
  }
}

/// The mean of all values of a channel.
///
/// - Shape: height × width × channels of codes or reals → `channels` reals.
/// - Exactness: an integer sum; the division moves into what reads it.
/// - Hardware: RTL/rb_window.v, RTL/rb_sum_pool.v.
public struct GlobalAveragePool: PrimitiveLayer, Equatable {
  public static let kind = "GlobalAveragePool"
  public static let naming = LayerNaming.suffix("pool")

  public var name: String?

  public init(name: String? = nil) {
    self.name = name
  }

  /// The window on a map of `shape`: all of it.
  public func window(on shape: Shape) -> Window {
    Window(Extent(shape.height, shape.width))
  }

  public func output(
    for input: Feature, at path: String, _ diagnostics: inout DiagnosticCollector
  ) -> Feature? {
    pooled(input, window(on: input.shape), .real, at: path, &diagnostics)
  }
}

private func pooled(
  _ input: Feature, _ window: Window, _ values: Feature.Values, at path: String,
  _ diagnostics: inout DiagnosticCollector
) -> Feature? {
  guard input.values != .index else {
    diagnostics.error(
      at: path, "the input is a class index; a map is expected", hint: "put `ArgMax()` last")
    return nil
  }
  return window.output(
    for: input.shape, channels: input.shape.channels, at: path, &diagnostics
  ).map { Feature($0, values) }
}
