// SPDX-License-Identifier: Apache-2.0

/// `units` neurons side by side: masked XNOR-popcounts of residual codes, weighted by level.
///
///     sum_o = Σ_k Σ_l γ_kl · popcount(mask_ok ∧ ¬(b_l ⊕ weight_ok)),   o = group · units + unit
///
/// The network's signed sum is 2 · sum − (active synapses) · Σγ. With `isPadded` everything is
/// doubled, and an active synapse in a flagged beat, whose code is absent, adds γ where others add 0
/// or 2γ: the signed sum is sum − (active synapses) · Σγ, and an absent code counts 0 in it.
///
/// - Shape: for each group, for each weight level k, and in series for each level l, `words` beats
///   of `lanes` values of `levelsPerBeat` bits → one beat of `units` sums a group.
/// - Exactness: integers only; exact modulo 2^`sumWidth`.
/// - Hardware: one beat a cycle, latency 3 to 9 cycles after the last beat of a group; about one and
///   a half LUTs for each unit, lane and level in a beat, or less where whole lanes are added
///   (``usesAdderTree``) and where a beat is all of the weights (``sharedNeurons``); else weights in
///   memory; RTL/rb_matrix_unit.v.
public struct MatrixUnit: MemoryCore {
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
  /// Bits of a weight: planes of ±1 weights, each with γs of its own.
  public var weightLevels: Int
  /// For each weight level the γ of each level of a code, weight level 1 and level 1 first:
  /// `weightLevels` · `levels` of them; none is negative. Where weights are Σ_k h_k v_k and codes
  /// Σ_l g_l b_l, γ_kl = h_k · g_l.
  public var gammas: [Int]
  /// The γs in each mode but the last, for each weight level those of the levels in use then; empty:
  /// no modes.
  public var gammasOfFewerLevels: [[Int]]
  /// Whether flag 0 of a beat says that its codes are absent: padding of value 0.
  public var isPadded: Bool
  /// Whether whole lanes are added in place of popcounts level by level. It needs one mode, the levels
  /// in parallel and γs that halve from level to level, down to 1 where there is one weight level;
  /// where it can be had it is on unless it is set otherwise.
  public var usesAdderTree: Bool
  /// Cycles of a popcount, 1 or 2: it is cut in two over more than ``widestPopcountInOneCycle`` lanes, and
  /// over more than ``widestPopcountBehindBlockRAM`` where the weights come out of a block RAM.
  public var popcountCycles: Int
  /// Parts of a beat, each of at most ``widestPopcountInTwoCycles`` lanes, or ``widestSumOfLanes`` where
  /// whole lanes are added, that are counted side by side; adding them takes a cycle more for up to
  /// four, two for up to 16, three for up to 64. More there are not: of more lanes the parts are larger.
  public var popcountParts: Int
  /// Neurons of a block whose popcounts share sub-sums, their weights being logic; 0: none. It needs one
  /// word of weights that stays, no mask, and popcounts; where it can be had it is on unless it is set
  /// otherwise. A popcount then takes three cycles, whatever ``popcountCycles`` says.
  public var sharedNeurons: Int
  /// Bits of a sum.
  public var sumWidth: Int
  /// What the weights and the mask are kept in.
  public var memory: MemoryKind
  /// `groups` · `weightLevels` · `words` words of `units` · `lanes` bits, for `WEIGHTS_FILE`.
  public var weights: MemoryImage
  /// Which synapses are active, in the shape of the weights, for `MASK_FILE`; nil: all.
  public var mask: MemoryImage?
  /// The largest γs, in the order of ``gammas``, that other models may have; nil: the γs are logic.
  public var widestGammas: [Int]?
  public var loadBases: [Int]?

  /// - Parameters:
  ///   - gammas: `weightLevels` · `levels` of them, see ``gammas``.
  ///   - sumWidth: Bits that hold the largest sum, and twice that where `isPadded`.
  ///   - widestGammas: See ``widestGammas``; where they are given the γs can be written at run time.
  public init(
    lanes: Int, units: Int, levelsPerBeat: Int, words: Int, groups: Int, weightLevels: Int = 1,
    gammas: [Int], gammasOfFewerLevels: [[Int]] = [], isPadded: Bool = false, sumWidth: Int,
    widestGammas: [Int]? = nil, memory: MemoryKind = .automatic,
    weights: MemoryImage, mask: MemoryImage? = nil
  ) {
    self.lanes = lanes
    self.units = units
    self.levelsPerBeat = levelsPerBeat
    self.words = words
    self.groups = groups
    self.weightLevels = weightLevels
    self.gammas = gammas
    self.gammasOfFewerLevels = gammasOfFewerLevels
    self.isPadded = isPadded
    self.sumWidth = sumWidth
    self.memory = memory
    self.weights = weights
    self.mask = mask
    (usesAdderTree, popcountCycles, popcountParts, sharedNeurons) = (false, 1, 1, 0)
    self.widestGammas = widestGammas
    usesAdderTree =
      modes == 1 && widestGammas == nil && levels > 1 && levelsPerBeat == levels && hasHalvingGammas
    if usesAdderTree {
      // Threes as long as there are places for them, then sixes and more.
      let threes = (lanes + Self.widestSumOfLanes - 1) / Self.widestSumOfLanes
      let widest = (threes + 63) / 64 * Self.widestSumOfLanes
      popcountParts = (lanes + widest - 1) / widest
    } else {
      let fit = MemoryFit.rom(
        width: units * lanes, depth: groups * weightLevels * words, memory)
      // A mask takes its part of the cycle.
      let widest =
        fit.ramb18s == 0
        ? Self.widestPopcountInOneCycle
        : mask == nil ? Self.widestPopcountBehindBlockRAM : Self.widestPopcountBehindBlockRAM - 2
      popcountCycles = lanes > widest ? 2 : 1
      popcountParts = min(
        64, (lanes + Self.widestPopcountInTwoCycles - 1) / Self.widestPopcountInTwoCycles)
      if groups * weightLevels * words == 1 && mask == nil {
        sharedNeurons = SharedCounts.neuronsOfBlock(lanes: lanes, units: units)
      }
    }
  }

  /// Lanes of which a popcount takes about 3.5 ns, without routing, in the estimate of RTL/README.md.
  public static let widestPopcountInOneCycle = 32

  /// Lanes of which a popcount takes about 4.4 ns in that estimate together with the block RAM that the weights
  /// come from, which has no register on its output: 2.5 ns of them.
  public static let widestPopcountBehindBlockRAM = 8

  /// Lanes of which each of the two cycles of a popcount takes no longer than about 3.7 ns in that
  /// estimate.
  public static let widestPopcountInTwoCycles = 144

  /// Whole lanes that are added in one cycle: a layer of full adders and one sum of two numbers. More take
  /// longer, and more LUTs.
  public static let widestSumOfLanes = 3

  /// Whether the weights are logic, and popcounts share sub-sums.
  public var isShared: Bool { sharedNeurons > 0 && loadBases == nil }

  /// How they do.
  private var sharedCounts: SharedCounts {
    let limbs = weights.words.first ?? []
    return SharedCounts(lanes: lanes, units: units, neurons: sharedNeurons) { unit, lane in
      let bit = unit * lanes + lane
      return bit / 64 < limbs.count && limbs[bit / 64] >> UInt64(bit % 64) & 1 == 1
    }
  }

  /// Cycles of a popcount with the sum of its parts.
  var countingCycles: Int {
    if isShared { return 3 }
    return popcountCycles
      + (popcountParts == 1 ? 0 : popcountParts <= 4 ? 1 : popcountParts <= 16 ? 2 : 3)
  }

  /// Bits of a code.
  public var levels: Int { gammas.count / max(1, weightLevels) }

  /// Whether the γs halve down to 1 from level to level in series: then the sum is built by
  /// Horner's rule, without products.
  public var usesHorner: Bool {
    modes == 1 && widestGammas == nil && levels > 1 && levelsPerBeat == 1 && weightLevels == 1
      && hasHalvingGammas
  }

  /// Whether each γ is twice that of the next level, and the last is 1 where there is one weight
  /// level.
  private var hasHalvingGammas: Bool {
    (weightLevels > 1 || gammas.last == 1)
      && gammas.indices.dropLast().allSatisfy {
        ($0 + 1).isMultiple(of: levels) || gammas[$0] == 2 * gammas[$0 + 1]
      }
  }

  public var modes: Int { gammasOfFewerLevels.count + 1 }

  /// All γs mode by mode, as the module takes them: in parallel 0 for a level that is not in use, in
  /// series none for it, and zeros at the end.
  private var gammasOfModes: [[Int]] {
    (gammasOfFewerLevels + [gammas]).map { gammas in
      let inUse = gammas.count / max(1, weightLevels)
      var planes = stride(from: 0, to: gammas.count, by: max(1, inUse)).map {
        Array(gammas[$0..<$0 + inUse])
      }
      if levelsPerBeat > 1 {
        planes = planes.map { $0 + Array(repeating: 0, count: levels - inUse) }
      }
      let all = planes.flatMap(\.self)
      return all + Array(repeating: 0, count: self.gammas.count - all.count)
    }
  }

  /// Bits of a γ.
  public var gammaWidth: Int {
    max(1, Int.bitWidth - (gammasOfParameter.max() ?? 0).leadingZeroBitCount)
  }

  /// A word of γs for each mode, for `GAMMAS_FILE`, where they can be written; nil: they are logic.
  public var gammaMemory: MemoryImage? {
    guard widestGammas != nil else { return nil }
    var image = MemoryImage(
      parameter: "GAMMAS_FILE", width: gammas.count * gammaWidth, words: [])
    for (mode, gammas) in gammasOfModes.enumerated() {
      var packer = BitPacker(width: image.width)
      for gamma in gammas { packer.append(gamma, width: gammaWidth) }
      image.words.append(packer.limbs)
      image.comments.append("gammas \(span(1, gammas.count))" + inMode(mode, of: modes))
    }
    return image
  }

  public var moduleName: String { "rb_matrix_unit" }

  public var parameters: [CoreParameter] {
    [
      CoreParameter("LANES", lanes), CoreParameter("UNITS", units),
      CoreParameter("LEVELS", levels), CoreParameter("LEVELS_PER_BEAT", levelsPerBeat),
      CoreParameter("WORDS", words), CoreParameter("GROUPS", groups),
      CoreParameter("WEIGHT_LEVELS", weightLevels), CoreParameter("MODES", modes),
      CoreParameter("MASKED", mask == nil ? 0 : 1), CoreParameter("PADDED", isPadded ? 1 : 0),
      CoreParameter("HORNER", usesHorner ? 1 : 0),
      CoreParameter("ADDER_TREE", usesAdderTree ? 1 : 0),
      CoreParameter("POPCOUNT_CYCLES", isShared ? 1 : popcountCycles),
      CoreParameter("POPCOUNT_PARTS", isShared ? 1 : popcountParts),
    ] + (isShared ? sharedCounts.parameters : []) + [
      CoreParameter("GAMMA_WIDTH", gammaWidth),
      CoreParameter("GAMMAS", .packed(gammasOfParameter, elementWidth: gammaWidth)),
      CoreParameter("SUM_WIDTH", sumWidth), CoreParameter("MEMORY", memory.parameter),
    ] + loadParameters(reloadable: widestGammas == nil ? 1 : 2)
      + memories.map { CoreParameter($0.parameter, .memory) }
  }

  /// The γs, or where they can be written the largest that there may be.
  private var gammasOfParameter: [Int] {
    widestGammas.map { widest in (0..<modes).flatMap { _ in widest } }
      ?? gammasOfModes.flatMap(\.self)
  }

  public var inputs: [StreamPort] {
    [StreamPort("codes", lanes: lanes, bitsPerLane: levelsPerBeat, flags: isPadded ? 1 : 0)]
  }

  public var outputs: [StreamPort] {
    [StreamPort("sums", lanes: units, bitsPerLane: sumWidth)]
  }

  public var memories: [MemoryImage] {
    (isShared ? [] : [weights]) + [mask, gammaMemory].compactMap(\.self)
  }

  public var files: [RTLFile] {
    [
      RTLFile(name: "rb_matrix_unit.v", bytes: PackageResources.rb_matrix_unit_v),
      RTLFile(name: "rb_adder_tree.v", bytes: PackageResources.rb_adder_tree_v),
    ]
      + (isShared
        ? [
          RTLFile(name: "rb_shared_counts.v", bytes: PackageResources.rb_shared_counts_v),
          RTLFile(name: "rb_lane_count.v", bytes: PackageResources.rb_lane_count_v),
          RTLFile(name: "rb_sum_tree.v", bytes: PackageResources.rb_sum_tree_v),
        ] : [])
      // Tools that elaborate the defaults of every module read them without a memory too.
      + memoryFiles
  }

  /// Whether the total over the words of a group is the sum itself: no product is left.
  var isDirect: Bool {
    usesHorner
      || weightLevels == 1
        && (usesAdderTree || levels == 1 && modes == 1 && gammasOfParameter == [1])
  }

  public var handshake: Handshake { handshake(mode: modes - 1) }

  public func handshake(mode: Int) -> Handshake {
    .pipeline(
      depth: (isDirect ? 3 : 5) + countingCycles - 1,
      period: words * weightLevels
        * passesOfLevels(levels, perBeat: levelsPerBeat, mode: mode, of: modes))
  }

  /// The weights or the mask of a layer, as the matrix unit reads them: word
  /// (group · weightLevels + k) · words + word holds, at bit unit · lanes + lane, synapse
  /// word · lanes + lane of plane k of neuron group · units + unit.
  ///
  /// - Parameters:
  ///   - parameter: `WEIGHTS_FILE` or `MASK_FILE`.
  ///   - layer: The layer's name, for the comments.
  ///   - row: For each neuron and weight level, counted from 0, its bits, synapse i being bit
  ///     i mod 64 of word i / 64.
  public static func memoryImage(
    parameter: String, layer: String, lanes: Int, units: Int, words: Int, groups: Int,
    weightLevels: Int, row: (_ neuron: Int, _ plane: Int) -> ArraySlice<UInt64>
  ) -> MemoryImage {
    var image = MemoryImage(parameter: parameter, width: units * lanes, words: [])
    for group in 0..<groups {
      for plane in 0..<weightLevels {
        let rows = (0..<units).map { row(group * units + $0, plane) }
        let neurons =
          "\(layer): neurons \(span(group * units, units))"
          + (weightLevels > 1 ? ", weight level \(plane + 1)" : "")
        for word in 0..<words {
          var packer = BitPacker(width: image.width)
          for row in rows { packer.append(row, from: word * lanes, count: lanes) }
          image.words.append(packer.limbs)
          image.comments.append("\(neurons), synapses \(span(word * lanes, lanes))")
        }
      }
    }
    return image
  }

  /// The same for one weight level.
  public static func memoryImage(
    parameter: String, layer: String, lanes: Int, units: Int, words: Int, groups: Int,
    row: (_ neuron: Int) -> ArraySlice<UInt64>
  ) -> MemoryImage {
    memoryImage(
      parameter: parameter, layer: layer, lanes: lanes, units: units, words: words,
      groups: groups, weightLevels: 1
    ) { neuron, _ in row(neuron) }
  }
}
