// SPDX-License-Identifier: Apache-2.0
//
// Each wide beat leaves as RATIO narrow ones, the low bits first, last on the last of them.
// prove.py puts this text before the end of the module.

  reg started_q;
  initial started_q = 0;
  always @(posedge clk_i) started_q <= 1;
  always @* if (!started_q) assume (rst_i);

  stream_assumptions #(
    .DATA_WIDTH(OUT_WIDTH*RATIO)
  ) u_in_assumptions (
    .clk_i  (clk_i),
    .rst_i  (rst_i),
    .data_i (in_data_i),
    .valid_i(in_valid_i),
    .ready_i(in_ready_o),
    .last_i (in_last_i)
  );

  rb_stream_properties #(
    .DATA_WIDTH (OUT_WIDTH),
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
  reg  [OUT_WIDTH*RATIO:0] tracked_q;
  (* anyconst *) wire [3:0] tracked;

  always @(posedge clk_i) begin
    ins_q  <= rst_i ? 0 : ins_q + into;
    outs_q <= rst_i ? 0 : outs_q + out;
    if (into && ins_q == tracked) tracked_q <= {in_last_i, in_data_i};
  end

  localparam integer HELD = RATIO;

  wire [3:0] sent   = HELD - left_q;   // slices of the wide beat that is held
  wire       here   = left_q != 0 && ins_q - 4'd1 == tracked;
  reg  [3:0] wide_q;                   // slices that went in
  wire [OUT_WIDTH*RATIO-1:0] rest = tracked_q[OUT_WIDTH*RATIO-1:0] >> (sent * OUT_WIDTH);

  always @(posedge clk_i) wide_q <= rst_i ? 0 : wide_q + (into ? HELD : 0);

  always @* if (started_q) begin
    assert (left_q <= RATIO);
    if (left_q == 0 || left_q == 1 && out_ready_i) assert (in_ready_o);
    assert (wide_q - outs_q == left_q);
    if (here) begin
      assert (slices_q == rest);
      assert (last_q == tracked_q[OUT_WIDTH*RATIO]);
      assert (out_data_o == rest[OUT_WIDTH-1:0]);
      assert (out_last_o == (tracked_q[OUT_WIDTH*RATIO] && left_q == 1));
    end
  end
