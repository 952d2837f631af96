// SPDX-License-Identifier: Apache-2.0
//
// Each sum is that of the beats of the two streams with its own number: they are taken together, in
// order, none lost or doubled; last is that of in0; a beat a cycle while both are there and the sums
// are taken.
// prove.py puts this text before the end of the module.

  reg started_q;
  initial started_q = 0;
  always @(posedge clk_i) started_q <= 1;
  always @* if (!started_q) assume (rst_i);

  stream_assumptions #(
    .DATA_WIDTH(LANES*IN0_WIDTH)
  ) u_in0_assumptions (
    .clk_i  (clk_i),
    .rst_i  (rst_i),
    .data_i (in0_data_i),
    .valid_i(in0_valid_i),
    .ready_i(in0_ready_o),
    .last_i (in0_last_i)
  );

  stream_assumptions #(
    .DATA_WIDTH(LANES*IN1_WIDTH)
  ) u_in1_assumptions (
    .clk_i  (clk_i),
    .rst_i  (rst_i),
    .data_i (in1_data_i),
    .valid_i(in1_valid_i),
    .ready_i(in1_ready_o),
    .last_i (in1_last_i)
  );

  rb_stream_properties #(
    .DATA_WIDTH (LANES*SUM_WIDTH),
    .AFTER_RESET(1)
  ) u_sums_properties (
    .clk_i  (clk_i),
    .rst_i  (rst_i),
    .data_i (sums_data_o),
    .valid_i(sums_valid_o),
    .ready_i(sums_ready_i),
    .last_i (sums_last_o)
  );

  // Beats in and out since reset, modulo 16, and the beats in whose number is TRACKED.
  wire        into0 = in0_valid_i && in0_ready_o;
  wire        into1 = in1_valid_i && in1_ready_o;
  wire        out   = sums_valid_o && sums_ready_i;
  reg  [3:0]  ins0_q;
  reg  [3:0]  ins1_q;
  reg  [3:0]  outs_q;
  reg  [LANES*IN0_WIDTH:0]   tracked0_q;
  reg  [LANES*IN1_WIDTH-1:0] tracked1_q;
  (* anyconst *) wire [3:0] tracked;

  always @(posedge clk_i) begin
    ins0_q <= rst_i ? 0 : ins0_q + into0;
    ins1_q <= rst_i ? 0 : ins1_q + into1;
    outs_q <= rst_i ? 0 : outs_q + out;
    if (into0 && ins0_q == tracked) tracked0_q <= {in0_last_i, in0_data_i};
    if (into1 && ins1_q == tracked) tracked1_q <= in1_data_i;
  end

  wire is_tracked = sums_valid_o && outs_q == tracked;

  always @* if (started_q) begin
    assert (ins0_q - outs_q == {3'd0, sums_valid_o});
    assert (ins1_q - outs_q == {3'd0, sums_valid_o});
    if (in0_valid_i && in1_valid_i && sums_ready_i) assert (in0_ready_o && in1_ready_o);
    if (is_tracked) assert (sums_last_o == tracked0_q[LANES*IN0_WIDTH]);
  end

  // Bit by bit, as a ripple of carries: another way to write the sum of a lane.
  genvar k;
  generate
    for (k = 0; k < LANES; k = k + 1) begin : gen_sum
      reg [SUM_WIDTH-1:0] sum;
      reg                 carry, a, b;
      integer             i;

      always @* begin
        carry = 0;
        for (i = 0; i < SUM_WIDTH; i = i + 1) begin
          a = 0;
          b = 0;
          if (i < IN0_WIDTH) a = tracked0_q[k*IN0_WIDTH + (i < IN0_WIDTH ? i : 0)];
          if (i < IN1_WIDTH) b = tracked1_q[k*IN1_WIDTH + (i < IN1_WIDTH ? i : 0)];
          sum[i] = a ^ b ^ carry;
          carry  = (a & b) | (a & carry) | (b & carry);
        end
        if (started_q && is_tracked) assert (sums_data_o[k*SUM_WIDTH +: SUM_WIDTH] == sum);
      end
    end
  endgenerate
