// SPDX-License-Identifier: Apache-2.0

/// Gathers `ratio` narrow beats into a wide one.
///
///     out[k] = in[k·ratio], in[k·ratio + 1], … side by side, the first in the low lanes
///
/// - Shape: `lanes` values of `bitsPerLane` bits a beat → `lanes` · `ratio` values a beat.
/// - Exactness: data are not touched.
/// - Hardware: the wide beat twice in registers, one narrow beat a cycle; RTL/rb_width_up.v.
public struct WidthUp: Core {
  /// Values in a narrow beat.
  public var lanes: Int
  /// Bits of a value.
  public var bitsPerLane: Int
  /// Narrow beats in a wide one, at least 1.
  public var ratio: Int

  public init(lanes: Int, bitsPerLane: Int, ratio: Int) {
    self.lanes = lanes
    self.bitsPerLane = bitsPerLane
    self.ratio = ratio
  }

  public var moduleName: String { "rb_width_up" }

  public var parameters: [CoreParameter] {
    [CoreParameter("IN_WIDTH", lanes * bitsPerLane), CoreParameter("RATIO", ratio)]
  }

  public var inputs: [StreamPort] {
    [StreamPort("in", lanes: lanes, bitsPerLane: bitsPerLane)]
  }

  public var outputs: [StreamPort] {
    [StreamPort("out", lanes: lanes * ratio, bitsPerLane: bitsPerLane)]
  }

  public var files: [RTLFile] {
    [RTLFile(name: "rb_width_up.v", bytes: PackageResources.rb_width_up_v)]
  }

  public var structure: CoreStructure {
    let bits = lanes * bitsPerLane
    return CoreStructure(
      parts: [.base: 1, .counterBit: counterWidth(ratio)],
      flipFlops: counterWidth(ratio) + bits * (2 * ratio - 1) + 2)
  }

  public var handshake: Handshake { .widthUp(ratio: ratio) }
}
