// SPDX-License-Identifier: Apache-2.0
//
// Splits a wide beat into RATIO narrow ones.
//
//     out[k*RATIO + r] = in[k][r*OUT_WIDTH +: OUT_WIDTH]
//
// Input    OUT_WIDTH * RATIO bits a beat.
// Output   OUT_WIDTH bits a beat, the low bits first; last on the last slice only.
// Timing   latency 1, a narrow beat a cycle without a gap.
// Storage  one wide beat in registers.
// Cuts     data, valid and last; passes ready through.
// Checked  Tests/CoresTests/WidthDownTests.swift, Sim/properties/rb_width_down_bind.sv,
//          Tests/CoresTests/Formal/rb_width_down_proof.svh.

`default_nettype none

module rb_width_down #(
  parameter integer OUT_WIDTH = 8,  // bits
  parameter integer RATIO     = 2   // narrow beats in a wide one, at least 1
) (
  input  wire                       clk_i,
  input  wire                       rst_i,

  input  wire [OUT_WIDTH*RATIO-1:0] in_data_i,
  input  wire                       in_valid_i,
  output wire                       in_ready_o,
  input  wire                       in_last_i,

  output wire [OUT_WIDTH-1:0]       out_data_o,
  output wire                       out_valid_o,
  input  wire                       out_ready_i,
  output wire                       out_last_o
);

  localparam integer COUNT_WIDTH = $clog2(RATIO + 1);

  reg [COUNT_WIDTH-1:0]     left_q;  // slices left to send
  reg [OUT_WIDTH*RATIO-1:0] slices_q;
  reg                       last_q;

  wire ends = left_q == 1;
  wire push = in_valid_i && in_ready_o;
  wire pop  = out_valid_o && out_ready_i;

  always @(posedge clk_i) begin
    if (push) left_q <= RATIO[COUNT_WIDTH-1:0];
    else if (pop) left_q <= left_q - 1;
    if (rst_i) left_q <= 0;
  end

  always @(posedge clk_i) begin
    if (push) begin
      slices_q <= in_data_i;
      last_q   <= in_last_i;
    end else if (pop) begin
      slices_q <= slices_q >> OUT_WIDTH;
    end
  end

  assign in_ready_o  = left_q == 0 || (ends && out_ready_i);
  assign out_data_o  = slices_q[OUT_WIDTH-1:0];
  assign out_valid_o = left_q != 0;
  assign out_last_o  = ends && last_q;

endmodule

`default_nettype wire
