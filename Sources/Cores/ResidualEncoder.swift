// SPDX-License-Identifier: Apache-2.0

/// Turns sums into residual codes: a binary search through each neuron's tree of thresholds.
///
///     node = 1;   b_l = (sum ≥ T[node]),   node ← 2 · node + b_l,   for l = 1 … levels
///
/// A neuron whose value falls with its sum has b_l = ¬(sum ≥ T[node]). With ``modes`` each number of
/// levels has thresholds of its own, and the bits of levels that are not in use are 0.
///
/// - Shape: `units` sums a beat, `groups` beats a vector → `units` codes of `levels` bits a beat,
///   b₁ the most significant.
/// - Exactness: integer comparisons; nothing is rounded.
/// - Hardware: one beat a cycle, latency 1 + `levels` cycles, one comparison a unit and level;
///   RTL/rb_residual_encoder.v.
/// - Source: ResBinNet, arXiv 1711.01243, residual binarization.
public struct ResidualEncoder: MemoryCore {
  /// Sums in a beat.
  public var units: Int
  /// Bits of a code.
  public var levels: Int
  /// Bits of a sum, unsigned.
  public var sumWidth: Int
  /// Beats of a vector.
  public var groups: Int
  /// Modes to choose from, or 1.
  public var modes: Int
  /// Whether each neuron has a bit above its thresholds that turns its comparisons round.
  public var hasFalling: Bool
  /// For each mode `groups` words with the thresholds of `units` neurons each, for `THRESHOLDS_FILE`.
  public var thresholds: MemoryImage
  public var loadBases: [Int]?

  /// What sums are compared with in a mode.
  public struct Bank: Equatable, Sendable {
    /// For each neuron its thresholds in heap order: the root, then the two below it for b₁ = 0 and
    /// 1, and so on; 2^m − 1 of them where m levels are in use. They are clamped to
    /// 0 … 2^`sumWidth` − 1, which changes nothing as long as every sum is less than
    /// 2^`sumWidth` − 1. Empty: no words, for a face that is only asked what it takes.
    public var thresholds: [[Int]]
    /// For each neuron whether its value falls with its sum: b_l = ¬(sum ≥ T). Empty where none does.
    public var falling: [Bool]

    public init(thresholds: [[Int]], falling: [Bool] = []) {
      self.thresholds = thresholds
      self.falling = falling
    }
  }

  /// A core with one bank: all levels are in use.
  public init(
    units: Int, levels: Int, sumWidth: Int, groups: Int, thresholds: [[Int]],
    falling: [Bool] = [], layer: String
  ) {
    self.init(
      units: units, levels: levels, sumWidth: sumWidth, groups: groups,
      banks: [Bank(thresholds: thresholds, falling: falling)], layer: layer)
  }

  /// - Parameters:
  ///   - banks: One for each mode, that of one level first.
  ///   - mayFall: Whether other models, of which no bank knows, may have neurons that fall.
  ///   - layer: The layer's name, for the comments.
  public init(
    units: Int, levels: Int, sumWidth: Int, groups: Int, banks: [Bank], mayFall: Bool = false,
    layer: String
  ) {
    self.units = units
    self.levels = levels
    self.sumWidth = sumWidth
    self.groups = groups
    modes = banks.count
    hasFalling = mayFall || banks.contains { $0.falling.contains(true) }
    let nodes = 1 << levels - 1
    let largest = sumWidth < 63 ? 1 << sumWidth - 1 : Int.max
    var image = MemoryImage(
      parameter: "THRESHOLDS_FILE", width: units * (nodes * sumWidth + (hasFalling ? 1 : 0)),
      words: [])
    for (mode, bank) in banks.enumerated() {
      for group in 0..<(bank.thresholds.isEmpty ? 0 : groups) {
        var packer = BitPacker(width: image.width)
        for neuron in group * units..<(group + 1) * units {
          let tree = bank.thresholds[neuron].prefix(nodes)
          for threshold in tree {
            packer.append(min(max(threshold, 0), largest), width: sumWidth)
          }
          // Of levels that are not in use.
          for _ in tree.count..<nodes { packer.append(0, width: sumWidth) }
          if hasFalling {
            packer.append(!bank.falling.isEmpty && bank.falling[neuron] ? 1 : 0, width: 1)
          }
        }
        image.words.append(packer.limbs)
        image.comments.append(
          "\(layer): neurons \(span(group * units, units)), thresholds "
            + span(1, bank.thresholds[group * units].prefix(nodes).count)
            + (hasFalling ? ", falling" : "") + inMode(mode, of: banks.count))
      }
    }
    self.thresholds = image
  }

  public var moduleName: String { "rb_residual_encoder" }

  public var parameters: [CoreParameter] {
    [
      CoreParameter("UNITS", units), CoreParameter("LEVELS", levels),
      CoreParameter("MODES", modes),
      CoreParameter("SUM_WIDTH", sumWidth), CoreParameter("GROUPS", groups),
      CoreParameter("FALLING", hasFalling ? 1 : 0),
    ] + loadParameters() + [CoreParameter("THRESHOLDS_FILE", .memory)]
  }

  public var inputs: [StreamPort] {
    [StreamPort("sums", lanes: units, bitsPerLane: sumWidth)]
  }

  public var outputs: [StreamPort] {
    [StreamPort("codes", lanes: units, bitsPerLane: levels)]
  }

  public var memories: [MemoryImage] { [thresholds] }

  public var files: [RTLFile] {
    [RTLFile(name: "rb_residual_encoder.v", bytes: PackageResources.rb_residual_encoder_v)]
      + memoryFiles
  }

  public var structure: CoreStructure {
    let falling = hasFalling ? units : 0
    // Thresholds that are always the same make the comparisons with the roots small.
    let isConstant = groups * modes == 1 && loadBases == nil
    var structure = CoreStructure(
      parts: [
        .base: 1, .counterBit: counterWidth(groups),
        .constantComparison: isConstant ? units * Self.lutsOfConstant(sumWidth) : 0,
        .adderBit: units * (isConstant ? levels - 1 : levels) * sumWidth,
      ],
      flipFlops: counterWidth(groups) + levels + 1 + units * (sumWidth + levels))
    // A threshold ends in one 0 on average; Yosys compares no such bits, except by carry chains.
    if isConstant && levels == 1 && sumWidth <= Self.widestInLUTs { structure.flipFlops -= units }
    structure.flipFlops += levels + 1
    let nodes = 1 << levels - 1
    addMemory(
      to: &structure, width: units * nodes * sumWidth + falling, depth: groups * modes)
    // The stages of the other levels hand on the sum, the codes and what is left of the tree.
    for level in 1..<max(1, levels) {
      let left = 1 << (levels - level) - 1
      let subtrees = isConstant ? 0 : 2 * left * sumWidth
      structure.flipFlops += units * (sumWidth + subtrees + level) + falling
      structure.parts[.selectedBit, default: 0] += isConstant ? 0 : units * left * sumWidth
    }
    return structure
  }

  /// Bits of a number that Yosys compares with a constant in LUTs alone.
  private static let widestInLUTs = 12

  /// LUTs of such a comparison, or of one by a carry chain.
  private static func lutsOfConstant(_ width: Int) -> Int {
    width <= widestInLUTs ? (width + 5) / 6 : width * 3 / 8
  }

  public var handshake: Handshake { .pipeline(depth: 1 + levels, period: 1) }
}
