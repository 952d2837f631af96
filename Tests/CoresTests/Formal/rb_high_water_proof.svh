// SPDX-License-Identifier: Apache-2.0
//
// The mark is the most that was held since the last clear, a cycle late.
// prove.py puts this text before the end of the module.

  reg started_q;
  initial started_q = 0;
  always @(posedge clk_i) started_q <= 1;
  always @* if (!started_q) assume (rst_i && clear_i);

  reg [31:0] ins_q;
  reg [31:0] outs_q;
  reg [15:0] most_q;
  wire [31:0] count = ins_q - outs_q;
  wire [15:0] shown = count > 32'h0000FFFF ? 16'hFFFF : count[15:0];

  always @(posedge clk_i) begin
    ins_q  <= rst_i ? 0 : ins_q + push_i;
    outs_q <= rst_i ? 0 : outs_q + pop_i;
    most_q <= clear_i ? 0 : most_q > shown ? most_q : shown;
  end

  always @* if (started_q) begin
    assert (held_q == count);
    assert (highest_o == most_q);
  end
