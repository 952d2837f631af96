// SPDX-License-Identifier: Apache-2.0

import Cores

/// The face with these parameters, written as in Docs/Budgets/cores.csv: `LANES=4 UNITS=2 …`, γ as
/// `GAMMAS=4:2:1`. Its memories hold nothing. Nil for a module that has no face.
public func core(_ module: String, parameters text: String) -> (any Core)? {
  var values: [String: Int] = [:]
  var gammas: [Int] = []
  for setting in text.split(separator: " ") {
    let parts = setting.split(separator: "=").map(String.init)
    values[parts[0]] = Int(parts[1])
    if parts[0] == "GAMMAS" { gammas = parts[1].split(separator: ":").compactMap { Int($0) } }
  }
  func value(_ name: String) -> Int { values[name] ?? 0 }
  func memory(_ parameter: String) -> MemoryImage {
    MemoryImage(parameter: parameter, width: 1, words: [])
  }
  switch module {
  case "rb_stream_register":
    return StreamRegister(lanes: value("DATA_WIDTH"), bitsPerLane: 1)
  case "rb_fifo":
    return FIFO(lanes: value("DATA_WIDTH"), bitsPerLane: 1, depth: value("DEPTH"))
  case "rb_fork":
    return Fork(lanes: value("DATA_WIDTH"), bitsPerLane: 1)
  case "rb_add":
    return Add(
      lanes: value("LANES"), in0Width: value("IN0_WIDTH"), in1Width: value("IN1_WIDTH"),
      sumWidth: value("SUM_WIDTH"), in0Shift: value("IN0_SHIFT"), in1Shift: value("IN1_SHIFT"))
  case "rb_width_up":
    return WidthUp(lanes: value("IN_WIDTH"), bitsPerLane: 1, ratio: value("RATIO"))
  case "rb_width_down":
    return WidthDown(lanes: value("OUT_WIDTH"), bitsPerLane: 1, ratio: value("RATIO"))
  case "rb_pad":
    return Pad(
      lanes: value("DATA_WIDTH"), bitsPerLane: 1, words: value("WORDS"), height: value("HEIGHT"),
      width: value("WIDTH"), top: value("TOP"), bottom: value("BOTTOM"), left: value("LEFT"),
      right: value("RIGHT"), padding: value("FLAGGED") == 0 ? value("PAD_DATA") : nil)
  case "rb_window":
    return WindowBuffer(
      lanes: value("LANES"), levels: value("LEVELS"), levelsPerBeat: value("LEVELS_PER_BEAT"),
      flags: value("FLAGS"), words: value("WORDS"), height: value("HEIGHT"),
      width: value("WIDTH"), kernelHeight: value("KERNEL_HEIGHT"),
      kernelWidth: value("KERNEL_WIDTH"), strideY: value("STRIDE_Y"), strideX: value("STRIDE_X"),
      repeats: value("REPEATS"), channelsOuter: value("CHANNELS_OUTER") == 1,
      depth: value("DEPTH"))
  case "rb_line_buffer":
    return LineBuffer(
      lanes: value("LANES"), levels: value("LEVELS"), levelsPerBeat: value("LEVELS_PER_BEAT"),
      height: value("HEIGHT"), width: value("WIDTH"), kernelHeight: value("KERNEL_HEIGHT"),
      kernelWidth: value("KERNEL_WIDTH"), strideY: value("STRIDE_Y"), strideX: value("STRIDE_X"),
      repeats: value("REPEATS"))
  case "rb_matrix_unit":
    var unit = MatrixUnit(
      lanes: value("LANES"), units: value("UNITS"), levelsPerBeat: value("LEVELS_PER_BEAT"),
      words: value("WORDS"), groups: value("GROUPS"), weightLevels: value("WEIGHT_LEVELS"),
      gammas: gammas, isPadded: value("PADDED") == 1, sumWidth: value("SUM_WIDTH"),
      weights: memory("WEIGHTS_FILE"),
      mask: value("MASKED") == 1 ? memory("MASK_FILE") : nil)
    unit.usesAdderTree = value("ADDER_TREE") == 1
    unit.popcountCycles = value("POPCOUNT_CYCLES")
    unit.popcountParts = max(1, value("POPCOUNT_PARTS"))
    unit.sharedNeurons = value("SHARED_NEURONS")
    return unit
  case "rb_residual_encoder":
    let neurons = value("UNITS") * value("GROUPS")
    return ResidualEncoder(
      units: value("UNITS"), levels: value("LEVELS"), sumWidth: value("SUM_WIDTH"),
      groups: value("GROUPS"), thresholds: Array(repeating: [0], count: neurons),
      falling: Array(repeating: value("FALLING") == 1, count: neurons), layer: "")
  case "rb_lookup":
    return LookupTable(
      lanes: value("LANES"), bits: value("IN_BITS"), entryBits: value("OUT_BITS"), entries: [],
      layer: "")
  case "rb_max_pool":
    return MaxPoolUnit(lanes: value("LANES"), bits: value("BITS"), taps: value("TAPS"))
  case "rb_sum_pool":
    return SumPoolUnit(
      lanes: value("LANES"), taps: value("TAPS"), gammas: gammas,
      isPadded: value("PADDED") == 1, sumWidth: value("SUM_WIDTH"))
  case "rb_score":
    let neurons = Array(repeating: 0, count: value("UNITS") * value("GROUPS"))
    return Score(
      units: value("UNITS"), sumWidth: value("SUM_WIDTH"),
      multiplierWidth: value("MULTIPLIER_WIDTH"), scoreWidth: value("SCORE_WIDTH"),
      groups: value("GROUPS"), multipliers: neurons, offsets: neurons, layer: "")
  case "rb_arg_max":
    var core = ArgMax(
      units: value("UNITS"), scoreWidth: value("SCORE_WIDTH"), groups: value("GROUPS"),
      indexWidth: value("INDEX_WIDTH"))
    core.compareCycles = value("COMPARE_CYCLES")
    return core
  default:
    return nil
  }
}
