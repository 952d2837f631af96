// SPDX-License-Identifier: Apache-2.0

/// The counters that rb_matrix_unit.v counts agreements with, by layer; or its adders of whole
/// lanes.
struct CounterTree: Equatable {
  /// Sums and carries of three synapses.
  var threes = 0
  /// Bits that counters of up to six bits make: the second and the third layer.
  var sixes = 0
  /// Bits that the final sum adds, beyond those of its result.
  var summedBits = 0
  /// Bits of the final sum.
  var sumBits = 0
  /// Bits that the second layer hands on: registers where the popcount takes two cycles.
  var halfBits = 0

  /// Counts of single bits.
  init(lanes: Int) {
    // A lane alone has no carry; a counter of one bit is that bit.
    let sums = (lanes + 2) / 3
    let carries = (lanes + 1) / 3
    threes = sums + carries - (lanes % 3 == 1 ? 1 : 0)
    let (ones, sumLUTs) = Self.counted(sums)
    let (others, carryLUTs) = Self.counted(carries)
    sixes = sumLUTs + carryLUTs
    halfBits = ones.reduce(0, +) + others.reduce(0, +)
    sumBits = counterWidth(lanes + 1)
    // Ones, twos, fours, eights; neighbours are counted together once more.
    let columns = [ones[0], ones[1] + others[0], ones[2] + others[1], others[2]]
    var bits = 0
    if (sums + 5) / 6 == 1 {
      bits = halfBits
    } else {
      for column in columns {
        let (outputs, luts) = Self.counted(column)
        sixes += luts
        bits += outputs.reduce(0, +)
      }
    }
    // What one number alone holds needs no sum.
    if bits <= sumBits { sumBits = bits > 2 && lanes > 3 ? sumBits : 0 }
    summedBits = max(0, bits - sumBits)
  }

  /// Sums of whole lanes: one layer of full adders, then a sum of the words that are left.
  init(lanes: Int, levels: Int) {
    let words = (lanes + 2) / 3
    threes = 2 * words * levels
    sumBits = counterWidth(lanes * (1 << levels - 1) + 1)
    summedBits = max(0, 2 * words * levels - sumBits)
  }

  /// Counters of up to six bits over `bits` bits: how many ones, twos and fours they make, and
  /// bits that take a LUT.
  private static func counted(_ bits: Int) -> (outputs: [Int], luts: Int) {
    let full = bits / 6
    let rest = bits % 6
    var outputs = [full, full, full]
    for place in 0..<counterWidth(rest + 1) { outputs[place] += 1 }
    return (outputs, 3 * full + (rest > 1 ? counterWidth(rest + 1) : 0))
  }
}
