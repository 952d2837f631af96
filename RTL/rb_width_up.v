// SPDX-License-Identifier: Apache-2.0
//
// Gathers RATIO narrow beats into a wide one.
//
//     out[k] = {in[k*RATIO + RATIO-1], ..., in[k*RATIO + 1], in[k*RATIO]}
//
// Input    IN_WIDTH bits a beat.
// Output   IN_WIDTH * RATIO bits a beat, the first beat in the low bits; last is that of the last.
// Timing   latency 1 after the last narrow beat, a narrow beat a cycle.
// Storage  the wide beat twice, in registers: one is gathered while the other waits.
// Cuts     data, valid and last; passes ready through.
// Checked  Tests/CoresTests/WidthUpTests.swift, Sim/properties/rb_width_up_bind.sv,
//          Tests/CoresTests/Formal/rb_width_up_proof.svh.

`default_nettype none

module rb_width_up #(
  parameter integer IN_WIDTH = 8,  // bits
  parameter integer RATIO    = 2   // narrow beats in a wide one, at least 1
) (
  input  wire                      clk_i,
  input  wire                      rst_i,

  input  wire [IN_WIDTH-1:0]       in_data_i,
  input  wire                      in_valid_i,
  output wire                      in_ready_o,
  input  wire                      in_last_i,

  output wire [IN_WIDTH*RATIO-1:0] out_data_o,
  output wire                      out_valid_o,
  input  wire                      out_ready_i,
  output wire                      out_last_o
);

  localparam integer COUNT_WIDTH = RATIO > 1 ? $clog2(RATIO) : 1;
  localparam integer LAST_SLICE  = RATIO - 1;

  reg [COUNT_WIDTH-1:0]    slice_q;  // narrow beats gathered
  reg [IN_WIDTH*RATIO-1:0] gathered_q;
  reg [IN_WIDTH*RATIO-1:0] output_data_q;
  reg                      output_last_q;
  reg                      valid_q;

  wire completes = slice_q == LAST_SLICE[COUNT_WIDTH-1:0];
  wire push      = in_valid_i && in_ready_o;

  // The slices move down; the new one enters at the top.
  wire [IN_WIDTH*RATIO-1:0] entering;
  wire [IN_WIDTH*RATIO-1:0] gathered = (gathered_q >> IN_WIDTH) | entering;

  assign entering[IN_WIDTH*RATIO-1 -: IN_WIDTH] = in_data_i;
  generate
    if (RATIO > 1) begin : gen_below
      assign entering[IN_WIDTH*(RATIO-1)-1:0] = 0;
    end
  endgenerate

  always @(posedge clk_i) begin
    if (out_ready_i) valid_q <= 0;
    if (push) begin
      slice_q <= completes ? 0 : slice_q + 1;
      if (completes) valid_q <= 1;
    end
    if (rst_i) begin
      slice_q <= 0;
      valid_q <= 0;
    end
  end

  always @(posedge clk_i) begin
    if (push) gathered_q <= gathered;
    if (push && completes) begin
      output_data_q <= gathered;
      output_last_q <= in_last_i;
    end
  end

  assign in_ready_o  = !completes || !valid_q || out_ready_i;
  assign out_data_o  = output_data_q;
  assign out_valid_o = valid_q;
  assign out_last_o  = output_last_q;

endmodule

`default_nettype wire
