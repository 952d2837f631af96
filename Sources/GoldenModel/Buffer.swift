// SPDX-License-Identifier: Apache-2.0

/// Zeroed memory that the kernels read and write; it lives as long as its owner. Accesses are not
/// checked.
final class Buffer<Element: FixedWidthInteger> {
  let start: UnsafeMutablePointer<Element>
  let count: Int

  init(_ count: Int) {
    self.count = count
    // Whole vectors.
    start = UnsafeMutableRawPointer.allocate(
      byteCount: count * MemoryLayout<Element>.stride, alignment: 64
    ).bindMemory(to: Element.self, capacity: count)
    start.initialize(repeating: 0, count: count)
  }

  deinit {
    start.deallocate()
  }
}
