// SPDX-License-Identifier: Apache-2.0
//
// Every packet out has BEATS beats, also over a reset; what comes in leaves extended.
// prove.py puts this text before the end of the module.

  reg started_q;
  initial started_q = 0;
  always @(posedge clk_i) started_q <= 1;
  always @* if (!started_q) assume (rst_i);

  stream_assumptions #(
    .DATA_WIDTH(LANES*LANE_BITS)
  ) u_in_assumptions (
    .clk_i  (clk_i),
    .rst_i  ((rst_i || reset_i)),
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

  wire quiet = rst_i || reset_i;
  wire into  = in_valid_i && in_ready_o;
  wire out   = out_valid_o && out_ready_i;

  reg [31:0] came_q;     // beats of the result that comes
  reg [31:0] sent_q;     // beats of the packet that leaves
  reg        resets_q;   // a reset that must go on
  reg        took_q;
  reg        cut_q;      // a reset has come into the packet that leaves
  reg [LANES*LANE_BITS-1:0] taken_q;

  always @(posedge clk_i) begin
    came_q   <= quiet ? 0 : into ? (in_last_i ? 0 : came_q + 1) : came_q;
    sent_q   <= rst_i ? 0 : out ? (out_last_o ? 0 : sent_q + 1) : sent_q;
    resets_q <= reset_i && !idle_o && !rst_i;
    took_q   <= into && !rst_i;
    taken_q  <= in_data_i;
  end

  // The pipeline counts right, and a reset goes on until nothing is on its way.
  always @* begin
    if (in_valid_i) assume (in_last_i == (came_q == BEATS - 1));
    if (resets_q && !rst_i) assume (reset_i);
  end

  genvar check;
  generate
    for (check = 0; check < LANES; check = check + 1) begin : gen_check_lane
      wire [CONTAINER_BITS-1:0] sent = out_data_o[check*CONTAINER_BITS +: CONTAINER_BITS];
      wire [LANE_BITS-1:0]      took = taken_q[check*LANE_BITS +: LANE_BITS];
      always @* if (started_q && took_q) begin
        if (SIGNED != 0) assert ($signed(sent) == $signed(took));
        else assert (sent == took);
      end
    end
  endgenerate

  reg was_rst_q;
  reg was_reset_q;

  always @(posedge clk_i) begin
    was_rst_q   <= rst_i;
    was_reset_q <= reset_i && !rst_i;
  end

  always @* if (started_q) begin
    assert (beat_q < BEATS);
    assert (beat_q == (sent_q + out_valid_o) % BEATS);
    assert (sent_q < BEATS);
    if (out_valid_o) assert (out_last_o == (sent_q == BEATS - 1));
    if (was_rst_q) assert (!out_valid_o && sent_q == 0);
    if (!quiet && !resets_q && !cut_q) assert (came_q == beat_q);
    if (took_q) assert (out_valid_o && !made_up_q);
    if (out_valid_o && made_up_q) assert (out_data_o == 0);
    if (out_ready_i && !reset_i) assert (in_ready_o);
    if (was_reset_q && !idle_o) assert (out_valid_o);  // so it comes to an end
    if (idle_o) assert (!out_valid_o && sent_q == 0);
    assert (left_o == (out && out_last_o && !made_up_q));
  end

  // Between a reset and the end of what it cuts off, the counts of the two sides differ.
  always @(posedge clk_i) begin
    if (rst_i) cut_q <= 0;
    else if (reset_i) cut_q <= !idle_o;
    else cut_q <= 0;
  end
