// SPDX-License-Identifier: Apache-2.0
//
// The end of a pipeline: lanes in containers of their own, and packets that are always completed.
//
//     out[k][l*CONTAINER_BITS +: CONTAINER_BITS] = extended(in[k][l*LANE_BITS +: LANE_BITS])
//
// Input    LANES lanes of LANE_BITS bits; BEATS beats a result, last on the last of them.
// Output   the same beats, each lane sign-extended (SIGNED) or with zeros above it, lane 0 lowest,
//          rounded up to whole bytes with zeros. CONTAINER_BITS = LANE_BITS packs the lanes.
// Timing   latency 1, a beat a cycle.
// Storage  one beat in registers.
// Cuts     data, valid and last; passes ready through.
// Checked  Tests/CoresTests/Formal/rb_result_frame_proof.svh, Tests/EndToEndTests/AXI.
//
//     reset_i    the pipeline is in reset: nothing is taken from it, and a packet of which a beat was
//                offered is completed: the beats that miss are zeros, tlast on the BEATSth
//     idle_o     no beat is offered and no packet has begun
//     left_o     high in the cycle in which the last beat of a packet leaves, but for packets that a
//                reset had to complete
//
//     BEATS = 3    a packet, then a reset in the midst of the next one
//     in_data      A B C D E F - - - - -
//     reset        0 0 0 0 0 1 1 1 1 1 1
//     out_data     - A B C D E E E 0 - -
//     out_last     - 0 0 1 0 0 0 0 1 - -
//     out_ready    1 1 1 1 1 0 0 1 1 1 1
//     left         0 0 0 1 0 0 0 0 0 0 0
//     idle         1 0 0 0 0 0 0 0 0 1 1

`default_nettype none

module rb_result_frame #(
  parameter integer LANES          = 1,
  parameter integer LANE_BITS      = 8,
  parameter integer CONTAINER_BITS = 8,  // at least LANE_BITS
  parameter integer SIGNED         = 1,  // 1: lanes are two's complement numbers
  parameter integer BEATS          = 2   // beats of a result, at least 1
) (
  input  wire                                      clk_i,
  input  wire                                      rst_i,

  input  wire [LANES*LANE_BITS-1:0]                in_data_i,
  input  wire                                      in_valid_i,
  output wire                                      in_ready_o,
  input  wire                                      in_last_i,

  output wire [(LANES*CONTAINER_BITS+7)/8*8-1:0]   out_data_o,
  output wire                                      out_valid_o,
  input  wire                                      out_ready_i,
  output wire                                      out_last_o,

  input  wire                                      reset_i,
  output wire                                      idle_o,
  output wire                                      left_o
);

  localparam integer OUT_WIDTH   = (LANES * CONTAINER_BITS + 7) / 8 * 8;
  localparam integer COUNT_WIDTH = BEATS > 1 ? $clog2(BEATS) : 1;
  localparam integer LAST_BEAT   = BEATS - 1;

  reg [COUNT_WIDTH-1:0] beat_q;     // beats of this packet that were sent
  reg                   valid_q;
  reg                   last_q;
  reg                   made_up_q;  // the beat is not from the pipeline
  reg [OUT_WIDTH-1:0]   data_q;

  wire begun   = beat_q != 0;
  wire advance = !valid_q || out_ready_i;
  wire send    = advance && (reset_i ? begun : in_valid_i);
  wire last    = reset_i ? beat_q == LAST_BEAT[COUNT_WIDTH-1:0] : in_last_i;

  wire [OUT_WIDTH-1:0] lanes;

  genvar lane;
  generate
    for (lane = 0; lane < LANES; lane = lane + 1) begin : gen_lane
      wire [LANE_BITS-1:0] value = in_data_i[lane*LANE_BITS +: LANE_BITS];

      assign lanes[lane*CONTAINER_BITS +: LANE_BITS] = value;
      if (CONTAINER_BITS > LANE_BITS) begin : gen_above
        assign lanes[lane*CONTAINER_BITS+LANE_BITS +: CONTAINER_BITS-LANE_BITS] =
            {CONTAINER_BITS-LANE_BITS{SIGNED != 0 && value[LANE_BITS-1]}};
      end
    end
    if (OUT_WIDTH > LANES * CONTAINER_BITS) begin : gen_rounding
      assign lanes[OUT_WIDTH-1:LANES*CONTAINER_BITS] = 0;
    end
    if (CONTAINER_BITS < LANE_BITS) begin : gen_check
      initial begin
        $display("%m: CONTAINER_BITS (%0d) is less than LANE_BITS (%0d)",
                 CONTAINER_BITS, LANE_BITS);
        $finish;
      end
    end
  endgenerate

  always @(posedge clk_i) begin
    if (advance) valid_q <= send;
    if (send) beat_q <= last ? 0 : beat_q + 1;
    if (rst_i) begin
      valid_q <= 0;
      beat_q  <= 0;
    end
  end

  always @(posedge clk_i) begin
    if (send) begin
      data_q    <= reset_i ? 0 : lanes;
      last_q    <= last;
      made_up_q <= reset_i;
    end
  end

  assign in_ready_o  = advance && !reset_i;
  assign out_data_o  = data_q;
  assign out_valid_o = valid_q;
  assign out_last_o  = last_q;

  assign idle_o = !valid_q && !begun;
  assign left_o = valid_q && out_ready_i && last_q && !made_up_q;

endmodule

`default_nettype wire
