// SPDX-License-Identifier: Apache-2.0

/// The size of a feature map. A vector is a map of height and width 1.
public struct Shape: Hashable, Codable, Sendable, CustomStringConvertible {
  /// Rows.
  public var height: Int
  /// Columns.
  public var width: Int
  /// Values at each pixel.
  public var channels: Int

  public init(height: Int, width: Int, channels: Int) {
    self.height = height
    self.width = width
    self.channels = channels
  }

  /// A vector of `channels` values.
  public static func vector(_ channels: Int) -> Shape {
    Shape(height: 1, width: 1, channels: channels)
  }

  /// The most values of a map.
  static let most = 1 << 24

  /// All values of the map.
  public var count: Int { height * width * channels }

  /// Rows times columns.
  public var pixels: Int { height * width }

  /// True for a map of one pixel.
  public var isVector: Bool { height == 1 && width == 1 }

  /// `28×28×1`, or `256` for a vector.
  public var description: String {
    isVector ? "\(channels)" : "\(height)×\(width)×\(channels)"
  }
}
