// SPDX-License-Identifier: Apache-2.0

import IntegerNetwork
import Modeling
import PopcountKernels

/// A popcount in the order in which the kernels read it, and what its sums start from.
///
/// Inputs that a border lacks are read as the code 0, whose value is −range; the base of a position
/// takes this back:
///
///     s = base − 2·Σ_k h_k Σ_l g_l · popcount((b_l ^ w_k) & mask_k)     inputs as planes of bits
///     s = base + 2·Σ_i (Σ_k h_k · w_ki) · x_i                           inputs as bytes x
final class PreparedPopcount: @unchecked Sendable {
  /// Outputs, filled up to whole blocks.
  let stride: Int
  /// The positions of the window, or nil for the whole map at once.
  let places: WindowPlaces?
  /// The code of the border; 0 where it lacks values.
  let border: Int
  /// The code of the border in every plane, as long as a row of a window.
  let borderPlanes: Buffer<UInt64>
  /// How inputs enter.
  let form: Form
  private let bases: Bases
  private let memory: Memory

  /// How inputs enter.
  enum Form {
    /// As planes of bits.
    case bits(resbin_weights)
    /// As the bytes of an input, in a few instructions for all their bits.
    case bytes(resbin_byte_weights)
  }

  /// - Parameters:
  ///   - code: what enters.
  ///   - shape: the map that enters.
  ///   - hasBytes: whether the codes are there as bytes.
  init(_ popcount: MaskedPopcount, code: ResidualCode, shape: Shape, hasBytes: Bool) {
    places = popcount.window.map { WindowPlaces($0.window, on: shape) }
    border = if case .code(let code) = popcount.window?.border { code } else { 0 }
    let run = (places?.kernel.width ?? 0) * shape.channels
    borderPlanes = Buffer((run + 63) / 64 * code.levels)
    for level in 0..<code.levels where border >> (code.levels - 1 - level) & 1 == 1 {
      let words = (run + 63) / 64
      (borderPlanes.start + level * words).update(repeating: .max, count: words)
    }
    let blocks = (popcount.outputs + resbin_block - 1) / resbin_block
    stride = blocks * resbin_block
    let integers =
      hasBytes && code.levels > 2 && code == .unsigned(bits: code.levels)
      ? popcount.smallIntegers : nil
    memory =
      if let integers {
        Memory(integers, of: popcount, blocks: blocks)
      } else {
        Memory(bitsOf: popcount, code: code, blocks: blocks)
      }
    if let integers {
      let largest = integers.reduce(1) { max($0, abs(Int($1))) }
      form = .bytes(
        resbin_byte_weights(
          rows: memory.bytes.start, blocks: blocks, groups: (popcount.inputs + 3) / 4,
          run: Int(Int16.max) / (2 * 255 * largest)))
    } else {
      form = .bits(
        resbin_weights(
          rows: memory.words.start,
          masks: popcount.mask == nil ? nil : UnsafePointer(memory.masks.start), blocks: blocks,
          words: popcount.weights.wordsPerRow, planes: popcount.scales.count,
          levels: code.levels, scales: memory.scales.start))
    }
    bases = Bases(
      popcount, places: places, stride: stride, range: code.range, isByte: integers != nil)
  }

  /// Memory that the inputs of a position take.
  var bytesPerPosition: Int {
    switch form {
    case .bits(let weights): weights.levels * weights.words * 8
    case .bytes(let weights): weights.groups * 4
    }
  }

  /// Where the sums of a position start.
  func base(row: Int, column: Int) -> UnsafePointer<Int64> {
    UnsafePointer(bases.values.start + bases.kinds[row][column] * stride)
  }
}

/// The weights, row beside row.
private final class Memory {
  var words = Buffer<UInt64>(0)
  var masks = Buffer<UInt64>(0)
  var scales = Buffer<Int64>(0)
  var bytes = Buffer<Int8>(0)

  init(bitsOf popcount: MaskedPopcount, code: ResidualCode, blocks: Int) {
    func blocked(_ matrix: BitMatrix) -> Buffer<UInt64> {
      let words = matrix.wordsPerRow
      let planes = popcount.scales.count
      let buffer = Buffer<UInt64>(planes * blocks * words * resbin_block)
      for row in 0..<matrix.rows {
        let (plane, output) = row.quotientAndRemainder(dividingBy: popcount.outputs)
        let (block, lane) = output.quotientAndRemainder(dividingBy: resbin_block)
        for word in 0..<words {
          buffer.start[((plane * blocks + block) * words + word) * resbin_block + lane] =
            matrix.words[row * words + word]
        }
      }
      return buffer
    }
    words = blocked(popcount.weights)
    if let mask = popcount.mask { masks = blocked(mask) }
    scales = Buffer(popcount.scales.count * code.levels)
    for (plane, scale) in popcount.scales.enumerated() {
      for (level, weight) in code.weights.enumerated() {
        scales.start[plane * code.levels + level] = Int64(scale * weight)
      }
    }
  }

  init(_ integers: [Int8], of popcount: MaskedPopcount, blocks: Int) {
    let groups = (popcount.inputs + 3) / 4
    bytes = Buffer(blocks * groups * 4 * resbin_block)
    for output in 0..<popcount.outputs {
      let (block, lane) = output.quotientAndRemainder(dividingBy: resbin_block)
      for input in 0..<popcount.inputs {
        let position = ((block * groups + input / 4) * resbin_block + lane) * 4 + input % 4
        bytes.start[position] = integers[output * popcount.inputs + input]
      }
    }
  }
}

/// Where the sums start at each kind of position; positions that lack the same inputs are one kind.
private struct Bases {
  /// [kind][output].
  let values: Buffer<Int64>
  /// The kind of each row and column of positions.
  let kinds: [[Int]]

  init(
    _ popcount: MaskedPopcount, places: WindowPlaces?, stride: Int, range: Int, isByte: Bool
  ) {
    var present: [BitMatrix?] = [nil]
    if let places, let window = popcount.window, window.hasAbsentValues {
      let rows = Array(Set(places.rows.map(\.covered)))
      let columns = Array(Set(places.columns.map(\.covered)))
      present = rows.flatMap { rows in
        columns.map { places.mask(rows: rows, columns: $0) }
      }
      kinds = places.rows.map { row in
        let first = (rows.firstIndex(of: row.covered) ?? 0) * columns.count
        return places.columns.map { first + (columns.firstIndex(of: $0.covered) ?? 0) }
      }
    } else {
      let columns = places?.columns.count ?? 1
      kinds = Array(repeating: Array(repeating: 0, count: columns), count: places?.rows.count ?? 1)
    }
    values = Buffer(present.count * stride)
    for (kind, present) in present.enumerated() {
      for output in 0..<popcount.outputs {
        let all = popcount.total(of: output, within: nil)
        let inside = present.map { popcount.total(of: output, within: $0) } ?? all
        values.start[kind * stride + output] = Int64(
          isByte ? -range * inside : range * (popcount.reach(of: output) + all - inside))
      }
    }
  }
}

extension MaskedPopcount {
  /// Σ_k h_k Σ_i w_ki of an output, over the inputs in `present`.
  fileprivate func total(of output: Int, within present: BitMatrix?) -> Int {
    var total = 0
    for (plane, scale) in scales.enumerated() {
      let first = (plane * outputs + output) * weights.wordsPerRow
      var difference = 0
      for word in 0..<weights.wordsPerRow {
        let inside = present?.words[word] ?? .max
        let ones = weights.words[first + word] & inside
        difference += 2 * ones.nonzeroBitCount
        difference -=
          mask.map { ($0.words[first + word] & inside).nonzeroBitCount }
          ?? (inside & allInputs(word)).nonzeroBitCount
      }
      total += scale * difference
    }
    return total
  }

  /// The bits of a word that stand for inputs.
  private func allInputs(_ word: Int) -> UInt64 {
    let rest = inputs - word * 64
    return rest >= 64 ? .max : 1 << UInt64(rest) - 1
  }

  /// [output][input] → Σ_k h_k · w_ki, or nil where a kernel for bytes cannot hold them.
  fileprivate var smallIntegers: [Int8]? {
    // Pairs of products stay below 2^15, all of a row below 2^31.
    let largest = scales.reduce(0, +)
    guard largest <= 64, inputs * 255 * largest < 1 << 31 else { return nil }
    var integers = Array(repeating: Int8(0), count: outputs * inputs)
    for (plane, scale) in scales.enumerated() {
      for output in 0..<outputs {
        let row = plane * outputs + output
        for input in 0..<inputs where mask?[row, input] ?? true {
          integers[output * inputs + input] += Int8(weights[row, input] ? scale : -scale)
        }
      }
    }
    return integers
  }
}

extension WindowPlaces {
  /// A row of bits: the inputs of a window that lie on the map.
  fileprivate func mask(rows: Range<Int>, columns: Range<Int>) -> BitMatrix {
    var mask = BitMatrix(rows: 1, columns: kernel.height * kernel.width * shape.channels)
    for row in rows {
      for column in columns {
        for channel in 0..<shape.channels {
          mask[0, (row * kernel.width + column) * shape.channels + channel] = true
        }
      }
    }
    return mask
  }
}
