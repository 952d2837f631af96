// SPDX-License-Identifier: Apache-2.0
//
// The words of rb_rom where they can be written from outside, and the register on its output.
//
//     data_o(t + 1) = enable_i(t) ? memory[address_i(t)] : data_o(t)           while it is not open
//     load_o(t + 2) = 32 bits of memory, those of the load address in cycles t and t + 1     while it is
//
// Input    an address and an enable; load_i = {open, write, address[29:0], data[31:0]}: while open the
//          core before it must not need a word.
// Output   the word, one clock later, held while enable_i is low; load_o is 0 for other memories.
// Timing   latency 1, a word a cycle; a write is done after the cycle in which it stands on load_i.
// Storage  DEPTH words of WIDTH bits, first from INIT_FILE ($readmemh); in LUTs or in block RAM, by
//          MEMORY or as the tool decides. On the load bus a word takes 2^k addresses, as many as hold
//          it, bits 31:0 at the lowest; word 0 begins at BASE, a multiple of all that the memory takes.
// Cuts     data, and load_o.
// Checked  Tests/CoresTests/LoadableMemoryTests.swift.

`default_nettype none

module rb_loadable_memory #(
  parameter integer WIDTH     = 8,   // bits
  parameter integer DEPTH     = 16,  // words
  parameter integer BASE      = 0,   // the first address on the load bus
  parameter integer MEMORY    = 0,   // 0: the tool decides; 1: LUTs; 2: block RAM
  parameter         INIT_FILE = ""
) (
  input  wire                                          clk_i,
  input  wire                                          enable_i,
  input  wire [(DEPTH > 1 ? $clog2(DEPTH) : 1) - 1:0]  address_i,
  output wire [WIDTH-1:0]                              data_o,

  input  wire [63:0]                                   load_i,
  output wire [31:0]                                   load_o
);

  // A word alone is a register, whatever was asked for.
  localparam STYLE = DEPTH == 1 ? "auto" : MEMORY == 2 ? "block" : MEMORY == 1 ? "distributed" : "auto";

  localparam integer SLICES        = (WIDTH + 31) / 32;  // of a word
  localparam integer SLICE_BITS    = SLICES > 1 ? $clog2(SLICES) : 0;
  localparam integer WORD_BITS     = DEPTH > 1 ? $clog2(DEPTH) : 0;
  localparam integer SPAN_BITS     = SLICE_BITS + WORD_BITS;
  localparam integer ADDRESS_WIDTH = DEPTH > 1 ? WORD_BITS : 1;
  localparam integer LAST_WORD     = DEPTH - 1;
  localparam [31:0]  PLACE         = BASE >> SPAN_BITS;  // among memories of its size

  wire        open         = load_i[63];
  wire        write        = load_i[62];
  wire [29:0] load_address = load_i[61:32];
  wire [31:0] load_data    = load_i[31:0];
  wire        unused       = &{1'b0, load_data};

  wire [29:0] load_word = (load_address >> SLICE_BITS) & ((30'd1 << WORD_BITS) - 30'd1);
  wire        is_here   =
    open && load_address >> SPAN_BITS == PLACE[29:0] && load_word <= LAST_WORD[29:0];

  wire [SLICES-1:0]        slice;  // that of the load address
  wire [ADDRESS_WIDTH-1:0] address = open ? load_word[ADDRESS_WIDTH-1:0] : address_i;

  (* ram_style = STYLE *)
  reg [WIDTH-1:0] memory [0:DEPTH-1];
  reg [WIDTH-1:0] data_q;
  reg [31:0]      load_q;

  initial begin
    if (INIT_FILE == "") $display("%m: INIT_FILE is empty; the words (%0s) are undefined", STYLE);
    else $readmemh(INIT_FILE, memory);
  end

  genvar k;
  generate
    for (k = 0; k < SLICES; k = k + 1) begin : gen_slice
      localparam integer BITS  = WIDTH - 32*k < 32 ? WIDTH - 32*k : 32;
      localparam [29:0]  SLICE = k;

      assign slice[k] = is_here && (load_address & ((30'd1 << SLICE_BITS) - 30'd1)) == SLICE;

      always @(posedge clk_i) begin
        if (write && slice[k]) memory[address][32*k +: BITS] <= load_data[BITS-1:0];
      end
    end
  endgenerate

  always @(posedge clk_i) begin
    if (open || enable_i) data_q <= memory[address];
  end

  // 32 bits for each address that a word takes.
  wire [(32<<SLICE_BITS)-1:0] padded;

  generate
    for (k = 0; k < 1 << SLICE_BITS; k = k + 1) begin : gen_address
      if (k < SLICES) begin : gen_held
        localparam integer BITS = WIDTH - 32*k < 32 ? WIDTH - 32*k : 32;

        assign padded[32*k +: 32] = {{(32-BITS){1'b0}}, data_q[32*k +: BITS]};
      end else begin : gen_none
        assign padded[32*k +: 32] = 0;
      end
    end

    if (SLICES > 1) begin : gen_chosen
      always @(posedge clk_i) begin
        load_q <= is_here ? padded[32*load_address[SLICE_BITS-1:0] +: 32] : 0;
      end
    end else begin : gen_whole
      always @(posedge clk_i) begin
        load_q <= is_here ? padded : 0;
      end
    end
  endgenerate

  assign data_o = data_q;
  assign load_o = load_q;

  generate
    if (BASE % (1 << SPAN_BITS) != 0) begin : gen_check
      initial begin
        $display("%m: BASE (%0d) is no multiple of what the memory takes (%0d)", BASE, 1 << SPAN_BITS);
        $finish;
      end
    end
  endgenerate

endmodule

`default_nettype wire
