// SPDX-License-Identifier: Apache-2.0
//
// one-level: input (3 x 1 bits a beat) -> fc_sign (2 x 1 bits a beat).
//
//   fc_buffer: rb_replay_buffer, 4 cycles an image
//   fc_matrix: rb_matrix_unit, 4 cycles an image
//   fc_sign_core: rb_residual_encoder, 2 cycles an image
//   fc_sign: rb_stream_register, 2 cycles an image
//
// Streams: RTL cores of ResBin, data/valid/ready/last, last on the last beat of an image.
// Generated; memory images (*.mem) are read by name from the simulator's working folder.

`default_nettype none

module one_level (
  input  wire       clk_i,
  input  wire       rst_i,
  input  wire [2:0] input_data_i,
  input  wire       input_valid_i,
  output wire       input_ready_o,
  input  wire       input_last_i,
  output wire [1:0] fc_sign_data_o,
  output wire       fc_sign_valid_o,
  input  wire       fc_sign_ready_i,
  output wire       fc_sign_last_o
);

  wire [2:0] fc_buffer_data;
  wire       fc_buffer_valid;
  wire       fc_buffer_ready;
  wire       fc_buffer_last;

  wire [5:0] fc_matrix_data;
  wire       fc_matrix_valid;
  wire       fc_matrix_ready;
  wire       fc_matrix_last;

  wire [1:0] fc_sign_core_data;
  wire       fc_sign_core_valid;
  wire       fc_sign_core_ready;
  wire       fc_sign_core_last;

  // fc_buffer: rb_replay_buffer, 4 cycles an image
  rb_replay_buffer #(
    .LANES           (3),
    .LEVELS          (1),
    .LEVELS_PER_BEAT (1),
    .WORDS           (2),
    .REPEATS         (2),
    .BANKS           (2)
  ) u_fc_buffer (
    .clk_i       (clk_i),
    .rst_i       (rst_i),
    .in_data_i   (input_data_i),
    .in_valid_i  (input_valid_i),
    .in_ready_o  (input_ready_o),
    .in_last_i   (input_last_i),
    .out_data_o  (fc_buffer_data),
    .out_valid_o (fc_buffer_valid),
    .out_ready_i (fc_buffer_ready),
    .out_last_o  (fc_buffer_last)
  );

  // fc_matrix: rb_matrix_unit, 4 cycles an image
  rb_matrix_unit #(
    .LANES           (3),
    .UNITS           (2),
    .LEVELS          (1),
    .LEVELS_PER_BEAT (1),
    .WORDS           (2),
    .GROUPS          (2),
    .MASKED          (0),
    .HORNER          (0),
    .GAMMA_WIDTH     (1),
    .GAMMAS          (1'h1),
    .SUM_WIDTH       (3),
    .WEIGHTS_FILE    ("fc_matrix_weights.mem")
  ) u_fc_matrix (
    .clk_i         (clk_i),
    .rst_i         (rst_i),
    .codes_data_i  (fc_buffer_data),
    .codes_valid_i (fc_buffer_valid),
    .codes_ready_o (fc_buffer_ready),
    .codes_last_i  (fc_buffer_last),
    .sums_data_o   (fc_matrix_data),
    .sums_valid_o  (fc_matrix_valid),
    .sums_ready_i  (fc_matrix_ready),
    .sums_last_o   (fc_matrix_last)
  );

  // fc_sign_core: rb_residual_encoder, 2 cycles an image
  rb_residual_encoder #(
    .UNITS           (2),
    .LEVELS          (1),
    .SUM_WIDTH       (3),
    .GROUPS          (2),
    .THRESHOLDS_FILE ("fc_sign_core_thresholds.mem")
  ) u_fc_sign_core (
    .clk_i         (clk_i),
    .rst_i         (rst_i),
    .sums_data_i   (fc_matrix_data),
    .sums_valid_i  (fc_matrix_valid),
    .sums_ready_o  (fc_matrix_ready),
    .sums_last_i   (fc_matrix_last),
    .codes_data_o  (fc_sign_core_data),
    .codes_valid_o (fc_sign_core_valid),
    .codes_ready_i (fc_sign_core_ready),
    .codes_last_o  (fc_sign_core_last)
  );

  // fc_sign: rb_stream_register, 2 cycles an image
  rb_stream_register #(
    .DATA_WIDTH (2)
  ) u_fc_sign (
    .clk_i       (clk_i),
    .rst_i       (rst_i),
    .in_data_i   (fc_sign_core_data),
    .in_valid_i  (fc_sign_core_valid),
    .in_ready_o  (fc_sign_core_ready),
    .in_last_i   (fc_sign_core_last),
    .out_data_o  (fc_sign_data_o),
    .out_valid_o (fc_sign_valid_o),
    .out_ready_i (fc_sign_ready_i),
    .out_last_o  (fc_sign_last_o)
  );

endmodule

`default_nettype wire
