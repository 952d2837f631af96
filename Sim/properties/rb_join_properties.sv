// SPDX-License-Identifier: Apache-2.0
//
// The rules of two streams that are joined, as assertions (Verilator, --assert).
//
//     together   a beat is taken of both in the same cycle, or of neither
//     same last  beats that are taken together agree on last: both are at the same place of an image
//
// Sources break the second where one sends a beat too many or too few, or comes out of a reset of
// its own; the core would go on adding numbers that do not belong together.

`default_nettype none

module rb_join_properties (
  input wire clk_i,
  input wire rst_i,

  input wire in0_valid_i,
  input wire in0_ready_i,
  input wire in0_last_i,

  input wire in1_valid_i,
  input wire in1_ready_i,
  input wire in1_last_i
);

  wire take0 = in0_valid_i && in0_ready_i;
  wire take1 = in1_valid_i && in1_ready_i;

  always @(posedge clk_i) begin
    if (!rst_i) begin
      taken_together: assert (take0 == take1) else $error("a beat was taken of one stream only");
      if (take0 && take1) begin
        same_last: assert (in0_last_i == in1_last_i)
          else $error("the streams that are joined differ in last");
      end
    end
  end

endmodule

`default_nettype wire
