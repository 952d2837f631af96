// SPDX-License-Identifier: Apache-2.0
//
// Finds the largest score of a vector.
//
//     index = the lowest o with score[o] >= score[p] for every p,   o = group*UNITS + u
//
// Input    UNITS signed scores of SCORE_WIDTH bits; GROUPS beats a vector.
// Output   one index of INDEX_WIDTH bits a vector; last is that of its last beat.
// Timing   latency 2 after the last beat of a vector; a beat a cycle: the best of a beat (a tree of
//          comparisons in one cycle), then the best so far.
// Storage  the best score and its index, twice.
// Cuts     data, valid and last; passes ready through.
// Checked  Tests/CoresTests/ArgMaxTests.swift, Sim/properties/rb_arg_max_bind.sv.

`default_nettype none

module rb_arg_max #(
  parameter integer UNITS       = 2,
  parameter integer SCORE_WIDTH = 16,  // bits
  parameter integer GROUPS      = 5,   // beats of a vector
  parameter integer INDEX_WIDTH = 4    // bits
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

  localparam integer GROUP_WIDTH = GROUPS > 1 ? $clog2(GROUPS) : 1;
  localparam integer LAST_GROUP  = GROUPS - 1;
  localparam integer BEST_WIDTH  = INDEX_WIDTH + SCORE_WIDTH;  // {index, score}

  reg [GROUP_WIDTH-1:0] group_q;
  reg [INDEX_WIDTH-1:0] base_q;   // index of the beat's unit 0
  reg [BEST_WIDTH-1:0]  beat_q;   // the best of a beat
  reg                   beat_valid_q;
  reg                   beat_last_q;
  reg                   clears_q;  // first beat of a vector
  reg                   ends_q;    // last beat of a vector
  reg [BEST_WIDTH-1:0]  best_q;    // the best so far
  reg                   valid_q;
  reg                   last_q;

  wire advance     = !valid_q || index_ready_i;
  wire ends_vector = group_q == LAST_GROUP[GROUP_WIDTH-1:0];

  // The winner of neighbours, then of neighbouring winners: the higher index must be greater.
  function [BEST_WIDTH-1:0] best_of(
    input [UNITS*SCORE_WIDTH-1:0] scores, input [INDEX_WIDTH-1:0] base
  );
    reg [UNITS*BEST_WIDTH-1:0] best;
    integer i, stride;
    begin
      for (i = 0; i < UNITS; i = i + 1) begin
        best[i*BEST_WIDTH +: BEST_WIDTH] =
          {base + i[INDEX_WIDTH-1:0], scores[i*SCORE_WIDTH +: SCORE_WIDTH]};
      end
      for (stride = 1; stride < UNITS; stride = 2 * stride) begin
        for (i = 0; i + stride < UNITS; i = i + 2 * stride) begin
          if ($signed(best[(i + stride)*BEST_WIDTH +: SCORE_WIDTH])
              > $signed(best[i*BEST_WIDTH +: SCORE_WIDTH])) begin
            best[i*BEST_WIDTH +: BEST_WIDTH] = best[(i + stride)*BEST_WIDTH +: BEST_WIDTH];
          end
        end
      end
      best_of = best[BEST_WIDTH-1:0];
    end
  endfunction

  always @(posedge clk_i) begin
    if (advance) begin
      beat_valid_q <= scores_valid_i;
      valid_q      <= beat_valid_q && ends_q;
      if (scores_valid_i) begin
        group_q <= ends_vector ? 0 : group_q + 1;
        base_q  <= ends_vector ? 0 : base_q + UNITS[INDEX_WIDTH-1:0];
      end
    end
    if (rst_i) begin
      beat_valid_q <= 0;
      valid_q      <= 0;
      group_q      <= 0;
      base_q       <= 0;
    end
  end

  always @(posedge clk_i) begin
    if (advance) begin
      beat_q      <= best_of(scores_data_i, base_q);
      beat_last_q <= scores_last_i;
      clears_q    <= group_q == 0;
      ends_q      <= ends_vector;
      last_q      <= beat_last_q;
      if (beat_valid_q && (clears_q || $signed(beat_q[SCORE_WIDTH-1:0])
          > $signed(best_q[SCORE_WIDTH-1:0]))) begin
        best_q <= beat_q;
      end
    end
  end

  assign scores_ready_o = advance;
  assign index_data_o   = best_q[SCORE_WIDTH +: INDEX_WIDTH];
  assign index_valid_o  = valid_q;
  assign index_last_o   = last_q;

  generate
    if (((GROUPS * UNITS - 1) >> INDEX_WIDTH) != 0) begin : gen_check
      initial begin
        $display("%m: INDEX_WIDTH (%0d) does not hold the largest index (%0d)",
                 INDEX_WIDTH, GROUPS * UNITS - 1);
        $finish;
      end
    end
  endgenerate

endmodule

`default_nettype wire
