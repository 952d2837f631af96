// SPDX-License-Identifier: Apache-2.0

/// Where the memories of cores that share a load bus lie on it.
public enum LoadMap {
  /// Gives every memory its place. The largest come first, so that each begins at a multiple of what it
  /// takes and nothing lies between them; of those as large, the first core's.
  public static func place(_ cores: inout [any Core]) {
    // What can be written is a memory: nothing of it is logic from here on.
    for index in cores.indices { setBases(of: &cores[index], []) }
    let memories = cores.indices.flatMap { core in
      cores[core].memories.indices.map { (core, memory: $0, image: cores[core].memories[$0]) }
    }
    var bases = cores.map { $0.memories.map { _ in 0 } }
    var next = 0
    for span in Set(memories.map(\.image.loadSpan)).sorted(by: >) {
      for (core, memory, image) in memories where image.loadSpan == span {
        bases[core][memory] = next
        next += span * image.copies
      }
    }
    for (index, bases) in bases.enumerated() { setBases(of: &cores[index], bases) }
  }

  private static func setBases(of core: inout any Core, _ bases: [Int]) {
    guard var changed = core as? any MemoryCore else { return }
    changed.loadBases = bases
    core = changed
  }

  /// What the memories hold, as 32-bit words at their addresses; 0 where none is. Empty where they are
  /// read only.
  public static func image(of cores: [any Core]) -> [UInt32] {
    var image = [UInt32](repeating: 0, count: words(of: cores))
    for (base, memory) in places(of: cores) {
      for copy in 0..<memory.copies {
        for offset in 0..<memory.loadSpan {
          image[base + copy * memory.loadSpan + offset] = memory.loadWord(at: offset)
        }
      }
    }
    return image
  }

  /// Words of ``image(of:)``.
  public static func words(of cores: [any Core]) -> Int {
    places(of: cores).map { $0 + $1.copies * $1.loadSpan }.max() ?? 0
  }

  private static func places(of cores: [any Core]) -> [(base: Int, memory: MemoryImage)] {
    cores.flatMap { core in
      zip((core as? any MemoryCore)?.loadBases ?? [], core.memories).map { ($0, $1) }
    }
  }
}

extension MemoryImage {
  /// Addresses on the load bus from a word to the next, the least power of two that holds it; each
  /// address is 32 bits, the lowest first.
  fileprivate var loadStride: Int { 1 << counterWidth((width + 31) / 32) }

  /// Addresses on the load bus from a copy to the next: those of a power of two of words.
  fileprivate var loadSpan: Int { loadStride << counterWidth(depth) }

  /// What stands on the load bus at address `offset` of a copy: 0 beside its words.
  fileprivate func loadWord(at offset: Int) -> UInt32 {
    let (word, slice) = (offset / loadStride, offset % loadStride)
    guard word < depth, 32 * slice < width else { return 0 }
    return UInt32(truncatingIfNeeded: words[word][slice / 2] >> UInt64(slice % 2 * 32))
  }
}
