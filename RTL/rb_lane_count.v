// SPDX-License-Identifier: Apache-2.0
//
// How many of the bits are 1, and a constant: part of rb_shared_counts.
//
//     number_o = popcount(bits_i) + PLUS, modulo 2^WIDTH
//
//     Six bits are a table, a LUT6 for each bit of what it says; the first one says PLUS too, for
//     nothing. Of the bits behind the tables each is the carry into an adder of theirs.
//
// Input    BITS bits; no stream, no clock.
// Output   the number, in the same cycle.
// Checked  with the core around it: Tests/CoresTests/MatrixUnitTests.swift.

`default_nettype none

module rb_lane_count #(
  parameter integer BITS  = 8,
  parameter integer PLUS  = 0,
  parameter integer WIDTH = 8  // bits
) (
  input  wire [BITS-1:0]  bits_i,
  output wire [WIDTH-1:0] number_o
);

  localparam integer TABLES  = BITS / 7 + 1;
  localparam integer CARRIES = BITS > 6 * TABLES ? BITS - 6 * TABLES : 0;
  localparam integer LAST    = BITS - CARRIES - 6 * (TABLES - 1);  // bits of the last table

  // How many of 6 bits are 1.
  function [2:0] count_of_six(input [5:0] bits);
    reg low_one, low_two, high_one, high_two, two_ones;
    begin
      low_one      = ^bits[2:0];
      low_two      = (bits[0] & bits[1]) | (bits[2] & (bits[0] | bits[1]));
      high_one     = ^bits[5:3];
      high_two     = (bits[3] & bits[4]) | (bits[5] & (bits[3] | bits[4]));
      two_ones     = low_one & high_one;
      count_of_six = {(low_two & high_two) | (two_ones & (low_two | high_two)),
                      low_two ^ high_two ^ two_ones, low_one ^ high_one};
    end
  endfunction

  // A bit of each count, up to the largest, and a constant.
  function [7:0] truths_of(input integer largest, input integer plus, input integer shift);
    integer count, value;
    begin
      for (count = 0; count < 8; count = count + 1) begin
        value            = (count > largest ? largest : count) + plus;
        truths_of[count] = (value >> shift) % 2 != 0;
      end
    end
  endfunction

  // Behind the tables, a bit for each adder.
  wire [7*TABLES-1:0]     bits = {{(7*TABLES-BITS){1'b0}}, bits_i};
  wire [TABLES*WIDTH-1:0] numbers;

  genvar six, place;
  generate
    for (six = 0; six < TABLES; six = six + 1) begin : gen_table
      wire [2:0] count = count_of_six(bits[6*six +: 6]);

      for (place = 0; place < WIDTH; place = place + 1) begin : gen_place
        localparam [7:0] TRUTHS =
          truths_of(six == TABLES - 1 ? LAST : 6, six == 0 ? PLUS : 0, place);

        if (TRUTHS == 8'h00 || TRUTHS == 8'hff) begin : gen_constant
          assign numbers[six*WIDTH + place] = TRUTHS[0];
        end else begin : gen_bit
          assign numbers[six*WIDTH + place] = TRUTHS[count];
        end
      end
    end
  endgenerate

  rb_sum_tree #(
    .NUMBERS(TABLES),
    .CARRIES(CARRIES),
    .WIDTH  (WIDTH)
  ) u_sum (
    .numbers_i(numbers),
    .carries_i(bits[7*TABLES-1:6*TABLES]),
    .sum_o    (number_o)
  );

endmodule

`default_nettype wire
