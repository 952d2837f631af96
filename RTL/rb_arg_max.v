// SPDX-License-Identifier: Apache-2.0
//
// Finds the largest score of a vector.
//
//     index = the lowest o with score[o] >= score[p] for every p,   o = group*UNITS + u
//
// Input    UNITS signed scores of SCORE_WIDTH bits; GROUPS beats a vector.
// Output   one index of INDEX_WIDTH bits a vector; last is that of its last beat.
// Timing   latency 1 + COMPARE_CYCLES after the last beat of a vector; a beat a cycle: the best of a
//          beat, by a tournament of $clog2(UNITS) rounds in COMPARE_CYCLES cycles, then the best so far.
// Storage  the winners of each of these cycles; the best score and its index.
// Cuts     data, valid and last; passes ready through.
// Checked  Tests/CoresTests/ArgMaxTests.swift, Sim/properties/rb_arg_max_bind.sv.

`default_nettype none

module rb_arg_max #(
  parameter integer UNITS          = 2,
  parameter integer SCORE_WIDTH    = 16,  // bits
  parameter integer GROUPS         = 5,   // beats of a vector
  parameter integer INDEX_WIDTH    = 4,   // bits
  parameter integer COMPARE_CYCLES = 1    // at most one a round
) (
  input  wire                         clk_i,
  input  wire                         rst_i,

  input  wire [UNITS*SCORE_WIDTH-1:0] scores_data_i,
  input  wire                         scores_valid_i,
  output wire                         scores_ready_o,
  input  wire                         scores_last_i,

  output wire [INDEX_WIDTH-1:0]       index_data_o,
  output wire                         index_valid_o,
  input  wire                         index_ready_i,
  output wire                         index_last_o
);

  localparam integer GROUP_WIDTH  = GROUPS > 1 ? $clog2(GROUPS) : 1;
  localparam integer LAST_GROUP   = GROUPS - 1;
  localparam integer ROUNDS       = $clog2(UNITS);
  localparam integer PAIRS        = UNITS - (1 << ROUNDS) / 2;  // that play in the first round
  localparam integer PLAYER_WIDTH = INDEX_WIDTH + SCORE_WIDTH;  // {unit, score}

  reg  [COMPARE_CYCLES-1:0]     valid_q;  // one bit a cycle of the tournament
  reg  [COMPARE_CYCLES-1:0]     last_q;
  reg  [GROUP_WIDTH-1:0]        group_q;  // of the beat that leaves the tournament
  reg  [INDEX_WIDTH-1:0]        base_q;   // index of its unit 0
  reg  [PLAYER_WIDTH-1:0]       best_q;   // the best so far
  reg                           index_valid_q;
  reg                           index_last_q;
  wire [UNITS*PLAYER_WIDTH-1:0] players;
  wire [PLAYER_WIDTH-1:0]       champion;  // the best of a beat

  wire                    advance     = !index_valid_q || index_ready_i;
  wire [COMPARE_CYCLES:0] valid       = {valid_q, scores_valid_i};
  wire [COMPARE_CYCLES:0] last        = {last_q, scores_last_i};
  wire                    beat_valid  = valid[COMPARE_CYCLES];
  wire                    ends_vector = group_q == LAST_GROUP[GROUP_WIDTH-1:0];

  // Of two neighbours; the one of the higher index must be greater.
  function [PLAYER_WIDTH-1:0] best_of(
    input [PLAYER_WIDTH-1:0] low, input [PLAYER_WIDTH-1:0] high
  );
    best_of = $signed(high[SCORE_WIDTH-1:0]) > $signed(low[SCORE_WIDTH-1:0]) ? high : low;
  endfunction

  genvar unit, round, pair;
  generate
    for (unit = 0; unit < UNITS; unit = unit + 1) begin : gen_unit
      localparam integer INDEX = unit;

      assign players[unit*PLAYER_WIDTH +: PLAYER_WIDTH] =
        {INDEX[INDEX_WIDTH-1:0], scores_data_i[unit*SCORE_WIDTH +: SCORE_WIDTH]};
    end

    // Who is alone waits in the first round only: a power of two is left for the others, and no
    // delay of a score is long enough for a shift register, which would lose its enable in Yosys.
    for (round = 0; round < ROUNDS; round = round + 1) begin : gen_round
      localparam integer PLAYERS = round == 0 ? UNITS : 1 << (ROUNDS - round);
      localparam integer WINNERS = 1 << (ROUNDS - round - 1);
      localparam integer CYCLE   = round * COMPARE_CYCLES / ROUNDS;

      wire [PLAYERS*PLAYER_WIDTH-1:0] from;
      wire [WINNERS*PLAYER_WIDTH-1:0] best;
      wire [WINNERS*PLAYER_WIDTH-1:0] winners;

      if (round == 0) begin : gen_first
        assign from = players;
      end else begin : gen_next
        assign from = gen_round[round-1].winners;
      end

      for (pair = 0; pair < WINNERS; pair = pair + 1) begin : gen_pair
        if (round > 0 || pair < PAIRS) begin : gen_plays
          assign best[pair*PLAYER_WIDTH +: PLAYER_WIDTH] = best_of(
            from[2*pair*PLAYER_WIDTH +: PLAYER_WIDTH],
            from[(2*pair+1)*PLAYER_WIDTH +: PLAYER_WIDTH]);
        end else begin : gen_waits
          assign best[pair*PLAYER_WIDTH +: PLAYER_WIDTH] =
            from[(PAIRS+pair)*PLAYER_WIDTH +: PLAYER_WIDTH];
        end
      end

      if ((round + 1) * COMPARE_CYCLES / ROUNDS != CYCLE) begin : gen_cut
        reg [WINNERS*PLAYER_WIDTH-1:0] winners_q;

        always @(posedge clk_i) begin
          if (advance) winners_q <= best;
        end
        assign winners = winners_q;
      end else begin : gen_through
        assign winners = best;
      end
    end

    if (ROUNDS == 0) begin : gen_alone
      reg [PLAYER_WIDTH-1:0] player_q;

      always @(posedge clk_i) begin
        if (advance) player_q <= players;
      end
      assign champion = player_q;
    end else begin : gen_tournament
      assign champion = gen_round[ROUNDS-1].winners;
    end
  endgenerate

  always @(posedge clk_i) begin
    if (advance) begin
      valid_q       <= valid[COMPARE_CYCLES-1:0];
      last_q        <= last[COMPARE_CYCLES-1:0];
      index_valid_q <= beat_valid && ends_vector;
      index_last_q  <= last[COMPARE_CYCLES];
      if (beat_valid) begin
        group_q <= ends_vector ? 0 : group_q + 1;
        base_q  <= ends_vector ? 0 : base_q + UNITS[INDEX_WIDTH-1:0];
      end
    end
    if (rst_i) begin
      valid_q       <= 0;
      last_q        <= 0;  // as a shift register Yosys 0.23 would lose its enable
      index_valid_q <= 0;
      index_last_q  <= 0;
      group_q       <= 0;
      base_q        <= 0;
    end
  end

  wire wins = group_q == 0 || $signed(champion[SCORE_WIDTH-1:0]) > $signed(best_q[SCORE_WIDTH-1:0]);

  always @(posedge clk_i) begin
    if (advance && beat_valid && wins) begin
      best_q <= {base_q + champion[SCORE_WIDTH +: INDEX_WIDTH], champion[SCORE_WIDTH-1:0]};
    end
  end

  assign scores_ready_o = advance;
  assign index_data_o   = best_q[SCORE_WIDTH +: INDEX_WIDTH];
  assign index_valid_o  = index_valid_q;
  assign index_last_o   = index_last_q;

  generate
    if (((GROUPS * UNITS - 1) >> INDEX_WIDTH) != 0) begin : gen_check
      initial begin
        $display("%m: INDEX_WIDTH (%0d) does not hold the largest index (%0d)",
                 INDEX_WIDTH, GROUPS * UNITS - 1);
        $finish;
      end
    end
    if (COMPARE_CYCLES < 1 || COMPARE_CYCLES > (ROUNDS > 1 ? ROUNDS : 1)) begin : gen_check_cycles
      initial begin
        $display("%m: COMPARE_CYCLES (%0d) is not 1 to %0d", COMPARE_CYCLES, ROUNDS > 1 ? ROUNDS : 1);
        $finish;
      end
    end
  endgenerate

endmodule

`default_nettype wire
