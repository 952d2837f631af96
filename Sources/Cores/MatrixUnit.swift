// SPDX-License-Identifier: Apache-2.0

/// `units` neurons side by side: masked XNOR-popcounts of residual codes, weighted by level.
///
///     sum_o = Σ_l γ_l · popcount(mask_o ∧ ¬(b_l ⊕ weight_o)),   o = group · units + unit
///
/// - Shape: for each group, and in series for each level, `words` beats of `lanes` values of
///   `levelsPerBeat` bits, as ``WindowBuffer`` sends them → one beat of `units` sums a group.
/// - Exactness: integers only; exact modulo 2^`sumWidth`. The network's signed sum is
///   2 · sum − (active synapses) · Σγ.
/// - Hardware: one beat a cycle, latency 3 or 5 cycles after the last beat of a group; one XNOR and
///   about one and a half LUTs of popcount for each unit, lane and level in a beat; weights in
///   memory; RTL/rb_matrix_unit.v.
public struct MatrixUnit: Core {
  /// Synapses in a beat.
  public var lanes: Int
  /// Neurons side by side.
  public var units: Int
  /// 1: the levels arrive in series; `levels`: in parallel.
  public var levelsPerBeat: Int
  /// Beats of a vector.
  public var words: Int
  /// Beats of sums for a vector.
  public var groups: Int
  /// The weight of each level, level 1 first; none is negative.
  public var gammas: [Int]
  /// Bits of a sum.
  public var sumWidth: Int
  /// `groups` · `words` words of `units` · `lanes` bits, for `WEIGHTS_FILE`.
  public var weights: MemoryImage
  /// Which synapses are active, in the shape of the weights, for `MASK_FILE`; nil: all.
  public var mask: MemoryImage?

  public init(
    lanes: Int, units: Int, levelsPerBeat: Int, words: Int, groups: Int, gammas: [Int],
    sumWidth: Int, weights: MemoryImage, mask: MemoryImage? = nil
  ) {
    self.lanes = lanes
    self.units = units
    self.levelsPerBeat = levelsPerBeat
    self.words = words
    self.groups = groups
    self.gammas = gammas
    self.sumWidth = sumWidth
    self.weights = weights
    self.mask = mask
  }

  /// Bits of a code.
  public var levels: Int { gammas.count }

  /// Whether the weights halve down to 1 from level to level in series: then the sum is built by
  /// Horner's rule, without products.
  public var usesHorner: Bool {
    levels > 1 && levelsPerBeat == 1
      && gammas.indices.allSatisfy { gammas[$0] == 1 << (levels - 1 - $0) }
  }

  /// Bits of a γ.
  public var gammaWidth: Int {
    max(1, Int.bitWidth - (gammas.max() ?? 0).leadingZeroBitCount)
  }

  public var moduleName: String { "rb_matrix_unit" }

  public var parameters: [CoreParameter] {
    [
      CoreParameter("LANES", lanes), CoreParameter("UNITS", units),
      CoreParameter("LEVELS", levels), CoreParameter("LEVELS_PER_BEAT", levelsPerBeat),
      CoreParameter("WORDS", words), CoreParameter("GROUPS", groups),
      CoreParameter("MASKED", mask == nil ? 0 : 1), CoreParameter("HORNER", usesHorner ? 1 : 0),
      CoreParameter("GAMMA_WIDTH", gammaWidth),
      CoreParameter("GAMMAS", .packed(gammas, elementWidth: gammaWidth)),
      CoreParameter("SUM_WIDTH", sumWidth),
    ] + memories.map { CoreParameter($0.parameter, .memory) }
  }

  public var inputs: [StreamPort] {
    [StreamPort("codes", lanes: lanes, bitsPerLane: levelsPerBeat)]
  }

  public var outputs: [StreamPort] {
    [StreamPort("sums", lanes: units, bitsPerLane: sumWidth)]
  }

  public var memories: [MemoryImage] {
    [weights] + (mask.map { [$0] } ?? [])
  }

  public var files: [RTLFile] {
    [
      RTLFile(name: "rb_matrix_unit.v", bytes: PackageResources.rb_matrix_unit_v),
      RTLFile(name: "rb_rom.v", bytes: PackageResources.rb_rom_v),
    ]
  }

  public var handshake: Handshake {
    .pipeline(depth: usesHorner || gammas == [1] ? 3 : 5, period: words * levels / levelsPerBeat)
  }

  /// The weights or the mask of a layer, as the matrix unit reads them: word group · words + word
  /// holds, at bit unit · lanes + lane, synapse word · lanes + lane of neuron group · units + unit.
  ///
  /// - Parameters:
  ///   - parameter: `WEIGHTS_FILE` or `MASK_FILE`.
  ///   - layer: The layer's name, for the comments.
  ///   - row: For each neuron its bits, synapse i being bit i mod 64 of word i / 64.
  public static func memoryImage(
    parameter: String, layer: String, lanes: Int, units: Int, words: Int, groups: Int,
    row: (_ neuron: Int) -> ArraySlice<UInt64>
  ) -> MemoryImage {
    var image = MemoryImage(parameter: parameter, width: units * lanes, words: [])
    for group in 0..<groups {
      let rows = (0..<units).map { row(group * units + $0) }
      let neurons = "\(layer): neurons \(span(group * units, units))"
      for word in 0..<words {
        var packer = BitPacker(width: image.width)
        for row in rows { packer.append(row, from: word * lanes, count: lanes) }
        image.words.append(packer.limbs)
        image.comments.append("\(neurons), synapses \(span(word * lanes, lanes))")
      }
    }
    return image
  }
}
