// SPDX-License-Identifier: Apache-2.0
//
// Writes, reads and checks memories word by word, for the registers LOAD_* of rb_axi_control.
//
//     word[address] = value, address = address + 1
//     crc = CRC-32 of all words, each as four bytes, the lowest first: that of zlib
//
// Input    one access a cycle at most, only while ready_o; open_i, the memories are addressed here,
//          which does not end in the cycle after a word was written.
// Output   the memories' bus load_o = {open, write, address[29:0], data[31:0]}; what was found.
// Timing   load_i is the word whose address was on the bus two cycles before. An access of a word
//          takes 5 cycles until the next one is ready, a new address 4, a check 5 cycles a word and 4.
// Storage  address and data of the bus, the word that it answered, a checksum and the last result.
// Cuts     everything but ready_o, refused_o and word_o, which follow open_i and what is asked.
// Checked  Tests/CoresTests/Formal/rb_loader_proof.svh, Tests/AcceleratorTests/AXI.
//
// What is refused changes nothing: a word while the memories are not open, while they are checked,
// and behind the last one; a check while they are not open or are checked; an address in a check.
// With whole_i low a write changes nothing, but is refused where a whole one is. When open_i falls a
// check is given up.
//
//     wait_q    what goes on
//     4         a written word is on the bus; the address steps at the end
//     3, 2, 1   the word of the address is on its way
//     0         it stands in word_q

`default_nettype none

module rb_loader #(
  parameter integer WORDS = 1  // of 32 bits
) (
  input  wire        clk_i,
  input  wire        rst_i,

  input  wire        address_write_i,
  input  wire        word_write_i,
  input  wire        word_read_i,
  input  wire        check_i,
  input  wire [31:0] value_i,          // that is written
  input  wire        whole_i,          // all of its bytes are
  output wire        ready_o,
  output wire        refused_o,        // what is asked in this cycle
  output wire [31:0] address_o,
  output wire [31:0] word_o,           // at the address, 0 where it is refused
  output wire [31:0] crc_o,            // of the last check, 0 before the first
  output wire        checking_o,

  input  wire        open_i,
  output wire [63:0] load_o,
  input  wire [31:0] load_i
);

  reg  [2:0]  wait_q;
  reg  [31:0] address_q;
  reg         inside_q;    // there is a word at the address; a cycle late
  reg         write_q;
  reg  [31:0] data_q;      // to write
  reg  [31:0] word_q;      // that was read
  reg         checking_q;
  reg         first_q;     // no word is in crc_q yet
  reg  [31:0] crc_q;
  reg  [31:0] result_q;

  wire        checking = checking_q && open_i;
  wire        usable   = open_i && !checking_q && inside_q;
  wire        writes   = word_write_i && usable && whole_i;
  wire        checks   = check_i && open_i && !checking_q && whole_i;
  wire        takes    = checking && wait_q == 0 && inside_q;

  // A word is added at once, then shifted out byte by byte while the next one comes.
  function [31:0] after_byte(input [31:0] crc);
    integer i;
    begin
      after_byte = crc;
      for (i = 0; i < 8; i = i + 1) begin
        after_byte = {1'b0, after_byte[31:1]} ^ (after_byte[0] ? 32'hEDB88320 : 32'd0);
      end
    end
  endfunction

  always @(posedge clk_i) begin
    if (wait_q == 3'd4) address_q <= address_q + 1;
    if (wait_q != 0) wait_q <= wait_q - 1;
    if (writes || word_read_i && usable || takes) wait_q <= 3'd4;
    if (address_write_i && !checking && whole_i) begin
      address_q <= value_i;
      wait_q    <= 3'd3;
    end
    if (checks) begin
      address_q <= 0;
      wait_q    <= 3'd3;
    end
    if (!open_i) wait_q <= 3'd3;
    write_q <= writes;
    if (rst_i) begin
      address_q <= 0;
      wait_q    <= 0;
      write_q   <= 0;
    end
  end

  always @(posedge clk_i) begin
    inside_q <= address_q < WORDS[31:0];
    word_q   <= load_i;
    if (writes) data_q <= value_i;
  end

  always @(posedge clk_i) begin
    if (checking_q && wait_q != 0 && !first_q) crc_q <= after_byte(crc_q);
    if (takes) begin
      crc_q   <= crc_q ^ word_q;
      first_q <= 0;
    end
    if (checks) begin
      crc_q   <= 32'hFFFFFFFF;
      first_q <= 1;
    end
  end

  always @(posedge clk_i) begin
    if (checks) checking_q <= 1;
    if (checking && wait_q == 0 && !inside_q) begin
      checking_q <= 0;
      result_q   <= ~crc_q;
    end
    if (!open_i) checking_q <= 0;
    if (rst_i) begin
      checking_q <= 0;
      result_q   <= 0;
    end
  end

  assign ready_o    = wait_q == 0 || !open_i || checking_q;
  assign refused_o  = (word_write_i || word_read_i) && !usable
      || check_i && !(open_i && !checking_q) || address_write_i && checking;
  assign address_o  = address_q;
  assign word_o     = usable ? word_q : 0;
  assign crc_o      = result_q;
  assign checking_o = checking;
  assign load_o     = {open_i, write_q, address_q[29:0], data_q};

endmodule

`default_nettype wire
