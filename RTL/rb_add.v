// SPDX-License-Identifier: Apache-2.0
//
// The sum of two streams, lane by lane.
//
//     sums[k][i] = in0[k][i] * 2^IN0_SHIFT + in1[k][i] * 2^IN1_SHIFT  mod 2^SUM_WIDTH
//
// Inputs   LANES unsigned integers of IN0_WIDTH and of IN1_WIDTH bits. Both streams carry the same
//          images in beats of the same number: last is the same in both, and is not compared here.
// Output   LANES unsigned sums of SUM_WIDTH bits; last is that of in0.
// Timing   latency 1, a beat a cycle. A beat is taken of both streams in the same cycle, or of
//          neither: ready depends on the valid of both, valid never on ready.
// Storage  a beat of sums.
// Cuts     data, valid and last; passes ready through.
// Checked  Tests/CoresTests/AddTests.swift, Sim/properties/rb_add_bind.sv,
//          Tests/CoresTests/Formal/rb_add_proof.svh.
//
//     cycle       0  1  2  3  4
//     in0_data    1  1  2  2  -
//     in0_valid   1  1  1  1  0
//     in1_data    -  5  6  6  -
//     in1_valid   0  1  1  1  0
//     in_ready    0  1  0  1  0    of both: 1 waits for 5, 2 and 6 for the sum before them
//     sums_data   -  -  6  6  8
//     sums_ready  1  1  0  1  1

`default_nettype none

module rb_add #(
  parameter integer LANES     = 4,
  parameter integer IN0_WIDTH = 8,  // bits
  parameter integer IN1_WIDTH = 8,  // bits
  parameter integer IN0_SHIFT = 0,  // bits
  parameter integer IN1_SHIFT = 0,  // bits
  parameter integer SUM_WIDTH = 9   // bits
) (
  input  wire                       clk_i,
  input  wire                       rst_i,

  input  wire [LANES*IN0_WIDTH-1:0] in0_data_i,
  input  wire                       in0_valid_i,
  output wire                       in0_ready_o,
  input  wire                       in0_last_i,

  input  wire [LANES*IN1_WIDTH-1:0] in1_data_i,
  input  wire                       in1_valid_i,
  output wire                       in1_ready_o,
  input  wire                       in1_last_i,

  output wire [LANES*SUM_WIDTH-1:0] sums_data_o,
  output wire                       sums_valid_o,
  input  wire                       sums_ready_i,
  output wire                       sums_last_o
);

  // Bits of a number that reach the sum.
  localparam integer TERM0_WIDTH = IN0_WIDTH < SUM_WIDTH ? IN0_WIDTH : SUM_WIDTH;
  localparam integer TERM1_WIDTH = IN1_WIDTH < SUM_WIDTH ? IN1_WIDTH : SUM_WIDTH;

  reg [LANES*SUM_WIDTH-1:0] sums_q;
  reg                       last_q;
  reg                       valid_q;

  wire advance = !valid_q || sums_ready_i;
  wire take    = advance && in0_valid_i && in1_valid_i;

  wire unused_last = in1_last_i;

  always @(posedge clk_i) begin
    if (advance) valid_q <= take;
    if (rst_i) valid_q <= 0;
  end

  always @(posedge clk_i) begin
    if (advance) last_q <= in0_last_i;
  end

  genvar lane;
  generate
    for (lane = 0; lane < LANES; lane = lane + 1) begin : gen_lane
      wire [SUM_WIDTH-1:0] term0 =
        {{(SUM_WIDTH-TERM0_WIDTH){1'b0}}, in0_data_i[lane*IN0_WIDTH +: TERM0_WIDTH]} << IN0_SHIFT;
      wire [SUM_WIDTH-1:0] term1 =
        {{(SUM_WIDTH-TERM1_WIDTH){1'b0}}, in1_data_i[lane*IN1_WIDTH +: TERM1_WIDTH]} << IN1_SHIFT;

      always @(posedge clk_i) begin
        if (advance) sums_q[lane*SUM_WIDTH +: SUM_WIDTH] <= term0 + term1;
      end

      if (IN0_WIDTH > SUM_WIDTH) begin : gen_above0
        wire [IN0_WIDTH-SUM_WIDTH-1:0] unused =
          in0_data_i[lane*IN0_WIDTH + SUM_WIDTH +: IN0_WIDTH - SUM_WIDTH];
      end
      if (IN1_WIDTH > SUM_WIDTH) begin : gen_above1
        wire [IN1_WIDTH-SUM_WIDTH-1:0] unused =
          in1_data_i[lane*IN1_WIDTH + SUM_WIDTH +: IN1_WIDTH - SUM_WIDTH];
      end
    end
  endgenerate

  assign in0_ready_o  = take;
  assign in1_ready_o  = take;
  assign sums_data_o  = sums_q;
  assign sums_valid_o = valid_q;
  assign sums_last_o  = last_q;

endmodule

`default_nettype wire
