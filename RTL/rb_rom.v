// SPDX-License-Identifier: Apache-2.0
//
// A memory with a registered output that its core only reads.
//
//     data_o(t + 1) = enable_i(t) ? memory[bank_i(t)*DEPTH + address_i(t)] : data_o(t)
//
// Input    a bank, an address and an enable; no stream, no reset. RELOADABLE: the load bus.
// Output   the word, one clock later, held while enable_i is low. RELOADABLE: what stands at the load
//          bus's address, see rb_loadable_memory.v; else 0.
// Timing   latency 1, a word a cycle.
// Storage  BANKS times DEPTH words of WIDTH bits, from INIT_FILE ($readmemh); in LUTs or in block RAM,
//          by MEMORY or as the tool decides. A table of many words is mapped alone: among longer paths Yosys
//          makes up to four times the LUTs of it. A single word is a constant, if it is not RELOADABLE.
// Cuts     data.
// Checked  with the cores that read it: Tests/CoresTests/MatrixUnitTests.swift and others.

`default_nettype none

module rb_rom #(
  parameter integer WIDTH      = 8,   // bits
  parameter integer DEPTH      = 16,  // words of a bank
  parameter integer BANKS      = 1,
  parameter integer MEMORY     = 0,   // 0: the tool decides; 1: LUTs; 2: block RAM
  parameter integer RELOADABLE = 0,   // 1: the load bus can write it
  parameter integer BASE       = 0,   // RELOADABLE: its first address there
  parameter         INIT_FILE  = ""
) (
  input  wire                                          clk_i,
  input  wire                                          enable_i,
  input  wire [(BANKS > 1 ? $clog2(BANKS) : 1) - 1:0]  bank_i,
  input  wire [(DEPTH > 1 ? $clog2(DEPTH) : 1) - 1:0]  address_i,
  output wire [WIDTH-1:0]                              data_o,

  input  wire [63:0]                                   load_i,
  output wire [31:0]                                   load_o
);

  localparam integer WORDS         = BANKS * DEPTH;
  localparam integer ADDRESS_WIDTH = WORDS > 1 ? $clog2(WORDS) : 1;

  // A column of fewer words shares LUTs with others.
  localparam integer KEPT_DEPTH = 16;

  wire [ADDRESS_WIDTH-1:0] address;

  generate
    if (BANKS > 1) begin : gen_banks
      localparam integer BANK_WIDTH = $clog2(BANKS);
      localparam integer PART_WIDTH = DEPTH > 1 ? $clog2(DEPTH) : 1;

      function [ADDRESS_WIDTH-1:0] first_of(input [BANK_WIDTH-1:0] bank);
        integer i;
        begin
          first_of = 0;
          for (i = 0; i < BANKS - 1; i = i + 1) begin
            if (bank > i[BANK_WIDTH-1:0]) first_of = first_of + DEPTH[ADDRESS_WIDTH-1:0];
          end
        end
      endfunction

      assign address = first_of(bank_i) + {{(ADDRESS_WIDTH-PART_WIDTH){1'b0}}, address_i};
    end else begin : gen_one_bank
      wire unused = bank_i;

      assign address = address_i;
    end

    if (RELOADABLE == 0) begin : gen_read_only
      wire unused_load = &{1'b0, load_i, BASE != 0};

      assign load_o = 0;
    end

    if (RELOADABLE != 0) begin : gen_reloadable
      rb_loadable_memory #(
        .WIDTH    (WIDTH),
        .DEPTH    (WORDS),
        .BASE     (BASE),
        .MEMORY   (MEMORY),
        .INIT_FILE(INIT_FILE)
      ) u_memory (
        .clk_i    (clk_i),
        .enable_i (enable_i),
        .address_i(address),
        .data_o   (data_o),
        .load_i   (load_i),
        .load_o   (load_o)
      );
    end else if (WORDS == 1) begin : gen_constant
      // A register that nothing writes: Yosys knows what it is before it maps the comparisons with
      // it, which it does not of a memory.
      (* mem2reg *)
      reg [WIDTH-1:0] memory [0:0];
      reg [WIDTH-1:0] data_q;

      initial begin
        if (INIT_FILE == "") $display("%m: INIT_FILE is empty; the word is undefined");
        else $readmemh(INIT_FILE, memory);
      end

      always @(posedge clk_i) begin
        if (enable_i) data_q <= memory[address];
      end

      assign data_o = data_q;
    end else if (WORDS < KEPT_DEPTH) begin : gen_merged
      rb_rom_array #(
        .WIDTH    (WIDTH),
        .DEPTH    (WORDS),
        .MEMORY   (MEMORY),
        .INIT_FILE(INIT_FILE)
      ) u_array (
        .clk_i    (clk_i),
        .enable_i (enable_i),
        .address_i(address),
        .data_o   (data_o)
      );
    end else begin : gen_kept
      (* keep_hierarchy = "yes" *)
      rb_rom_array #(
        .WIDTH    (WIDTH),
        .DEPTH    (WORDS),
        .MEMORY   (MEMORY),
        .INIT_FILE(INIT_FILE)
      ) u_array (
        .clk_i    (clk_i),
        .enable_i (enable_i),
        .address_i(address),
        .data_o   (data_o)
      );
    end
  endgenerate

endmodule

`default_nettype wire
