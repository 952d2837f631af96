// SPDX-License-Identifier: Apache-2.0
//
// Whatever packets come: BEATS beats an image, last on the last; an image for each packet begun.
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
    .rst_i  ((rst_i || reset_i)),
    .data_i (out_data_o),
    .valid_i(out_valid_o),
    .ready_i(out_ready_i),
    .last_i (out_last_o)
  );

  wire quiet = rst_i || reset_i;
  wire into  = in_valid_i && in_ready_o;
  wire out   = out_valid_o && out_ready_i;

  reg [31:0] sent_q;      // beats of the image that leaves
  reg [3:0]  ended_q;     // images taken
  reg [3:0]  left_q;      // images sent
  reg        inside_q;    // a packet was begun whose last has not come
  reg        was_quiet_q;
  reg        took_q;      // a beat in was one of an image
  reg        filled_q;    // a beat was made up
  reg [DATA_WIDTH-1:0] taken_q;

  always @(posedge clk_i) begin
    sent_q      <= quiet ? 0 : out ? (out_last_o ? 0 : sent_q + 1) : sent_q;
    ended_q     <= quiet ? 0 : ended_q + ended_o;
    left_q      <= quiet ? 0 : left_q + (out && out_last_o);
    was_quiet_q <= quiet;
    took_q      <= into && !skipping_q && !rst_i;
    filled_q    <= filling_q && advance && !quiet;
    taken_q     <= in_data_i;
    if (into) inside_q <= !in_last_i;
    if (abandon_i && (dropping_q || reset_i)) inside_q <= 0;
    if (rst_i) inside_q <= 0;
  end

  always @* if (started_q) begin
    // The state.
    assert (beat_q < BEATS);
    assert (!filling_q || begun && !skipping_q);
    assert (!skipping_q || !begun);
    assert (!dropping_q || skipping_q);
    assert (inside_q == (begun && !filling_q || skipping_q));
    // The images.
    if (!was_quiet_q) begin
      assert (beat_q == (sent_q + out_valid_o) % BEATS);
      assert (sent_q < BEATS);
    end
    if (was_quiet_q) assert (!out_valid_o && beat_q == 0 && !filling_q && sent_q == 0);
    if (out_valid_o) assert (out_last_o == (sent_q == BEATS - 1));
    assert (ended_q - left_q == {3'd0, filling_q} + {3'd0, out_valid_o && out_last_o});
    // The data.
    if (took_q && !was_quiet_q) assert (out_valid_o && out_data_o == taken_q);
    if (filled_q) assert (out_valid_o && out_data_o == 0);
    assert (!(took_q && filled_q));
    // The events.
    if (begun_o) assert (enable_i && !reset_i && !inside_q);
    if (!skipping_q && reset_i) assert (!in_ready_o);
    if (out_ready_i && enable_i && !reset_i && !filling_q) assert (in_ready_o);
    if (skipping_q) assert (in_ready_o);
    if (into && !skipping_q && !inside_q) assert (begun_o);
    if (short_o || long_o) assert (ended_o && into);
    if (ended_o && !short_o && !long_o) assert (in_last_i && ends);
    assert (dropping_o == dropping_q);
  end
