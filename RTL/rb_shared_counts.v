// SPDX-License-Identifier: Apache-2.0
//
// The popcounts of a few neurons whose weights are constants: part of rb_matrix_unit.
//
//     count[n] = number of lanes i where signs_i[i] is weight n of the lane
//
//     Lanes on which the same neurons differ from the first one are a class; bit n - 1 of its number
//     says that neuron n differs, on D_n lanes in all. A class is counted once, for all neurons, and
//     a constant with it:
//
//         u_c      = agreements of class c with the first neuron + PLUS_c
//         s_n      = sum of u_c over the classes c where n differs
//         count[0] = (sum of u_c over all classes) - MOST,  MOST = max over n of D_n
//         count[n] = (sum of u_c over all classes) - 2*s_n - ((MOST - D_n) mod 2)
//
//     PLUS_c of the class where n alone differs is half of MOST - D_n, rounded down; that of class 0
//     makes up for them; the others are 0.
//
// Input    a beat of bits, held while moves_i[0] is low; no stream.
// Output   NEURONS counts of WIDTH bits, modulo 2^WIDTH, 2 cycles later: the numbers of the classes are
//          registered by moves_i[0], their sums by moves_i[1].
// Texts    two: what Verilator simulates, unless RB_PLAIN_POPCOUNT is defined, and what is synthesized.
// Checked  with the core around it: Tests/CoresTests/MatrixUnitTests.swift.

`default_nettype none

`ifdef VERILATOR
`ifndef RB_PLAIN_POPCOUNT
`define RB_COUNTONES
`endif
`endif

module rb_shared_counts #(
  parameter integer LANES   = 4,
  parameter integer NEURONS = 2,
  parameter integer WIDTH   = 3,  // bits of a count
  // The lanes in the order of their classes, each below the weight of the first neuron.
  parameter [LANES*($clog2(LANES+1)+1)-1:0] ORDER = 16'hba10,
  // How many lanes each class has.
  parameter [(1<<(NEURONS-1))*$clog2(LANES+1)-1:0] SIZES = 6'o22
) (
  input  wire                     clk_i,
  input  wire [1:0]               moves_i,
  input  wire [LANES-1:0]         signs_i,
  output wire [NEURONS*WIDTH-1:0] counts_o
);

  localparam integer CLASSES    = 1 << (NEURONS - 1);
  localparam integer LANE_WIDTH = $clog2(LANES + 1);

  // Lanes of the classes before this one.
  function integer lanes_before(input integer number);
    integer i;
    begin
      lanes_before = 0;
      for (i = 0; i < number; i = i + 1) begin
        lanes_before = lanes_before + {{(32-LANE_WIDTH){1'b0}}, SIZES[i*LANE_WIDTH +: LANE_WIDTH]};
      end
    end
  endfunction

`ifdef RB_COUNTONES
  // ---- in simulation with Verilator: each neuron by itself, in the same cycles ----

  // Of all neurons, the first one's in the low bits; a function has an argument.
  function [NEURONS*LANES-1:0] weights_of(input integer none);
    integer            number, place, neuron, last;
    reg [LANE_WIDTH:0] entry;
    begin
      weights_of = 0;
      for (number = none; number < CLASSES; number = number + 1) begin
        last = lanes_before(number + 1);
        for (place = lanes_before(number); place < last; place = place + 1) begin
          entry = ORDER[place*(LANE_WIDTH+1) +: LANE_WIDTH + 1];
          for (neuron = 0; neuron < NEURONS; neuron = neuron + 1) begin
            weights_of[neuron*LANES + {{(32-LANE_WIDTH){1'b0}}, entry[LANE_WIDTH-1:0]}] =
              entry[LANE_WIDTH] ^ (((2 * number) >> neuron) % 2 != 0);
          end
        end
      end
    end
  endfunction

  localparam [NEURONS*LANES-1:0] WEIGHTS = weights_of(0);

  reg [NEURONS*WIDTH-1:0] agreements_q, counts_q;

  genvar neuron;
  generate
    for (neuron = 0; neuron < NEURONS; neuron = neuron + 1) begin : gen_neuron
      always @(posedge clk_i) begin
        if (moves_i[0]) begin
          agreements_q[neuron*WIDTH +: WIDTH] <=
            WIDTH'($countones(signs_i ~^ WEIGHTS[neuron*LANES +: LANES]));
        end
      end
    end
  endgenerate

  always @(posedge clk_i) begin
    if (moves_i[1]) counts_q <= agreements_q;
  end

  assign counts_o = counts_q;
`else
  // Lanes where a neuron differs from the first one.
  function integer differences(input integer neuron);
    integer i;
    begin
      differences = 0;
      for (i = 0; i < CLASSES; i = i + 1) begin
        if ((i >> (neuron - 1)) % 2 != 0) begin
          differences = differences + lanes_before(i + 1) - lanes_before(i);
        end
      end
    end
  endfunction

  // Of all neurons; a function has an argument.
  function integer most_differences(input integer none);
    integer i;
    begin
      most_differences = none;
      for (i = 1; i < NEURONS; i = i + 1) begin
        if (differences(i) > most_differences) most_differences = differences(i);
      end
    end
  endfunction

  localparam integer MOST = most_differences(0);

  function integer plus_of(input integer number);
    integer i, half;
    begin
      plus_of = number == 0 ? MOST : 0;
      for (i = 1; i < NEURONS; i = i + 1) begin
        half = (MOST - differences(i)) / 2;
        if (number == 0) plus_of = plus_of - half;
        else if (number == 1 << (i - 1)) plus_of = half;
      end
    end
  endfunction

  // ---- the numbers of the classes ----

  wire [CLASSES*WIDTH-1:0] numbers;

  genvar number, place, neuron;
  generate
    for (number = 0; number < CLASSES; number = number + 1) begin : gen_class
      localparam integer FIRST = lanes_before(number);
      localparam integer SIZE  = lanes_before(number + 1) - FIRST;
      localparam integer PLUS  = plus_of(number);

      if (SIZE > 0) begin : gen_lanes
        wire [SIZE-1:0]  agreements;
        wire [WIDTH-1:0] count;
        reg  [WIDTH-1:0] count_q;

        for (place = 0; place < SIZE; place = place + 1) begin : gen_lane
          localparam [LANE_WIDTH:0] PLACE =
            ORDER[(FIRST+place)*(LANE_WIDTH+1) +: LANE_WIDTH + 1];
          localparam integer LANE = {{(32-LANE_WIDTH){1'b0}}, PLACE[LANE_WIDTH-1:0]};

          assign agreements[place] = signs_i[LANE] == PLACE[LANE_WIDTH];
        end

        rb_lane_count #(
          .BITS (SIZE),
          .PLUS (PLUS),
          .WIDTH(WIDTH)
        ) u_count (
          .bits_i  (agreements),
          .number_o(count)
        );

        always @(posedge clk_i) begin
          if (moves_i[0]) count_q <= count;
        end

        assign numbers[number*WIDTH +: WIDTH] = count_q;
      end else begin : gen_empty
        assign numbers[number*WIDTH +: WIDTH] = PLUS[WIDTH-1:0];
      end
    end
  endgenerate

  // ---- their sums ----

  // Node 2^t + j is the sum of the classes whose t low bits are j; node 1 that of all.
  function [2*CLASSES*WIDTH-1:0] nodes_of(input [CLASSES*WIDTH-1:0] leaves);
    integer i, half;
    begin
      nodes_of = {leaves, {(CLASSES*WIDTH){1'b0}}};
      half     = CLASSES / 2;
      for (i = CLASSES - 1; i > 0; i = i - 1) begin
        if (i < half) half = half / 2;
        nodes_of[i*WIDTH +: WIDTH] =
          nodes_of[(i+half)*WIDTH +: WIDTH] + nodes_of[(i+2*half)*WIDTH +: WIDTH];
      end
    end
  endfunction

  wire [2*CLASSES*WIDTH-1:0] nodes  = nodes_of(numbers);
  wire                       unused = &{1'b0, nodes};
  reg  [WIDTH-1:0]           sum_q;

  always @(posedge clk_i) begin
    if (moves_i[1]) sum_q <= nodes[WIDTH +: WIDTH];
  end

  // ---- and the counts of the neurons ----

  generate
    for (neuron = 0; neuron < NEURONS; neuron = neuron + 1) begin : gen_neuron
      if (neuron == 0) begin : gen_first
        assign counts_o[WIDTH-1:0] = sum_q - MOST[WIDTH-1:0];
      end else begin : gen_other
        localparam integer HALF = 1 << (neuron - 1);
        localparam integer ODD  = (MOST - differences(neuron)) % 2;

        wire [WIDTH-1:0] different;
        reg  [WIDTH-1:0] different_q;

        rb_sum_tree #(
          .NUMBERS(HALF),
          .WIDTH  (WIDTH)
        ) u_different (
          .numbers_i(nodes[3*HALF*WIDTH +: HALF*WIDTH]),
          .carries_i({HALF{1'b0}}),
          .sum_o    (different)
        );

        always @(posedge clk_i) begin
          if (moves_i[1]) different_q <= different;
        end

        // 1 less again than twice the number less: its inverse more.
        if (ODD != 0) begin : gen_odd
          assign counts_o[neuron*WIDTH +: WIDTH] = sum_q + ~(different_q << 1);
        end else begin : gen_even
          assign counts_o[neuron*WIDTH +: WIDTH] = sum_q - (different_q << 1);
        end
      end
    end
  endgenerate
`endif

endmodule

`default_nettype wire
