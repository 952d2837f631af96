// SPDX-License-Identifier: Apache-2.0

/// Replaces codes by the entries of one table, lane by lane.
///
///     out_i = table[in_i]
///
/// - Shape: `lanes` unsigned codes of `bits` bits a beat → as many entries of `entryBits` bits.
/// - Exactness: integers only; nothing is rounded.
/// - Hardware: one beat a cycle, latency 1 cycle, a memory of 2^`bits` words a lane;
///   RTL/rb_lookup.v.
public struct LookupTable: MemoryCore {
  /// Codes in a beat.
  public var lanes: Int
  /// Bits of a code.
  public var bits: Int
  /// Bits of an entry.
  public var entryBits: Int
  /// A word for each code, for `TABLE_FILE`.
  public var table: MemoryImage
  public var loadBases: [Int]?

  /// - Parameters:
  ///   - entries: What each code becomes; 2^`bits` of them.
  ///   - layer: The layer's name, for the comments.
  public init(lanes: Int, bits: Int, entryBits: Int, entries: [Int], layer: String) {
    self.lanes = lanes
    self.bits = bits
    self.entryBits = entryBits
    table = MemoryImage(
      parameter: "TABLE_FILE", width: entryBits, words: entries.map { [UInt64($0)] },
      comments: entries.indices.map { "\(layer): code \($0)" }, copies: lanes)
  }

  public var moduleName: String { "rb_lookup" }

  public var parameters: [CoreParameter] {
    [
      CoreParameter("LANES", lanes), CoreParameter("IN_BITS", bits),
      CoreParameter("OUT_BITS", entryBits),
    ] + loadParameters() + [CoreParameter("TABLE_FILE", .memory)]
  }

  public var inputs: [StreamPort] { [StreamPort("in", lanes: lanes, bitsPerLane: bits)] }

  public var outputs: [StreamPort] { [StreamPort("out", lanes: lanes, bitsPerLane: entryBits)] }

  public var memories: [MemoryImage] { [table] }

  public var files: [RTLFile] {
    [RTLFile(name: "rb_lookup.v", bytes: PackageResources.rb_lookup_v)] + memoryFiles
  }

  public var structure: CoreStructure {
    var structure = CoreStructure(parts: [.base: 1], flipFlops: 2)
    for _ in 0..<lanes { addMemory(to: &structure, width: entryBits, depth: 1 << bits) }
    return structure
  }

  public var handshake: Handshake { .pipeline(depth: 1, period: 1) }
}
