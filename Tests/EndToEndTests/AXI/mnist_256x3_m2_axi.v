// SPDX-License-Identifier: Apache-2.0
//
// mnist-256x3-m2 behind AXI: s_axis (56 bits, 112 beats an image) -> m_axis (32 bits, 10 beats a result).
//
//   s_axis_tdata: 7 lanes of 8 bits, lane 0 lowest; tlast on the last beat of an image
//   m_axis_tdata: 1 signed lane in 32 bits; tlast on the last beat of a result
//   s_axil: registers of rb_axi_control
//
// Everything belongs to the rising edge of aclk; aresetn is synchronous.

`default_nettype none

module mnist_256x3_m2_axi (
  input  wire        aclk,
  input  wire        aresetn,

  input  wire [11:0] s_axil_awaddr,
  input  wire [2:0]  s_axil_awprot,
  input  wire        s_axil_awvalid,
  output wire        s_axil_awready,
  input  wire [31:0] s_axil_wdata,
  input  wire [3:0]  s_axil_wstrb,
  input  wire        s_axil_wvalid,
  output wire        s_axil_wready,
  output wire [1:0]  s_axil_bresp,
  output wire        s_axil_bvalid,
  input  wire        s_axil_bready,
  input  wire [11:0] s_axil_araddr,
  input  wire [2:0]  s_axil_arprot,
  input  wire        s_axil_arvalid,
  output wire        s_axil_arready,
  output wire [31:0] s_axil_rdata,
  output wire [1:0]  s_axil_rresp,
  output wire        s_axil_rvalid,
  input  wire        s_axil_rready,

  input  wire [55:0] s_axis_tdata,
  input  wire        s_axis_tvalid,
  output wire        s_axis_tready,
  input  wire        s_axis_tlast,

  output wire [31:0] m_axis_tdata,
  output wire        m_axis_tvalid,
  input  wire        m_axis_tready,
  output wire        m_axis_tlast,

  output wire        irq
);

  wire rst = !aresetn;

  wire [55:0] image_data;
  wire        image_valid;
  wire        image_ready;
  wire        image_last;

  wire [30:0] scores_data;
  wire        scores_valid;
  wire        scores_ready;
  wire        scores_last;

  wire        pipeline_rst;
  wire        enable;
  wire        abandon;
  wire        image_begun;
  wire        image_ended;
  wire        image_short;
  wire        image_long;
  wire        image_starved;
  wire        image_dropping;
  wire        result_idle;
  wire        result_left;

  rb_image_frame #(
    .DATA_WIDTH (56),
    .BEATS      (112)
  ) u_image_frame (
    .clk_i       (aclk),
    .rst_i       (rst),
    .in_data_i   (s_axis_tdata),
    .in_valid_i  (s_axis_tvalid),
    .in_ready_o  (s_axis_tready),
    .in_last_i   (s_axis_tlast),
    .out_data_o  (image_data),
    .out_valid_o (image_valid),
    .out_ready_i (image_ready),
    .out_last_o  (image_last),
    .enable_i    (enable),
    .reset_i     (pipeline_rst),
    .abandon_i   (abandon),
    .begun_o     (image_begun),
    .ended_o     (image_ended),
    .short_o     (image_short),
    .long_o      (image_long),
    .starved_o   (image_starved),
    .dropping_o  (image_dropping)
  );

  mnist_256x3_m2 u_pipeline (
    .clk_i          (aclk),
    .rst_i          (pipeline_rst),
    .image_data_i   (image_data),
    .image_valid_i  (image_valid),
    .image_ready_o  (image_ready),
    .image_last_i   (image_last),
    .scores_data_o  (scores_data),
    .scores_valid_o (scores_valid),
    .scores_ready_i (scores_ready),
    .scores_last_o  (scores_last)
  );

  rb_result_frame #(
    .LANES          (1),
    .LANE_BITS      (31),
    .CONTAINER_BITS (32),
    .SIGNED         (1),
    .BEATS          (10)
  ) u_result_frame (
    .clk_i       (aclk),
    .rst_i       (rst),
    .in_data_i   (scores_data),
    .in_valid_i  (scores_valid),
    .in_ready_o  (scores_ready),
    .in_last_i   (scores_last),
    .out_data_o  (m_axis_tdata),
    .out_valid_o (m_axis_tvalid),
    .out_ready_i (m_axis_tready),
    .out_last_o  (m_axis_tlast),
    .reset_i     (pipeline_rst),
    .idle_o      (result_idle),
    .left_o      (result_left)
  );

  // No queue of this pipeline has a high-water mark, so nothing reads clear.
  wire unused_clear;

  rb_axi_control #(
    .HASH      (128'h8de5d99f9ecdd50f9acb61959542f323),
    .LEVELS    (2),
    .IN_BEATS  (112),
    .IN_BYTES  (7),
    .OUT_BEATS (10),
    .OUT_BYTES (4),
    .FIFOS     (0)
  ) u_control (
    .clk_i            (aclk),
    .rst_i            (rst),
    .awaddr_i         (s_axil_awaddr[11:2]),
    .awvalid_i        (s_axil_awvalid),
    .awready_o        (s_axil_awready),
    .wdata_i          (s_axil_wdata[3:0]),
    .wstrb_i          (s_axil_wstrb[0]),
    .wvalid_i         (s_axil_wvalid),
    .wready_o         (s_axil_wready),
    .bresp_o          (s_axil_bresp),
    .bvalid_o         (s_axil_bvalid),
    .bready_i         (s_axil_bready),
    .araddr_i         (s_axil_araddr[11:2]),
    .arvalid_i        (s_axil_arvalid),
    .arready_o        (s_axil_arready),
    .rdata_o          (s_axil_rdata),
    .rresp_o          (s_axil_rresp),
    .rvalid_o         (s_axil_rvalid),
    .rready_i         (s_axil_rready),
    .interrupt_o      (irq),
    .enable_o         (enable),
    .reset_o          (pipeline_rst),
    .abandon_o        (abandon),
    .clear_o          (unused_clear),
    .image_begun_i    (image_begun),
    .image_ended_i    (image_ended),
    .image_short_i    (image_short),
    .image_long_i     (image_long),
    .image_starved_i  (image_starved),
    .image_dropping_i (image_dropping),
    .image_stalled_i  (s_axis_tvalid && !s_axis_tready),
    .result_left_i    (result_left),
    .result_idle_i    (result_idle),
    .result_stalled_i (m_axis_tvalid && !m_axis_tready),
    .high_water_i     (16'd0)
  );

  // No register has bits there; addresses count words; every access is allowed.
  wire unused = &{1'd0, s_axil_awaddr[1:0], s_axil_awprot, s_axil_wdata[31:4], s_axil_wstrb[3:1],
                  s_axil_araddr[1:0], s_axil_arprot};

endmodule

`default_nettype wire
