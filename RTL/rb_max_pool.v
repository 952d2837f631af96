// SPDX-License-Identifier: Apache-2.0
//
// The largest code of a window, lane by lane.
//
//     out[i] = max over taps t of in[t][i]
//
//     Codes are compared as unsigned integers, b_1 the highest bit: encoding is monotone, so the
//     largest code is the code of the largest value.
//
// Input    TAPS beats of the same channels, then TAPS of the next ones; LANES codes of BITS bits.
// Output   one beat for TAPS; last is that of the last tap.
// Timing   latency 1 after the last tap, a tap a cycle.
// Storage  one beat.
// Cuts     data, valid and last; passes ready through.
// Checked  Tests/CoresTests/MaxPoolUnitTests.swift, Sim/properties/rb_max_pool_bind.sv.

`default_nettype none

module rb_max_pool #(
  parameter integer LANES = 4,
  parameter integer BITS  = 2,  // of a code
  parameter integer TAPS  = 4   // beats of a window
) (
  input  wire                  clk_i,
  input  wire                  rst_i,

  input  wire [LANES*BITS-1:0] in_data_i,
  input  wire                  in_valid_i,
  output wire                  in_ready_o,
  input  wire                  in_last_i,

  output wire [LANES*BITS-1:0] out_data_o,
  output wire                  out_valid_o,
  input  wire                  out_ready_i,
  output wire                  out_last_o
);

  localparam integer TAP_WIDTH = TAPS > 1 ? $clog2(TAPS) : 1;
  localparam integer LAST_TAP  = TAPS - 1;

  reg [TAP_WIDTH-1:0]  tap_q;
  reg [LANES*BITS-1:0] largest_q;
  reg                  valid_q;
  reg                  last_q;

  wire advance = !valid_q || out_ready_i;
  wire starts  = tap_q == 0;
  wire ends    = tap_q == LAST_TAP[TAP_WIDTH-1:0];

  always @(posedge clk_i) begin
    if (advance) begin
      valid_q <= in_valid_i && ends;
      if (in_valid_i) tap_q <= ends ? 0 : tap_q + 1;
    end
    if (rst_i) begin
      valid_q <= 0;
      tap_q   <= 0;
    end
  end

  always @(posedge clk_i) begin
    if (advance) last_q <= in_last_i;
  end

  genvar lane;
  generate
    for (lane = 0; lane < LANES; lane = lane + 1) begin : gen_lane
      wire [BITS-1:0] code    = in_data_i[lane*BITS +: BITS];
      wire [BITS-1:0] largest = largest_q[lane*BITS +: BITS];

      always @(posedge clk_i) begin
        if (advance && in_valid_i && (starts || code > largest)) begin
          largest_q[lane*BITS +: BITS] <= code;
        end
      end
    end
  endgenerate

  assign in_ready_o  = advance;
  assign out_data_o  = largest_q;
  assign out_valid_o = valid_q;
  assign out_last_o  = last_q;

endmodule

`default_nettype wire
