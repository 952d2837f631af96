// SPDX-License-Identifier: Apache-2.0

/// A queue between two streams that move at different times.
///
///     out[k] = in[k]
///
/// - Shape: `lanes` values of `bitsPerLane` bits a beat → the same.
/// - Exactness: data are not touched.
/// - Hardware: `depth` words of LUT RAM, latency 1, one beat a cycle; RTL/rb_fifo.v.
public struct FIFO: Core {
  /// Values in a beat.
  public var lanes: Int
  /// Bits of a value.
  public var bitsPerLane: Int
  /// Beats that it holds, at least 1.
  public var depth: Int

  public init(lanes: Int, bitsPerLane: Int, depth: Int) {
    self.lanes = lanes
    self.bitsPerLane = bitsPerLane
    self.depth = depth
  }

  public var moduleName: String { "rb_fifo" }

  public var parameters: [CoreParameter] {
    [CoreParameter("DATA_WIDTH", lanes * bitsPerLane), CoreParameter("DEPTH", depth)]
  }

  public var inputs: [StreamPort] {
    [StreamPort("in", lanes: lanes, bitsPerLane: bitsPerLane)]
  }

  public var outputs: [StreamPort] {
    [StreamPort("out", lanes: lanes, bitsPerLane: bitsPerLane)]
  }

  public var files: [RTLFile] {
    [RTLFile(name: "rb_fifo.v", bytes: PackageResources.rb_fifo_v)]
  }

  public var structure: CoreStructure {
    let counters = 2 * counterWidth(depth) + counterWidth(depth + 1)
    let bits = lanes * bitsPerLane + 1
    // Yosys registers the read address a second time, beside the memory.
    var structure = CoreStructure(
      parts: [.base: 1, .counterBit: counters], flipFlops: counters + counterWidth(depth))
    structure.memoryLUTs += MemoryFit.lutRAM(width: bits, depth: depth).luts
    return structure
  }

  public var handshake: Handshake { .fifo(depth: depth) }
}
