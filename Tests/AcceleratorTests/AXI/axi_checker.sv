// SPDX-License-Identifier: Apache-2.0
//
// The rules of AXI on every channel of an accelerator, and what its counters of stalls should say.
//
// Bound to the wrapper (module `ACCELERATOR). A broken rule is printed and counted in violations_q,
// which every test compares with 0. The rules of the client's own channels are checked too: a client
// that breaks them proves nothing.
//
//     hold      valid stays until ready, and so does what it offers
//     reset     valid is low in the cycle after reset
//     length    each packet out has OUT_BEATS beats
//     answers   a response follows its request, one for one
//     okay      every response is OKAY

`default_nettype none

module axi_channel_checker #(
  parameter integer DATA_WIDTH = 8,  // bits of all that is offered
  parameter         NAME       = "?"
) (
  input wire                  clk_i,
  input wire                  rst_i,
  input wire [DATA_WIDTH-1:0] data_i,
  input wire                  valid_i,
  input wire                  ready_i
);

  reg                  reset_q;
  reg                  waiting_q;
  reg [DATA_WIDTH-1:0] data_q;
  reg [31:0]           violations_q;

  initial begin
    reset_q      = 0;
    waiting_q    = 0;
    violations_q = 0;
  end

  always @(posedge clk_i) begin
    reset_q   <= rst_i;
    waiting_q <= valid_i && !ready_i && !rst_i;
    data_q    <= data_i;
    if (!rst_i && !reset_q && waiting_q && !valid_i) begin
      $display("%0t: %s: valid fell before it was taken", $time, NAME);
      violations_q <= violations_q + 1;
    end
    if (!rst_i && !reset_q && waiting_q && valid_i && data_i != data_q) begin
      $display("%0t: %s: what is offered changed before it was taken", $time, NAME);
      violations_q <= violations_q + 1;
    end
    if (reset_q && valid_i) begin
      $display("%0t: %s: valid is high in the cycle after reset", $time, NAME);
      violations_q <= violations_q + 1;
    end
  end

endmodule

module axi_checker #(
  parameter integer IN_WIDTH  = 8,  // bits of s_axis_tdata
  parameter integer OUT_WIDTH = 8,  // bits of m_axis_tdata
  parameter integer IN_BEATS  = 1,
  parameter integer OUT_BEATS = 1
) (
  input wire                 aclk,
  input wire                 aresetn,
  input wire [11:0]          s_axil_awaddr,
  input wire                 s_axil_awvalid,
  input wire                 s_axil_awready,
  input wire [31:0]          s_axil_wdata,
  input wire [3:0]           s_axil_wstrb,
  input wire                 s_axil_wvalid,
  input wire                 s_axil_wready,
  input wire [1:0]           s_axil_bresp,
  input wire                 s_axil_bvalid,
  input wire                 s_axil_bready,
  input wire [11:0]          s_axil_araddr,
  input wire                 s_axil_arvalid,
  input wire                 s_axil_arready,
  input wire [31:0]          s_axil_rdata,
  input wire [1:0]           s_axil_rresp,
  input wire                 s_axil_rvalid,
  input wire                 s_axil_rready,
  input wire [IN_WIDTH-1:0]  s_axis_tdata,
  input wire                 s_axis_tvalid,
  input wire                 s_axis_tready,
  input wire                 s_axis_tlast,
  input wire [OUT_WIDTH-1:0] m_axis_tdata,
  input wire                 m_axis_tvalid,
  input wire                 m_axis_tready,
  input wire                 m_axis_tlast,
  input wire                 pipeline_rst,
  input wire                 abandon
);

  wire rst = !aresetn;

  axi_channel_checker #(.DATA_WIDTH(12), .NAME("s_axil AW")) u_aw (
    .clk_i(aclk), .rst_i(rst), .data_i(s_axil_awaddr), .valid_i(s_axil_awvalid),
    .ready_i(s_axil_awready)
  );
  axi_channel_checker #(.DATA_WIDTH(36), .NAME("s_axil W")) u_w (
    .clk_i(aclk), .rst_i(rst), .data_i({s_axil_wstrb, s_axil_wdata}), .valid_i(s_axil_wvalid),
    .ready_i(s_axil_wready)
  );
  axi_channel_checker #(.DATA_WIDTH(2), .NAME("s_axil B")) u_b (
    .clk_i(aclk), .rst_i(rst), .data_i(s_axil_bresp), .valid_i(s_axil_bvalid),
    .ready_i(s_axil_bready)
  );
  axi_channel_checker #(.DATA_WIDTH(12), .NAME("s_axil AR")) u_ar (
    .clk_i(aclk), .rst_i(rst), .data_i(s_axil_araddr), .valid_i(s_axil_arvalid),
    .ready_i(s_axil_arready)
  );
  axi_channel_checker #(.DATA_WIDTH(34), .NAME("s_axil R")) u_r (
    .clk_i(aclk), .rst_i(rst), .data_i({s_axil_rresp, s_axil_rdata}), .valid_i(s_axil_rvalid),
    .ready_i(s_axil_rready)
  );
  axi_channel_checker #(.DATA_WIDTH(IN_WIDTH + 1), .NAME("s_axis")) u_in (
    .clk_i(aclk), .rst_i(rst), .data_i({s_axis_tlast, s_axis_tdata}), .valid_i(s_axis_tvalid),
    .ready_i(s_axis_tready)
  );
  axi_channel_checker #(.DATA_WIDTH(OUT_WIDTH + 1), .NAME("m_axis")) u_out (
    .clk_i(aclk), .rst_i(rst), .data_i({m_axis_tlast, m_axis_tdata}), .valid_i(m_axis_tvalid),
    .ready_i(m_axis_tready)
  );

  // What spans channels.

  reg [31:0] rules_q;
  reg [31:0] addresses_q;  // of writes, taken and not answered
  reg [31:0] data_q;
  reg [31:0] reads_q;
  reg [31:0] sent_q;       // beats of the packet that leaves

  initial rules_q = 0;

  always @(posedge aclk) begin
    addresses_q <= addresses_q + {31'd0, s_axil_awvalid && s_axil_awready}
                   - {31'd0, s_axil_bvalid && s_axil_bready};
    data_q      <= data_q + {31'd0, s_axil_wvalid && s_axil_wready}
                   - {31'd0, s_axil_bvalid && s_axil_bready};
    reads_q     <= reads_q + {31'd0, s_axil_arvalid && s_axil_arready}
                   - {31'd0, s_axil_rvalid && s_axil_rready};
    if (m_axis_tvalid && m_axis_tready) sent_q <= m_axis_tlast ? 0 : sent_q + 1;
    if (aresetn) begin
      if (s_axil_bvalid && (addresses_q == 0 || data_q == 0)) begin
        $display("%0t: s_axil B: a response without a request", $time);
        rules_q <= rules_q + 1;
      end
      if (s_axil_rvalid && reads_q == 0) begin
        $display("%0t: s_axil R: a response without a request", $time);
        rules_q <= rules_q + 1;
      end
      if (s_axil_bvalid && s_axil_bresp != 0 || s_axil_rvalid && s_axil_rresp != 0) begin
        $display("%0t: s_axil: a response is not OKAY", $time);
        rules_q <= rules_q + 1;
      end
      if (m_axis_tvalid && m_axis_tlast != (sent_q == OUT_BEATS - 1)) begin
        $display("%0t: m_axis: tlast is %0d on beat %0d of %0d", $time, m_axis_tlast, sent_q,
                 OUT_BEATS);
        rules_q <= rules_q + 1;
      end
    end else begin
      addresses_q <= 0;
      data_q      <= 0;
      reads_q     <= 0;
      sent_q      <= 0;
    end
  end

  wire [31:0] violations = rules_q + u_aw.violations_q + u_w.violations_q + u_b.violations_q
      + u_ar.violations_q + u_r.violations_q + u_in.violations_q + u_out.violations_q;

  // What the counters of stalls should say. A short image is over, a long one is skipped.

  reg [31:0] stalls_in_q;
  reg [31:0] starved_in_q;
  reg [31:0] stalls_out_q;
  reg [31:0] taken_q;  // beats of the packet that comes
  reg        drop_q;   // its rest is dropped

  always @(posedge aclk) begin
    if (s_axis_tvalid && !s_axis_tready) stalls_in_q <= stalls_in_q + 1;
    if (m_axis_tvalid && !m_axis_tready) stalls_out_q <= stalls_out_q + 1;
    if (!s_axis_tvalid && s_axis_tready && taken_q != 0 && taken_q < IN_BEATS && !drop_q)
      starved_in_q <= starved_in_q + 1;
    if (s_axis_tvalid && s_axis_tready) taken_q <= s_axis_tlast ? 0 : taken_q + 1;
    if (s_axis_tvalid && s_axis_tready && s_axis_tlast) drop_q <= 0;
    else if (pipeline_rst && taken_q != 0) drop_q <= 1;
    if (abandon && (drop_q || pipeline_rst)) begin
      taken_q <= 0;
      drop_q  <= 0;
    end
    if (!aresetn) begin
      stalls_in_q  <= 0;
      starved_in_q <= 0;
      stalls_out_q <= 0;
      taken_q      <= 0;
      drop_q       <= 0;
    end
  end

endmodule

bind `ACCELERATOR axi_checker #(
  .IN_WIDTH ($bits(s_axis_tdata)),
  .OUT_WIDTH($bits(m_axis_tdata)),
  .IN_BEATS (`IN_BEATS),
  .OUT_BEATS(`OUT_BEATS)
) u_checker (.*);
