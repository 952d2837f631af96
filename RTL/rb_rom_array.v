// SPDX-License-Identifier: Apache-2.0
//
// The words of rb_rom and the register on its output.
//
//     data_o(t + 1) = enable_i(t) ? memory[address_i(t)] : data_o(t)
//
// Input    an address and an enable; no stream, no reset.
// Output   the word, one clock later, held while enable_i is low.
// Timing   latency 1, a word a cycle.
// Storage  DEPTH words of WIDTH bits, from INIT_FILE ($readmemh); in LUTs or in block RAM, by MEMORY
//          or as the tool decides.
// Cuts     data.
// Checked  with the cores that read it: Tests/CoresTests/MatrixUnitTests.swift and others.

`default_nettype none

module rb_rom_array #(
  parameter integer WIDTH     = 8,   // bits
  parameter integer DEPTH     = 16,  // words
  parameter integer MEMORY    = 0,   // 0: the tool decides; 1: LUTs; 2: block RAM
  parameter         INIT_FILE = ""
) (
  input  wire                                          clk_i,
  input  wire                                          enable_i,
  input  wire [(DEPTH > 1 ? $clog2(DEPTH) : 1) - 1:0]  address_i,
  output wire [WIDTH-1:0]                              data_o
);

  // Yosys takes "distributed" for memory that can be written.
`ifdef YOSYS
  localparam LUTS  = "logic";
`else
  localparam LUTS  = "distributed";
`endif
  localparam STYLE = MEMORY == 2 ? "block" : MEMORY == 1 ? LUTS : "auto";

  (* ram_style = STYLE, rom_style = STYLE *)
  reg [WIDTH-1:0] memory [0:DEPTH-1];
  reg [WIDTH-1:0] data_q;

  // Some tools elaborate the defaults of every module they read: no file is not yet an error.
  initial begin
    if (INIT_FILE == "") $display("%m: INIT_FILE is empty; the words (%0s) are undefined", STYLE);
    else $readmemh(INIT_FILE, memory);
  end

  always @(posedge clk_i) begin
    if (enable_i) data_q <= memory[address_i];
  end

  assign data_o = data_q;

endmodule

`default_nettype wire
