// SPDX-License-Identifier: Apache-2.0
//
// A read-only memory with a registered output.
//
//     data_o(t + 1) = enable_i(t) ? memory[address_i(t)] : data_o(t)
//
// Input    an address and an enable; no stream, no reset.
// Output   the word, one clock later, held while enable_i is low.
// Timing   latency 1, a word a cycle.
// Storage  DEPTH words of WIDTH bits, from INIT_FILE ($readmemh); in LUTs or in block RAM, by MEMORY
//          or as the tool decides. A table of many words is mapped alone: among longer paths Yosys
//          makes up to four times the LUTs of it. A single word is a constant.
// Cuts     data.
// Checked  with the cores that read it: Tests/CoresTests/MatrixUnitTests.swift and others.

`default_nettype none

module rb_rom #(
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

  // A column of fewer words shares LUTs with others.
  localparam integer KEPT_DEPTH = 16;

  generate
    if (DEPTH == 1) begin : gen_constant
      // A register that nothing writes: Yosys knows what it is before it maps the comparisons with
      // it, which it does not of a memory.
      (* mem2reg *)
      reg [WIDTH-1:0] memory [0:DEPTH-1];
      reg [WIDTH-1:0] data_q;

      initial begin
        if (INIT_FILE == "") $display("%m: INIT_FILE is empty; the word is undefined");
        else $readmemh(INIT_FILE, memory);
      end

      always @(posedge clk_i) begin
        if (enable_i) data_q <= memory[address_i];
      end

      assign data_o = data_q;
    end else if (DEPTH < KEPT_DEPTH) begin : gen_merged
      rb_rom_array #(
        .WIDTH    (WIDTH),
        .DEPTH    (DEPTH),
        .MEMORY   (MEMORY),
        .INIT_FILE(INIT_FILE)
      ) u_array (
        .clk_i    (clk_i),
        .enable_i (enable_i),
        .address_i(address_i),
        .data_o   (data_o)
      );
    end else begin : gen_kept
      (* keep_hierarchy = "yes" *)
      rb_rom_array #(
        .WIDTH    (WIDTH),
        .DEPTH    (DEPTH),
        .MEMORY   (MEMORY),
        .INIT_FILE(INIT_FILE)
      ) u_array (
        .clk_i    (clk_i),
        .enable_i (enable_i),
        .address_i(address_i),
        .data_o   (data_o)
      );
    end
  endgenerate

endmodule

`default_nettype wire
