// SPDX-License-Identifier: Apache-2.0
//
// What goes in comes out, once, in order, unchanged.
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
  ) u_out_properties (
    .clk_i  (clk_i),
    .rst_i  (rst_i),
    .data_i (out_data_o),
    .valid_i(out_valid_o),
    .ready_i(out_ready_i),
    .last_i (out_last_o)
  );

  // Beats in and out since reset, modulo 16, and the beat in whose number is TRACKED.
  wire        into = in_valid_i && in_ready_o;
  wire        out  = out_valid_o && out_ready_i;
  reg  [3:0]  ins_q;
  reg  [3:0]  outs_q;
  reg  [DATA_WIDTH:0] tracked_q;
  (* anyconst *) wire [3:0] tracked;

  always @(posedge clk_i) begin
    ins_q  <= rst_i ? 0 : ins_q + into;
    outs_q <= rst_i ? 0 : outs_q + out;
    if (into && ins_q == tracked) tracked_q <= {in_last_i, in_data_i};
  end

  wire [3:0] place = tracked - outs_q;  // of the tracked beat among those held

  always @* if (started_q) begin
    assert (!spare_q || valid_q);
    assert (ins_q - outs_q == {3'd0, valid_q} + {3'd0, spare_q});
    if (valid_q && place == 0) assert ({out_last_o, out_data_o} == tracked_q);
    if (spare_q && place == 1) assert (spare_beat_q == tracked_q);
  end
