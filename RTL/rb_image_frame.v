// SPDX-License-Identifier: Apache-2.0
//
// The guard before a pipeline: whatever packets come, images of BEATS beats go on.
//
//     out[i*BEATS + b] = in[i][b] for b < length(in[i]), otherwise 0
//     last[i*BEATS + b] = (b == BEATS - 1)
//
// Input    packets, last on the last beat; an image each, if they are right.
// Output   BEATS beats an image, last on the last of them and on no other.
// Timing   latency 1, a beat a cycle; a packet that is too short costs as much as a right one, one
//          that is too long a cycle for each beat more.
// Storage  one beat in registers.
// Cuts     data, valid and last; passes ready through.
// Checked  Tests/CoresTests/Formal/rb_image_frame_proof.svh, Tests/EndToEndTests/AXI.
//
//     packet        short: zeros are sent in place of the beats that miss, nothing is taken meanwhile
//                   long:  what follows is taken up to its last, and thrown away
//     enable_i      0: no packet is begun
//     reset_i       the pipeline is in reset: nothing is sent, no packet is begun, and the rest of
//                   a packet that had begun is taken up to its last and thrown away (dropping_o)
//     abandon_i     in such a packet, or in the first cycle of reset_i: its rest will never come.
//                   The next beat begins a packet, so the source must be silent before.
//
// begun_o, ended_o, short_o and long_o are high in the cycle of the transfer that tells: the first
// beat of an image, its last one (the BEATSth, or an early last), an early last, and the BEATSth
// without last. Inside an image starved_o is high where a beat could be taken and none is offered.
//
//     BEATS = 3     a right packet, one of one beat, one of five
//     in_data       A B C D - - E F G H I J
//     in_last       0 0 1 1 - - 0 0 0 0 1 0
//     in_ready      1 1 1 1 0 0 1 1 1 1 1 1
//     out_data      - A B C D 0 0 E F G - -
//     out_last      - 0 0 1 0 0 1 0 0 1 - -
//     begun         1 0 0 1 0 0 1 0 0 0 0 1
//     ended         0 0 1 1 0 0 0 0 1 0 0 0
//     short, long   - - - s - - - - l - - -

`default_nettype none

module rb_image_frame #(
  parameter integer DATA_WIDTH = 8,  // bits
  parameter integer BEATS      = 2   // beats of an image, at least 1
) (
  input  wire                  clk_i,
  input  wire                  rst_i,

  input  wire [DATA_WIDTH-1:0] in_data_i,
  input  wire                  in_valid_i,
  output wire                  in_ready_o,
  input  wire                  in_last_i,

  output wire [DATA_WIDTH-1:0] out_data_o,
  output wire                  out_valid_o,
  input  wire                  out_ready_i,
  output wire                  out_last_o,

  input  wire                  enable_i,
  input  wire                  reset_i,
  input  wire                  abandon_i,
  output wire                  begun_o,
  output wire                  ended_o,
  output wire                  short_o,
  output wire                  long_o,
  output wire                  starved_o,
  output wire                  dropping_o
);

  localparam integer COUNT_WIDTH = BEATS > 1 ? $clog2(BEATS) : 1;
  localparam integer LAST_BEAT   = BEATS - 1;

  reg [COUNT_WIDTH-1:0] beat_q;      // beats of this image that were sent
  reg                   filling_q;   // the packet was short: zeros up to the end of the image
  reg                   skipping_q;  // the rest of the packet is thrown away
  reg                   dropping_q;  // because of a reset
  reg                   valid_q;
  reg [DATA_WIDTH-1:0]  data_q;
  reg                   last_q;

  wire begun   = beat_q != 0;
  wire ends    = beat_q == LAST_BEAT[COUNT_WIDTH-1:0];
  wire advance = !valid_q || out_ready_i;
  wire open    = !reset_i && !filling_q && advance && (begun || enable_i);
  wire take    = in_valid_i && open && !skipping_q;
  wire send    = take || (filling_q && advance);

  always @(posedge clk_i) begin
    if (advance) valid_q <= send;
    if (send) beat_q <= ends ? 0 : beat_q + 1;
    if (send) filling_q <= !ends && (filling_q || in_last_i);
    if (take && ends) skipping_q <= !in_last_i;
    if (skipping_q && (in_last_i && in_valid_i || dropping_q && abandon_i)) begin
      skipping_q <= 0;
      dropping_q <= 0;
    end
    if (reset_i) begin
      beat_q    <= 0;
      filling_q <= 0;
      valid_q   <= 0;
      if (begun && !filling_q || skipping_q && !(in_last_i && in_valid_i)) begin
        skipping_q <= !abandon_i;
        dropping_q <= !abandon_i;
      end
    end
    if (rst_i) begin
      beat_q     <= 0;
      filling_q  <= 0;
      skipping_q <= 0;
      dropping_q <= 0;
      valid_q    <= 0;
    end
  end

  always @(posedge clk_i) begin
    if (send) data_q <= filling_q ? 0 : in_data_i;
    if (send) last_q <= ends;
  end

  assign in_ready_o  = skipping_q || open;
  assign out_data_o  = data_q;
  assign out_valid_o = valid_q;
  assign out_last_o  = last_q;

  assign begun_o    = take && !begun;
  assign ended_o    = take && (ends || in_last_i);
  assign short_o    = take && !ends && in_last_i;
  assign long_o     = take && ends && !in_last_i;
  assign starved_o  = open && begun && !skipping_q && !in_valid_i;
  assign dropping_o = dropping_q;

endmodule

`default_nettype wire
