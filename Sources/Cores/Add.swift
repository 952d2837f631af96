// SPDX-License-Identifier: Apache-2.0

/// The sum of two streams, lane by lane.
///
///     sums_i = in0_i · 2^in0Shift + in1_i · 2^in1Shift  mod 2^sumWidth
///
/// The streams carry the same images in as many beats: a beat is taken of both together, and `last`,
/// the same in both, is that of `in0`.
///
/// - Shape: `lanes` unsigned integers of `in0Width` bits, and as many of `in1Width` bits → `lanes`
///   unsigned sums of `sumWidth` bits.
/// - Exactness: integers only; bits above `sumWidth` are lost.
/// - Hardware: an adder a lane, latency 1, one beat a cycle; RTL/rb_add.v.
public struct Add: Core {
  /// Values in a beat.
  public var lanes: Int
  /// Bits of a value of the first stream.
  public var in0Width: Int
  /// Bits of a value of the second stream.
  public var in1Width: Int
  /// Bits of a sum.
  public var sumWidth: Int
  /// Places by which a value of the first stream is moved up.
  public var in0Shift: Int
  /// Places by which a value of the second stream is moved up.
  public var in1Shift: Int

  public init(
    lanes: Int, in0Width: Int, in1Width: Int, sumWidth: Int, in0Shift: Int = 0, in1Shift: Int = 0
  ) {
    self.in0Shift = in0Shift
    self.in1Shift = in1Shift
    self.lanes = lanes
    self.in0Width = in0Width
    self.in1Width = in1Width
    self.sumWidth = sumWidth
  }

  public var moduleName: String { "rb_add" }

  public var parameters: [CoreParameter] {
    [
      CoreParameter("LANES", lanes), CoreParameter("IN0_WIDTH", in0Width),
      CoreParameter("IN1_WIDTH", in1Width), CoreParameter("IN0_SHIFT", in0Shift),
      CoreParameter("IN1_SHIFT", in1Shift), CoreParameter("SUM_WIDTH", sumWidth),
    ]
  }

  public var inputs: [StreamPort] {
    [
      StreamPort("in0", lanes: lanes, bitsPerLane: in0Width),
      StreamPort("in1", lanes: lanes, bitsPerLane: in1Width),
    ]
  }

  public var outputs: [StreamPort] { [StreamPort("sums", lanes: lanes, bitsPerLane: sumWidth)] }

  public var files: [RTLFile] {
    [RTLFile(name: "rb_add.v", bytes: PackageResources.rb_add_v)]
  }

  public var structure: CoreStructure {
    // Where one of the numbers has no bit, the carry chain adds it without a LUT.
    let ends = [in0Width + in0Shift, in1Width + in1Shift]
    let added = max(0, min(ends[0], ends[1], sumWidth) - max(in0Shift, in1Shift))
    let changing = min(max(ends[0], ends[1]) + 1, sumWidth)
    return CoreStructure(
      parts: [.base: 1, .adderBit: lanes * added], flipFlops: lanes * changing + 2)
  }

  public var handshake: Handshake { .join }
}
