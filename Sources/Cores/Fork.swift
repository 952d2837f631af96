// SPDX-License-Identifier: Apache-2.0

/// One stream for two readers, each of which takes a beat when it is ready.
///
///     out0[k] = out1[k] = in[k]
///
/// - Shape: `lanes` values of `bitsPerLane` bits and `flags` a beat → the same, twice.
/// - Exactness: data are not touched.
/// - Hardware: one beat of registers, latency 1, one beat a cycle; RTL/rb_fork.v.
public struct Fork: Core {
  /// Values in a beat.
  public var lanes: Int
  /// Bits of a value.
  public var bitsPerLane: Int
  /// Bits above the lanes that concern the whole beat.
  public var flags: Int

  public init(lanes: Int, bitsPerLane: Int, flags: Int = 0) {
    self.lanes = lanes
    self.bitsPerLane = bitsPerLane
    self.flags = flags
  }

  public var moduleName: String { "rb_fork" }

  public var parameters: [CoreParameter] { [CoreParameter("DATA_WIDTH", port("in").width)] }

  public var inputs: [StreamPort] { [port("in")] }

  public var outputs: [StreamPort] { [port("out0"), port("out1")] }

  private func port(_ name: String) -> StreamPort {
    StreamPort(name, lanes: lanes, bitsPerLane: bitsPerLane, flags: flags)
  }

  public var files: [RTLFile] {
    [RTLFile(name: "rb_fork.v", bytes: PackageResources.rb_fork_v)]
  }

  public var structure: CoreStructure {
    CoreStructure(parts: [.base: 1], flipFlops: port("in").width + 1 + 2)
  }

  public var handshake: Handshake { .fork }
}
