// SPDX-License-Identifier: Apache-2.0
//
// Each wide beat is the RATIO narrow ones that came next, the first lowest.
// prove.py puts this text before the end of the module.

  reg started_q;
  initial started_q = 0;
  always @(posedge clk_i) started_q <= 1;
  always @* if (!started_q) assume (rst_i);

  stream_assumptions #(
    .DATA_WIDTH(IN_WIDTH)
  ) u_in_assumptions (
    .clk_i  (clk_i),
    .rst_i  (rst_i),
    .data_i (in_data_i),
    .valid_i(in_valid_i),
    .ready_i(in_ready_o),
    .last_i (in_last_i)
  );

  rb_stream_properties #(
    .DATA_WIDTH (IN_WIDTH*RATIO),
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
  reg  [IN_WIDTH:0] tracked_q;
  (* anyconst *) wire [3:0] tracked;

  always @(posedge clk_i) begin
    ins_q  <= rst_i ? 0 : ins_q + into;
    outs_q <= rst_i ? 0 : outs_q + out;
    if (into && ins_q == tracked) tracked_q <= {in_last_i, in_data_i};
  end

  localparam integer HELD = RATIO;

  wire [3:0] place    = tracked - narrow_outs_q;  // of the tracked beat among those held
  wire [3:0] waiting  = valid_q ? HELD : 0;
  wire [3:0] gathers  = place - waiting;
  reg  [3:0] narrow_outs_q;

  always @(posedge clk_i) narrow_outs_q <= rst_i ? 0 : narrow_outs_q + (out ? HELD : 0);

  wire [IN_WIDTH*RATIO-1:0] place_out      = output_data_q >> (place * IN_WIDTH);
  wire [IN_WIDTH*RATIO-1:0] place_gathered =
      gathered_q >> ((HELD - slice_q + gathers) * IN_WIDTH);

  always @* if (started_q) begin
    assert (slice_q < RATIO);
    if (out_ready_i) assert (in_ready_o);
    assert (ins_q - narrow_outs_q == waiting + slice_q);
    if (valid_q && place < HELD) assert (place_out[IN_WIDTH-1:0] == tracked_q[IN_WIDTH-1:0]);
    if (valid_q && place == HELD - 1) assert (out_last_o == tracked_q[IN_WIDTH]);
    if (place >= waiting && gathers < slice_q)
      assert (place_gathered[IN_WIDTH-1:0] == tracked_q[IN_WIDTH-1:0]);
  end
