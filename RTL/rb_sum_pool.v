// SPDX-License-Identifier: Apache-2.0
//
// The sum of the values of a window, lane by lane.
//
//     u[t][i] = sum over levels l of gamma_l * in[t][i].b_l;  out[i] = sum over taps t of u[t][i]
//
//     The window's signed sum is 2*out[i] - TAPS * (sum of the gammas); that constant is folded
//     into the thresholds that follow.
//
//     PADDED: everything is doubled, and a flagged tap, whose codes are absent, adds the sum of the
//     gammas where others add 2*u: the signed sum is out[i] - TAPS * (sum of the gammas), in which
//     an absent code counts nothing.
//
//     MODES > 1: mode_i + 1 levels are in use, at most LEVELS, and each number of them has gammas of
//     its own. mode_i changes only while no beat is inside.
//
// Input    TAPS beats of the same channels, then TAPS of the next ones; LANES codes of LEVELS bits,
//          b_1 the highest. PADDED: one flag above the lanes.
// Output   LANES unsigned sums of SUM_WIDTH bits, one beat for TAPS; last is that of the last tap.
// Timing   latency 2 after the last tap, a tap a cycle: values, then sums.
// Storage  a beat of values and a beat of sums.
// Cuts     data, valid and last; passes ready through.
// Checked  Tests/CoresTests/SumPoolUnitTests.swift, Sim/properties/rb_sum_pool_bind.sv.

`default_nettype none

module rb_sum_pool #(
  parameter integer LANES       = 4,
  parameter integer LEVELS      = 1,  // bits of a code
  parameter integer MODES       = 1,  // 1, or how many numbers of levels there are to choose from
  parameter integer TAPS        = 4,  // beats of a window
  parameter integer PADDED      = 0,  // 1: a flag marks beats of absent codes
  parameter integer GAMMA_WIDTH = 1,  // bits
  // For each mode gamma_1 ... gamma_LEVELS, the first lowest; that of a level not in use is 0.
  parameter [MODES*LEVELS*GAMMA_WIDTH-1:0] GAMMAS = {(MODES*LEVELS*GAMMA_WIDTH){1'b1}},
  parameter integer SUM_WIDTH   = 3   // bits
) (
  input  wire                                            clk_i,
  input  wire                                            rst_i,
  input  wire [(MODES > 1 ? $clog2(MODES) : 1) - 1:0]    mode_i,

  input  wire [LANES*LEVELS + (PADDED != 0 ? 1 : 0)-1:0] in_data_i,
  input  wire                                            in_valid_i,
  output wire                                            in_ready_o,
  input  wire                                            in_last_i,

  output wire [LANES*SUM_WIDTH-1:0]                      out_data_o,
  output wire                                            out_valid_o,
  input  wire                                            out_ready_i,
  output wire                                            out_last_o
);

  // The largest sum of the gammas of a mode.
  function [63:0] gamma_sum(input [MODES*LEVELS*GAMMA_WIDTH-1:0] gammas);
    reg     [63:0] sum;
    integer        mode, i;
    begin
      gamma_sum = 0;
      for (mode = 0; mode < MODES; mode = mode + 1) begin
        sum = 0;
        for (i = 0; i < LEVELS * GAMMA_WIDTH; i = i + 1) begin
          if (gammas[mode*LEVELS*GAMMA_WIDTH + i]) sum = sum + (64'd1 << (i % GAMMA_WIDTH));
        end
        if (sum > gamma_sum) gamma_sum = sum;
      end
    end
  endfunction

  // Gammas that halve down to 1: a code is the integer that it stands for.
  function halves(input [LEVELS*GAMMA_WIDTH-1:0] gammas);
    integer i;
    begin
      halves = MODES == 1 && GAMMA_WIDTH >= LEVELS;
      for (i = 0; i < LEVELS * GAMMA_WIDTH; i = i + 1) begin
        if (gammas[i] != (i % GAMMA_WIDTH == LEVELS - 1 - i / GAMMA_WIDTH)) halves = 0;
      end
    end
  endfunction

  localparam [63:0]  LARGEST_VALUE = gamma_sum(GAMMAS) * (PADDED != 0 ? 2 : 1);
  localparam [63:0]  LARGEST_SUM   = LARGEST_VALUE * TAPS;
  localparam integer FULL_WIDTH    = LARGEST_VALUE > 1 ? $clog2(LARGEST_VALUE + 1) : 1;
  localparam integer VALUE_WIDTH   = FULL_WIDTH < SUM_WIDTH ? FULL_WIDTH : SUM_WIDTH;
  localparam integer TAP_WIDTH     = TAPS > 1 ? $clog2(TAPS) : 1;
  localparam integer LAST_TAP      = TAPS - 1;
  localparam [0:0]   INTEGER       = halves(GAMMAS[LEVELS*GAMMA_WIDTH-1:0]);
  // The table of the codes' values; for integers, which may be wide, there is none.
  localparam integer TABLE_LEVELS  = INTEGER ? 0 : LEVELS;
  localparam integer MODE_WIDTH    = MODES > 1 ? $clog2(MODES) : 1;
  localparam integer CODES         = 2 << TABLE_LEVELS;  // those in the upper half are absent
  localparam integer TABLE_SIZE    = MODES > 1 ? CODES << MODE_WIDTH : CODES;

  reg [TAP_WIDTH-1:0]         tap_q;
  reg [LANES*VALUE_WIDTH-1:0] values_q;
  reg                         values_valid_q;
  reg                         values_last_q;
  reg                         clears_q;  // first tap of a window
  reg                         ends_q;    // last tap of a window
  reg [LANES*SUM_WIDTH-1:0]   sums_q;
  reg                         sums_valid_q;
  reg                         sums_last_q;

  wire advance = !sums_valid_q || out_ready_i;
  wire ends    = tap_q == LAST_TAP[TAP_WIDTH-1:0];
  wire absent;

  always @(posedge clk_i) begin
    if (advance) begin
      values_valid_q <= in_valid_i;
      sums_valid_q   <= values_valid_q && ends_q;
      if (in_valid_i) tap_q <= ends ? 0 : tap_q + 1;
    end
    if (rst_i) begin
      values_valid_q <= 0;
      sums_valid_q   <= 0;
      tap_q          <= 0;
    end
  end

  always @(posedge clk_i) begin
    if (advance) begin
      values_last_q <= in_last_i;
      clears_q      <= tap_q == 0;
      ends_q        <= ends;
      sums_last_q   <= values_last_q;
    end
  end

  generate
    if (PADDED != 0) begin : gen_flag
      assign absent = in_data_i[LANES*LEVELS];
    end else begin : gen_no_flag
      assign absent = 0;
    end
  endgenerate

  // A bit of the value of every code, mode by mode.
  function [TABLE_SIZE-1:0] truth(input integer place);
    reg [63:0] value;
    integer    mode, code, i, j;
    begin
      truth = 0;
      for (mode = 0; mode < MODES; mode = mode + 1) begin
        for (code = 0; code < CODES; code = code + 1) begin
          value = 0;
          for (i = 0; i < TABLE_LEVELS; i = i + 1) begin
            for (j = 0; j < GAMMA_WIDTH; j = j + 1) begin
              if (GAMMAS[(mode*LEVELS + i)*GAMMA_WIDTH + j]
                  && ((code >> (TABLE_LEVELS - 1 - i)) % 2 != 0
                  || (code >> TABLE_LEVELS) != 0)) value = value + (64'd1 << j);
            end
          end
          if (PADDED != 0 && (code >> TABLE_LEVELS) == 0) value = value << 1;
          truth[mode*CODES + code] = (value >> place) % 2 != 0;
        end
      end
    end
  endfunction

  genvar lane, place;
  generate
    for (lane = 0; lane < LANES; lane = lane + 1) begin : gen_lane
      wire [LEVELS-1:0]      code = in_data_i[lane*LEVELS +: LEVELS];
      wire [VALUE_WIDTH-1:0] value;
      for (place = 0; place < VALUE_WIDTH; place = place + 1) begin : gen_place
        localparam integer BIT = place - (PADDED != 0 ? 1 : 0);  // of the code, for integers

        if (INTEGER && BIT >= 0 && BIT < LEVELS) begin : gen_bit
          assign value[place] = absent ? place < LEVELS : code[BIT];
        end else if (INTEGER) begin : gen_border
          assign value[place] = absent && place < LEVELS;
        end else begin : gen_truth
          localparam [TABLE_SIZE-1:0] TRUTH = truth(place);

          if (MODES > 1) begin : gen_mode
            assign value[place] = TRUTH[{mode_i, absent, code}];
          end else begin : gen_fixed
            assign value[place] = TRUTH[{absent, code}];
          end
        end
      end

      wire [SUM_WIDTH-1:0] term =
        {{(SUM_WIDTH-VALUE_WIDTH){1'b0}}, values_q[lane*VALUE_WIDTH +: VALUE_WIDTH]};
      wire [SUM_WIDTH-1:0] so_far = clears_q ? 0 : sums_q[lane*SUM_WIDTH +: SUM_WIDTH];

      always @(posedge clk_i) begin
        if (advance) values_q[lane*VALUE_WIDTH +: VALUE_WIDTH] <= value;
        if (advance && values_valid_q) sums_q[lane*SUM_WIDTH +: SUM_WIDTH] <= so_far + term;
      end
    end
  endgenerate

  assign in_ready_o  = advance;
  assign out_data_o  = sums_q;
  assign out_valid_o = sums_valid_q;
  assign out_last_o  = sums_last_q;

  // ---- the parameters agree ----

  generate
    if (MODES == 1) begin : gen_one_mode
      wire unused = mode_i;
    end else if (LEVELS > MODES) begin : gen_check_modes
      initial begin
        $display("%m: LEVELS (%0d) is more than MODES (%0d)", LEVELS, MODES);
        $finish;
      end
    end
    if ((LARGEST_SUM >> SUM_WIDTH) != 0) begin : gen_check_sum_width
      initial begin
        $display("%m: SUM_WIDTH (%0d) does not hold the largest sum (%0d)", SUM_WIDTH, LARGEST_SUM);
        $finish;
      end
    end
  endgenerate

endmodule

`default_nettype wire
