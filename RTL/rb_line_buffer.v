// SPDX-License-Identifier: Apache-2.0
//
// Sends each window of a map of codes as one beat, again for every group of units, level by level.
//
//     for oy in 0 ..< (HEIGHT - KERNEL_HEIGHT) / STRIDE_Y + 1
//       for ox in 0 ..< (WIDTH - KERNEL_WIDTH) / STRIDE_X + 1
//         for repeat in 0 ..< REPEATS
//           for level in 1 ... LEVELS                 (in series only)
//             out[(ky*KERNEL_WIDTH + kx)*LANES + lane] =
//               in[oy*STRIDE_Y + ky][ox*STRIDE_X + kx][lane].b_level
//                                                     (in parallel: all levels of the lane)
//
//     MODES > 1: mode_i + 1 levels are in use, at most LEVELS: in series the others are not sent.
//     mode_i changes only between images, while nothing is sent.
//
// Input    a pixel a beat, of LANES codes of LEVELS bits, b_1 the most significant; WIDTH pixels a
//          row, HEIGHT rows an image.
// Output   KERNEL_HEIGHT * KERNEL_WIDTH * LANES lanes of LEVELS_PER_BEAT bits, in the order of a row
//          of weights; last on the last beat of the last window of an image, by count.
// Timing   latency 1 from the last pixel of a window. The pixel after it enters with the last beat
//          of the window, so an image takes
//            windows * beats of a window + pixels that complete no window
//          cycles where pixels are there and beats are taken.
// Storage  (KERNEL_HEIGHT-1) * WIDTH + KERNEL_WIDTH pixels: the pixels of a window in registers, and
//          between its rows KERNEL_HEIGHT-1 memories of WIDTH - KERNEL_WIDTH pixels, each with one
//          port that reads and one that writes. Together they are one shift register.
// Cuts     data, valid and last; in series a LEVELS : 1 multiplexer stands between register and
//          data. Passes ready through.
// Checked  Tests/CoresTests/LineBufferTests.swift, Sim/properties/rb_line_buffer_bind.sv.
//
// A window of 2 x 2 of a map 4 pixels wide, after pixel p:
//
//     in -> [ p  ] -> [p-1] -+      row 1 of the window, kx = 1 and 0
//       +--------------------+
//       +-> p-2, p-3                a line: WIDTH - KERNEL_WIDTH pixels
//             +-> [p-4] -> [p-5]    row 0 of the window

`default_nettype none

module rb_line_buffer #(
  parameter integer LANES           = 8,
  parameter integer LEVELS          = 1,  // bits of a code
  parameter integer LEVELS_PER_BEAT = 1,  // 1: in series; LEVELS: in parallel
  parameter integer MODES           = 1,  // 1, or how many numbers of levels there are to choose from
  parameter integer HEIGHT          = 4,  // rows of a map
  parameter integer WIDTH           = 4,  // pixels of a row
  parameter integer KERNEL_HEIGHT   = 3,  // rows of a window
  parameter integer KERNEL_WIDTH    = 3,  // pixels of a row of a window
  parameter integer STRIDE_Y        = 1,  // rows from a window to the one below
  parameter integer STRIDE_X        = 1,  // pixels from a window to the next one
  parameter integer REPEATS         = 2   // times that a window is sent, all its levels each time
) (
  input  wire                                                        clk_i,
  input  wire                                                        rst_i,
  input  wire [(MODES > 1 ? $clog2(MODES) : 1) - 1:0]                mode_i,

  input  wire [LANES*LEVELS-1:0]                                     in_data_i,
  input  wire                                                        in_valid_i,
  output wire                                                        in_ready_o,
  input  wire                                                        in_last_i,

  output wire [KERNEL_HEIGHT*KERNEL_WIDTH*LANES*LEVELS_PER_BEAT-1:0] out_data_o,
  output wire                                                        out_valid_o,
  input  wire                                                        out_ready_i,
  output wire                                                        out_last_o
);

  localparam integer PASSES  = LEVELS / LEVELS_PER_BEAT;  // beats of a repeat
  localparam integer TAPS    = KERNEL_HEIGHT * KERNEL_WIDTH;
  localparam integer PIXEL   = LANES * LEVELS;        // bits
  localparam integer LINE    = WIDTH - KERNEL_WIDTH;  // pixels between two rows of a window
  localparam integer ROWS    = (HEIGHT - KERNEL_HEIGHT) / STRIDE_Y + 1;  // of windows
  localparam integer COLUMNS = (WIDTH - KERNEL_WIDTH) / STRIDE_X + 1;    // of windows

  // The first wait for a window, in pixels or rows, is the longer one, or that between windows.
  localparam integer MOST_COLUMNS = KERNEL_WIDTH > STRIDE_X ? KERNEL_WIDTH : STRIDE_X;
  localparam integer MOST_ROWS    = KERNEL_HEIGHT > STRIDE_Y ? KERNEL_HEIGHT : STRIDE_Y;

  localparam integer COLUMN_WIDTH      = WIDTH > 1 ? $clog2(WIDTH) : 1;
  localparam integer ROW_WIDTH         = HEIGHT > 1 ? $clog2(HEIGHT) : 1;
  localparam integer COLUMN_WAIT_WIDTH = MOST_COLUMNS > 1 ? $clog2(MOST_COLUMNS) : 1;
  localparam integer ROW_WAIT_WIDTH    = MOST_ROWS > 1 ? $clog2(MOST_ROWS) : 1;
  localparam integer PASS_WIDTH        = PASSES > 1 ? $clog2(PASSES) : 1;
  localparam integer REPEAT_WIDTH      = REPEATS > 1 ? $clog2(REPEATS) : 1;
  localparam integer ADDRESS_WIDTH     = LINE > 1 ? $clog2(LINE) : 1;
  localparam integer LAST_COLUMN       = WIDTH - 1;
  localparam integer LAST_ROW          = HEIGHT - 1;
  localparam integer FINAL_COLUMN      = (COLUMNS - 1) * STRIDE_X + KERNEL_WIDTH - 1;
  localparam integer FINAL_ROW         = (ROWS - 1) * STRIDE_Y + KERNEL_HEIGHT - 1;
  localparam integer FIRST_COLUMN_WAIT = KERNEL_WIDTH - 1;
  localparam integer FIRST_ROW_WAIT    = KERNEL_HEIGHT - 1;
  localparam integer NEXT_COLUMN_WAIT  = STRIDE_X - 1;
  localparam integer NEXT_ROW_WAIT     = STRIDE_Y - 1;
  localparam integer FIRST_PASS        = PASSES - 1;
  localparam integer LAST_REPEAT       = REPEATS - 1;
  localparam integer LAST_ADDRESS      = LINE - 1;

  reg [COLUMN_WIDTH-1:0]      column_q;       // of the pixel that enters next
  reg [ROW_WIDTH-1:0]         row_q;          // of the pixel that enters next
  reg [COLUMN_WAIT_WIDTH-1:0] column_wait_q;  // pixels before the next last one of a window
  reg [ROW_WAIT_WIDTH-1:0]    row_wait_q;     // rows before the next last one of a window

  reg                         valid_q;   // the registers hold a window
  reg                         final_q;   // no window of its image follows
  reg [PASS_WIDTH-1:0]        pass_q;    // passes left after this one: the bit of the code
  reg [REPEAT_WIDTH-1:0]      repeat_q;  // times that the window has been sent

  wire [PASS_WIDTH-1:0] last_pass;  // that of the last level in use

  generate
    if (MODES > 1 && PASSES > 1) begin : gen_mode
      localparam integer MODE_WIDTH = $clog2(MODES);

      assign last_pass = mode_i >= FIRST_PASS[MODE_WIDTH-1:0]
        ? 0 : FIRST_PASS[PASS_WIDTH-1:0] - mode_i[PASS_WIDTH-1:0];
    end else begin : gen_all
      wire unused_mode = &{1'b0, mode_i};

      assign last_pass = 0;
    end
  endgenerate

  wire shift       = in_valid_i && in_ready_o;
  wire ends_repeat = pass_q == last_pass;
  wire ends_window = ends_repeat && repeat_q == LAST_REPEAT[REPEAT_WIDTH-1:0];
  wire ends_row    = column_q == LAST_COLUMN[COLUMN_WIDTH-1:0];
  wire ends_image  = ends_row && row_q == LAST_ROW[ROW_WIDTH-1:0];
  wire ends_wait   = column_wait_q == 0;
  wire completes   = ends_wait && row_wait_q == 0;  // a window, with the next pixel

  always @(posedge clk_i) begin
    if (valid_q && out_ready_i) begin
      pass_q <= ends_repeat ? FIRST_PASS[PASS_WIDTH-1:0] : pass_q - 1;
      if (ends_repeat) repeat_q <= ends_window ? 0 : repeat_q + 1;
      if (ends_window) valid_q <= 0;
    end
    if (shift) begin
      valid_q  <= completes;
      column_q <= ends_row ? 0 : column_q + 1;
      if (ends_row) column_wait_q <= FIRST_COLUMN_WAIT[COLUMN_WAIT_WIDTH-1:0];
      else column_wait_q <= ends_wait
        ? NEXT_COLUMN_WAIT[COLUMN_WAIT_WIDTH-1:0] : column_wait_q - 1;
      if (ends_row) begin
        row_q <= ends_image ? 0 : row_q + 1;
        if (ends_image) row_wait_q <= FIRST_ROW_WAIT[ROW_WAIT_WIDTH-1:0];
        else row_wait_q <= row_wait_q == 0 ? NEXT_ROW_WAIT[ROW_WAIT_WIDTH-1:0] : row_wait_q - 1;
      end
    end
    if (rst_i) begin
      valid_q       <= 0;
      pass_q        <= FIRST_PASS[PASS_WIDTH-1:0];
      repeat_q      <= 0;
      column_q      <= 0;
      row_q         <= 0;
      column_wait_q <= FIRST_COLUMN_WAIT[COLUMN_WAIT_WIDTH-1:0];
      row_wait_q    <= FIRST_ROW_WAIT[ROW_WAIT_WIDTH-1:0];
    end
  end

  always @(posedge clk_i) begin
    if (shift) begin
      final_q <= column_q == FINAL_COLUMN[COLUMN_WIDTH-1:0] && row_q == FINAL_ROW[ROW_WIDTH-1:0];
    end
  end

  assign in_ready_o  = !valid_q || (out_ready_i && ends_window);
  assign out_valid_o = valid_q;
  assign out_last_o  = final_q && ends_window;

  // ---- The window, and the lines between its rows ----

  reg  [TAPS*PIXEL-1:0]    window_q;  // pixel ky, kx at (ky*KERNEL_WIDTH + kx)*PIXEL
  wire [ADDRESS_WIDTH-1:0] address;   // of the oldest pixel of each line

  genvar ky, kx, lane;
  generate
    if (KERNEL_HEIGHT > 1 && LINE > 1) begin : gen_address
      reg [ADDRESS_WIDTH-1:0] address_q;

      always @(posedge clk_i) begin
        if (shift) address_q <= address_q == LAST_ADDRESS[ADDRESS_WIDTH-1:0] ? 0 : address_q + 1;
        if (rst_i) address_q <= 0;
      end

      assign address = address_q;
    end else begin : gen_no_address
      assign address = 0;
    end

    for (ky = 0; ky < KERNEL_HEIGHT; ky = ky + 1) begin : gen_row
      for (kx = 0; kx < KERNEL_WIDTH; kx = kx + 1) begin : gen_pixel
        localparam integer PLACE = ky * KERNEL_WIDTH + kx;

        wire [PIXEL-1:0] following;

        always @(posedge clk_i) begin
          if (shift) window_q[PLACE*PIXEL +: PIXEL] <= following;
        end

        if (PLACE == TAPS - 1) begin : gen_in
          assign following = in_data_i;
        end else if (kx < KERNEL_WIDTH - 1 || LINE == 0) begin : gen_next
          assign following = window_q[(PLACE+1)*PIXEL +: PIXEL];
        end else begin : gen_line
          reg [PIXEL-1:0] line [0:LINE-1];

          always @(posedge clk_i) begin
            if (shift) line[address] <= window_q[(PLACE+1)*PIXEL +: PIXEL];
          end

          assign following = line[address];
        end

        if (PASSES > 1) begin : gen_series
          for (lane = 0; lane < LANES; lane = lane + 1) begin : gen_lane
            wire [LEVELS-1:0] code = window_q[PLACE*PIXEL + lane*LEVELS +: LEVELS];
            assign out_data_o[PLACE*LANES + lane] = code[pass_q];
          end
        end else begin : gen_parallel
          assign out_data_o[PLACE*PIXEL +: PIXEL] = window_q[PLACE*PIXEL +: PIXEL];
        end
      end
    end
  endgenerate

  // The place of a beat in its image is known by count.
  wire unused = &{1'b0, in_last_i, address};

  generate
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
  endgenerate

endmodule

`default_nettype wire
