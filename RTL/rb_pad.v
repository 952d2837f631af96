// SPDX-License-Identifier: Apache-2.0
//
// Puts a border round each image.
//
//     out[y][x] = in[y - TOP][x - LEFT]     where TOP <= y < TOP + HEIGHT, LEFT <= x < LEFT + WIDTH
//               = PAD_DATA                  elsewhere, on the border
//
// Input    WORDS beats a pixel, WIDTH pixels a row, HEIGHT rows an image.
// Output   TOP + HEIGHT + BOTTOM rows of LEFT + WIDTH + RIGHT pixels; FLAGGED: one bit above the
//          data, 1 on the border and nowhere else. last on the last beat of an image, by count.
// Timing   latency 1, a beat a cycle. A beat of the border does not wait for input: the first rows
//          may leave before the image arrives.
// Storage  one beat in registers.
// Cuts     data, valid and last; passes ready through.
// Checked  Tests/CoresTests/PadTests.swift, Sim/properties/rb_pad_bind.sv.

`default_nettype none

module rb_pad #(
  parameter integer          DATA_WIDTH = 8,  // bits, without the flag
  parameter integer          WORDS      = 1,  // beats of a pixel
  parameter integer          HEIGHT     = 4,  // rows that enter
  parameter integer          WIDTH      = 4,  // pixels of a row that enters
  parameter integer          TOP        = 1,  // rows above
  parameter integer          BOTTOM     = 1,  // rows below
  parameter integer          LEFT       = 1,  // pixels before each row
  parameter integer          RIGHT      = 1,  // pixels after each row
  parameter [DATA_WIDTH-1:0] PAD_DATA   = 0,  // a beat of the border
  parameter integer          FLAGGED    = 0   // 1: a flag above the data marks the border
) (
  input  wire                                      clk_i,
  input  wire                                      rst_i,

  input  wire [DATA_WIDTH-1:0]                     in_data_i,
  input  wire                                      in_valid_i,
  output wire                                      in_ready_o,
  input  wire                                      in_last_i,

  output wire [DATA_WIDTH+FLAGGED-1:0]             out_data_o,
  output wire                                      out_valid_o,
  input  wire                                      out_ready_i,
  output wire                                      out_last_o
);

  localparam integer ROWS       = TOP + HEIGHT + BOTTOM;
  localparam integer COLUMNS    = LEFT + WIDTH + RIGHT;
  localparam integer ROW_WIDTH  = $clog2(ROWS + 1);
  localparam integer COL_WIDTH  = $clog2(COLUMNS + 1);
  localparam integer WORD_WIDTH = WORDS > 1 ? $clog2(WORDS) : 1;
  localparam integer LAST_ROW   = ROWS - 1;
  localparam integer LAST_COL   = COLUMNS - 1;
  localparam integer LAST_WORD  = WORDS - 1;

  reg [ROW_WIDTH-1:0]  row_q;     // of the padded image
  reg [COL_WIDTH-1:0]  column_q;  // of the padded image
  reg [WORD_WIDTH-1:0] word_q;

  reg                  valid_q;
  reg [DATA_WIDTH-1:0] data_q;
  reg                  last_q;

  // Before the first row or column inside, the difference wraps and is too large.
  wire [ROW_WIDTH-1:0] inner_row    = row_q - TOP[ROW_WIDTH-1:0];
  wire [COL_WIDTH-1:0] inner_column = column_q - LEFT[COL_WIDTH-1:0];
  wire is_inner =
    inner_row < HEIGHT[ROW_WIDTH-1:0] && inner_column < WIDTH[COL_WIDTH-1:0];

  wire ends_pixel = word_q == LAST_WORD[WORD_WIDTH-1:0];
  wire ends_row   = ends_pixel && column_q == LAST_COL[COL_WIDTH-1:0];
  wire ends_image = ends_row && row_q == LAST_ROW[ROW_WIDTH-1:0];
  wire free       = !valid_q || out_ready_i;
  wire load       = free && (!is_inner || in_valid_i);

  always @(posedge clk_i) begin
    if (out_ready_i) valid_q <= 0;
    if (load) begin
      valid_q <= 1;
      word_q  <= ends_pixel ? 0 : word_q + 1;
      if (ends_pixel) column_q <= ends_row ? 0 : column_q + 1;
      if (ends_row) row_q <= ends_image ? 0 : row_q + 1;
    end
    if (rst_i) begin
      valid_q  <= 0;
      word_q   <= 0;
      column_q <= 0;
      row_q    <= 0;
    end
  end

  always @(posedge clk_i) begin
    if (load) begin
      data_q <= is_inner ? in_data_i : PAD_DATA;
      last_q <= ends_image;
    end
  end

  assign in_ready_o  = is_inner && free;
  assign out_valid_o = valid_q;
  assign out_last_o  = last_q;

  // The place of a beat in its image is known by count.
  wire unused = &{1'b0, in_last_i};

  generate
    if (FLAGGED != 0) begin : gen_flag
      reg flag_q;

      always @(posedge clk_i) begin
        if (load) flag_q <= !is_inner;
      end

      assign out_data_o = {flag_q, data_q};
    end else begin : gen_plain
      assign out_data_o = data_q;
    end
    if (FLAGGED != 0 && PAD_DATA != 0) begin : gen_check
      initial begin
        $display("%m: FLAGGED (%0d) needs PAD_DATA (%0h) to be 0", FLAGGED, PAD_DATA);
        $finish;
      end
    end
  endgenerate

endmodule

`default_nettype wire
