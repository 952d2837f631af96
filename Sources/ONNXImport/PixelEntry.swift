// SPDX-License-Identifier: Apache-2.0

import Modeling

/// How pixels enter the layers: as integers of few bits, by themselves or through a table.
enum PixelEntry {
  /// The top bits of each pixel, which mean scale · q + offset.
  case bits(Int, scale: Double, offset: Double)
  /// A table of what each pixel becomes.
  case table(Lookup)
}

extension Pixels {
  /// - Throws: ``Rejection`` when the values are not those of up to 256 even steps.
  func entry() throws(Rejection) -> PixelEntry {
    let grid = if let grid { try reduced(grid) } else { try reduced(found()) }
    let most = grid.codes.max() ?? 0
    let end = grid.offset + grid.scale * Double(most)
    for bits in (1...8).reversed() {
      let top = (0..<256).map { $0 >> (8 - bits) }
      if grid.codes == top { return .bits(bits, scale: grid.scale, offset: grid.offset) }
      if grid.codes == top.reversed() { return .bits(bits, scale: -grid.scale, offset: end) }
    }
    guard most < 256 else { throw tooFine }
    let falls = grid.scale < 0
    return .table(
      Lookup(
        falls ? grid.codes.map { most - $0 } : grid.codes,
        bits: Int.bitWidth - most.leadingZeroBitCount, scale: grid.scale.magnitude,
        offset: falls ? end : grid.offset))
  }

  /// From 0 on, without a common factor.
  private func reduced(_ grid: Grid) throws(Rejection) -> Grid {
    let least = grid.codes.min() ?? 0
    let step = grid.codes.reduce(0) { greatestDivisor($0, $1 - least) }
    guard step > 0, grid.scale != 0 else {
      throw Rejection(
        "every pixel has become \(values[0]); a result that depends on the pixels is expected")
    }
    return Grid(
      codes: grid.codes.map { ($0 - least) / step }, scale: grid.scale * Double(step),
      offset: grid.offset + grid.scale * Double(least))
  }

  /// Even steps on which the values lie.
  ///
  /// - Exactness: to 2^-10 of a step; float32 values of 256 steps are nearer.
  private func found() throws(Rejection) -> Grid {
    let sorted = values.sorted()
    let (least, most) = (sorted[0], sorted[sorted.count - 1])
    guard least < most else { return Grid(codes: values.map { _ in 0 }, scale: 1, offset: least) }
    var step = most - least
    for (value, next) in zip(sorted, sorted.dropFirst()) where value < next {
      step = min(step, next - value)
    }
    let count = ((most - least) / step).rounded()
    guard count < 256 else { throw tooFine }
    step = (most - least) / count
    var codes: [Int] = []
    for value in values {
      let code = ((value - least) / step).rounded()
      guard abs(least + code * step - value) <= step * 0x1p-10 else { throw tooFine }
      codes.append(Int(code))
    }
    return Grid(codes: codes, scale: step, offset: least)
  }

  private var tooFine: Rejection {
    Rejection(
      "the \(Set(values).count) values of the pixels, \(values.min() ?? 0)…\(values.max() ?? 0), "
        + "are not those of up to 256 even steps",
      hint: "quantize the input with up to 8 bits")
  }
}

private func greatestDivisor(_ a: Int, _ b: Int) -> Int {
  var (a, b) = (a, b)
  while b != 0 { (a, b) = (b, a % b) }
  return a
}
