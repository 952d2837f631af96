// SPDX-License-Identifier: Apache-2.0
//
// Stores vectors of codes and sends each one again for every group of units, level by level.
//
//     for repeat in 0 ..< REPEATS
//       for level in 1 ... LEVELS                     (in series only)
//         for word in 0 ..< WORDS
//           out[lane] = in[word][lane].b_level        (in parallel: all levels of the lane)
//
// Input    LANES codes of LEVELS bits, b_1 the most significant; WORDS beats a vector.
// Output   LANES lanes of LEVELS_PER_BEAT bits; last on the last beat of the last pass of a vector
//          whose last word carried it.
// Timing   latency 2 for the first word; then a beat a cycle. The first pass may follow the arrival
//          word by word. A bank is free again when the last word of the last pass has been read.
// Storage  BANKS * WORDS words of LANES * LEVELS + 1 bits, one write port and one read port with a
//          register, which is the output register.
// Cuts     valid and ready; in series a LEVELS : 1 multiplexer stands between register and data.
// Checked  Tests/CoresTests/ReplayBufferTests.swift, Sim/properties/rb_replay_buffer_bind.sv.

`default_nettype none

module rb_replay_buffer #(
  parameter integer LANES           = 8,
  parameter integer LEVELS          = 1,  // bits of a code
  parameter integer LEVELS_PER_BEAT = 1,  // 1: in series; LEVELS: in parallel
  parameter integer WORDS           = 4,  // words in a vector
  parameter integer REPEATS         = 2,  // times that a vector is sent, all its levels each time
  parameter integer BANKS           = 2   // vectors held
) (
  input  wire                             clk_i,
  input  wire                             rst_i,

  input  wire [LANES*LEVELS-1:0]          in_data_i,
  input  wire                             in_valid_i,
  output wire                             in_ready_o,
  input  wire                             in_last_i,

  output wire [LANES*LEVELS_PER_BEAT-1:0] out_data_o,
  output wire                             out_valid_o,
  input  wire                             out_ready_i,
  output wire                             out_last_o
);

  localparam integer DEPTH         = BANKS * WORDS;
  localparam integer PASSES        = LEVELS / LEVELS_PER_BEAT;  // passes of a repeat
  localparam integer ADDRESS_WIDTH = DEPTH > 1 ? $clog2(DEPTH) : 1;
  localparam integer COUNT_WIDTH   = $clog2(DEPTH + 1);
  localparam integer PASS_WIDTH    = PASSES > 1 ? $clog2(PASSES) : 1;
  localparam integer REPEAT_WIDTH  = REPEATS > 1 ? $clog2(REPEATS) : 1;
  localparam integer LAST_ADDRESS  = DEPTH - 1;
  localparam integer LAST_WORD     = WORDS - 1;
  localparam integer FIRST_PASS    = PASSES - 1;
  localparam integer LAST_REPEAT   = REPEATS - 1;

  reg [LANES*LEVELS:0]    memory [0:DEPTH-1];
  reg [ADDRESS_WIDTH-1:0] write_address_q;
  reg [ADDRESS_WIDTH-1:0] read_address_q;
  reg [COUNT_WIDTH-1:0]   stored_q;  // words stored, from the first one of the bank that is read
  reg [COUNT_WIDTH-1:0]   word_q;    // word that is read next
  reg [PASS_WIDTH-1:0]    pass_q;    // passes left after this one: the bit of the code, in series
  reg [REPEAT_WIDTH-1:0]  repeat_q;  // times that the vector has been sent

  reg                     valid_q;
  reg [LANES*LEVELS:0]    beat_q;    // the word that was read, and its last
  reg                     final_q;   // no beat of its vector follows

  wire write       = in_valid_i && in_ready_o;
  wire read        = word_q < stored_q && (!valid_q || out_ready_i);
  wire ends_pass   = word_q == LAST_WORD[COUNT_WIDTH-1:0];
  wire ends_repeat = ends_pass && pass_q == 0;
  wire ends_vector = ends_repeat && repeat_q == LAST_REPEAT[REPEAT_WIDTH-1:0];

  function [ADDRESS_WIDTH-1:0] next_address(input [ADDRESS_WIDTH-1:0] address);
    next_address = address == LAST_ADDRESS[ADDRESS_WIDTH-1:0] ? 0 : address + 1;
  endfunction

  always @(posedge clk_i) begin
    if (out_ready_i) valid_q <= 0;
    if (read) begin
      valid_q <= 1;
      word_q  <= ends_pass ? 0 : word_q + 1;
      read_address_q <= ends_pass && !ends_vector
        ? read_address_q - LAST_WORD[ADDRESS_WIDTH-1:0] : next_address(read_address_q);
      if (ends_pass) pass_q <= ends_repeat ? FIRST_PASS[PASS_WIDTH-1:0] : pass_q - 1;
      if (ends_repeat) repeat_q <= ends_vector ? 0 : repeat_q + 1;
    end
    if (write) write_address_q <= next_address(write_address_q);
    if (read && ends_vector) begin
      stored_q <= stored_q - (write ? LAST_WORD[COUNT_WIDTH-1:0] : WORDS[COUNT_WIDTH-1:0]);
    end else if (write) begin
      stored_q <= stored_q + 1;
    end
    if (rst_i) begin
      valid_q         <= 0;
      write_address_q <= 0;
      read_address_q  <= 0;
      stored_q        <= 0;
      word_q          <= 0;
      pass_q          <= FIRST_PASS[PASS_WIDTH-1:0];
      repeat_q        <= 0;
    end
  end

  always @(posedge clk_i) begin
    if (write) memory[write_address_q] <= {in_last_i, in_data_i};
    if (read) begin
      beat_q  <= memory[read_address_q];
      final_q <= ends_vector;
    end
  end

  assign in_ready_o  = stored_q != DEPTH[COUNT_WIDTH-1:0];
  assign out_valid_o = valid_q;
  assign out_last_o  = final_q && beat_q[LANES*LEVELS];

  genvar lane;
  generate
    if (PASSES > 1) begin : gen_series
      reg [PASS_WIDTH-1:0] bit_q;  // the bit of each code that is sent

      always @(posedge clk_i) begin
        if (read) bit_q <= pass_q;
      end

      for (lane = 0; lane < LANES; lane = lane + 1) begin : gen_lane
        wire [LEVELS-1:0] code = beat_q[lane*LEVELS +: LEVELS];
        assign out_data_o[lane] = code[bit_q];
      end
    end else begin : gen_parallel
      assign out_data_o = beat_q[LANES*LEVELS-1:0];
    end
    if (LEVELS_PER_BEAT != 1 && LEVELS_PER_BEAT != LEVELS) begin : gen_check
      initial begin
        $display("%m: LEVELS_PER_BEAT (%0d) is neither 1 nor LEVELS (%0d)",
                 LEVELS_PER_BEAT, LEVELS);
        $finish;
      end
    end
  endgenerate

endmodule

`default_nettype wire
