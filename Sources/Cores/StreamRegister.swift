// SPDX-License-Identifier: Apache-2.0

/// A register that cuts every path of a stream, at full speed.
///
///     out[k] = in[k]
///
/// - Shape: `lanes` values of `bitsPerLane` bits a beat → the same.
/// - Exactness: data are not touched.
/// - Hardware: two beats of registers, latency 1, one beat a cycle; RTL/rb_stream_register.v.
public struct StreamRegister: Core {
  /// Values in a beat.
  public var lanes: Int
  /// Bits of a value.
  public var bitsPerLane: Int

  public init(lanes: Int, bitsPerLane: Int) {
    self.lanes = lanes
    self.bitsPerLane = bitsPerLane
  }

  public var moduleName: String { "rb_stream_register" }

  public var parameters: [CoreParameter] {
    [CoreParameter("DATA_WIDTH", lanes * bitsPerLane)]
  }

  public var inputs: [StreamPort] {
    [StreamPort("in", lanes: lanes, bitsPerLane: bitsPerLane)]
  }

  public var outputs: [StreamPort] {
    [StreamPort("out", lanes: lanes, bitsPerLane: bitsPerLane)]
  }

  public var files: [RTLFile] {
    [RTLFile(name: "rb_stream_register.v", bytes: PackageResources.rb_stream_register_v)]
  }

  public var structure: CoreStructure {
    let bits = lanes * bitsPerLane + 1
    return CoreStructure(parts: [.base: 1, .selectedBit: bits], flipFlops: 2 * bits + 2)
  }

  public var handshake: Handshake { .fifo(depth: 2) }
}
