// SPDX-License-Identifier: Apache-2.0

/// Puts a border round each image.
///
///     out[y][x] = in[y − top][x − left] inside, `padding` in every lane on the border
///
/// - Shape: `height` × `width` pixels of `words` beats → `top` + `height` + `bottom` rows of
///   `left` + `width` + `right` pixels; without `padding` the border is flagged (flag 0) and its
///   lanes are 0.
/// - Exactness: data are not touched.
/// - Hardware: one beat of registers and counters, latency 1, one beat a cycle. The border does not
///   wait for input: rows above an image may leave before it arrives; RTL/rb_pad.v.
public struct Pad: Core {
  /// Values in a beat.
  public var lanes: Int
  /// Bits of a value.
  public var bitsPerLane: Int
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
  /// The value in the lanes of the border; nil: none, the border is flagged as padding of value 0.
  public var padding: Int?

  public init(
    lanes: Int, bitsPerLane: Int, words: Int, height: Int, width: Int, top: Int, bottom: Int,
    left: Int, right: Int, padding: Int?
  ) {
    self.lanes = lanes
    self.bitsPerLane = bitsPerLane
    self.words = words
    self.height = height
    self.width = width
    self.top = top
    self.bottom = bottom
    self.left = left
    self.right = right
    self.padding = padding
  }

  public var moduleName: String { "rb_pad" }

  public var parameters: [CoreParameter] {
    let border = Array(repeating: padding ?? 0, count: lanes)
    return [
      CoreParameter("DATA_WIDTH", lanes * bitsPerLane), CoreParameter("WORDS", words),
      CoreParameter("HEIGHT", height), CoreParameter("WIDTH", width), CoreParameter("TOP", top),
      CoreParameter("BOTTOM", bottom), CoreParameter("LEFT", left),
      CoreParameter("RIGHT", right),
      CoreParameter("PAD_DATA", .packed(border, elementWidth: bitsPerLane)),
      CoreParameter("FLAGGED", padding == nil ? 1 : 0),
    ]
  }

  public var inputs: [StreamPort] {
    [StreamPort("in", lanes: lanes, bitsPerLane: bitsPerLane)]
  }

  public var outputs: [StreamPort] {
    [
      StreamPort(
        "out", lanes: lanes, bitsPerLane: bitsPerLane, flags: padding == nil ? 1 : 0)
    ]
  }

  public var files: [RTLFile] {
    [RTLFile(name: "rb_pad.v", bytes: PackageResources.rb_pad_v)]
  }

  public var structure: CoreStructure {
    let rows = counterWidth(top + height + bottom + 1)
    let columns = counterWidth(left + width + right + 1)
    let bits = lanes * bitsPerLane
    return CoreStructure(
      parts: [.base: 1, .counterBit: rows + columns + counterWidth(words), .selectedBit: bits],
      flipFlops: rows + columns + counterWidth(words) + bits + (padding == nil ? 1 : 0) + 2)
  }

  public var handshake: Handshake {
    .pad(
      Handshake.Pad(
        words: words, height: height, width: width, top: top, bottom: bottom, left: left,
        right: right))
  }
}
