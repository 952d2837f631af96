// SPDX-License-Identifier: Apache-2.0
//
// The sum of numbers that are registers, four of them in each cycle.
//
//     sum = sum over i of numbers[i], modulo 2^WIDTH
//
// Input    NUMBERS numbers, at most 64, and an enable for each cycle before the last.
// Output   their sum, for a register of the core.
// Timing   0 cycles for up to 4 numbers, 1 for up to 16, 2 for up to 64.
// Storage  a register for each sum of four but the last.
// Cuts     nothing with up to 4 numbers.
// Checked  with the core that adds: Tests/CoresTests/MatrixUnitTests.swift.

`default_nettype none

module rb_adder_tree #(
  parameter integer NUMBERS = 1,  // up to 64
  parameter integer WIDTH   = 8   // bits of a number and of the sum
) (
  input  wire                     clk_i,
  input  wire [1:0]               moves_i,  // bit i: the sums of cycle i move
  input  wire [NUMBERS*WIDTH-1:0] numbers_i,
  output wire [WIDTH-1:0]         sum_o
);

  localparam integer QUARTERS   = (NUMBERS + 3) / 4;
  localparam integer SIXTEENTHS = (QUARTERS + 3) / 4;

  // Where there are fewer than four, 0 takes their place.
  function [WIDTH-1:0] sum_of_four(input [4*WIDTH-1:0] numbers);
    begin
      sum_of_four = (numbers[0 +: WIDTH] + numbers[WIDTH +: WIDTH])
                  + (numbers[2*WIDTH +: WIDTH] + numbers[3*WIDTH +: WIDTH]);
    end
  endfunction

  genvar i;
  generate
    if (NUMBERS == 1) begin : gen_one
      wire unused = &{1'b0, clk_i, moves_i};

      assign sum_o = numbers_i;
    end else begin : gen_sum
      wire [4*QUARTERS*WIDTH-1:0] numbers = {{((4*QUARTERS-NUMBERS)*WIDTH){1'b0}}, numbers_i};

      if (QUARTERS == 1) begin : gen_four
        wire unused = &{1'b0, clk_i, moves_i};

        assign sum_o = sum_of_four(numbers);
      end else begin : gen_sixteen
        reg  [QUARTERS*WIDTH-1:0]     quarters_q;
        wire [4*SIXTEENTHS*WIDTH-1:0] quarters =
          {{((4*SIXTEENTHS-QUARTERS)*WIDTH){1'b0}}, quarters_q};

        for (i = 0; i < QUARTERS; i = i + 1) begin : gen_quarter
          always @(posedge clk_i) begin
            if (moves_i[0]) quarters_q[i*WIDTH +: WIDTH] <= sum_of_four(numbers[4*i*WIDTH +: 4*WIDTH]);
          end
        end

        if (SIXTEENTHS == 1) begin : gen_last
          wire unused = moves_i[1];

          assign sum_o = sum_of_four(quarters);
        end else begin : gen_sixty_four
          reg  [SIXTEENTHS*WIDTH-1:0] sixteenths_q;
          wire [4*WIDTH-1:0]          sixteenths =
            {{((4-SIXTEENTHS)*WIDTH){1'b0}}, sixteenths_q};

          for (i = 0; i < SIXTEENTHS; i = i + 1) begin : gen_sixteenth
            always @(posedge clk_i) begin
              if (moves_i[1]) begin
                sixteenths_q[i*WIDTH +: WIDTH] <= sum_of_four(quarters[4*i*WIDTH +: 4*WIDTH]);
              end
            end
          end

          assign sum_o = sum_of_four(sixteenths);
        end
      end
    end

    if (NUMBERS < 1 || NUMBERS > 64) begin : gen_check
      initial begin
        $display("%m: NUMBERS (%0d) is not 1 to 64", NUMBERS);
        $finish;
      end
    end
  endgenerate

endmodule

`default_nettype wire
