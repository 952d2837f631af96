// SPDX-License-Identifier: Apache-2.0
//
// One stream for two readers, each of which takes a beat when it is ready.
//
//     out0[k] = out1[k] = in[k]
//
// Input    any stream.
// Outputs  the same beats in the same order, once to each reader. Neither waits for the other but by
//          a beat: the next one enters when both have this one, or take it in this cycle.
// Timing   latency 1, a beat a cycle.
// Storage  one beat in a register, and a bit a reader that says that it has still to take it.
// Cuts     data, valid and last; passes ready through.
// Checked  Tests/CoresTests/ForkTests.swift, Sim/properties/rb_fork_bind.sv,
//          Tests/CoresTests/Formal/rb_fork_proof.svh.
//
//     cycle       0  1  2  3  4  5
//     in_data     A  B  B  B  C  -
//     in_ready    1  0  0  1  1  1    B waits until both have A
//     out0_valid  0  1  0  0  1  1    reader 0 has A, and is not offered it again
//     out0_ready  1  1  1  1  1  1
//     out1_valid  0  1  1  1  1  1
//     out1_ready  1  0  0  1  1  1    reader 1 takes A, and B enters in the same cycle
//     out_data    -  A  A  A  B  C

`default_nettype none

module rb_fork #(
  parameter integer DATA_WIDTH = 8  // bits
) (
  input  wire                  clk_i,
  input  wire                  rst_i,

  input  wire [DATA_WIDTH-1:0] in_data_i,
  input  wire                  in_valid_i,
  output wire                  in_ready_o,
  input  wire                  in_last_i,

  output wire [DATA_WIDTH-1:0] out0_data_o,
  output wire                  out0_valid_o,
  input  wire                  out0_ready_i,
  output wire                  out0_last_o,

  output wire [DATA_WIDTH-1:0] out1_data_o,
  output wire                  out1_valid_o,
  input  wire                  out1_ready_i,
  output wire                  out1_last_o
);

  reg [DATA_WIDTH:0] beat_q;
  reg [1:0]          offered_q;  // a bit a reader: the beat is there and it has not taken it

  wire [1:0] ready   = {out1_ready_i, out0_ready_i};
  wire       advance = &(~offered_q | ready);  // both have the beat, or take it now

  always @(posedge clk_i) begin
    offered_q <= advance ? {2{in_valid_i}} : offered_q & ~ready;
    if (rst_i) offered_q <= 0;
  end

  always @(posedge clk_i) begin
    if (advance) beat_q <= {in_last_i, in_data_i};
  end

  assign in_ready_o   = advance;
  assign out0_valid_o = offered_q[0];
  assign out1_valid_o = offered_q[1];
  assign {out0_last_o, out0_data_o} = beat_q;
  assign {out1_last_o, out1_data_o} = beat_q;

endmodule

`default_nettype wire
