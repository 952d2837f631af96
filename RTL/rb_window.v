// SPDX-License-Identifier: Apache-2.0
//
// Stores maps of codes and sends each window again for every group of units, level by level.
//
//     for oy in 0 ..< (HEIGHT - KERNEL_HEIGHT) / STRIDE_Y + 1
//       for ox in 0 ..< (WIDTH - KERNEL_WIDTH) / STRIDE_X + 1
//         for repeat in 0 ..< REPEATS
//           for level in 1 ... LEVELS                 (in series only)
//             for ky in 0 ..< KERNEL_HEIGHT
//               for kx in 0 ..< KERNEL_WIDTH
//                 for word in 0 ..< WORDS             (CHANNELS_OUTER: outside of ky)
//                   out[lane] = in[oy*STRIDE_Y + ky][ox*STRIDE_X + kx][word][lane].b_level
//                                                     (in parallel: all levels of the lane)
//
//     MODES > 1: mode_i + 1 levels are in use, at most LEVELS: in series the others are not sent.
//     mode_i changes only between images, while nothing is sent.
//
// Input    LANES codes of LEVELS bits, b_1 the most significant, below FLAGS bits; WORDS beats a
//          pixel, WIDTH pixels a row, HEIGHT rows an image.
// Output   LANES lanes of LEVELS_PER_BEAT bits, below the flags of the beat; last on the last beat
//          of the last window of an image, by count. A vector is a map of one pixel.
// Timing   latency 2 for the first word; then a beat a cycle wherever its word is there, without a
//          gap between windows or images. A window may follow the arrival word by word. Words are
//          free again when the last word of the last window that needs them has been read.
// Storage  DEPTH words of LANES * LEVELS + FLAGS bits, a circle in the order of arrival, with one
//          write port and one read port with a register, which is the output register. DEPTH is
//          at least the span of a window, ((KERNEL_HEIGHT-1)*WIDTH + KERNEL_WIDTH) * WORDS words.
// Cuts     valid and ready; in series a LEVELS : 1 multiplexer stands between register and data.
// Checked  Tests/CoresTests/WindowBufferTests.swift, Sim/properties/rb_window_bind.sv.

`default_nettype none

module rb_window #(
  parameter integer LANES           = 8,
  parameter integer LEVELS          = 1,  // bits of a code
  parameter integer LEVELS_PER_BEAT = 1,  // 1: in series; LEVELS: in parallel
  parameter integer MODES           = 1,  // 1, or how many numbers of levels there are to choose from
  parameter integer FLAGS           = 0,  // bits above the lanes
  parameter integer WORDS           = 4,  // words of a pixel
  parameter integer HEIGHT          = 1,  // rows of a map
  parameter integer WIDTH           = 1,  // pixels of a row
  parameter integer KERNEL_HEIGHT   = 1,  // rows of a window
  parameter integer KERNEL_WIDTH    = 1,  // pixels of a row of a window
  parameter integer STRIDE_Y        = 1,  // rows from a window to the one below
  parameter integer STRIDE_X        = 1,  // pixels from a window to the next one
  parameter integer REPEATS         = 2,  // times that a window is sent, all its levels each time
  parameter integer CHANNELS_OUTER  = 0,  // 1: a word of all pixels, then the next word
  parameter integer DEPTH           = 8   // words held
) (
  input  wire                                         clk_i,
  input  wire                                         rst_i,
  input  wire [(MODES > 1 ? $clog2(MODES) : 1) - 1:0] mode_i,

  input  wire [LANES*LEVELS+FLAGS-1:0]                in_data_i,
  input  wire                                         in_valid_i,
  output wire                                         in_ready_o,
  input  wire                                         in_last_i,

  output wire [LANES*LEVELS_PER_BEAT+FLAGS-1:0]       out_data_o,
  output wire                                         out_valid_o,
  input  wire                                         out_ready_i,
  output wire                                         out_last_o
);

  localparam integer PASSES  = LEVELS / LEVELS_PER_BEAT;  // passes of a repeat
  localparam integer ROWS    = (HEIGHT - KERNEL_HEIGHT) / STRIDE_Y + 1;  // of windows
  localparam integer COLUMNS = (WIDTH - KERNEL_WIDTH) / STRIDE_X + 1;    // of windows
  localparam integer SPAN    = ((KERNEL_HEIGHT - 1) * WIDTH + KERNEL_WIDTH) * WORDS;

  // A pass is OUTER_WORDS times KERNEL_HEIGHT times TAPS reads. Taps that follow each other are
  // one word apart, or one pixel.
  localparam integer TAPS        = CHANNELS_OUTER != 0 ? KERNEL_WIDTH : KERNEL_WIDTH * WORDS;
  localparam integer OUTER_WORDS = CHANNELS_OUTER != 0 ? WORDS : 1;

  // How far the words of two reads are apart in the order of arrival.
  localparam integer TAP_STEP    = CHANNELS_OUTER != 0 ? WORDS : 1;
  localparam integer ROW_STEP    = WIDTH * WORDS - (TAPS - 1) * TAP_STEP;
  localparam integer WORD_STEP   = WORDS - SPAN + 1;
  localparam integer PASS_STEP   = 1 - SPAN;

  // How far the first words of two windows are apart: to the next column, row and image.
  localparam integer NEXT_COLUMN = COLUMNS > 1 ? STRIDE_X * WORDS : 0;
  localparam integer BACK        = (COLUMNS - 1) * STRIDE_X * WORDS;
  localparam integer NEXT_ROW    = ROWS > 1 ? STRIDE_Y * WIDTH * WORDS - BACK : 0;
  localparam integer NEXT_IMAGE  = (HEIGHT - (ROWS - 1) * STRIDE_Y) * WIDTH * WORDS - BACK;

  // A window may begin beyond what has arrived, by as much as the longest way to it is longer than
  // a window.
  localparam integer LONGER_WAY  = NEXT_COLUMN > NEXT_ROW ? NEXT_COLUMN : NEXT_ROW;
  localparam integer LONGEST_WAY = LONGER_WAY > NEXT_IMAGE ? LONGER_WAY : NEXT_IMAGE;
  localparam integer MOST_ROOM   = DEPTH + LONGEST_WAY - SPAN;
  localparam integer LONGER_STEP = TAP_STEP > ROW_STEP ? TAP_STEP : ROW_STEP;
  localparam integer MOST_AHEAD  = MOST_ROOM > LONGER_STEP ? MOST_ROOM : LONGER_STEP;

  localparam integer ADDRESS_WIDTH = DEPTH > 1 ? $clog2(DEPTH) : 1;
  localparam integer ROOM_WIDTH    = $clog2(MOST_ROOM + 1);
  localparam integer AHEAD_WIDTH   = $clog2(MOST_AHEAD + 1) + 1;
  localparam integer TAP_WIDTH     = TAPS > 1 ? $clog2(TAPS) : 1;
  localparam integer LINE_WIDTH    = KERNEL_HEIGHT > 1 ? $clog2(KERNEL_HEIGHT) : 1;
  localparam integer WORD_WIDTH    = OUTER_WORDS > 1 ? $clog2(OUTER_WORDS) : 1;
  localparam integer PASS_WIDTH    = PASSES > 1 ? $clog2(PASSES) : 1;
  localparam integer REPEAT_WIDTH  = REPEATS > 1 ? $clog2(REPEATS) : 1;
  localparam integer COLUMN_WIDTH  = COLUMNS > 1 ? $clog2(COLUMNS) : 1;
  localparam integer ROW_WIDTH     = ROWS > 1 ? $clog2(ROWS) : 1;
  localparam integer LAST_ADDRESS  = DEPTH - 1;
  localparam integer LAST_TAP      = TAPS - 1;
  localparam integer LAST_LINE     = KERNEL_HEIGHT - 1;
  localparam integer LAST_WORD     = OUTER_WORDS - 1;
  localparam integer FIRST_PASS    = PASSES - 1;
  localparam integer LAST_REPEAT   = REPEATS - 1;
  localparam integer LAST_COLUMN   = COLUMNS - 1;
  localparam integer LAST_ROW      = ROWS - 1;

  reg [LANES*LEVELS+FLAGS-1:0] memory [0:DEPTH-1];
  reg [ADDRESS_WIDTH-1:0]      write_address_q;
  reg [ADDRESS_WIDTH-1:0]      read_address_q;
  reg [ROOM_WIDTH-1:0]         room_q;    // words that may arrive until the buffer is full
  reg [AHEAD_WIDTH-1:0]        ahead_q;   // words there beyond the one read next; -1: it is not
  reg [TAP_WIDTH-1:0]          tap_q;     // tap in its row of the window
  reg [LINE_WIDTH-1:0]         line_q;    // row of the window
  reg [WORD_WIDTH-1:0]         word_q;    // word of a pixel, channels outer
  reg [PASS_WIDTH-1:0]         pass_q;    // passes left after this one: the bit of the code
  reg [REPEAT_WIDTH-1:0]       repeat_q;  // times that the window has been sent
  reg [COLUMN_WIDTH-1:0]       column_q;  // of the window
  reg [ROW_WIDTH-1:0]          row_q;     // of the window

  reg                          valid_q;
  reg [LANES*LEVELS+FLAGS-1:0] beat_q;    // the word that was read
  reg                          final_q;   // no beat of its image follows

  wire [PASS_WIDTH-1:0] last_pass;  // that of the last level in use

  generate
    if (MODES > 1 && PASSES > 1) begin : gen_mode
      localparam integer MODE_WIDTH = $clog2(MODES);

      assign last_pass = mode_i >= FIRST_PASS[MODE_WIDTH-1:0]
        ? 0 : FIRST_PASS[PASS_WIDTH-1:0] - mode_i[PASS_WIDTH-1:0];
    end else begin : gen_all
      wire unused = &{1'b0, mode_i};

      assign last_pass = 0;
    end
  endgenerate

  wire write        = in_valid_i && in_ready_o;
  wire read         = !ahead_q[AHEAD_WIDTH-1] && (!valid_q || out_ready_i);
  wire ends_line    = tap_q == LAST_TAP[TAP_WIDTH-1:0];
  wire ends_word    = ends_line && line_q == LAST_LINE[LINE_WIDTH-1:0];
  wire ends_pass    = ends_word && word_q == LAST_WORD[WORD_WIDTH-1:0];
  wire ends_repeat  = ends_pass && pass_q == last_pass;
  wire ends_window  = ends_repeat && repeat_q == LAST_REPEAT[REPEAT_WIDTH-1:0];
  wire ends_columns = column_q == LAST_COLUMN[COLUMN_WIDTH-1:0];
  wire ends_rows    = row_q == LAST_ROW[ROW_WIDTH-1:0];

  // ---- Where the next read is: steps in the order of arrival, and modulo DEPTH in the memory ----

  localparam integer COLUMN_STEP = NEXT_COLUMN + PASS_STEP;
  localparam integer DOWN_STEP   = NEXT_ROW + PASS_STEP;
  localparam integer IMAGE_STEP  = NEXT_IMAGE + PASS_STEP;

  localparam integer TAP_TURN    = TAP_STEP % DEPTH;
  localparam integer ROW_TURN    = ROW_STEP % DEPTH;
  localparam integer WORD_TURN   = (WORD_STEP % DEPTH + DEPTH) % DEPTH;
  localparam integer PASS_TURN   = (PASS_STEP % DEPTH + DEPTH) % DEPTH;
  localparam integer COLUMN_TURN = (COLUMN_STEP % DEPTH + DEPTH) % DEPTH;
  localparam integer DOWN_TURN   = (DOWN_STEP % DEPTH + DEPTH) % DEPTH;
  localparam integer IMAGE_TURN  = (IMAGE_STEP % DEPTH + DEPTH) % DEPTH;

  reg [AHEAD_WIDTH-1:0]   step;
  reg [ADDRESS_WIDTH-1:0] turn;
  reg [ROOM_WIDTH-1:0]    freed;  // words that no window needs any more

  always @* begin
    freed = 0;
    if (!ends_line) begin
      step = TAP_STEP[AHEAD_WIDTH-1:0];
      turn = TAP_TURN[ADDRESS_WIDTH-1:0];
    end else if (!ends_word) begin
      step = ROW_STEP[AHEAD_WIDTH-1:0];
      turn = ROW_TURN[ADDRESS_WIDTH-1:0];
    end else if (!ends_pass) begin
      step = WORD_STEP[AHEAD_WIDTH-1:0];
      turn = WORD_TURN[ADDRESS_WIDTH-1:0];
    end else if (!ends_window) begin
      step = PASS_STEP[AHEAD_WIDTH-1:0];
      turn = PASS_TURN[ADDRESS_WIDTH-1:0];
    end else if (!ends_columns) begin
      step  = COLUMN_STEP[AHEAD_WIDTH-1:0];
      turn  = COLUMN_TURN[ADDRESS_WIDTH-1:0];
      freed = NEXT_COLUMN[ROOM_WIDTH-1:0];
    end else if (!ends_rows) begin
      step  = DOWN_STEP[AHEAD_WIDTH-1:0];
      turn  = DOWN_TURN[ADDRESS_WIDTH-1:0];
      freed = NEXT_ROW[ROOM_WIDTH-1:0];
    end else begin
      step  = IMAGE_STEP[AHEAD_WIDTH-1:0];
      turn  = IMAGE_TURN[ADDRESS_WIDTH-1:0];
      freed = NEXT_IMAGE[ROOM_WIDTH-1:0];
    end
  end

  function [ADDRESS_WIDTH-1:0] turned(
    input [ADDRESS_WIDTH-1:0] address, input [ADDRESS_WIDTH-1:0] places
  );
    reg [ADDRESS_WIDTH:0] sum;
    reg [ADDRESS_WIDTH:0] wrapped;  // negative where the sum stays below DEPTH
    begin
      sum     = {1'b0, address} + {1'b0, places};
      wrapped = sum - DEPTH[ADDRESS_WIDTH:0];
      turned  = wrapped[ADDRESS_WIDTH] ? sum[ADDRESS_WIDTH-1:0] : wrapped[ADDRESS_WIDTH-1:0];
    end
  endfunction

  always @(posedge clk_i) begin
    if (out_ready_i) valid_q <= 0;
    if (read) begin
      valid_q        <= 1;
      read_address_q <= turned(read_address_q, turn);
      tap_q          <= ends_line ? 0 : tap_q + 1;
      if (ends_line) line_q <= ends_word ? 0 : line_q + 1;
      if (ends_word) word_q <= ends_pass ? 0 : word_q + 1;
      if (ends_pass) pass_q <= ends_repeat ? FIRST_PASS[PASS_WIDTH-1:0] : pass_q - 1;
      if (ends_repeat) repeat_q <= ends_window ? 0 : repeat_q + 1;
      if (ends_window) column_q <= ends_columns ? 0 : column_q + 1;
      if (ends_window && ends_columns) row_q <= ends_rows ? 0 : row_q + 1;
    end
    if (write) begin
      write_address_q <= write_address_q == LAST_ADDRESS[ADDRESS_WIDTH-1:0]
        ? 0 : write_address_q + 1;
    end
    room_q  <= room_q + (read ? freed : 0) - {{(ROOM_WIDTH-1){1'b0}}, write};
    ahead_q <= ahead_q - (read ? step : 0) + {{(AHEAD_WIDTH-1){1'b0}}, write};
    if (rst_i) begin
      valid_q         <= 0;
      write_address_q <= 0;
      read_address_q  <= 0;
      room_q          <= DEPTH[ROOM_WIDTH-1:0];
      ahead_q         <= {AHEAD_WIDTH{1'b1}};
      tap_q           <= 0;
      line_q          <= 0;
      word_q          <= 0;
      pass_q          <= FIRST_PASS[PASS_WIDTH-1:0];
      repeat_q        <= 0;
      column_q        <= 0;
      row_q           <= 0;
    end
  end

  always @(posedge clk_i) begin
    if (write) memory[write_address_q] <= in_data_i;
    if (read) begin
      beat_q  <= memory[read_address_q];
      final_q <= ends_window && ends_columns && ends_rows;
    end
  end

  assign in_ready_o  = room_q != 0;
  assign out_valid_o = valid_q;
  assign out_last_o  = final_q;

  // The place of a beat in its image is known by count.
  wire unused = &{1'b0, in_last_i};

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
      if (FLAGS > 0) begin : gen_flags
        assign out_data_o[LANES +: FLAGS] = beat_q[LANES*LEVELS +: FLAGS];
      end
    end else begin : gen_parallel
      assign out_data_o = beat_q;
    end
    if (LEVELS_PER_BEAT != 1 && LEVELS_PER_BEAT != LEVELS) begin : gen_check
      initial begin
        $display("%m: LEVELS_PER_BEAT (%0d) is neither 1 nor LEVELS (%0d)",
                 LEVELS_PER_BEAT, LEVELS);
        $finish;
      end
    end
    if (MODES > 1 && LEVELS > MODES) begin : gen_check_modes
      initial begin
        $display("%m: LEVELS (%0d) is more than MODES (%0d)", LEVELS, MODES);
        $finish;
      end
    end
    if (KERNEL_HEIGHT > HEIGHT) begin : gen_check_height
      initial begin
        $display("%m: KERNEL_HEIGHT (%0d) is more than HEIGHT (%0d)", KERNEL_HEIGHT, HEIGHT);
        $finish;
      end
    end
    if (KERNEL_WIDTH > WIDTH) begin : gen_check_width
      initial begin
        $display("%m: KERNEL_WIDTH (%0d) is more than WIDTH (%0d)", KERNEL_WIDTH, WIDTH);
        $finish;
      end
    end
    if (DEPTH < SPAN) begin : gen_check_depth
      initial begin
        $display("%m: DEPTH (%0d) does not hold the span of a window (%0d)", DEPTH, SPAN);
        $finish;
      end
    end
    if (CHANNELS_OUTER != 0 && REPEATS * PASSES != 1) begin : gen_check_order
      initial begin
        $display("%m: CHANNELS_OUTER (%0d) needs one pass, not REPEATS (%0d) times %0d",
                 CHANNELS_OUTER, REPEATS, PASSES);
        $finish;
      end
    end
  endgenerate

endmodule

`default_nettype wire
