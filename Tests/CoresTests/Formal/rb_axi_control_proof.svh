// SPDX-License-Identifier: Apache-2.0
//
// One response a request, none without, in bounded time; what is offered holds; a reset lasts, and
// ends when idle; the memories are open only while nothing is inside.
// prove.py puts this text before the end of the module.

  reg started_q;
  initial started_q = 0;
  always @(posedge clk_i) started_q <= 1;
  always @* if (!started_q) assume (rst_i);

  reg [7:0]  aws_q;
  reg [7:0]  ws_q;
  reg [7:0]  bs_q;
  reg [7:0]  ars_q;
  reg [7:0]  rs_q;
  reg [3:0]  elapsed_q;  // cycles of the reset of the pipeline, 8 at most
  reg        was_rst_q;
  reg        b_waits_q;
  reg        r_waits_q;
  reg [31:0] r_data_q;
  reg        was_reset_q;
  reg        was_idle_q;

  always @(posedge clk_i) begin
    aws_q       <= rst_i ? 0 : aws_q + (awvalid_i && awready_o);
    ws_q        <= rst_i ? 0 : ws_q + (wvalid_i && wready_o);
    bs_q        <= rst_i ? 0 : bs_q + (bvalid_o && bready_i);
    ars_q       <= rst_i ? 0 : ars_q + (arvalid_i && arready_o);
    rs_q        <= rst_i ? 0 : rs_q + (rvalid_o && rready_i);
    elapsed_q   <= rst_i || !reset_q ? 0 : elapsed_q == 4'd8 ? 4'd8 : elapsed_q + 1;
    was_rst_q   <= rst_i;
    b_waits_q   <= bvalid_o && !bready_i && !rst_i;
    r_waits_q   <= rvalid_o && !rready_i && !rst_i;
    r_data_q    <= rdata_o;
    was_reset_q <= reset_q && !rst_i;
    was_idle_q  <= idle_q;
  end

  (* anyconst *) wire [11:2] address;
  reg address_read_q;  // the last read was of this address

  always @(posedge clk_i) if (read) address_read_q <= araddr_q == address;

  reg [1:0] irq_events_q;
  reg [5:0] error_events_q;

  always @(posedge clk_i) begin
    irq_events_q   <= rst_i ? 0 : irq_events;
    error_events_q <= rst_i ? 0 : error_events;
  end

  // The mode belongs to every image that is inside: it changes where there is none, and none begins.
  reg                  was_inside_q;
  reg [MODE_WIDTH-1:0] was_mode_q;
  reg                  switched_q;

  always @(posedge clk_i) begin
    was_inside_q <= !rst_i && (in_flight_q != 0 || begun_q || image_begun_i || inside_q);
    was_mode_q   <= mode_o;
    switched_q   <= switches && !rst_i;
  end

  always @* if (started_q) begin
    if (!enable_o) assume (!image_begun_i);  // rb_image_frame
    if (was_inside_q) assert (mode_o == was_mode_q);
    // What is left of earlier images goes with it.
    if (mode_o != was_mode_q) assert (reset_o);
    if (MODES == 1) assert (mode_o == 0 && !switching);
    else assert ({1'b0, mode_o} < MODES && {1'b0, chosen} < MODES);
    if (enable_o) assert (mode_o == chosen);
  end

  // The memories belong to every image that is inside, too.
  reg        was_open_q;
  reg        was_load_q;
  reg        was_empty_q;
  reg        was_bad_load_q;
  reg  [3:0] unready_q;   // cycles in which nothing was done, though a write was there
  reg  [3:0] unread_q;    // a read

  always @(posedge clk_i) begin
    was_open_q     <= open && !rst_i;
    was_load_q     <= load && !rst_i;
    was_empty_q    <= empty;
    was_bad_load_q <= bad_load && !rst_i;
    unready_q      <= rst_i || !asks_write || write ? 0 : unready_q + 1;
    unread_q       <= rst_i || !asks_read || read ? 0 : unread_q + 1;
  end

  wire usable = open && !checking && load_address < LOAD_WORDS;

  always @* if (started_q) begin
    // rb_result_frame: what leaves has begun; in a reset nothing comes after the last.
    if (in_flight_q + {15'd0, begun_q} == {15'd0, left_q}) assume (!result_left_i);
    if (reset_q && idle_q) assume (!result_left_i);
    if (load || open) assert (!enable_o);
    if (open) assert (in_flight_q == 0 && !begun_q && !left_q && !inside_q);
    if (open && !was_open_q) assert (was_load_q && was_empty_q);
    if (was_load_q && was_empty_q) assert (open);
    if (was_open_q && !was_load_q) assert (!open);
    if (was_open_q && !open) assert (reset_o);
    assert (load_o[63] == open);
    if (load_o[62]) assert (open && !checking && {2'd0, load_o[61:32]} < LOAD_WORDS);
    if (was_bad_load_q) assert (errors_q[5] && !load_o[62]);
    assert (bad_load == (LOAD_WORDS > 0 && (
        write && awaddr_q == REG_LOAD_DATA[11:2] && !usable
        || read && araddr_q == REG_LOAD_DATA[11:2] && !usable
        || write && awaddr_q == REG_LOAD_ADDRESS[11:2] && checking
        || write && awaddr_q == REG_LOAD_CRC[11:2] && !(open && !checking))));
    if (LOAD_WORDS == 0) assert (!load && !checking && load_o == 0);
    assert (unready_q <= (LOAD_WORDS > 0 ? 4'd9 : 4'd0));
    assert (unread_q <= (LOAD_WORDS > 0 ? 4'd9 : 4'd1));
  end

  // No event is lost to a write that clears.
  always @* if (started_q) begin
    assert ((irq_events_q & ~irq_status_q) == 0);
    assert ((error_events_q & ~errors_q) == 0);
  end

  reg [16*(FIFOS>0?FIFOS:1)-1:0] marks_q;  // when that was

  always @(posedge clk_i) if (read) marks_q <= high_water_i;

  genvar mark;
  generate
    for (mark = 0; mark < FIFOS; mark = mark + 1) begin : gen_mark
      always @* if (started_q && rvalid_o && address_read_q && address == 10'd64 + mark)
        assert (rdata_o == {16'd0, marks_q[16*mark +: 16]});
    end
  endgenerate

  always @* if (started_q) begin
    if (rvalid_o && address_read_q && address > LAST_ADDRESS && address >= 10'd64)
      assert (rdata_o == 0);
    assert (aws_q - bs_q == {7'd0, aw_held_q} + {7'd0, bvalid_o});
    assert (ws_q - bs_q == {7'd0, w_held_q} + {7'd0, bvalid_o});
    assert (ars_q - rs_q == {7'd0, ar_held_q} + {7'd0, rvalid_o});
    if (was_rst_q) assert (!bvalid_o && !rvalid_o && reset_o && enable_o && !interrupt_o);
    if (b_waits_q) assert (bvalid_o);
    if (r_waits_q) assert (rvalid_o && rdata_o == r_data_q);
    assert (bresp_o == 0 && rresp_o == 0);
    assert (!(write && read));
    if (rvalid_o && address_read_q && address == REG_ID[11:2]) assert (rdata_o == ID);
    if (rvalid_o && address_read_q && address > REG_LOAD_CRC[11:2] && address < REG_HIGH_WATER[11:2])
      assert (rdata_o == 0);
    // The reset.
    if (!was_rst_q) assert (reset_o == (reset_q || switched_q || was_open_q && !open));
    assert (elapsed_q <= 4'd8);
    if (reset_q) assert (elapsed_q == 4'd8 || elapsed_q + reset_cycles_q >= 4'd7);
    if (was_reset_q && !reset_q && !was_rst_q) assert (elapsed_q == 4'd8 && was_idle_q);
    assert (interrupt_o == ((irq_status_q & irq_enable_q) != 0));
  end
