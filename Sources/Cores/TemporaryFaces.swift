// SPDX-License-Identifier: Apache-2.0

// TEMPORARY faces so that the package builds. Whoever adds the real faces (MatrixUnit.swift, ...) deletes this file;
// keep these initialisers working (Sources/Pipelines/PipelineBuilder.swift calls them) or adapt the calls there.
func file(_ n: String, _ b: [UInt8]) -> RTLFile { RTLFile(name: n, bytes: b) }
public struct StreamRegister: Core {
  public var lanes, bitsPerLane: Int
  public init(lanes: Int, bitsPerLane: Int) { self.lanes = lanes; self.bitsPerLane = bitsPerLane }
  public var moduleName: String { "rb_stream_register" }
  public var parameters: [CoreParameter] { [CoreParameter("DATA_WIDTH", lanes * bitsPerLane)] }
  public var inputs: [StreamPort] { [StreamPort("in", lanes: lanes, bitsPerLane: bitsPerLane)] }
  public var outputs: [StreamPort] { [StreamPort("out", lanes: lanes, bitsPerLane: bitsPerLane)] }
  public var files: [RTLFile] { [file("rb_stream_register.v", PackageResources.rb_stream_register_v)] }
  public var handshake: Handshake { .fifo(depth: 2) }
}
public struct WidthUp: Core {
  public var lanes, bitsPerLane, ratio: Int
  public init(lanes: Int, bitsPerLane: Int, ratio: Int) { self.lanes = lanes; self.bitsPerLane = bitsPerLane; self.ratio = ratio }
  public var moduleName: String { "rb_width_up" }
  public var parameters: [CoreParameter] { [CoreParameter("IN_WIDTH", lanes * bitsPerLane), CoreParameter("RATIO", ratio)] }
  public var inputs: [StreamPort] { [StreamPort("in", lanes: lanes, bitsPerLane: bitsPerLane)] }
  public var outputs: [StreamPort] { [StreamPort("out", lanes: lanes * ratio, bitsPerLane: bitsPerLane)] }
  public var files: [RTLFile] { [file("rb_width_up.v", PackageResources.rb_width_up_v)] }
  public var handshake: Handshake { .widthUp(ratio: ratio) }
}
public struct WidthDown: Core {
  public var lanes, bitsPerLane, ratio: Int
  public init(lanes: Int, bitsPerLane: Int, ratio: Int) { self.lanes = lanes; self.bitsPerLane = bitsPerLane; self.ratio = ratio }
  public var moduleName: String { "rb_width_down" }
  public var parameters: [CoreParameter] { [CoreParameter("OUT_WIDTH", lanes * bitsPerLane), CoreParameter("RATIO", ratio)] }
  public var inputs: [StreamPort] { [StreamPort("in", lanes: lanes * ratio, bitsPerLane: bitsPerLane)] }
  public var outputs: [StreamPort] { [StreamPort("out", lanes: lanes, bitsPerLane: bitsPerLane)] }
  public var files: [RTLFile] { [file("rb_width_down.v", PackageResources.rb_width_down_v)] }
  public var handshake: Handshake { .widthDown(ratio: ratio) }
}
public struct ReplayBuffer: Core {
  public var lanes, levels, levelsPerBeat, words, repeats, banks: Int
  public init(lanes: Int, levels: Int, levelsPerBeat: Int, words: Int, repeats: Int, banks: Int = 2) { self.lanes = lanes; self.levels = levels; self.levelsPerBeat = levelsPerBeat; self.words = words; self.repeats = repeats; self.banks = banks }
  public var moduleName: String { "rb_replay_buffer" }
  public var parameters: [CoreParameter] { [CoreParameter("LANES", lanes), CoreParameter("LEVELS", levels), CoreParameter("LEVELS_PER_BEAT", levelsPerBeat), CoreParameter("WORDS", words), CoreParameter("REPEATS", repeats), CoreParameter("BANKS", banks)] }
  public var inputs: [StreamPort] { [StreamPort("in", lanes: lanes, bitsPerLane: levels)] }
  public var outputs: [StreamPort] { [StreamPort("out", lanes: lanes, bitsPerLane: levelsPerBeat)] }
  public var files: [RTLFile] { [file("rb_replay_buffer.v", PackageResources.rb_replay_buffer_v)] }
  public var handshake: Handshake { .replay(words: words, passes: repeats * levels / levelsPerBeat, banks: banks) }
}
public struct MatrixUnit: Core {
  public var lanes, units, levelsPerBeat, words, groups: Int
  public var gammas: [Int]; public var sumWidth: Int
  public var weights: MemoryImage; public var mask: MemoryImage?
  public init(lanes: Int, units: Int, levelsPerBeat: Int, words: Int, groups: Int, gammas: [Int], sumWidth: Int, weights: MemoryImage, mask: MemoryImage?) {
    self.lanes = lanes; self.units = units; self.levelsPerBeat = levelsPerBeat; self.words = words; self.groups = groups; self.gammas = gammas; self.sumWidth = sumWidth; self.weights = weights; self.mask = mask }
  public var horner: Bool { levelsPerBeat == 1 && gammas.count > 1 && gammas.enumerated().allSatisfy { $0.element == 1 << (gammas.count - 1 - $0.offset) } }
  public var gammaWidth: Int { max(1, Int.bitWidth - (gammas.max() ?? 1).leadingZeroBitCount) }
  public var moduleName: String { "rb_matrix_unit" }
  public var parameters: [CoreParameter] { [CoreParameter("LANES", lanes), CoreParameter("UNITS", units), CoreParameter("LEVELS", gammas.count), CoreParameter("LEVELS_PER_BEAT", levelsPerBeat), CoreParameter("WORDS", words), CoreParameter("GROUPS", groups), CoreParameter("MASKED", mask == nil ? 0 : 1), CoreParameter("HORNER", horner ? 1 : 0), CoreParameter("GAMMA_WIDTH", gammaWidth), CoreParameter("GAMMAS", .packed(gammas, elementWidth: gammaWidth)), CoreParameter("SUM_WIDTH", sumWidth), CoreParameter("WEIGHTS_FILE", .memory)] + (mask == nil ? [] : [CoreParameter("MASK_FILE", .memory)]) }
  public var inputs: [StreamPort] { [StreamPort("codes", lanes: lanes, bitsPerLane: levelsPerBeat)] }
  public var outputs: [StreamPort] { [StreamPort("sums", lanes: units, bitsPerLane: sumWidth)] }
  public var memories: [MemoryImage] { [weights] + (mask.map { [$0] } ?? []) }
  public var files: [RTLFile] { [file("rb_matrix_unit.v", PackageResources.rb_matrix_unit_v), file("rb_rom.v", PackageResources.rb_rom_v)] }
  public var handshake: Handshake { .pipeline(depth: horner || gammas == [1] ? 3 : 5, period: words * gammas.count / levelsPerBeat) }
}
func limbs(_ width: Int, _ fields: [(Int, Int)]) -> [UInt64] {
  var l = [UInt64](repeating: 0, count: (width + 63) / 64); var p = 0
  for (v, w) in fields { for b in 0..<w { if v >> min(b, 63) & 1 == 1 { l[p >> 6] |= 1 << UInt64(p & 63) }; p += 1 } }
  return l
}
public struct ResidualEncoder: Core {
  public var units, levels, sumWidth, groups: Int; public var memory: MemoryImage
  public init(units: Int, levels: Int, sumWidth: Int, groups: Int, thresholds: [[Int]], layer: String) {
    self.units = units; self.levels = levels; self.sumWidth = sumWidth; self.groups = groups
    let w = units * ((1 << levels) - 1) * sumWidth
    memory = MemoryImage(parameter: "THRESHOLDS_FILE", width: w, words: (0..<groups).map { g in limbs(w, (0..<units).flatMap { u in thresholds[g * units + u].map { ($0, sumWidth) } }) })
  }
  public var moduleName: String { "rb_residual_encoder" }
  public var parameters: [CoreParameter] { [CoreParameter("UNITS", units), CoreParameter("LEVELS", levels), CoreParameter("SUM_WIDTH", sumWidth), CoreParameter("GROUPS", groups), CoreParameter("THRESHOLDS_FILE", .memory)] }
  public var inputs: [StreamPort] { [StreamPort("sums", lanes: units, bitsPerLane: sumWidth)] }
  public var outputs: [StreamPort] { [StreamPort("codes", lanes: units, bitsPerLane: levels)] }
  public var memories: [MemoryImage] { [memory] }
  public var files: [RTLFile] { [file("rb_residual_encoder.v", PackageResources.rb_residual_encoder_v), file("rb_rom.v", PackageResources.rb_rom_v)] }
  public var handshake: Handshake { .pipeline(depth: 1 + levels, period: 1) }
}
public struct Score: Core {
  public var units, sumWidth, multiplierWidth, scoreWidth, groups: Int; public var memory: MemoryImage
  public init(units: Int, sumWidth: Int, multiplierWidth: Int, scoreWidth: Int, groups: Int, multipliers: [Int], offsets: [Int], layer: String) {
    self.units = units; self.sumWidth = sumWidth; self.multiplierWidth = multiplierWidth; self.scoreWidth = scoreWidth; self.groups = groups
    let w = units * (multiplierWidth + scoreWidth)
    memory = MemoryImage(parameter: "COEFFICIENTS_FILE", width: w, words: (0..<groups).map { g in limbs(w, (0..<units).flatMap { u in [(multipliers[g * units + u], multiplierWidth), (offsets[g * units + u], scoreWidth)] }) })
  }
  public var moduleName: String { "rb_score" }
  public var parameters: [CoreParameter] { [CoreParameter("UNITS", units), CoreParameter("SUM_WIDTH", sumWidth), CoreParameter("MULTIPLIER_WIDTH", multiplierWidth), CoreParameter("SCORE_WIDTH", scoreWidth), CoreParameter("GROUPS", groups), CoreParameter("COEFFICIENTS_FILE", .memory)] }
  public var inputs: [StreamPort] { [StreamPort("sums", lanes: units, bitsPerLane: sumWidth)] }
  public var outputs: [StreamPort] { [StreamPort("scores", lanes: units, bitsPerLane: scoreWidth)] }
  public var memories: [MemoryImage] { [memory] }
  public var files: [RTLFile] { [file("rb_score.v", PackageResources.rb_score_v), file("rb_rom.v", PackageResources.rb_rom_v)] }
  public var handshake: Handshake { .pipeline(depth: 3, period: 1) }
}
public struct ArgMax: Core {
  public var units, scoreWidth, groups, indexWidth: Int
  public init(units: Int, scoreWidth: Int, groups: Int, indexWidth: Int) { self.units = units; self.scoreWidth = scoreWidth; self.groups = groups; self.indexWidth = indexWidth }
  public var moduleName: String { "rb_arg_max" }
  public var parameters: [CoreParameter] { [CoreParameter("UNITS", units), CoreParameter("SCORE_WIDTH", scoreWidth), CoreParameter("GROUPS", groups), CoreParameter("INDEX_WIDTH", indexWidth)] }
  public var inputs: [StreamPort] { [StreamPort("scores", lanes: units, bitsPerLane: scoreWidth)] }
  public var outputs: [StreamPort] { [StreamPort("index", lanes: 1, bitsPerLane: indexWidth)] }
  public var files: [RTLFile] { [file("rb_arg_max.v", PackageResources.rb_arg_max_v)] }
  public var handshake: Handshake { .pipeline(depth: 2, period: groups) }
}
