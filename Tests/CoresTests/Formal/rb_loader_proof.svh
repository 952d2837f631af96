// SPDX-License-Identifier: Apache-2.0
//
// Against a memory that answers after two cycles: what is read stands there, what is written gets
// there, at the address that is said; a check goes over all words and finds their CRC-32, computed
// from the other end; what is refused changes nothing; it is soon ready. prove.py puts this text
// before the end of the module.

  reg started_q;
  initial started_q = 0;
  always @(posedge clk_i) started_q <= 1;

  reg was_rst_q;
  always @(posedge clk_i) was_rst_q <= rst_i;

  wire accepted = !refused_o && (whole_i || word_read_i) && !rst_i;
  wire word     = (word_write_i || word_read_i) && accepted;

  always @* begin
    if (!started_q) `RULE (rst_i);
    `RULE ({1'b0, address_write_i} + word_write_i + word_read_i + check_i <= 1);
    if (address_write_i || word_write_i || word_read_i || check_i) `RULE (ready_o);
    if (started_q && load_o[62]) `RULE (open_i);
    if (started_q && was_rst_q) `RULE (!open_i);
  end

  // One word of the memory, any: what stands there, and what should.
  (* anyconst *) wire [29:0] spot;
  reg  [31:0] memory_q;
  reg  [31:0] written_q;
  reg  [1:0]  held_q;  // cycles for which its address has been on the bus, 2 for more

  wire        at_spot = open_i && load_o[61:32] == spot;

  always @(posedge clk_i) begin
    if (started_q && at_spot && load_o[62]) memory_q <= load_o[31:0];
    if (word_write_i && accepted && address_o == spot) written_q <= value_i;
    held_q <= !at_spot || load_o[62] ? 0 : held_q == 2'd2 ? 2'd2 : held_q + 1;
  end

  always @* begin
    if (!started_q) assume (memory_q == written_q && held_q == 0);
    if (at_spot && held_q == 2'd2) assume (load_i == memory_q);
  end

  // The check: byte after byte, the highest bit of the remainder first, as the polynomial is printed.
  reg [31:0] taken_q;      // words
  reg [31:0] bytes_q;      // of the last one, still to come
  reg [31:0] remainder_q;

  function [31:0] next_remainder(input [31:0] remainder, input [7:0] value);
    integer n;
    begin
      next_remainder = remainder;
      for (n = 0; n < 8; n = n + 1) begin
        next_remainder = {next_remainder[30:0], 1'b0}
            ^ (next_remainder[31] != value[n] ? 32'h04C11DB7 : 32'd0);
      end
    end
  endfunction

  function [31:0] turned(input [31:0] value);
    integer n;
    for (n = 0; n < 32; n = n + 1) turned[n] = value[31-n];
  endfunction

  always @(posedge clk_i) begin
    if (wait_q != 0 && taken_q != 0) begin
      bytes_q     <= {8'd0, bytes_q[31:8]};
      remainder_q <= next_remainder(remainder_q, bytes_q[7:0]);
    end
    if (takes) begin
      taken_q <= taken_q + 1;
      bytes_q <= word_q;
    end
    if (check_i && accepted) begin
      taken_q     <= 0;
      bytes_q     <= 0;
      remainder_q <= 32'hFFFFFFFF;
    end
  end

  // What the address is.
  reg [31:0] next_q;
  reg        wrote_q;
  reg        was_open_q;
  reg        was_checking_q;
  reg [31:0] was_crc_q;
  reg        ended_q;    // all words were taken
  reg [2:0]  unready_q;  // cycles

  always @(posedge clk_i) begin
    if (word || takes) next_q <= next_q + 1;
    if (address_write_i && accepted) next_q <= value_i;
    if (check_i && accepted) next_q <= 0;
    if (rst_i) next_q <= 0;
    wrote_q        <= word_write_i && accepted;
    was_open_q     <= open_i;
    was_checking_q <= checking_o && !rst_i;
    was_crc_q      <= crc_o;
    ended_q        <= checking_o && wait_q == 0 && taken_q == WORDS && !rst_i;
    unready_q      <= ready_o || rst_i ? 0 : unready_q + 1;
  end

  always @* if (started_q) begin
    // Writes and reads.
    assert (load_o[62] == wrote_q);
    if (load_o[62]) assert (!checking_o && address_o < WORDS);
    if (load_o[62] && load_o[61:32] == spot) assert (load_o[31:0] == written_q);
    else assert (memory_q == written_q);
    assert (address_o + (wait_q == 3'd4) == next_q);
    if (ready_o && open_i) assert (address_o == next_q || checking_o);
    if (word_read_i && accepted && address_o == spot) assert (word_o == written_q);
    if (word_read_i && refused_o) assert (word_o == 0);
    assert (refused_o == (
        (word_write_i || word_read_i) && !(open_i && !checking_o && address_o < WORDS)
        || check_i && !(open_i && !checking_o) || address_write_i && checking_o));
    if (!ready_o) assert (unready_q + wait_q <= 4);
    assert (unready_q <= 4);
    // Checks.
    if (checking_o) begin
      assert (taken_q == next_q && taken_q <= WORDS && first_q == (taken_q == 0));
      assert (crc_q == (turned(remainder_q) ^ bytes_q));
      assert (wait_q[2] || bytes_q >> 8 * wait_q[1:0] == 0);
      if (first_q) assert (wait_q < 3'd4);
    end
    if (takes && address_o == spot) assert (word_q == written_q);
    if (was_checking_q && !checking_o && open_i) assert (ended_q);
    if (ended_q) assert (!checking_o && crc_o == ~turned(remainder_q) && address_o == WORDS);
    else if (!was_rst_q) assert (crc_o == was_crc_q);
    if (was_rst_q) assert (address_o == 0 && crc_o == 0 && !checking_o);
    if (!was_open_q || !open_i) assert (!checking_o);
    assert (wait_q <= 3'd4);
  end
