// SPDX-License-Identifier: Apache-2.0
//
// Turns sums into scores that can be compared between neurons.
//
//     score[o] = multiplier[o] * sum[o] + offset[o],   o = group*UNITS + u
//
//     MODES > 1: each number of levels, mode_i + 1, has multipliers and offsets of its own. mode_i
//     changes only while no beat is inside.
//     RELOADABLE: the load bus can write them, see rb_loadable_memory.v.
//
// Input    UNITS unsigned sums of SUM_WIDTH bits; GROUPS beats a vector.
// Output   UNITS signed scores of SCORE_WIDTH bits, exact modulo 2^SCORE_WIDTH.
// Timing   latency 3, a beat a cycle: sums and coefficients, products, scores.
// Storage  GROUPS words for each mode; unit u has {offset, multiplier}, both signed, SCORE_WIDTH and
//          MULTIPLIER_WIDTH bits, at bit u*(MULTIPLIER_WIDTH + SCORE_WIDTH).
// Cuts     data, valid and last; passes ready through.
// Checked  Tests/CoresTests/ScoreTests.swift, Sim/properties/rb_score_bind.sv.

`default_nettype none

module rb_score #(
  parameter integer UNITS             = 2,
  parameter integer SUM_WIDTH         = 6,   // bits
  parameter integer MULTIPLIER_WIDTH  = 8,   // bits
  parameter integer SCORE_WIDTH       = 16,  // bits
  parameter integer GROUPS            = 5,   // beats of a vector
  parameter integer MODES             = 1,   // 1, or how many numbers of levels there are
  parameter integer RELOADABLE        = 0,   // 1: the coefficients can be written
  parameter integer COEFFICIENTS_BASE = 0,   // RELOADABLE: their first address on the load bus
  parameter         COEFFICIENTS_FILE = ""
) (
  input  wire                                         clk_i,
  input  wire                                         rst_i,
  input  wire [(MODES > 1 ? $clog2(MODES) : 1) - 1:0] mode_i,

  input  wire [UNITS*SUM_WIDTH-1:0]                   sums_data_i,
  input  wire                                         sums_valid_i,
  output wire                                         sums_ready_o,
  input  wire                                         sums_last_i,

  output wire [UNITS*SCORE_WIDTH-1:0]                 scores_data_o,
  output wire                                         scores_valid_o,
  input  wire                                         scores_ready_i,
  output wire                                         scores_last_o,

  input  wire [63:0]                                  load_i,
  output wire [31:0]                                  load_o
);

  localparam integer COEFFICIENT_WIDTH = MULTIPLIER_WIDTH + SCORE_WIDTH;
  localparam integer ADDRESS_WIDTH     = GROUPS > 1 ? $clog2(GROUPS) : 1;
  localparam integer LAST_GROUP        = GROUPS - 1;

  reg  [ADDRESS_WIDTH-1:0]           group_q;
  reg  [2:0]                         valid_q;  // one bit a stage, the sums in bit 0
  reg  [2:0]                         last_q;
  reg  [UNITS*SUM_WIDTH-1:0]         sums_q;
  reg  [UNITS*SCORE_WIDTH-1:0]       products_q;
  reg  [UNITS*SCORE_WIDTH-1:0]       offsets_q;
  reg  [UNITS*SCORE_WIDTH-1:0]       scores_q;
  wire [UNITS*COEFFICIENT_WIDTH-1:0] coefficients;

  wire advance = !scores_valid_o || scores_ready_i;

  always @(posedge clk_i) begin
    if (advance) begin
      valid_q <= {valid_q[1:0], sums_valid_i};
      last_q  <= {last_q[1:0], sums_last_i};
      if (sums_valid_i) group_q <= group_q == LAST_GROUP[ADDRESS_WIDTH-1:0] ? 0 : group_q + 1;
    end
    if (rst_i) begin
      valid_q <= 0;
      last_q  <= 0;  // as a shift register Yosys 0.23 would lose its enable
      group_q <= 0;
    end
  end

  always @(posedge clk_i) begin
    if (advance) sums_q <= sums_data_i;
  end

  rb_rom #(
    .WIDTH     (UNITS * COEFFICIENT_WIDTH),
    .DEPTH     (GROUPS),
    .BANKS     (MODES),
    .RELOADABLE(RELOADABLE),
    .BASE      (COEFFICIENTS_BASE),
    .INIT_FILE (COEFFICIENTS_FILE)
  ) u_coefficients (
    .clk_i    (clk_i),
    .enable_i (advance),
    .bank_i   (mode_i),
    .address_i(group_q),
    .data_o   (coefficients),
    .load_i   (load_i),
    .load_o   (load_o)
  );

  genvar unit;
  generate
    for (unit = 0; unit < UNITS; unit = unit + 1) begin : gen_unit
      wire signed [SUM_WIDTH:0] sum = {1'b0, sums_q[unit*SUM_WIDTH +: SUM_WIDTH]};
      wire signed [MULTIPLIER_WIDTH-1:0] multiplier =
        coefficients[unit*COEFFICIENT_WIDTH +: MULTIPLIER_WIDTH];

      always @(posedge clk_i) begin
        if (advance) begin
          products_q[unit*SCORE_WIDTH +: SCORE_WIDTH] <= multiplier * sum;
          offsets_q[unit*SCORE_WIDTH +: SCORE_WIDTH] <=
            coefficients[unit*COEFFICIENT_WIDTH + MULTIPLIER_WIDTH +: SCORE_WIDTH];
          scores_q[unit*SCORE_WIDTH +: SCORE_WIDTH] <=
            products_q[unit*SCORE_WIDTH +: SCORE_WIDTH]
              + offsets_q[unit*SCORE_WIDTH +: SCORE_WIDTH];
        end
      end
    end
  endgenerate

  assign sums_ready_o   = advance;
  assign scores_data_o  = scores_q;
  assign scores_valid_o = valid_q[2];
  assign scores_last_o  = last_q[2];

  generate
    if (SCORE_WIDTH <= SUM_WIDTH || SCORE_WIDTH < MULTIPLIER_WIDTH) begin : gen_check
      initial begin
        $display("%m: SCORE_WIDTH (%0d) is too small for SUM_WIDTH (%0d) or MULTIPLIER_WIDTH (%0d)",
                 SCORE_WIDTH, SUM_WIDTH, MULTIPLIER_WIDTH);
        $finish;
      end
    end
  endgenerate

endmodule

`default_nettype wire
