// SPDX-License-Identifier: Apache-2.0
//
// UNITS neurons side by side: masked XNOR-popcounts of residual codes, weighted by level.
//
//     sum[o] = sum over weight levels p, levels l, words k, lanes i of gamma_pl *
//              (mask[o][p][k][i] & ~(code[k][i].b_l ^ weight[o][p][k][i])), o = group*UNITS + u
//
//     The network's signed sum is 2*sum[o] - (active synapses of o) * (sum of the gammas); that
//     constant is folded into the thresholds that follow.
//
//     PADDED: everything is doubled, and an active lane of a flagged beat, whose code is absent,
//     adds 1 where others add 0 or 2: the signed sum is sum[o] - (active synapses of o) * (sum of
//     the gammas), in which an absent code counts nothing.
//
//     MODES > 1: mode_i + 1 levels are in use, at most LEVELS, and each number of them has gammas of
//     its own. mode_i changes only while no beat is inside.
//
//     SHARED_BLOCKS > 0: the weights, one word, are logic, and the neurons of a block are counted
//     together, see rb_shared_counts.v; there is no memory.
//
//     RELOADABLE: the load bus can write weights and mask, see rb_loadable_memory.v; 2: gammas too. Then
//     GAMMAS are the largest that there may be, and GAMMAS_FILE holds the first ones.
//
// Input    for each group, for each weight level, in series for each level in use, WORDS beats of
//          LANES lanes; in parallel the LEVELS bits of a lane side by side, b_1 the highest. PADDED: one
//          flag above the lanes.
// Output   UNITS unsigned sums of SUM_WIDTH bits, one beat a group; last is that of its last beat.
// Timing   latency 3 (one weight level, and one level with gamma 1, HORNER or ADDER_TREE), else 5,
//          and 1 more with POPCOUNT_CYCLES 2, 1 with 2 to 4 POPCOUNT_PARTS, 2 with up to 16, 3 with up
//          to 64, and 2 more with SHARED_BLOCKS, after the last beat of a group; a beat a cycle.
//            1 codes and weights    2 popcounts    3 totals over words    4 products    5 sums
// Storage  weights: GROUPS*WEIGHT_LEVELS*WORDS words of UNITS*LANES bits, weight level p of a group
//          at (group*WEIGHT_LEVELS + p)*WORDS + word, unit u lane i at bit u*LANES + i; the same
//          again for the mask when MASKED is 1. RELOADABLE 2: for each mode a word of gammas, as in
//          GAMMAS.
// Cuts     data, valid and last; passes ready through.
// Checked  Tests/CoresTests/MatrixUnitTests.swift, Sim/properties/rb_matrix_unit_bind.sv.

`default_nettype none

`ifdef VERILATOR
`ifndef RB_PLAIN_POPCOUNT
`define RB_COUNTONES
`endif
`endif

module rb_matrix_unit #(
  parameter integer LANES           = 8,
  parameter integer UNITS           = 4,
  parameter integer LEVELS          = 1,  // bits of a code
  parameter integer LEVELS_PER_BEAT = 1,  // 1: in series; LEVELS: in parallel
  parameter integer WORDS           = 4,  // beats of a vector
  parameter integer GROUPS          = 2,  // beats of sums for a vector
  parameter integer WEIGHT_LEVELS   = 1,  // bits of a weight
  parameter integer MODES           = 1,  // 1, or how many numbers of levels there are to choose from
  parameter integer MASKED          = 0,  // 1: synapses may be inactive
  parameter integer PADDED          = 0,  // 1: a flag marks beats of absent codes
  parameter integer HORNER          = 0,  // 1: gamma_l = 2^(LEVELS-l), in series
  parameter integer ADDER_TREE      = 0,  // 1: gamma_pl = h_p*2^(LEVELS-l), in parallel
  parameter integer POPCOUNT_CYCLES = 1,  // 2: counters, then their sum; not with ADDER_TREE
  parameter integer POPCOUNT_PARTS  = 1,  // counted side by side and added, four a cycle; up to 64
  parameter integer SHARED_BLOCKS   = 0,  // blocks of neurons that are counted together; 0: none
  parameter integer SHARED_NEURONS  = 1,  // neurons of a block; the last blocks may have one fewer
  // For each block its lanes class by class, each below the weight of the block's first neuron; and for each
  // class of a block how many they are. Where a block has fewer neurons the classes of others have none.
  parameter [(SHARED_BLOCKS > 0 ? SHARED_BLOCKS * LANES * ($clog2(LANES + 1) + 1) : 1) - 1:0] SHARED_ORDER = 0,
  parameter [(SHARED_BLOCKS > 0 ? (SHARED_BLOCKS << (SHARED_NEURONS - 1)) * $clog2(LANES + 1) : 1) - 1:0] SHARED_SIZES = 0,
  parameter integer GAMMA_WIDTH     = 1,  // bits
  // For each mode, for each weight level that of each level, gamma_11 lowest. In parallel that of a
  // level not in use is 0; in series there is none, and what is left of a mode's part is 0.
  parameter [MODES*WEIGHT_LEVELS*LEVELS*GAMMA_WIDTH-1:0] GAMMAS =
    {(MODES*WEIGHT_LEVELS*LEVELS*GAMMA_WIDTH){1'b1}},
  parameter integer SUM_WIDTH       = 6,  // bits
  parameter integer MEMORY          = 0,  // of weights and mask; 0: the tool decides, 1: LUTs, 2: block RAM
  parameter integer RELOADABLE      = 0,  // 1: weights and mask can be written; 2: gammas too
  parameter integer WEIGHTS_BASE    = 0,  // RELOADABLE: their first address on the load bus
  parameter integer MASK_BASE       = 0,
  parameter integer GAMMAS_BASE     = 0,
  parameter         WEIGHTS_FILE    = "",
  parameter         MASK_FILE       = "",
  parameter         GAMMAS_FILE     = ""
) (
  input  wire                                                       clk_i,
  input  wire                                                       rst_i,
  input  wire [(MODES > 1 ? $clog2(MODES) : 1) - 1:0]               mode_i,

  input  wire [LANES*LEVELS_PER_BEAT + (PADDED != 0 ? 1 : 0) - 1:0] codes_data_i,
  input  wire                                                       codes_valid_i,
  output wire                                                       codes_ready_o,
  input  wire                                                       codes_last_i,

  output wire [UNITS*SUM_WIDTH-1:0]                                 sums_data_o,
  output wire                                                       sums_valid_o,
  input  wire                                                       sums_ready_i,
  output wire                                                       sums_last_o,

  input  wire [63:0]                                                load_i,
  output wire [31:0]                                                load_o
);

  localparam integer PASSES         = LEVELS / LEVELS_PER_BEAT;  // of a weight level
  localparam integer TERMS          = WEIGHT_LEVELS * PASSES;    // of a group
  localparam integer DEPTH          = GROUPS * WEIGHT_LEVELS * WORDS;
  localparam integer ADDRESS_WIDTH  = DEPTH > 1 ? $clog2(DEPTH) : 1;
  localparam integer WORD_WIDTH     = WORDS > 1 ? $clog2(WORDS) : 1;
  localparam integer PASS_WIDTH     = PASSES > 1 ? $clog2(PASSES) : 1;
  localparam integer LAST_ADDRESS   = DEPTH - 1;
  localparam integer LAST_WORD      = WORDS - 1;
  localparam integer LAST_PASS      = PASSES - 1;
  localparam integer COUNTS         = ADDER_TREE != 0 ? 1 : LEVELS_PER_BEAT;  // of a unit
  localparam integer COUNTERS       = UNITS * COUNTS;

  // Without products, the total over the words of a group is the sum itself.
  localparam [0:0] DIRECT = WEIGHT_LEVELS == 1
    && (HORNER != 0 || ADDER_TREE != 0 || (LEVELS == 1 && MODES == 1 && GAMMAS == 1));

  // Whether a total is that of several beats; synthesis does not find it out behind registers with a reset.
  localparam [0:0] RUNNING = WORDS > 1 || (DIRECT && PASSES > 1);

  // Everything is exact modulo 2^SUM_WIDTH, so nothing needs to be wider.
  localparam integer LARGEST_LANE   = ADDER_TREE != 0 ? (1 << LEVELS) - 1 : 1;
  localparam integer LARGEST_COUNT  = LANES * LARGEST_LANE;
  localparam integer FULL_WIDTH     = $clog2(LARGEST_COUNT + 1);
  localparam integer COUNT_WIDTH    = FULL_WIDTH < SUM_WIDTH ? FULL_WIDTH : SUM_WIDTH;
  localparam integer VECTOR_WIDTH   = $clog2((PADDED != 0 ? 2 : 1) * LARGEST_COUNT * WORDS + 1);
  localparam integer PART_LANES     = (LANES + POPCOUNT_PARTS - 1) / POPCOUNT_PARTS;
  localparam integer PART_WIDTH     = $clog2(PART_LANES * LARGEST_LANE + 1);
  localparam integer ADD_CYCLES     =
    POPCOUNT_PARTS == 1 ? 0 : POPCOUNT_PARTS <= 4 ? 1 : POPCOUNT_PARTS <= 16 ? 2 : 3;
  localparam integer LATE           =  // cycles of a popcount before the last
    SHARED_BLOCKS != 0 ? 2 : POPCOUNT_CYCLES + ADD_CYCLES - 1;
  localparam integer TOTAL_WIDTH    =
    DIRECT || VECTOR_WIDTH > SUM_WIDTH ? SUM_WIDTH : VECTOR_WIDTH;

  wire advance = !sums_valid_o || sums_ready_i;
  assign codes_ready_o = advance;
  assign load_o        = weights_loaded | mask_loaded | gammas_loaded;

  // ---- 1: codes, weights and the place of the beat in its group ----

  wire [UNITS*LANES-1:0]           weights;
  wire [UNITS*LANES-1:0]           mask;
  wire [31:0]                      weights_loaded;
  wire [31:0]                      mask_loaded;
  wire [31:0]                      gammas_loaded;
  reg  [ADDRESS_WIDTH-1:0]         address_q;
  reg  [WORD_WIDTH-1:0]            word_q;
  reg  [PASS_WIDTH-1:0]            pass_q;
  reg  [LANES*LEVELS_PER_BEAT-1:0] codes_q;
  reg                              codes_valid_q;
  reg                              codes_last_q;
  wire                             absent;     // flagged: the codes of the beat are not there
  reg                              clears_q;   // first word that enters a total
  reg                              doubles_q;  // first word of a level, Horner's rule
  reg                              ends_q;     // last word that enters a total

  wire [PASS_WIDTH-1:0] last_pass;  // that of the last level in use

  generate
    if (MODES > 1 && PASSES > 1) begin : gen_mode
      localparam integer MODE_WIDTH = $clog2(MODES);

      assign last_pass = mode_i >= LAST_PASS[MODE_WIDTH-1:0]
        ? LAST_PASS[PASS_WIDTH-1:0] : mode_i[PASS_WIDTH-1:0];
    end else begin : gen_all
      wire unused = &{1'b0, mode_i};

      assign last_pass = LAST_PASS[PASS_WIDTH-1:0];
    end
  endgenerate

  // Data move only with a beat: no power, and no time of a simulator, where there is none.
  wire takes        = advance && codes_valid_i;
  wire starts_pass  = word_q == 0;
  wire ends_pass    = word_q == LAST_WORD[WORD_WIDTH-1:0];
  wire starts_group = starts_pass && pass_q == 0;
  wire ends_group   = ends_pass && pass_q == last_pass;  // or a weight level

  always @(posedge clk_i) begin
    if (advance) begin
      codes_valid_q <= codes_valid_i;
      if (codes_valid_i) begin
        word_q <= ends_pass ? 0 : word_q + 1;
        if (ends_pass) pass_q <= ends_group ? 0 : pass_q + 1;
        if (ends_pass && !ends_group) address_q <= address_q - LAST_WORD[ADDRESS_WIDTH-1:0];
        else address_q <= address_q == LAST_ADDRESS[ADDRESS_WIDTH-1:0] ? 0 : address_q + 1;
      end
    end
    if (rst_i) begin
      codes_valid_q <= 0;
      word_q        <= 0;
      pass_q        <= 0;
      address_q     <= 0;
    end
  end

  always @(posedge clk_i) begin
    if (takes) begin
      codes_q      <= codes_data_i[LANES*LEVELS_PER_BEAT-1:0];
      codes_last_q <= codes_last_i;
      clears_q     <= DIRECT ? starts_group : starts_pass;
      doubles_q    <= HORNER != 0 && starts_pass;
      ends_q       <= DIRECT ? ends_group : ends_pass;
    end
  end

  generate
    if (PADDED != 0) begin : gen_flag
      reg absent_q;

      always @(posedge clk_i) begin
        if (takes) absent_q <= codes_data_i[LANES*LEVELS_PER_BEAT];
      end

      assign absent = absent_q;
    end else begin : gen_no_flag
      assign absent = 0;
    end
  endgenerate

  generate
    if (SHARED_BLOCKS == 0) begin : gen_weights
      wire unused_shared = &{1'b0, SHARED_ORDER, SHARED_SIZES};

      rb_rom #(
        .WIDTH     (UNITS * LANES),
        .DEPTH     (DEPTH),
        .MEMORY    (MEMORY),
        .RELOADABLE(RELOADABLE),
        .BASE      (WEIGHTS_BASE),
        .INIT_FILE (WEIGHTS_FILE)
      ) u_weights (
        .clk_i    (clk_i),
        .enable_i (takes),
        .bank_i   (1'b0),
        .address_i(address_q),
        .data_o   (weights),
        .load_i   (load_i),
        .load_o   (weights_loaded)
      );
    end else begin : gen_no_weights
      wire unused_weights = &{1'b0, address_q, weights, load_i, MEMORY != 0, WEIGHTS_BASE != 0,
                               MASK_BASE != 0};

      assign weights_loaded = 0;
      assign weights        = 0;
    end
  endgenerate

  generate
    if (MASKED != 0) begin : gen_mask
      rb_rom #(
        .WIDTH     (UNITS * LANES),
        .DEPTH     (DEPTH),
        .MEMORY    (MEMORY),
        .RELOADABLE(RELOADABLE),
        .BASE      (MASK_BASE),
        .INIT_FILE (MASK_FILE)
      ) u_mask (
        .clk_i    (clk_i),
        .enable_i (takes),
        .bank_i   (1'b0),
        .address_i(address_q),
        .data_o   (mask),
        .load_i   (load_i),
        .load_o   (mask_loaded)
      );
    end else begin : gen_no_mask
      assign mask_loaded = 0;
      assign mask = 0;  // every synapse counts, see below: a replication over 8,192 bits is refused
    end
  endgenerate

  // ---- 2: popcounts, or sums of lanes; 3: totals ----

  reg [COUNTERS*COUNT_WIDTH-1:0] counts_q;
  reg                            counts_valid_q;
  reg                            counts_last_q;
  reg                            counts_absent_q;
  reg                            counts_clear_q;
  reg                            counts_double_q;
  reg                            counts_end_q;
  reg [COUNTERS*TOTAL_WIDTH-1:0] totals_q;
  reg                            totals_valid_q;
  reg                            totals_last_q;

  // What enters the last cycle of the popcounts.
  wire halves_valid;
  wire halves_last;
  wire halves_absent;
  wire halves_clear;
  wire halves_double;
  wire halves_end;
  wire counts;

  // An absent code counts half: with a mask as if every lane agreed, without one as a constant.
  wire                   all_agree = MASKED != 0 && absent;
  wire [TOTAL_WIDTH-1:0] absent_count;

  genvar place;
  generate
    for (place = 0; place < TOTAL_WIDTH; place = place + 1) begin : gen_absent
      assign absent_count[place] = (LARGEST_COUNT >> place) % 2 != 0;
    end
  endgenerate

  always @(posedge clk_i) begin
    if (advance) begin
      counts_valid_q <= halves_valid;
      totals_valid_q <= counts_valid_q && counts_end_q;
    end
    if (rst_i) begin
      counts_valid_q <= 0;
      totals_valid_q <= 0;
    end
  end

  always @(posedge clk_i) begin
    if (advance) begin
      counts_last_q   <= halves_last;
      counts_absent_q <= halves_absent;
      counts_clear_q  <= halves_clear;
      counts_double_q <= halves_double;
      counts_end_q    <= halves_end;
      totals_last_q   <= counts_last_q;
    end
    if (rst_i) begin
      counts_last_q <= 0;
      totals_last_q <= 0;
    end
  end

  // A beat on its way through the cycles of a popcount before the last: bit i of each is i + 1 cycles
  // behind the weights. Moved where data of the cycle are to move.
  wire [LATE:0] late_valid;
  wire [LATE:0] moves = late_valid & {(LATE+1){advance}};

  generate
    if (LATE > 0) begin : gen_late
      reg  [LATE-1:0] valid_q;
      reg  [LATE-1:0] last_q;
      reg  [LATE-1:0] absent_q;
      reg  [LATE-1:0] clear_q;
      reg  [LATE-1:0] double_q;
      reg  [LATE-1:0] end_q;
      wire [LATE:0]   last     = {last_q, codes_last_q};
      wire [LATE:0]   absents  = {absent_q, absent};
      wire [LATE:0]   clears   = {clear_q, clears_q};
      wire [LATE:0]   doubles  = {double_q, doubles_q};
      wire [LATE:0]   ends     = {end_q, ends_q};

      assign late_valid = {valid_q, codes_valid_q};

      // With reset, all of it: as shift registers Yosys 0.23 would lose their enable.
      always @(posedge clk_i) begin
        if (advance) begin
          valid_q  <= late_valid[LATE-1:0];
          last_q   <= last[LATE-1:0];
          absent_q <= absents[LATE-1:0];
          clear_q  <= clears[LATE-1:0];
          double_q <= doubles[LATE-1:0];
          end_q    <= ends[LATE-1:0];
        end
        if (rst_i) begin
          valid_q  <= 0;
          last_q   <= 0;
          absent_q <= 0;
          clear_q  <= 0;
          double_q <= 0;
          end_q    <= 0;
        end
      end

      assign halves_last   = last[LATE];
      assign halves_absent = absents[LATE];
      assign halves_clear  = clears[LATE];
      assign halves_double = doubles[LATE];
      assign halves_end    = ends[LATE];
    end else begin : gen_at_once
      assign late_valid    = codes_valid_q;
      assign halves_last   = codes_last_q;
      assign halves_absent = absent;
      assign halves_clear  = clears_q;
      assign halves_double = doubles_q;
      assign halves_end    = ends_q;
    end
  endgenerate

  assign halves_valid = late_valid[LATE];
  assign counts       = moves[LATE];

  // Behind the numbers of the parts, which are registers already.
  wire [1:0] tree_moves;

  generate
    if (ADD_CYCLES > 1) begin : gen_tree_moves
      assign tree_moves = moves[POPCOUNT_CYCLES +: 2];
    end else begin : gen_no_tree
      assign tree_moves = 0;
    end
  endgenerate

  // The number of a part, modulo 2^COUNT_WIDTH.
  function [COUNT_WIDTH-1:0] as_count(input [PART_WIDTH-1:0] number);
    integer i;
    begin
      as_count = 0;
      for (i = 0; i < PART_WIDTH && i < COUNT_WIDTH; i = i + 1) as_count[i] = number[i];
    end
  endfunction

  genvar unit, level, lane, counter, part;
  generate
    if (SHARED_BLOCKS != 0) begin : gen_shared
      localparam integer ORDER = LANES * ($clog2(LANES + 1) + 1);  // bits of a block
      localparam integer SIZES = (1 << (SHARED_NEURONS - 1)) * $clog2(LANES + 1);
      localparam integer FULL  = UNITS - SHARED_BLOCKS * (SHARED_NEURONS - 1);  // blocks

      wire unused_mask = &{1'b0, mask, all_agree, tree_moves};

      for (level = 0; level < LEVELS_PER_BEAT; level = level + 1) begin : gen_level
        wire [LANES-1:0]             signs;  // b_(level+1) of every lane
        wire [UNITS*COUNT_WIDTH-1:0] numbers;

        for (lane = 0; lane < LANES; lane = lane + 1) begin : gen_lane
          assign signs[lane] = codes_q[lane*LEVELS_PER_BEAT + LEVELS_PER_BEAT-1-level];
        end

        for (part = 0; part < SHARED_BLOCKS; part = part + 1) begin : gen_block
          localparam integer NEURONS = part < FULL ? SHARED_NEURONS : SHARED_NEURONS - 1;
          localparam integer FIRST   = part * NEURONS + (part < FULL ? 0 : FULL);
          localparam integer CLASSES = (1 << (NEURONS - 1)) * $clog2(LANES + 1);

          rb_shared_counts #(
            .LANES  (LANES),
            .NEURONS(NEURONS),
            .WIDTH  (COUNT_WIDTH),
            .ORDER  (SHARED_ORDER[part*ORDER +: ORDER]),
            .SIZES  (SHARED_SIZES[part*SIZES +: CLASSES])
          ) u_counts (
            .clk_i   (clk_i),
            .moves_i (moves[1:0]),
            .signs_i (signs),
            .counts_o(numbers[FIRST*COUNT_WIDTH +: NEURONS*COUNT_WIDTH])
          );
        end

        for (unit = 0; unit < UNITS; unit = unit + 1) begin : gen_unit
          always @(posedge clk_i) begin
            if (counts) begin
              counts_q[(unit*LEVELS_PER_BEAT + level)*COUNT_WIDTH +: COUNT_WIDTH] <=
                numbers[unit*COUNT_WIDTH +: COUNT_WIDTH];
            end
          end
        end
      end
    end else if (ADDER_TREE != 0) begin : gen_lanes
      // In simulation with Verilator a plain sum. What is synthesized: one layer of full adders
      // across the lanes, then a sum of the words that are left. A sum or a carry is one LUT6, with
      // the XNORs of its three synapses.
`ifdef RB_COUNTONES
      function [PART_WIDTH-1:0] sum_of(
        input [PART_LANES*LEVELS-1:0] lanes, input [PART_LANES-1:0] signs,
        input [PART_LANES-1:0] active, input agree
      );
        reg [LEVELS-1:0] value;
        integer          i;
        begin
          sum_of = 0;
          for (i = 0; i < PART_LANES; i = i + 1) begin
            value = lanes[i*LEVELS +: LEVELS];
            if (!signs[i]) value = ~value;
            if (agree) value = {LEVELS{1'b1}};
            if (MASKED == 0 || active[i]) sum_of = sum_of + PART_WIDTH'(value);
          end
        end
      endfunction
`else
      localparam integer THIRD = (PART_LANES + 2) / 3;

      function [PART_WIDTH-1:0] sum_of(
        input [PART_LANES*LEVELS-1:0] lanes, input [PART_LANES-1:0] signs,
        input [PART_LANES-1:0] active, input agree
      );
        reg [3*THIRD*LEVELS-1:0] agreements;
        reg [THIRD*LEVELS-1:0]   a, b, c, sums, carries;
        integer                  i;
        begin
          agreements = 0;
          for (i = 0; i < PART_LANES; i = i + 1) begin
            agreements[i*LEVELS +: LEVELS] =
              (~(lanes[i*LEVELS +: LEVELS] ^ {LEVELS{signs[i]}}) | {LEVELS{agree}})
              & {LEVELS{MASKED == 0 || active[i]}};
          end
          {a, b, c} = agreements;
          sums      = a ^ b ^ c;
          carries   = (a & b) | (c & (a | b));
          sum_of    = 0;
          for (i = 0; i < THIRD; i = i + 1) begin
            sum_of = sum_of + {{(PART_WIDTH-LEVELS){1'b0}}, sums[i*LEVELS +: LEVELS]}
                            + ({{(PART_WIDTH-LEVELS){1'b0}}, carries[i*LEVELS +: LEVELS]} << 1);
          end
        end
      endfunction
`endif

      // Behind the last lane: code 0 and weight +1, which is 0.
      wire [POPCOUNT_PARTS*PART_LANES*LEVELS-1:0] lanes =
        {{((POPCOUNT_PARTS*PART_LANES-LANES)*LEVELS){1'b0}}, codes_q};

      for (unit = 0; unit < UNITS; unit = unit + 1) begin : gen_unit
        wire [POPCOUNT_PARTS*PART_LANES-1:0] signs =
          {{(POPCOUNT_PARTS*PART_LANES-LANES){1'b1}}, weights[unit*LANES +: LANES]};
        wire [POPCOUNT_PARTS*PART_LANES-1:0] active =
          {{(POPCOUNT_PARTS*PART_LANES-LANES){1'b0}}, mask[unit*LANES +: LANES]};
        wire [POPCOUNT_PARTS*COUNT_WIDTH-1:0] parts;
        wire [COUNT_WIDTH-1:0] sum;

        for (part = 0; part < POPCOUNT_PARTS; part = part + 1) begin : gen_part
          wire [PART_WIDTH-1:0] number = sum_of(
            lanes[part*PART_LANES*LEVELS +: PART_LANES*LEVELS],
            signs[part*PART_LANES +: PART_LANES], active[part*PART_LANES +: PART_LANES], all_agree);

          if (POPCOUNT_PARTS > 1) begin : gen_kept
            reg [PART_WIDTH-1:0] part_q;

            always @(posedge clk_i) begin
              if (moves[0]) part_q <= number;
            end

            assign parts[part*COUNT_WIDTH +: COUNT_WIDTH] = as_count(part_q);
          end else begin : gen_passed
            assign parts[part*COUNT_WIDTH +: COUNT_WIDTH] = as_count(number);
          end
        end

        rb_adder_tree #(
          .NUMBERS(POPCOUNT_PARTS),
          .WIDTH  (COUNT_WIDTH)
        ) u_parts (
          .clk_i    (clk_i),
          .moves_i  (tree_moves),
          .numbers_i(parts),
          .sum_o    (sum)
        );

        always @(posedge clk_i) begin
          if (counts) counts_q[unit*COUNT_WIDTH +: COUNT_WIDTH] <= sum;
        end
      end
    end else begin : gen_levels
      // Of each part of the lanes: in simulation with Verilator one instruction a word. What is
      // synthesized: counters of 3 bits,
      // whose sum or carry is one LUT6 with the XNORs of its three synapses; counters of 6 bits on
      // the sums and on the carries, and again on what they give; then a sum of the counts that are
      // left. Neighbours are counted together, so that the last counter alone is not full.
`ifdef RB_COUNTONES
      localparam integer HALF_WIDTH = PART_WIDTH;

      function [HALF_WIDTH-1:0] counted(input [PART_LANES-1:0] bits);
        begin
          counted = PART_WIDTH'($countones(bits));
        end
      endfunction

      function [PART_WIDTH-1:0] added(input [HALF_WIDTH-1:0] half);
        begin
          added = half;
        end
      endfunction
`else
      localparam integer THIRD      = (PART_LANES + 2) / 3;      // counters of the first layer
      localparam integer SIXTH      = (THIRD + 5) / 6;      // of the second, on sums or on carries
      localparam integer OUTER      = (SIXTH + 5) / 6;      // of the third, on ones or on eights
      localparam integer INNER      = (2 * SIXTH + 5) / 6;  // on twos or on fours
      localparam integer HALF_WIDTH = 6 * SIXTH;

      // How many of 6 bits are 1.
      function [2:0] count_of_six(input [5:0] bits);
        reg low_one, low_two, high_one, high_two, two_ones;
        begin
          low_one      = ^bits[2:0];
          low_two      = (bits[0] & bits[1]) | (bits[2] & (bits[0] | bits[1]));
          high_one     = ^bits[5:3];
          high_two     = (bits[3] & bits[4]) | (bits[5] & (bits[3] | bits[4]));
          two_ones     = low_one & high_one;
          count_of_six = {(low_two & high_two) | (two_ones & (low_two | high_two)),
                          low_two ^ high_two ^ two_ones, low_one ^ high_one};
        end
      endfunction

      // The first two layers: SIXTH fours, twos and ones of the carries, then of the sums.
      function [HALF_WIDTH-1:0] counted(input [PART_LANES-1:0] bits);
        reg [18*SIXTH-1:0] thirds;
        reg [6*SIXTH-1:0]  sums, carries;
        integer            i;
        begin
          thirds = {{(18*SIXTH-PART_LANES){1'b0}}, bits};
          for (i = 0; i < 6 * SIXTH; i = i + 1) begin
            sums[i]    = ^thirds[3*i +: 3];
            carries[i] = (thirds[3*i] & thirds[3*i + 1])
                       | (thirds[3*i + 2] & (thirds[3*i] | thirds[3*i + 1]));
          end
          for (i = 0; i < SIXTH; i = i + 1) begin
            {counted[2*SIXTH + i], counted[SIXTH + i], counted[i]} =
              count_of_six(sums[6*i +: 6]);
            {counted[5*SIXTH + i], counted[4*SIXTH + i], counted[3*SIXTH + i]} =
              count_of_six(carries[6*i +: 6]);
          end
        end
      endfunction

      // The third layer, and a sum of what is left.
      function [PART_WIDTH-1:0] added(input [HALF_WIDTH-1:0] half);
        reg [6*OUTER-1:0]    ones, eights;
        reg [6*INNER-1:0]    twos, fours;
        reg [PART_WIDTH+3:0] one_count, two_count, four_count, eight_count, full;
        integer              i;
        begin
          ones   = {{(6*OUTER-SIXTH){1'b0}}, half[0 +: SIXTH]};
          twos   = {{(6*INNER-2*SIXTH){1'b0}}, half[3*SIXTH +: SIXTH], half[SIXTH +: SIXTH]};
          fours  = {{(6*INNER-2*SIXTH){1'b0}}, half[4*SIXTH +: SIXTH], half[2*SIXTH +: SIXTH]};
          eights = {{(6*OUTER-SIXTH){1'b0}}, half[5*SIXTH +: SIXTH]};
          one_count   = 0;
          two_count   = 0;
          four_count  = 0;
          eight_count = 0;
          for (i = 0; i < OUTER; i = i + 1) begin
            one_count   = one_count + {{(PART_WIDTH+1){1'b0}}, count_of_six(ones[6*i +: 6])};
            eight_count = eight_count + {{(PART_WIDTH+1){1'b0}}, count_of_six(eights[6*i +: 6])};
          end
          for (i = 0; i < INNER; i = i + 1) begin
            two_count  = two_count + {{(PART_WIDTH+1){1'b0}}, count_of_six(twos[6*i +: 6])};
            four_count = four_count + {{(PART_WIDTH+1){1'b0}}, count_of_six(fours[6*i +: 6])};
          end
          if (SIXTH == 1) begin
            one_count   = {{(PART_WIDTH+1){1'b0}}, half[2:0]};
            two_count   = {{(PART_WIDTH+1){1'b0}}, half[5:3]};
            four_count  = 0;
            eight_count = 0;
          end
          full = (one_count + (four_count << 2)) + ((two_count + (eight_count << 2)) << 1);
          for (i = 0; i < PART_WIDTH; i = i + 1) added[i] = full[i];
        end
      endfunction
`endif

      for (level = 0; level < LEVELS_PER_BEAT; level = level + 1) begin : gen_level
        wire [LANES-1:0] signs;  // b_(level+1) of every lane
        if (LEVELS_PER_BEAT == 1) begin : gen_all
          assign signs = codes_q;
        end else begin : gen_each
          for (lane = 0; lane < LANES; lane = lane + 1) begin : gen_lane
            assign signs[lane] = codes_q[lane*LEVELS_PER_BEAT + LEVELS_PER_BEAT-1-level];
          end
        end

        for (unit = 0; unit < UNITS; unit = unit + 1) begin : gen_unit
          localparam integer COUNTER = unit * LEVELS_PER_BEAT + level;

          wire [LANES-1:0] agreements =
            (~(signs ^ weights[unit*LANES +: LANES]) | {LANES{all_agree}})
            & (mask[unit*LANES +: LANES] | {LANES{MASKED == 0}});

          wire [POPCOUNT_PARTS*PART_LANES-1:0] padded =
            {{(POPCOUNT_PARTS*PART_LANES-LANES){1'b0}}, agreements};
          wire [POPCOUNT_PARTS*COUNT_WIDTH-1:0] parts;
          wire [COUNT_WIDTH-1:0] sum;

          for (part = 0; part < POPCOUNT_PARTS; part = part + 1) begin : gen_part
            wire [COUNT_WIDTH-1:0] number;

            if (POPCOUNT_CYCLES == 2) begin : gen_half
              reg [HALF_WIDTH-1:0] half_q;

              always @(posedge clk_i) begin
                if (moves[0]) half_q <= counted(padded[part*PART_LANES +: PART_LANES]);
              end

              if (POPCOUNT_PARTS > 1) begin : gen_kept
                reg [PART_WIDTH-1:0] part_q;

                always @(posedge clk_i) begin
                  if (moves[1]) part_q <= added(half_q);
                end

                assign number = as_count(part_q);
              end else begin : gen_passed
                assign number = as_count(added(half_q));
              end
            end else begin : gen_whole
              assign number = as_count(added(counted(padded[part*PART_LANES +: PART_LANES])));
            end

            assign parts[part*COUNT_WIDTH +: COUNT_WIDTH] = number;
          end

          rb_adder_tree #(
            .NUMBERS(POPCOUNT_PARTS),
            .WIDTH  (COUNT_WIDTH)
          ) u_parts (
            .clk_i    (clk_i),
            .moves_i  (tree_moves),
            .numbers_i(parts),
            .sum_o    (sum)
          );

          always @(posedge clk_i) begin
            if (counts) counts_q[COUNTER*COUNT_WIDTH +: COUNT_WIDTH] <= sum;
          end
        end
      end
    end
  endgenerate

  generate
    for (counter = 0; counter < COUNTERS; counter = counter + 1) begin : gen_total
      wire [COUNT_WIDTH-1:0] count = counts_q[counter*COUNT_WIDTH +: COUNT_WIDTH];
      wire [TOTAL_WIDTH-1:0] wide  = {{(TOTAL_WIDTH-COUNT_WIDTH){1'b0}}, count};
      wire [TOTAL_WIDTH-1:0] term  =
        PADDED == 0 ? wide : !counts_absent_q ? wide << 1 : MASKED != 0 ? wide : absent_count;
      wire [TOTAL_WIDTH-1:0] total  = totals_q[counter*TOTAL_WIDTH +: TOTAL_WIDTH];
      wire [TOTAL_WIDTH-1:0] so_far =
        counts_clear_q || !RUNNING ? 0 : HORNER != 0 && counts_double_q ? total << 1 : total;

      always @(posedge clk_i) begin
        if (advance && counts_valid_q) begin
          totals_q[counter*TOTAL_WIDTH +: TOTAL_WIDTH] <= so_far + term;
        end
      end
    end
  endgenerate

  // ---- 4: products with gamma; 5: sums over levels ----

  generate
    if (DIRECT || RELOADABLE != 2) begin : gen_gammas_stay
      assign gammas_loaded = 0;
    end

    if (DIRECT) begin : gen_direct
      assign sums_data_o  = totals_q;
      assign sums_valid_o = totals_valid_q;
      assign sums_last_o  = totals_last_q;
    end else begin : gen_weighted
      localparam integer TERM_WIDTH = TERMS > 1 ? $clog2(TERMS) : 1;
      localparam integer LAST_TERM  = TERMS - 1;

      reg [TERM_WIDTH-1:0]         term_q;  // the pass whose totals are ready
      reg [COUNTERS*SUM_WIDTH-1:0] products_q;
      reg                          products_valid_q;
      reg                          products_last_q;
      reg                          products_clear_q;
      reg                          products_end_q;
      reg [UNITS*SUM_WIDTH-1:0]    sums_q;
      reg                          sums_valid_q;
      reg                          sums_last_q;

      wire ends_terms = term_q == last_term_of(last_pass);

      always @(posedge clk_i) begin
        if (advance) begin
          if (totals_valid_q) term_q <= ends_terms ? 0 : term_q + 1;
          products_valid_q <= totals_valid_q;
          sums_valid_q     <= products_valid_q && products_end_q;
        end
        if (rst_i) begin
          term_q           <= 0;
          products_valid_q <= 0;
          sums_valid_q     <= 0;
        end
      end

      always @(posedge clk_i) begin
        if (advance) begin
          products_clear_q <= term_q == 0;
          products_end_q   <= ends_terms;
          products_last_q  <= totals_last_q;
          sums_last_q      <= products_last_q;
        end
        if (rst_i) begin
          products_last_q <= 0;
          sums_last_q     <= 0;
        end
      end

      // In series WEIGHT_LEVELS times the passes, less one.
      function [TERM_WIDTH-1:0] last_term_of(input [PASS_WIDTH-1:0] pass);
        integer i;
        begin
          last_term_of = LAST_TERM[TERM_WIDTH-1:0];
          if (MODES > 1 && PASSES > 1) begin
            last_term_of = {TERM_WIDTH{1'b1}};
            for (i = 0; i < WEIGHT_LEVELS; i = i + 1) begin
              last_term_of = last_term_of + 1 + {{(TERM_WIDTH-PASS_WIDTH){1'b0}}, pass};
            end
          end
        end
      endfunction

      // The gammas of the mode.
      localparam integer MODE_GAMMAS = TERMS * LEVELS_PER_BEAT;

      wire [MODE_GAMMAS*GAMMA_WIDTH-1:0] gammas;

      if (RELOADABLE == 2) begin : gen_loaded
        rb_rom #(
          .WIDTH     (MODE_GAMMAS * GAMMA_WIDTH),
          .DEPTH     (1),
          .BANKS     (MODES),
          .RELOADABLE(1),
          .BASE      (GAMMAS_BASE),
          .INIT_FILE (GAMMAS_FILE)
        ) u_gammas (
          .clk_i    (clk_i),
          .enable_i (1'b1),
          .bank_i   (mode_i),
          .address_i(1'b0),
          .data_o   (gammas),
          .load_i   (load_i),
          .load_o   (gammas_loaded)
        );
      end else if (MODES > 1) begin : gen_chosen
        assign gammas = GAMMAS[mode_i*MODE_GAMMAS*GAMMA_WIDTH +: MODE_GAMMAS*GAMMA_WIDTH];
      end else begin : gen_fixed
        assign gammas = GAMMAS;
      end

      // A gamma modulo 2^SUM_WIDTH.
      function [SUM_WIDTH-1:0] resized(input [GAMMA_WIDTH-1:0] gamma);
        integer i;
        begin
          resized = 0;
          for (i = 0; i < GAMMA_WIDTH && i < SUM_WIDTH; i = i + 1) resized[i] = gamma[i];
        end
      endfunction

      function [SUM_WIDTH-1:0] sum_of(input [COUNTS*SUM_WIDTH-1:0] products);
        integer i;
        begin
          sum_of = 0;
          for (i = 0; i < COUNTS; i = i + 1) begin
            sum_of = sum_of + products[i*SUM_WIDTH +: SUM_WIDTH];
          end
        end
      endfunction

      for (unit = 0; unit < UNITS; unit = unit + 1) begin : gen_sum
        for (level = 0; level < COUNTS; level = level + 1) begin : gen_product
          localparam integer COUNTER = unit * COUNTS + level;
          localparam integer GAMMA   = ADDER_TREE != 0 ? LEVELS - 1 : level;  // of the term

          wire [GAMMA_WIDTH-1:0] gamma = TERMS > 1
            ? gammas[(term_q*LEVELS_PER_BEAT + GAMMA)*GAMMA_WIDTH +: GAMMA_WIDTH]
            : gammas[GAMMA*GAMMA_WIDTH +: GAMMA_WIDTH];
          wire [TOTAL_WIDTH-1:0] total = totals_q[COUNTER*TOTAL_WIDTH +: TOTAL_WIDTH];

          always @(posedge clk_i) begin
            if (advance) begin
              products_q[COUNTER*SUM_WIDTH +: SUM_WIDTH] <=
                resized(gamma) * {{(SUM_WIDTH-TOTAL_WIDTH){1'b0}}, total};
            end
          end
        end

        wire [COUNTS*SUM_WIDTH-1:0] products =
          products_q[unit*COUNTS*SUM_WIDTH +: COUNTS*SUM_WIDTH];
        wire [SUM_WIDTH-1:0] so_far =
          products_clear_q ? 0 : sums_q[unit*SUM_WIDTH +: SUM_WIDTH];

        always @(posedge clk_i) begin
          if (advance && products_valid_q) begin
            sums_q[unit*SUM_WIDTH +: SUM_WIDTH] <= so_far + sum_of(products);
          end
        end
      end

      assign sums_data_o  = sums_q;
      assign sums_valid_o = sums_valid_q;
      assign sums_last_o  = sums_last_q;
    end
  endgenerate

  // ---- the parameters agree ----

  // The largest sum of the gammas of a mode.
  function [63:0] gamma_sum(input [MODES*WEIGHT_LEVELS*LEVELS*GAMMA_WIDTH-1:0] gammas);
    reg     [63:0] sum;
    integer        mode, i;
    begin
      gamma_sum = 0;
      for (mode = 0; mode < MODES; mode = mode + 1) begin
        sum = 0;
        for (i = 0; i < WEIGHT_LEVELS * LEVELS * GAMMA_WIDTH; i = i + 1) begin
          if (gammas[mode*WEIGHT_LEVELS*LEVELS*GAMMA_WIDTH + i]) begin
            sum = sum + (64'd1 << (i % GAMMA_WIDTH));
          end
        end
        if (sum > gamma_sum) gamma_sum = sum;
      end
    end
  endfunction

  // Whether each gamma is twice that of the next level.
  function halves(input [WEIGHT_LEVELS*LEVELS*GAMMA_WIDTH-1:0] gammas);
    reg     above, below;
    integer i, j;
    begin
      halves = 1;
      for (i = 0; i < WEIGHT_LEVELS * LEVELS - 1; i = i + 1) begin
        for (j = 0; j <= GAMMA_WIDTH && i % LEVELS != LEVELS - 1; j = j + 1) begin
          above = j < GAMMA_WIDTH ? gammas[i*GAMMA_WIDTH + j] : 0;
          below = j > 0 ? gammas[(i+1)*GAMMA_WIDTH + j - 1] : 0;
          if (above != below) halves = 0;
        end
      end
    end
  endfunction

  localparam [63:0] LARGEST_SUM = gamma_sum(GAMMAS) * LANES * WORDS * (PADDED != 0 ? 2 : 1);
  localparam [WEIGHT_LEVELS*LEVELS*GAMMA_WIDTH-1:0] ONE_MODE =
    GAMMAS[WEIGHT_LEVELS*LEVELS*GAMMA_WIDTH-1:0];
  localparam [GAMMA_WIDTH-1:0] LAST_GAMMA =
    GAMMAS[(WEIGHT_LEVELS*LEVELS-1)*GAMMA_WIDTH +: GAMMA_WIDTH];

  generate
    if (MODES > 1 && (LEVELS > MODES || HORNER != 0 || ADDER_TREE != 0)) begin : gen_check_modes
      initial begin
        $display("%m: MODES (%0d) needs LEVELS (%0d) up to it, no HORNER (%0d), no ADDER_TREE (%0d)",
                 MODES, LEVELS, HORNER, ADDER_TREE);
        $finish;
      end
    end
    if (LEVELS_PER_BEAT != 1 && LEVELS_PER_BEAT != LEVELS) begin : gen_check_levels
      initial begin
        $display("%m: LEVELS_PER_BEAT (%0d) is neither 1 nor LEVELS (%0d)",
                 LEVELS_PER_BEAT, LEVELS);
        $finish;
      end
    end
    if (HORNER != 0 && (LEVELS_PER_BEAT != 1 || WEIGHT_LEVELS != 1)) begin : gen_check_horner
      initial begin
        $display("%m: HORNER (%0d) needs LEVELS_PER_BEAT (%0d) and WEIGHT_LEVELS (%0d) to be 1",
                 HORNER, LEVELS_PER_BEAT, WEIGHT_LEVELS);
        $finish;
      end
    end
    if (ADDER_TREE != 0 && LEVELS_PER_BEAT != LEVELS) begin : gen_check_adder_tree
      initial begin
        $display("%m: ADDER_TREE (%0d) needs LEVELS_PER_BEAT (%0d) to be LEVELS (%0d)",
                 ADDER_TREE, LEVELS_PER_BEAT, LEVELS);
        $finish;
      end
    end
    if (POPCOUNT_CYCLES != 1 && (POPCOUNT_CYCLES != 2 || ADDER_TREE != 0)) begin : gen_check_cycles
      initial begin
        $display("%m: POPCOUNT_CYCLES (%0d) is neither 1 nor, without ADDER_TREE (%0d), 2",
                 POPCOUNT_CYCLES, ADDER_TREE);
        $finish;
      end
    end
    if (POPCOUNT_PARTS < 1 || POPCOUNT_PARTS > 64
        || (POPCOUNT_PARTS > 1 && POPCOUNT_CYCLES != 2 && ADDER_TREE == 0)) begin : gen_check_parts
      initial begin
        $display("%m: POPCOUNT_PARTS (%0d) is not 1, nor, with POPCOUNT_CYCLES (%0d) 2 or ADDER_TREE, up to 64",
                 POPCOUNT_PARTS, POPCOUNT_CYCLES);
        $finish;
      end
    end
    if ((HORNER != 0 || (ADDER_TREE != 0 && WEIGHT_LEVELS == 1))
        && (!halves(ONE_MODE) || LAST_GAMMA != 1)) begin : gen_check_gammas
      initial begin
        $display("%m: HORNER (%0d), ADDER_TREE (%0d): GAMMAS (%0h) do not halve down to 1 by level",
                 HORNER, ADDER_TREE, GAMMAS);
        $finish;
      end
    end
    if (ADDER_TREE != 0 && WEIGHT_LEVELS > 1 && !halves(ONE_MODE)) begin : gen_check_halves
      initial begin
        $display("%m: ADDER_TREE (%0d) needs GAMMAS (%0h) that halve from level to level",
                 ADDER_TREE, GAMMAS);
        $finish;
      end
    end
    if (SHARED_BLOCKS != 0 && (DEPTH != 1 || MASKED != 0 || ADDER_TREE != 0 || RELOADABLE != 0
                               || POPCOUNT_CYCLES != 1)) begin : gen_check_shared
      initial begin
        $display("%m: SHARED_BLOCKS (%0d) needs one word of weights (%0d) for good, MASKED (%0d) 0, popcounts",
                 SHARED_BLOCKS, DEPTH, MASKED);
        $finish;
      end
    end
    if (SHARED_BLOCKS * (SHARED_NEURONS - 1) >= UNITS
        || (SHARED_BLOCKS != 0 && SHARED_BLOCKS * SHARED_NEURONS < UNITS)) begin : gen_check_blocks
      initial begin
        $display("%m: SHARED_BLOCKS (%0d) of SHARED_NEURONS (%0d) are not UNITS (%0d)",
                 SHARED_BLOCKS, SHARED_NEURONS, UNITS);
        $finish;
      end
    end
    if (MASKED == 0 && (LARGEST_SUM >> SUM_WIDTH) != 0) begin : gen_check_sum_width
      initial begin
        $display("%m: SUM_WIDTH (%0d) does not hold the largest sum (%0d)", SUM_WIDTH, LARGEST_SUM);
        $finish;
      end
    end
  endgenerate

endmodule

`undef RB_COUNTONES
`default_nettype wire
