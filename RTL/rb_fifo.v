// SPDX-License-Identifier: Apache-2.0
//
// A queue between two streams that move at different times.
//
//     out[k] = in[k]
//
// Input    any stream.
// Output   the same beats in the same order; the first one waiting is always on the output.
// Timing   latency 1, a beat a cycle, DEPTH beats ahead at most.
// Storage  DEPTH words of DATA_WIDTH + 1 bits, read asynchronously (LUT RAM).
// Cuts     valid and ready; data and last come out of the memory.
// Checked  Tests/CoresTests/FIFOTests.swift, Sim/properties/rb_fifo_bind.sv,
//          Tests/CoresTests/Formal/rb_fifo_proof.svh.

`default_nettype none

module rb_fifo #(
  parameter integer DATA_WIDTH = 8,  // bits
  parameter integer DEPTH      = 16  // beats, at least 1
) (
  input  wire                  clk_i,
  input  wire                  rst_i,

  input  wire [DATA_WIDTH-1:0] in_data_i,
  input  wire                  in_valid_i,
  output wire                  in_ready_o,
  input  wire                  in_last_i,

  output wire [DATA_WIDTH-1:0] out_data_o,
  output wire                  out_valid_o,
  input  wire                  out_ready_i,
  output wire                  out_last_o
);

  localparam integer ADDRESS_WIDTH = DEPTH > 1 ? $clog2(DEPTH) : 1;
  localparam integer COUNT_WIDTH   = $clog2(DEPTH + 1);
  localparam integer LAST_ADDRESS  = DEPTH - 1;

  (* ram_style = "distributed" *)
  reg [DATA_WIDTH:0]      memory [0:DEPTH-1];
  reg [ADDRESS_WIDTH-1:0] write_address_q;
  reg [ADDRESS_WIDTH-1:0] read_address_q;
  reg [COUNT_WIDTH-1:0]   count_q;  // beats held

  wire push = in_valid_i && in_ready_o;
  wire pop  = out_valid_o && out_ready_i;

  function [ADDRESS_WIDTH-1:0] next_address(input [ADDRESS_WIDTH-1:0] address);
    next_address = address == LAST_ADDRESS[ADDRESS_WIDTH-1:0] ? 0 : address + 1;
  endfunction

  always @(posedge clk_i) begin
    if (push) write_address_q <= next_address(write_address_q);
    if (pop) read_address_q <= next_address(read_address_q);
    if (push && !pop) count_q <= count_q + 1;
    if (pop && !push) count_q <= count_q - 1;
    if (rst_i) begin
      write_address_q <= 0;
      read_address_q  <= 0;
      count_q         <= 0;
    end
  end

  always @(posedge clk_i) begin
    if (push) memory[write_address_q] <= {in_last_i, in_data_i};
  end

  assign in_ready_o  = count_q != DEPTH[COUNT_WIDTH-1:0];
  assign out_valid_o = count_q != 0;
  assign {out_last_o, out_data_o} = memory[read_address_q];

endmodule

`default_nettype wire
