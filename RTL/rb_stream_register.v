// SPDX-License-Identifier: Apache-2.0
//
// A register that cuts every path of a stream, at full speed.
//
//     out[k] = in[k]
//
// Input    any stream.
// Output   the same beats in the same order.
// Timing   latency 1, a beat a cycle.
// Storage  two beats in registers: one leaves, one waits when the source was not told in time.
// Cuts     data, valid, last and ready.
// Checked  Tests/CoresTests/StreamRegisterTests.swift, Sim/properties/rb_stream_register_bind.sv,
//          Tests/CoresTests/Formal/rb_stream_register_proof.svh.
//
//     cycle      0  1  2  3  4  5
//     in_data    A  B  C  C  C  -
//     in_ready   1  1  0  0  1  1    B enters the spare register, for only then is
//     out_ready  1  0  0  1  1  1    the source told; C waits until B has moved on
//     out_data   -  A  A  A  B  C

`default_nettype none

module rb_stream_register #(
  parameter integer DATA_WIDTH = 8  // bits
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

  reg                valid_q;  // the output register holds a beat
  reg                spare_q;  // the spare register holds a beat
  reg [DATA_WIDTH:0] output_beat_q;
  reg [DATA_WIDTH:0] spare_beat_q;

  wire advance = !valid_q || out_ready_i;

  always @(posedge clk_i) begin
    if (advance) begin
      valid_q <= spare_q || in_valid_i;
      spare_q <= 0;
    end else if (in_valid_i) begin
      spare_q <= 1;
    end
    if (rst_i) begin
      valid_q <= 0;
      spare_q <= 0;
    end
  end

  always @(posedge clk_i) begin
    if (!spare_q) spare_beat_q <= {in_last_i, in_data_i};
    if (advance) output_beat_q <= spare_q ? spare_beat_q : {in_last_i, in_data_i};
  end

  assign in_ready_o  = !spare_q;
  assign out_valid_o = valid_q;
  assign {out_last_o, out_data_o} = output_beat_q;

endmodule

`default_nettype wire
