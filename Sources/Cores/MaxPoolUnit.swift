// SPDX-License-Identifier: Apache-2.0

/// The largest code of a window, lane by lane.
///
///     out_i = max_t in_ti
///
/// - Shape: `taps` beats of the same channels, then `taps` of the next ones → one beat of `lanes`
///   codes of `bits` bits for `taps`.
/// - Exactness: codes are compared as unsigned integers, b₁ the highest bit. Encoding is monotone,
///   so the largest code is the code of the largest value.
/// - Hardware: one beat a cycle, latency 1 cycle after the last tap, one comparison a lane;
///   RTL/rb_max_pool.v.
public struct MaxPoolUnit: Core {
  /// Codes in a beat.
  public var lanes: Int
  /// Bits of a code.
  public var bits: Int
  /// Beats of a window.
  public var taps: Int

  public init(lanes: Int, bits: Int, taps: Int) {
    self.lanes = lanes
    self.bits = bits
    self.taps = taps
  }

  public var moduleName: String { "rb_max_pool" }

  public var parameters: [CoreParameter] {
    [CoreParameter("LANES", lanes), CoreParameter("BITS", bits), CoreParameter("TAPS", taps)]
  }

  public var inputs: [StreamPort] { [StreamPort("in", lanes: lanes, bitsPerLane: bits)] }

  public var outputs: [StreamPort] { [StreamPort("out", lanes: lanes, bitsPerLane: bits)] }

  public var files: [RTLFile] {
    [RTLFile(name: "rb_max_pool.v", bytes: PackageResources.rb_max_pool_v)]
  }

  public var structure: CoreStructure {
    let counter = counterWidth(taps)
    // Two codes and the start of a window are compared by LUTs of six inputs.
    let comparison = (2 * bits + 6) / 6
    return CoreStructure(
      parts: [.base: 1, .counterBit: counter, .adderBit: lanes * comparison],
      flipFlops: counter + lanes * bits + 2)
  }

  public var handshake: Handshake { .pipeline(depth: 1, period: taps) }
}
