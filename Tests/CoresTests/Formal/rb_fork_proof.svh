// SPDX-License-Identifier: Apache-2.0
//
// What goes in comes out of each output, once, in order, unchanged; neither reader is ahead of the
// other by more than a beat, and the next beat enters just when both have this one or take it.
// prove.py puts this text before the end of the module.

  reg started_q;
  initial started_q = 0;
  always @(posedge clk_i) started_q <= 1;
  always @* if (!started_q) assume (rst_i);

  stream_assumptions #(
    .DATA_WIDTH(DATA_WIDTH)
  ) u_in_assumptions (
    .clk_i  (clk_i),
    .rst_i  (rst_i),
    .data_i (in_data_i),
    .valid_i(in_valid_i),
    .ready_i(in_ready_o),
    .last_i (in_last_i)
  );

  rb_stream_properties #(
    .DATA_WIDTH (DATA_WIDTH),
    .AFTER_RESET(1)
  ) u_out0_properties (
    .clk_i  (clk_i),
    .rst_i  (rst_i),
    .data_i (out0_data_o),
    .valid_i(out0_valid_o),
    .ready_i(out0_ready_i),
    .last_i (out0_last_o)
  );

  rb_stream_properties #(
    .DATA_WIDTH (DATA_WIDTH),
    .AFTER_RESET(1)
  ) u_out1_properties (
    .clk_i  (clk_i),
    .rst_i  (rst_i),
    .data_i (out1_data_o),
    .valid_i(out1_valid_o),
    .ready_i(out1_ready_i),
    .last_i (out1_last_o)
  );

  // Beats in and out since reset, modulo 16, and the beat in whose number is TRACKED.
  wire        into = in_valid_i && in_ready_o;
  wire        out0 = out0_valid_o && out0_ready_i;
  wire        out1 = out1_valid_o && out1_ready_i;
  reg  [3:0]  ins_q;
  reg  [3:0]  outs0_q;
  reg  [3:0]  outs1_q;
  reg  [DATA_WIDTH:0] tracked_q;
  (* anyconst *) wire [3:0] tracked;

  always @(posedge clk_i) begin
    ins_q   <= rst_i ? 0 : ins_q + into;
    outs0_q <= rst_i ? 0 : outs0_q + out0;
    outs1_q <= rst_i ? 0 : outs1_q + out1;
    if (into && ins_q == tracked) tracked_q <= {in_last_i, in_data_i};
  end

  always @* if (started_q) begin
    assert (ins_q - outs0_q == {3'd0, out0_valid_o});
    assert (ins_q - outs1_q == {3'd0, out1_valid_o});
    assert (in_ready_o
      == ((!out0_valid_o || out0_ready_i) && (!out1_valid_o || out1_ready_i)));
    if (out0_valid_o && outs0_q == tracked) assert ({out0_last_o, out0_data_o} == tracked_q);
    if (out1_valid_o && outs1_q == tracked) assert ({out1_last_o, out1_data_o} == tracked_q);
  end
