// SPDX-License-Identifier: Apache-2.0
//
// A sum of numbers by a tree of adders: part of rb_shared_counts and rb_lane_count.
//
//     sum_o = sum over i of numbers_i[i], and over i < CARRIES of carries_i[i], modulo 2^WIDTH
//
// Input    NUMBERS numbers of WIDTH bits, the first in the low bits, and up to NUMBERS - 1 bits, one
//          into the carry of an adder each; no stream, no clock. Where zeros stand above a number
//          synthesis makes the adder as narrow as it is.
// Output   their sum, in the same cycle.
// Checked  with the core around it: Tests/CoresTests/MatrixUnitTests.swift.

`default_nettype none

module rb_sum_tree #(
  parameter integer NUMBERS = 4,
  parameter integer CARRIES = 0,
  parameter integer WIDTH   = 8  // bits
) (
  input  wire [NUMBERS*WIDTH-1:0] numbers_i,
  input  wire [NUMBERS-1:0]       carries_i,
  output wire [WIDTH-1:0]         sum_o
);

  // Node i is the sum of nodes 2i and 2i + 1; the leaves are the last NUMBERS nodes, node 1 the root.
  function [WIDTH-1:0] sum_of(
    input [NUMBERS*WIDTH-1:0] leaves, input [NUMBERS-1:0] carried
  );
    reg [2*NUMBERS*WIDTH-1:0] tree;
    reg [WIDTH:0]             left, right;
    reg                       unused_low;
    integer                   i;
    begin
      tree = {leaves, {(NUMBERS*WIDTH){1'b0}}};
      for (i = NUMBERS - 1; i > 0; i = i - 1) begin
        // The lowest place makes the carry.
        left  = {tree[2*i*WIDTH +: WIDTH], i <= CARRIES && carried[i-1]};
        right = {tree[(2*i+1)*WIDTH +: WIDTH], i <= CARRIES && carried[i-1]};
        {tree[i*WIDTH +: WIDTH], unused_low} = left + right;
      end
      sum_of = tree[WIDTH +: WIDTH];
    end
  endfunction

  assign sum_o = sum_of(numbers_i, carries_i);

endmodule

`default_nettype wire
