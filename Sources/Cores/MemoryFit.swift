// SPDX-License-Identifier: Apache-2.0

/// Where Yosys 0.23 puts a memory on an XC7 device, and what that takes: the cheapest by the costs
/// of its library (a RAMB18 129, a RAMB36 257, four LUTs of memory 8, a bit of a table 1/64).
struct MemoryFit: Equatable {
  /// LUTs of memory, or of the table.
  var luts = 0
  /// Halves of a block RAM.
  var ramb18s = 0
  /// The register on the output, where it is not that of a block RAM.
  var flipFlops = 0

  /// A table with a registered output: rb_rom.v.
  static func rom(width: Int, depth: Int, _ kind: MemoryKind = .automatic) -> MemoryFit {
    if depth == 1 { return MemoryFit() }
    let block = blockRAM(width: width, depth: depth, widest: 36)
    let isBlock = Double(width * depth) / 64 >= Double(block.cost)
    if kind == .block || kind == .automatic && isBlock { return block.fit }
    // Of few words there are few different columns: what is the same is there once, and what never
    // changes not at all.
    var columns = Double(width)
    if depth <= 16 {
      let patterns = Double(1 << depth)
      var missed = 1.0
      for _ in 0..<width { missed *= 1 - 1 / patterns }
      columns = (patterns - 2) * (1 - missed)
    }
    let registers = Int(columns.rounded())
    // A column of two words is an address bit or its inverse.
    return MemoryFit(luts: depth > 2 ? registers * lutsOfColumn(depth) : 0, flipFlops: registers)
  }

  /// LUTs of one bit of a table: each holds 64 words, the wide multiplexers of a slice join four of
  /// them, and LUTs join those.
  static func lutsOfColumn(_ depth: Int) -> Int {
    if depth <= 256 { return 1 << counterWidth((depth + 63) / 64) }
    let tables = (depth + 63) / 64
    return tables + ((tables + 3) / 4 * 3 - 2) / 2
  }

  /// A table that can be written at run time, 32 bits at a time, with a register on the output and
  /// one of 32 bits on what is read back: rb_loadable_memory.v.
  static func loadable(width: Int, depth: Int, _ kind: MemoryKind = .automatic) -> MemoryFit {
    let slices = Array(repeating: 32, count: width / 32) + (width % 32 > 0 ? [width % 32] : [])
    let blocks = slices.map { blockRAM(width: $0, depth: depth, widest: 36) }
    let lutRAM = lutRAM(width: width, depth: depth, hasOneAddress: true)
    let isBlock = 2 * lutRAM.luts >= blocks.map(\.cost).reduce(0, +)
    var fit =
      if depth == 1 {
        MemoryFit(flipFlops: 2 * width)
      } else if kind == .block || kind == .automatic && isBlock {
        MemoryFit(ramb18s: blocks.map(\.fit.ramb18s).reduce(0, +))
      } else {
        MemoryFit(luts: lutRAM.luts, flipFlops: width)
      }
    // The choice of 32 bits to read back, and whether the address is one of this memory.
    fit.luts += width * 3 / 10 + 40
    fit.flipFlops += min(32, width)
    return fit
  }

  /// A memory with a port that writes and one that reads, and a register on the output.
  ///
  /// - Parameter hasOneAddress: see ``lutRAM(width:depth:hasOneAddress:)``.
  static func ram(width: Int, depth: Int, hasOneAddress: Bool = false) -> MemoryFit {
    let block = blockRAM(width: width, depth: depth, widest: 72)
    let lutRAM = lutRAM(width: width, depth: depth, hasOneAddress: hasOneAddress)
    if 2 * lutRAM.luts < block.cost {
      return MemoryFit(luts: lutRAM.luts, flipFlops: width)
    }
    return block.fit
  }

  /// The same in LUTs, without the register: 32 words of 6 bits or 64 of 3 in four of them.
  ///
  /// - Parameter hasOneAddress: both ports always have the same address: then LUTs hold a third more.
  static func lutRAM(width: Int, depth: Int, hasOneAddress: Bool = false) -> MemoryFit {
    let width = hasOneAddress ? (3 * width + 3) / 4 : width
    let rows = depth <= 32 ? 1 : (depth + 63) / 64
    return MemoryFit(luts: 4 * rows * ((width + (depth <= 32 ? 5 : 2)) / (depth <= 32 ? 6 : 3)))
  }

  /// The cheaper kind of block RAM.
  private static func blockRAM(
    width: Int, depth: Int, widest: Int
  ) -> (fit: MemoryFit, cost: Int) {
    // Words of 1, 2, 4, 9, 18, 36 (72) bits; 2^14 of 1 bit in a half, 2^15 in a whole.
    func count(words: Int, widest: Int) -> Int {
      var best = Int.max
      var (bits, depthOfOne) = (1, words)
      while bits <= widest {
        best = min(best, (width + bits - 1) / bits * ((depth + depthOfOne - 1) / depthOfOne))
        bits = bits == 4 ? 9 : bits * 2
        depthOfOne /= 2
      }
      return best
    }
    let halves = count(words: 1 << 14, widest: 36)
    let wholes = count(words: 1 << 15, widest: 72)
    return 129 * halves <= 257 * wholes
      ? (MemoryFit(ramb18s: halves), 129 * halves)
      : (MemoryFit(ramb18s: 2 * wholes), 257 * wholes)
  }
}

extension MemoryCore {
  /// Adds a memory that the core reads, and that can be written at run time where that is so.
  func addMemory(
    to structure: inout CoreStructure, width: Int, depth: Int, _ kind: MemoryKind = .automatic
  ) {
    structure.add(
      loadBases == nil
        ? .rom(width: width, depth: depth, kind) : .loadable(width: width, depth: depth, kind))
  }

  /// The files of its memories.
  var memoryFiles: [RTLFile] {
    [
      RTLFile(name: "rb_rom.v", bytes: PackageResources.rb_rom_v),
      RTLFile(name: "rb_rom_array.v", bytes: PackageResources.rb_rom_array_v),
    ]
      + (loadBases == nil
        ? []
        : [RTLFile(name: "rb_loadable_memory.v", bytes: PackageResources.rb_loadable_memory_v)])
  }
}
