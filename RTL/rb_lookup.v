// SPDX-License-Identifier: Apache-2.0
//
// Replaces codes by the entries of one table, lane by lane.
//
//     out[i] = table[in[i]]
//
//     RELOADABLE: the load bus can write the tables, see rb_loadable_memory.v, each lane's at addresses
//     of its own, one after the other.
//
// Input    LANES unsigned codes of IN_BITS bits.
// Output   LANES entries of OUT_BITS bits.
// Timing   latency 1, a beat a cycle.
// Storage  for each lane 2^IN_BITS words of OUT_BITS bits, the same in all.
// Cuts     data, valid and last; passes ready through.
// Checked  Tests/CoresTests/LookupTableTests.swift, Sim/properties/rb_lookup_bind.sv.

`default_nettype none

module rb_lookup #(
  parameter integer LANES      = 3,
  parameter integer IN_BITS    = 8,  // of a code
  parameter integer OUT_BITS   = 8,  // of an entry, at most 32
  parameter integer RELOADABLE = 0,  // 1: the tables can be written
  parameter integer TABLE_BASE = 0,  // RELOADABLE: their first address on the load bus
  parameter         TABLE_FILE = ""
) (
  input  wire                      clk_i,
  input  wire                      rst_i,

  input  wire [LANES*IN_BITS-1:0]  in_data_i,
  input  wire                      in_valid_i,
  output wire                      in_ready_o,
  input  wire                      in_last_i,

  output wire [LANES*OUT_BITS-1:0] out_data_o,
  output wire                      out_valid_o,
  input  wire                      out_ready_i,
  output wire                      out_last_o,

  input  wire [63:0]               load_i,
  output reg  [31:0]               load_o
);

  reg valid_q;
  reg last_q;

  wire advance = !valid_q || out_ready_i;

  always @(posedge clk_i) begin
    if (advance) valid_q <= in_valid_i;
    if (rst_i) valid_q <= 0;
  end

  always @(posedge clk_i) begin
    if (advance) last_q <= in_last_i;
  end

  wire [32*LANES-1:0] loaded;

  genvar lane;
  generate
    for (lane = 0; lane < LANES; lane = lane + 1) begin : gen_lane
      rb_rom #(
        .WIDTH     (OUT_BITS),
        .DEPTH     (1 << IN_BITS),
        .RELOADABLE(RELOADABLE),
        .BASE      (TABLE_BASE + (lane << IN_BITS)),
        .INIT_FILE (TABLE_FILE)
      ) u_table (
        .clk_i    (clk_i),
        .enable_i (advance),
        .bank_i   (1'b0),
        .address_i(in_data_i[lane*IN_BITS +: IN_BITS]),
        .data_o   (out_data_o[lane*OUT_BITS +: OUT_BITS]),
        .load_i   (load_i),
        .load_o   (loaded[32*lane +: 32])
      );
    end
  endgenerate

  integer i;
  always @* begin
    load_o = 0;
    for (i = 0; i < LANES; i = i + 1) load_o = load_o | loaded[32*i +: 32];
  end

  assign in_ready_o  = advance;
  assign out_valid_o = valid_q;
  assign out_last_o  = last_q;

endmodule

`default_nettype wire
