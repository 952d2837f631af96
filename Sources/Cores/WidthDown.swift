// SPDX-License-Identifier: Apache-2.0

/// Splits a wide beat into `ratio` narrow ones.
///
///     out[k·ratio + r] = lanes r·lanes …< (r + 1)·lanes of in[k]
///
/// - Shape: `lanes` · `ratio` values of `bitsPerLane` bits a beat → `lanes` values a beat.
/// - Exactness: data are not touched.
/// - Hardware: one wide beat in registers, one narrow beat a cycle; RTL/rb_width_down.v.
public struct WidthDown: Core {
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

  public var moduleName: String { "rb_width_down" }

  public var parameters: [CoreParameter] {
    [CoreParameter("OUT_WIDTH", lanes * bitsPerLane), CoreParameter("RATIO", ratio)]
  }

  public var inputs: [StreamPort] {
    [StreamPort("in", lanes: lanes * ratio, bitsPerLane: bitsPerLane)]
  }

  public var outputs: [StreamPort] {
    [StreamPort("out", lanes: lanes, bitsPerLane: bitsPerLane)]
  }

  public var files: [RTLFile] {
    [RTLFile(name: "rb_width_down.v", bytes: PackageResources.rb_width_down_v)]
  }

  public var structure: CoreStructure {
    let bits = lanes * bitsPerLane
    let counter = counterWidth(ratio + 1)
    // As measured: all slices but the highest take a second LUT a bit, unless they are narrow or two.
    let choices = ratio > 2 && bits >= 8 ? 2 * ratio - 1 : ratio
    return CoreStructure(
      parts: [.base: 1, .counterBit: counter, .selectedBit: bits * choices],
      flipFlops: counter + bits * ratio + 1)
  }

  public var handshake: Handshake { .widthDown(ratio: ratio) }
}
