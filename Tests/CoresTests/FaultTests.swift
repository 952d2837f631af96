// SPDX-License-Identifier: Apache-2.0

import Cores
import Simulation
import TestSupport
import Testing

/// A check must be able to fail: each core with one thing wrong in it, and the bench that sees it.
@Suite(
  .tags(.rtl),
  .enabled(if: Simulator.isAvailable, "Verilator is missing: apt-get install verilator"))
struct FaultTests {
  /// One thing wrong in one file, and words of the finding.
  struct Fault: CustomTestStringConvertible, Sendable {
    var what: String
    var file: String
    var from: String
    var to: String
    var finding: String
    var test: @Sendable (inout SeededRandom) -> CoreCase
    /// Defined above the file.
    var macro: String?

    var testDescription: String { "\(file): \(what)" }
  }

  static let faults: [Fault] = [
    Fault(
      what: "the levels of another mode", file: "rb_window.v",
      from: "FIRST_PASS[PASS_WIDTH-1:0] - mode_i[PASS_WIDTH-1:0]", to: "0", finding: "expected",
      test: { random in
        var core = WindowBuffer.map(4, 5, kernel: (3, 2), levels: 3, repeats: 2)
        core.modes = 3
        return windowCase(core, mode: 0, using: &random)
      }),
    Fault(
      what: "the bank of another mode", file: "rb_rom.v", from: "first_of(bank_i) +", to: "0 +",
      finding: "expected",
      test: { random in
        let banks = [3, 9, 12].map { ResidualEncoder.Bank(thresholds: [[$0]]) }
        let core = ResidualEncoder(
          units: 1, levels: 1, sumWidth: 4, groups: 1, banks: banks, layer: "sign")
        let beats = StreamBeats.random(core.inputs[0], beats: 64, using: &random)
        return CoreCase(core, mode: 1, beats) { input, output in
          for beat in 0..<input.count {
            output.append(
              lanes: input.lanes(ofBeat: beat).map { $0 >= 9 ? 1 : 0 }, last: input.last[beat])
          }
        }
      }),
    Fault(
      what: "levels swapped", file: "rb_window.v", from: "code[bit_q]",
      to: "code[FIRST_PASS[PASS_WIDTH-1:0] - bit_q]", finding: "expected", test: window),
    Fault(
      what: "a window not repeated", file: "rb_window.v",
      from: "LAST_REPEAT   = REPEATS - 1", to: "LAST_REPEAT   = REPEATS - 2",
      finding: "deadlock", test: window),
    Fault(
      what: "last of every window", file: "rb_window.v",
      from: "final_q <= ends_window && ends_columns && ends_rows", to: "final_q <= ends_window",
      finding: "expected last = 0, got 1", test: window),
    Fault(
      what: "the next row of a window one word off", file: "rb_window.v",
      from: "ROW_TURN    = ROW_STEP % DEPTH", to: "ROW_TURN    = (ROW_STEP + 1) % DEPTH",
      finding: "expected", test: window),
    Fault(
      what: "the next window too early", file: "rb_window.v",
      from: "STRIDE_X * WORDS : 0", to: "WORDS : 0", finding: "expected", test: window),
    Fault(
      what: "a word read before it is there", file: "rb_window.v",
      from: "ahead_q         <= {AHEAD_WIDTH{1'b1}}", to: "ahead_q         <= 0",
      finding: "stalls", test: window),
    Fault(
      what: "a word overwritten that is still needed", file: "rb_window.v",
      from: "room_q          <= DEPTH[ROOM_WIDTH-1:0]",
      to: "room_q          <= DEPTH[ROOM_WIDTH-1:0] + 1", finding: "expected", test: window),
    Fault(
      what: "a gap between two windows", file: "rb_window.v",
      from: "(!valid_q || out_ready_i)", to: "(!valid_q || (out_ready_i && tap_q != 0))",
      finding: "the handshake machine says", test: window),
    Fault(
      what: "flags of another beat", file: "rb_window.v",
      from: "= beat_q[LANES*LEVELS +: FLAGS]", to: "= ~beat_q[LANES*LEVELS +: FLAGS]",
      finding: "expected flags", test: window),
    Fault(
      what: "a word after one row of the window", file: "rb_window.v",
      from: "wire ends_word    = ends_line &&",
      to: "wire ends_word    = ends_line ||", finding: "expected", test: poolingWindow),
    Fault(
      what: "levels swapped", file: "rb_line_buffer.v", from: "code[pass_q]",
      to: "code[FIRST_PASS[PASS_WIDTH-1:0] - pass_q]", finding: "expected", test: lines),
    Fault(
      what: "a line one pixel short", file: "rb_line_buffer.v",
      from: "LAST_ADDRESS      = LINE - 1", to: "LAST_ADDRESS      = LINE - 2", finding: "expected",
      test: lines),
    Fault(
      what: "the rows of a window swapped", file: "rb_line_buffer.v",
      from: "assign out_data_o[PLACE*LANES", to: "assign out_data_o[(TAPS-1-PLACE)*LANES",
      finding: "expected", test: lines),
    Fault(
      what: "a stride in one direction only", file: "rb_line_buffer.v",
      from: "NEXT_COLUMN_WAIT  = STRIDE_X - 1", to: "NEXT_COLUMN_WAIT  = 0",
      finding: "expected", test: lines),
    Fault(
      what: "a window that lies over the edge", file: "rb_line_buffer.v",
      from: "if (ends_row) column_wait_q <= FIRST_COLUMN_WAIT[COLUMN_WAIT_WIDTH-1:0];\n      else",
      to: "", finding: "expected", test: lines),
    Fault(
      what: "last of every window", file: "rb_line_buffer.v", from: "final_q && ends_window",
      to: "ends_window", finding: "expected last = 0, got 1", test: lines),
    Fault(
      what: "a window shifted before it is taken", file: "rb_line_buffer.v",
      from: "(out_ready_i && ends_window)", to: "ends_window",
      finding: "valid fell before the beat was taken", test: lines),
    Fault(
      what: "a gap between two windows", file: "rb_line_buffer.v",
      from: "!valid_q || (out_ready_i && ends_window)", to: "!valid_q",
      finding: "the handshake machine says", test: lines),
    Fault(
      what: "the border one row too high", file: "rb_pad.v", from: "inner_row < HEIGHT",
      to: "inner_row + 1 < HEIGHT", finding: "expected", test: pad),
    Fault(
      what: "a border without its flag", file: "rb_pad.v", from: "flag_q <= !is_inner",
      to: "flag_q <= 0", finding: "expected flags 1, got 0", test: pad),
    Fault(
      what: "a border that waits for input", file: "rb_pad.v",
      from: "free && (!is_inner || in_valid_i)", to: "free && in_valid_i",
      finding: "deadlock", test: pad),
    Fault(
      what: "last of every row", file: "rb_pad.v", from: "last_q <= ends_image",
      to: "last_q <= ends_row", finding: "expected last = 0, got 1", test: pad),
    Fault(
      what: "lanes reversed", file: "rb_matrix_unit.v", from: "assign signs = codes_q;",
      to: "assign signs = {codes_q[0], codes_q[LANES-1:1]};", finding: "expected", test: matrix),
    Fault(
      what: "an absent code counted", file: "rb_matrix_unit.v", from: "!counts_absent_q ?",
      to: "counts_clear_q || !counts_absent_q ?", finding: "expected", test: paddedMatrix),
    Fault(
      what: "an absent code not masked", file: "rb_matrix_unit.v",
      from: "MASKED != 0 ? wide : absent_count", to: "absent_count", finding: "expected",
      test: paddedMatrix),
    Fault(
      what: "the flag of the beat before", file: "rb_matrix_unit.v",
      from: "halves_absent = absent;", to: "halves_absent = codes_data_i[7];",
      finding: "expected", test: paddedMatrix),
    Fault(
      what: "weight levels swapped", file: "rb_matrix_unit.v", from: "gammas[(term_q*",
      to: "gammas[({!term_q}*", finding: "expected", test: residualMatrix),
    Fault(
      what: "one weight level for all", file: "rb_matrix_unit.v",
      from: "DEPTH          = GROUPS * WEIGHT_LEVELS * WORDS",
      to: "DEPTH          = GROUPS * WORDS", finding: "expected", test: residualMatrix),
    Fault(
      what: "the carries not doubled", file: "rb_matrix_unit.v",
      from: "carries[i*LEVELS +: LEVELS]} << 1", to: "carries[i*LEVELS +: LEVELS]} << 0",
      finding: "expected", test: adderTree, macro: "RB_PLAIN_POPCOUNT"),
    Fault(
      what: "the least bit first", file: "rb_matrix_unit.v",
      from: "value = lanes[i*LEVELS +: LEVELS]",
      to: "value = {lanes[i*LEVELS], lanes[i*LEVELS+1 +: LEVELS-1]}",
      finding: "expected", test: adderTree),
    Fault(
      what: "four parts twice", file: "rb_adder_tree.v",
      from: "sum_of_four(numbers[4*i*WIDTH", to: "sum_of_four(numbers[0*i*WIDTH",
      finding: "expected", test: adderTreeOfParts),
    Fault(
      what: "sums of a stalled beat", file: "rb_adder_tree.v", from: "if (moves_i[1]) begin",
      to: "if (moves_i[1] || 1'b1) begin", finding: "stalls", test: adderTreeOfParts),
    Fault(
      what: "a class with a lane of another", file: "rb_shared_counts.v",
      from: "ORDER[(FIRST+place)",
      to: "ORDER[(FIRST)", finding: "expected", test: sharedMatrix,
      macro: "RB_PLAIN_POPCOUNT"),
    Fault(
      what: "the weights of the first neuron for all", file: "rb_shared_counts.v",
      from: "^ (((2 * number) >> neuron) % 2 != 0)", to: "", finding: "expected",
      test: sharedMatrix),
    Fault(
      what: "a difference once in place of twice", file: "rb_shared_counts.v",
      from: "sum_q - (different_q << 1)", to: "sum_q - different_q", finding: "expected",
      test: sharedMatrix,
      macro: "RB_PLAIN_POPCOUNT"),
    Fault(
      what: "one less forgotten", file: "rb_shared_counts.v", from: "if (ODD != 0) begin",
      to: "if (0) begin", finding: "expected", test: sharedMatrix,
      macro: "RB_PLAIN_POPCOUNT"),
    Fault(
      what: "the classes of a stalled beat", file: "rb_shared_counts.v", from: "if (moves_i[0])",
      to: "if (moves_i[0] || 1'b1)", finding: "stalls sink", test: sharedMatrix,
      macro: "RB_PLAIN_POPCOUNT"),
    Fault(
      what: "a lane that carries nothing", file: "rb_sum_tree.v",
      from: "i <= CARRIES && carried[i-1]};\n        right",
      to: "1'b0};\n        right", finding: "expected", test: sharedMatrix,
      macro: "RB_PLAIN_POPCOUNT"),
    Fault(
      what: "levels swapped", file: "rb_matrix_unit.v", from: "gammas[(term_q*",
      to: "gammas[({!term_q}*", finding: "expected", test: matrix),
    Fault(
      what: "mask ignored", file: "rb_matrix_unit.v", from: "| {LANES{MASKED == 0}}",
      to: "| {LANES{1'b1}}", finding: "expected", test: matrix),
    Fault(
      what: "one carry lost", file: "rb_matrix_unit.v",
      from: "(bits[2] & (bits[0] | bits[1]))", to: "(bits[2] & bits[1])", finding: "expected",
      test: matrix, macro: "RB_PLAIN_POPCOUNT"),
    Fault(
      what: "the weights of a stalled beat lost", file: "rb_rom_array.v",
      from: "if (enable_i) data_q", to: "if (enable_i || 1'b1) data_q", finding: "stalls sink",
      test: matrix),
    Fault(
      what: "the accumulator not cleared", file: "rb_matrix_unit.v",
      from: "counts_clear_q || !RUNNING ? 0 : HORNER", to: "HORNER", finding: "expected",
      test: matrix),
    Fault(
      what: "> for >=", file: "rb_residual_encoder.v", from: "sum >= tree", to: "sum > tree",
      finding: "expected", test: encoder),
    Fault(
      what: "subtrees swapped", file: "rb_residual_encoder.v", from: "code_q[LEVELS-level]\n",
      to: "!code_q[LEVELS-level]\n", finding: "expected", test: encoder),
    Fault(
      what: "only the first bit turned round", file: "rb_residual_encoder.v",
      from: "assign falls = falls_q", to: "assign falls = falls_q && 0", finding: "expected",
      test: encoder),
    Fault(
      what: "the smallest for the largest", file: "rb_max_pool.v", from: "code > largest",
      to: "code < largest", finding: "expected", test: maxPool),
    Fault(
      what: "a window not started afresh", file: "rb_max_pool.v", from: "(starts || code",
      to: "(code", finding: "expected", test: maxPool),
    Fault(
      what: "a result overwritten", file: "rb_max_pool.v", from: "if (advance && in_valid_i &&",
      to: "if (in_valid_i &&", finding: "data changed before the beat was taken", test: maxPool),
    Fault(
      what: "a window not started afresh", file: "rb_sum_pool.v", from: "clears_q ? 0 :",
      to: "", finding: "expected", test: sumPool),
    Fault(
      what: "levels swapped", file: "rb_sum_pool.v", from: "(code >> (TABLE_LEVELS - 1 - i))",
      to: "(code >> i)", finding: "expected", test: sumPool),
    Fault(
      what: "an absent code counted", file: "rb_sum_pool.v", from: "TRUTH[{absent, code}]",
      to: "TRUTH[{1'b0, code}]", finding: "expected", test: sumPool),
    Fault(
      what: "every lane that of lane 0", file: "rb_lookup.v", from: "in_data_i[lane*IN_BITS",
      to: "in_data_i[0*IN_BITS", finding: "expected", test: lookup),
    Fault(
      what: "an entry overwritten", file: "rb_lookup.v", from: ".enable_i (advance)",
      to: ".enable_i (1'b1)", finding: "data changed before the beat was taken", test: lookup),
    Fault(
      what: "an unsigned product", file: "rb_score.v", from: "wire signed [MULTIPLIER_WIDTH",
      to: "wire [MULTIPLIER_WIDTH", finding: "expected", test: score),
    Fault(
      what: "the last of equals wins", file: "rb_arg_max.v",
      from: "> $signed(low[", to: ">= $signed(low[", finding: "expected", test: argMax),
    Fault(
      what: "a unit that waits is another", file: "rb_arg_max.v", from: "from[(PAIRS+pair)",
      to: "from[pair", finding: "expected", test: argMax),
    Fault(
      what: "the best of the vector before stays", file: "rb_arg_max.v",
      from: "group_q == 0 || $signed", to: "$signed", finding: "expected", test: argMax),
    Fault(
      what: "a beat overwritten", file: "rb_fifo.v", from: "count_q != DEPTH[",
      to: "1'b1 || count_q != DEPTH[", finding: "stalls sink", test: fifo),
    Fault(
      what: "one place never used", file: "rb_fifo.v", from: "count_q != DEPTH[",
      to: "count_q != LAST_ADDRESS[", finding: "the handshake machine says", test: fifo),
    Fault(
      what: "a beat sent to a reader until both have it", file: "rb_fork.v",
      from: "offered_q & ~ready", to: "offered_q", finding: "expected", test: fork),
    Fault(
      what: "a beat that one reader misses", file: "rb_fork.v",
      from: "&(~offered_q | ready)", to: "|(~offered_q | ready)",
      finding: "valid fell before the beat was taken", test: fork),
    Fault(
      what: "a beat overwritten before both have it", file: "rb_fork.v",
      from: "if (advance) beat_q", to: "beat_q",
      finding: "data changed before the beat was taken", test: fork),
    Fault(
      what: "a gap between two beats", file: "rb_fork.v",
      from: "&(~offered_q | ready)", to: "&(~offered_q)",
      finding: "the handshake machine says", test: fork),
    Fault(
      what: "valid that waits for ready", file: "rb_fork.v",
      from: "assign out0_valid_o = offered_q[0];",
      to: "assign out0_valid_o = offered_q[0] && out0_ready_i;",
      finding: "deadlock", test: fork),
    Fault(
      what: "last that one reader misses", file: "rb_fork.v",
      from: "assign {out1_last_o, out1_data_o} = beat_q",
      to: "assign {out1_last_o, out1_data_o} = {1'b0, beat_q[DATA_WIDTH-1:0]}",
      finding: "c0_out1: beat", test: fork),
    Fault(
      what: "a beat taken of one stream alone", file: "rb_add.v",
      from: "assign in1_ready_o  = take", to: "assign in1_ready_o  = advance",
      finding: "a beat was taken of one stream only", test: add),
    Fault(
      what: "a sum without its second number", file: "rb_add.v",
      from: "advance && in0_valid_i && in1_valid_i", to: "advance && in0_valid_i",
      finding: "a beat was taken of one stream only", test: add),
    Fault(
      what: "a sum overwritten", file: "rb_add.v", from: "if (advance) sums_q", to: "sums_q",
      finding: "data changed before the beat was taken", test: add),
    Fault(
      what: "the carry of each lane lost", file: "rb_add.v", from: "<= term0 + term1",
      to: "<= (term0 + term1) % (1 << IN0_WIDTH)", finding: "expected", test: add),
    Fault(
      what: "every lane that of lane 0", file: "rb_add.v", from: "in1_data_i[lane*IN1_WIDTH +:",
      to: "in1_data_i[0*IN1_WIDTH +:", finding: "expected", test: add),
    Fault(
      what: "a gap between two sums", file: "rb_add.v",
      from: "take    = advance", to: "take    = !valid_q",
      finding: "the handshake machine says", test: add),
    Fault(
      what: "last of a stalled sum lost", file: "rb_add.v",
      from: "if (advance) last_q", to: "last_q",
      finding: "last changed before the beat was taken", test: add),
    Fault(
      what: "the waiting beat lost", file: "rb_stream_register.v",
      from: "spare_q ? spare_beat_q : {", to: "{", finding: "expected", test: register),
    Fault(
      what: "a wide beat overwritten", file: "rb_width_up.v",
      from: "!completes || !valid_q || out_ready_i", to: "1'b1",
      finding: "data changed before the beat was taken", test: widthUp),
    Fault(
      what: "the high slice first", file: "rb_width_down.v",
      from: "slices_q[OUT_WIDTH-1:0]", to: "slices_q[OUT_WIDTH*RATIO-1 -: OUT_WIDTH]",
      finding: "expected", test: widthDown),
  ]

  @Test(arguments: faults)
  func aFaultIsFound(fault: Fault) throws {
    var random = SeededRandom(seed: 1)
    var bench = CoreBench([fault.test(&random)], seed: 1)
    let original = bench.cases[0].core.files.first { $0.name == fault.file }
    #expect(original?.text.contains(fault.from) == true, "the fault is in a line that is gone")
    bench.edit = { file in
      var file = file
      if file.name == fault.file {
        file.text = file.text.replacing(fault.from, with: fault.to)
      }
      return fault.macro.map(file.defining) ?? file
    }
    let findings = try bench.findings()
    #expect(findings.contains { $0.contains(fault.finding) }, "\(findings)")
  }

  @Sendable static func window(_ random: inout SeededRandom) -> CoreCase {
    windowCase(
      .map(
        4, 5, kernel: (2, 3), stride: (1, 2), levels: 2, flags: 1, words: 2, repeats: 2, more: 1),
      using: &random)
  }

  @Sendable static func poolingWindow(_ random: inout SeededRandom) -> CoreCase {
    windowCase(
      .map(4, 4, kernel: (2, 2), stride: (2, 2), words: 3, channelsOuter: true), using: &random)
  }

  @Sendable static func lines(_ random: inout SeededRandom) -> CoreCase {
    lineCase(
      .map(5, 6, kernel: (2, 3), stride: (1, 2), levels: 2, repeats: 2), using: &random)
  }

  @Sendable static func pad(_ random: inout SeededRandom) -> CoreCase {
    padCase(
      Pad(
        lanes: 2, bitsPerLane: 2, words: 2, height: 3, width: 4, top: 1, bottom: 1, left: 1,
        right: 2, padding: nil), using: &random)
  }

  @Sendable static func matrix(_ random: inout SeededRandom) -> CoreCase {
    matrixCase(
      Corner(7, 2, 3, 2, [5, 2], inParallel: false, masked: true), using: &random)
  }

  @Sendable static func paddedMatrix(_ random: inout SeededRandom) -> CoreCase {
    matrixCase(
      Corner(7, 2, 3, 2, [1], inParallel: false, masked: true, padded: true), using: &random)
  }

  @Sendable static func residualMatrix(_ random: inout SeededRandom) -> CoreCase {
    matrixCase(
      Corner(7, 2, 3, 2, [5, 2], weightLevels: 2, inParallel: false, masked: false),
      using: &random)
  }

  @Sendable static func adderTree(_ random: inout SeededRandom) -> CoreCase {
    matrixCase(
      Corner(7, 2, 3, 2, [4, 2, 1], inParallel: true, masked: false), using: &random)
  }

  /// Classes of some 16 lanes, blocks of which some neurons are odd.
  @Sendable static func sharedMatrix(_ random: inout SeededRandom) -> CoreCase {
    var corner = Corner(130, 9, 1, 1, [5, 2], inParallel: false, masked: false)
    corner.sharedNeurons = 4
    return matrixCase(corner, using: &random)
  }

  /// 17 parts.
  @Sendable static func adderTreeOfParts(_ random: inout SeededRandom) -> CoreCase {
    matrixCase(
      Corner(50, 2, 3, 2, [2, 1], inParallel: true, masked: false), using: &random)
  }

  private static func matrixCase(
    _ corner: Corner, using random: inout SeededRandom
  ) -> CoreCase {
    let layer = RandomLayer(corner, using: &random)
    return CoresTests.matrixCase(layer, using: &random)
  }

  @Sendable static func maxPool(_ random: inout SeededRandom) -> CoreCase {
    maxPoolCase(MaxPoolUnit(lanes: 3, bits: 3, taps: 4), using: &random)
  }

  @Sendable static func sumPool(_ random: inout SeededRandom) -> CoreCase {
    sumPoolCase(
      SumPoolUnit(lanes: 3, taps: 4, gammas: [5, 2], isPadded: true), using: &random)
  }

  @Sendable static func encoder(_ random: inout SeededRandom) -> CoreCase {
    encoderCase(
      units: 2, levels: 2, sumWidth: 6, groups: 2, falling: [true, false, false, true],
      using: &random)
  }

  @Sendable static func lookup(_ random: inout SeededRandom) -> CoreCase {
    lookupCase(lanes: 3, bits: 4, entryBits: 5, using: &random)
  }

  @Sendable static func score(_ random: inout SeededRandom) -> CoreCase {
    scoreCase(units: 2, sumWidth: 6, multiplierWidth: 8, groups: 2, using: &random)
  }

  @Sendable static func argMax(_ random: inout SeededRandom) -> CoreCase {
    argMaxCase(ArgMax(units: 5, scoreWidth: 4, groups: 2, indexWidth: 4), using: &random)
  }

  @Sendable static func fifo(_ random: inout SeededRandom) -> CoreCase {
    same(FIFO(lanes: 1, bitsPerLane: 9, depth: 3), using: &random)
  }

  @Sendable static func fork(_ random: inout SeededRandom) -> CoreCase {
    forkCase(Fork(lanes: 2, bitsPerLane: 5, flags: 1), using: &random)
  }

  @Sendable static func add(_ random: inout SeededRandom) -> CoreCase {
    addCase(Add(lanes: 3, in0Width: 6, in1Width: 4, sumWidth: 7), using: &random)
  }

  @Sendable static func register(_ random: inout SeededRandom) -> CoreCase {
    same(StreamRegister(lanes: 1, bitsPerLane: 9), using: &random)
  }

  @Sendable static func widthUp(_ random: inout SeededRandom) -> CoreCase {
    let core = WidthUp(lanes: 2, bitsPerLane: 3, ratio: 3)
    return CoreCase(core, .random(core.inputs[0], beats: 60, using: &random)) { input, output in
      for beat in stride(from: 0, to: input.count, by: 3) {
        output.append(
          lanes: (beat..<beat + 3).flatMap { input.lanes(ofBeat: $0) }, last: input.last[beat + 2])
      }
    }
  }

  @Sendable static func widthDown(_ random: inout SeededRandom) -> CoreCase {
    let core = WidthDown(lanes: 1, bitsPerLane: 4, ratio: 3)
    return CoreCase(core, .random(core.inputs[0], beats: 20, using: &random)) { input, output in
      for beat in 0..<input.count {
        for (slice, lane) in input.lanes(ofBeat: beat).enumerated() {
          output.append(lanes: [lane], last: input.last[beat] && slice == 2)
        }
      }
    }
  }

  private static func same(_ core: some Core, using random: inout SeededRandom) -> CoreCase {
    CoreCase(core, .random(core.inputs[0], beats: 100, using: &random)) { input, output in
      for beat in 0..<input.count {
        output.append(lanes: input.lanes(ofBeat: beat), last: input.last[beat])
      }
    }
  }
}
