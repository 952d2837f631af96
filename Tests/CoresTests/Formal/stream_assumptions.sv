// SPDX-License-Identifier: Apache-2.0
//
// What a core may expect of the source of a stream: the rule `hold` of rb_stream_properties, assumed.

`default_nettype none

module stream_assumptions #(
  parameter integer DATA_WIDTH = 8  // bits
) (
  input wire                  clk_i,
  input wire                  rst_i,

  input wire [DATA_WIDTH-1:0] data_i,
  input wire                  valid_i,
  input wire                  ready_i,
  input wire                  last_i
);

  reg                  waiting_q;
  reg [DATA_WIDTH-1:0] data_q;
  reg                  last_q;

  initial waiting_q = 0;

  always @(posedge clk_i) begin
    waiting_q <= valid_i && !ready_i && !rst_i;
    data_q    <= data_i;
    last_q    <= last_i;
  end

  always @* begin
    if (waiting_q && !rst_i) begin
      assume (valid_i);
      assume (data_i == data_q);
      assume (last_i == last_q);
    end
  end

endmodule

`default_nettype wire
