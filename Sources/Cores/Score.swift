// SPDX-License-Identifier: Apache-2.0

/// Turns sums into scores that can be compared between neurons.
///
///     score_o = multiplier_o · sum_o + offset_o,   o = group · units + unit
///
/// With ``modes`` each number of levels has multipliers and offsets of its own.
///
/// - Shape: `units` unsigned sums a beat, `groups` beats a vector → `units` signed scores a beat.
/// - Exactness: integers only; exact modulo 2^`scoreWidth`.
/// - Hardware: one beat a cycle, latency 3 cycles, one multiplier a unit; RTL/rb_score.v.
public struct Score: MemoryCore {
  /// Sums in a beat.
  public var units: Int
  /// Bits of a sum, unsigned.
  public var sumWidth: Int
  /// Bits of a multiplier, signed.
  public var multiplierWidth: Int
  /// Bits of a score, signed; more than `sumWidth`, and at least `multiplierWidth`.
  public var scoreWidth: Int
  /// Beats of a vector.
  public var groups: Int
  /// Modes to choose from, or 1.
  public var modes: Int
  /// For each mode `groups` words with the offset and multiplier of `units` neurons each, for
  /// `COEFFICIENTS_FILE`.
  public var coefficients: MemoryImage
  public var loadBases: [Int]?

  /// What sums become in a mode.
  public struct Bank: Equatable, Sendable {
    /// One a neuron.
    public var multipliers: [Int]
    /// One a neuron.
    public var offsets: [Int]

    public init(multipliers: [Int], offsets: [Int]) {
      self.multipliers = multipliers
      self.offsets = offsets
    }
  }

  /// A core with one bank: all levels are in use.
  public init(
    units: Int, sumWidth: Int, multiplierWidth: Int, scoreWidth: Int, groups: Int,
    multipliers: [Int], offsets: [Int], layer: String
  ) {
    self.init(
      units: units, sumWidth: sumWidth, multiplierWidth: multiplierWidth, scoreWidth: scoreWidth,
      groups: groups, banks: [Bank(multipliers: multipliers, offsets: offsets)], layer: layer)
  }

  /// - Parameters:
  ///   - scoreWidth: Bits that every score fits; widened to hold a sum and a multiplier.
  ///   - banks: One for each mode, that of one level first.
  ///   - layer: The layer's name, for the comments.
  public init(
    units: Int, sumWidth: Int, multiplierWidth: Int, scoreWidth: Int, groups: Int, banks: [Bank],
    layer: String
  ) {
    self.units = units
    self.sumWidth = sumWidth
    self.multiplierWidth = multiplierWidth
    self.scoreWidth = max(scoreWidth, sumWidth + 1, multiplierWidth)
    self.groups = groups
    modes = banks.count
    var image = MemoryImage(
      parameter: "COEFFICIENTS_FILE", width: units * (multiplierWidth + self.scoreWidth),
      words: [])
    for (mode, bank) in banks.enumerated() {
      for group in 0..<groups {
        var packer = BitPacker(width: image.width)
        for neuron in group * units..<(group + 1) * units {
          packer.append(bank.multipliers[neuron], width: multiplierWidth)
          packer.append(bank.offsets[neuron], width: self.scoreWidth)
        }
        image.words.append(packer.limbs)
        image.comments.append(
          "\(layer): neurons \(span(group * units, units)), offset and multiplier"
            + inMode(mode, of: banks.count))
      }
    }
    coefficients = image
  }

  public var moduleName: String { "rb_score" }

  public var parameters: [CoreParameter] {
    [
      CoreParameter("UNITS", units), CoreParameter("SUM_WIDTH", sumWidth),
      CoreParameter("MULTIPLIER_WIDTH", multiplierWidth),
      CoreParameter("SCORE_WIDTH", scoreWidth), CoreParameter("GROUPS", groups),
      CoreParameter("MODES", modes),
    ] + loadParameters() + [CoreParameter("COEFFICIENTS_FILE", .memory)]
  }

  public var inputs: [StreamPort] {
    [StreamPort("sums", lanes: units, bitsPerLane: sumWidth)]
  }

  public var outputs: [StreamPort] {
    [StreamPort("scores", lanes: units, bitsPerLane: scoreWidth)]
  }

  public var memories: [MemoryImage] { [coefficients] }

  public var files: [RTLFile] {
    [RTLFile(name: "rb_score.v", bytes: PackageResources.rb_score_v)] + memoryFiles
  }

  public var structure: CoreStructure {
    var structure = CoreStructure(
      parts: [.base: 1, .counterBit: counterWidth(groups)],
      flipFlops: counterWidth(groups) + 3, dsps: units)
    structure.flipFlops += 3
    // The registers of sums, products, offsets and scores are those of the DSP blocks.
    addMemory(
      to: &structure, width: units * (multiplierWidth + scoreWidth), depth: groups * modes)
    return structure
  }

  public var handshake: Handshake { .pipeline(depth: 3, period: 1) }
}
