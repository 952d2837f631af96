// SPDX-License-Identifier: Apache-2.0
//
// two-levels: image (3 x 8 bits a beat) -> class (1 x 2 bits a beat).
//
//   fc1_buffer: rb_replay_buffer, 32 cycles an image
//   fc1_matrix: rb_matrix_unit, 32 cycles an image
//   fc1_sign: rb_residual_encoder, 2 cycles an image
//   fc2_width: rb_width_up, 2 cycles an image
//   fc2_buffer: rb_replay_buffer, 2 cycles an image
//   fc2_matrix: rb_matrix_unit, 2 cycles an image
//   scores: rb_score, 1 cycles an image
//   class_core: rb_arg_max, 1 cycles an image
//   class: rb_stream_register, 1 cycles an image
//
// Streams: RTL cores of ResBin, data/valid/ready/last, last on the last beat of an image.
// Generated; memory images (*.mem) are read by name from the simulator's working folder.

`default_nettype none

module two_levels (
  input  wire        clk_i,
  input  wire        rst_i,
  input  wire [23:0] image_data_i,
  input  wire        image_valid_i,
  output wire        image_ready_o,
  input  wire        image_last_i,
  output wire [1:0]  class_data_o,
  output wire        class_valid_o,
  input  wire        class_ready_i,
  output wire        class_last_o
);

  wire [2:0] fc1_buffer_data;
  wire       fc1_buffer_valid;
  wire       fc1_buffer_ready;
  wire       fc1_buffer_last;

  wire [21:0] fc1_matrix_data;
  wire        fc1_matrix_valid;
  wire        fc1_matrix_ready;
  wire        fc1_matrix_last;

  wire [3:0] fc1_sign_data;
  wire       fc1_sign_valid;
  wire       fc1_sign_ready;
  wire       fc1_sign_last;

  wire [7:0] fc2_width_data;
  wire       fc2_width_valid;
  wire       fc2_width_ready;
  wire       fc2_width_last;

  wire [3:0] fc2_buffer_data;
  wire       fc2_buffer_valid;
  wire       fc2_buffer_ready;
  wire       fc2_buffer_last;

  wire [14:0] fc2_matrix_data;
  wire        fc2_matrix_valid;
  wire        fc2_matrix_ready;
  wire        fc2_matrix_last;

  wire [62:0] scores_data;
  wire        scores_valid;
  wire        scores_ready;
  wire        scores_last;

  wire [1:0] class_core_data;
  wire       class_core_valid;
  wire       class_core_ready;
  wire       class_core_last;

  // fc1_buffer: rb_replay_buffer, 32 cycles an image
  rb_replay_buffer #(
    .LANES           (3),
    .LEVELS          (8),
    .LEVELS_PER_BEAT (1),
    .WORDS           (2),
    .REPEATS         (2),
    .BANKS           (2)
  ) u_fc1_buffer (
    .clk_i       (clk_i),
    .rst_i       (rst_i),
    .in_data_i   (image_data_i),
    .in_valid_i  (image_valid_i),
    .in_ready_o  (image_ready_o),
    .in_last_i   (image_last_i),
    .out_data_o  (fc1_buffer_data),
    .out_valid_o (fc1_buffer_valid),
    .out_ready_i (fc1_buffer_ready),
    .out_last_o  (fc1_buffer_last)
  );

  // fc1_matrix: rb_matrix_unit, 32 cycles an image
  rb_matrix_unit #(
    .LANES           (3),
    .UNITS           (2),
    .LEVELS          (8),
    .LEVELS_PER_BEAT (1),
    .WORDS           (2),
    .GROUPS          (2),
    .MASKED          (0),
    .HORNER          (1),
    .GAMMA_WIDTH     (8),
    .GAMMAS          (64'h0102040810204080),
    .SUM_WIDTH       (11),
    .WEIGHTS_FILE    ("fc1_matrix_weights.mem")
  ) u_fc1_matrix (
    .clk_i         (clk_i),
    .rst_i         (rst_i),
    .codes_data_i  (fc1_buffer_data),
    .codes_valid_i (fc1_buffer_valid),
    .codes_ready_o (fc1_buffer_ready),
    .codes_last_i  (fc1_buffer_last),
    .sums_data_o   (fc1_matrix_data),
    .sums_valid_o  (fc1_matrix_valid),
    .sums_ready_i  (fc1_matrix_ready),
    .sums_last_o   (fc1_matrix_last)
  );

  // fc1_sign: rb_residual_encoder, 2 cycles an image
  rb_residual_encoder #(
    .UNITS           (2),
    .LEVELS          (2),
    .SUM_WIDTH       (11),
    .GROUPS          (2),
    .THRESHOLDS_FILE ("fc1_sign_thresholds.mem")
  ) u_fc1_sign (
    .clk_i         (clk_i),
    .rst_i         (rst_i),
    .sums_data_i   (fc1_matrix_data),
    .sums_valid_i  (fc1_matrix_valid),
    .sums_ready_o  (fc1_matrix_ready),
    .sums_last_i   (fc1_matrix_last),
    .codes_data_o  (fc1_sign_data),
    .codes_valid_o (fc1_sign_valid),
    .codes_ready_i (fc1_sign_ready),
    .codes_last_o  (fc1_sign_last)
  );

  // fc2_width: rb_width_up, 2 cycles an image
  rb_width_up #(
    .IN_WIDTH (4),
    .RATIO    (2)
  ) u_fc2_width (
    .clk_i       (clk_i),
    .rst_i       (rst_i),
    .in_data_i   (fc1_sign_data),
    .in_valid_i  (fc1_sign_valid),
    .in_ready_o  (fc1_sign_ready),
    .in_last_i   (fc1_sign_last),
    .out_data_o  (fc2_width_data),
    .out_valid_o (fc2_width_valid),
    .out_ready_i (fc2_width_ready),
    .out_last_o  (fc2_width_last)
  );

  // fc2_buffer: rb_replay_buffer, 2 cycles an image
  rb_replay_buffer #(
    .LANES           (4),
    .LEVELS          (2),
    .LEVELS_PER_BEAT (1),
    .WORDS           (1),
    .REPEATS         (1),
    .BANKS           (2)
  ) u_fc2_buffer (
    .clk_i       (clk_i),
    .rst_i       (rst_i),
    .in_data_i   (fc2_width_data),
    .in_valid_i  (fc2_width_valid),
    .in_ready_o  (fc2_width_ready),
    .in_last_i   (fc2_width_last),
    .out_data_o  (fc2_buffer_data),
    .out_valid_o (fc2_buffer_valid),
    .out_ready_i (fc2_buffer_ready),
    .out_last_o  (fc2_buffer_last)
  );

  // fc2_matrix: rb_matrix_unit, 2 cycles an image
  rb_matrix_unit #(
    .LANES           (4),
    .UNITS           (3),
    .LEVELS          (2),
    .LEVELS_PER_BEAT (1),
    .WORDS           (1),
    .GROUPS          (1),
    .MASKED          (0),
    .HORNER          (0),
    .GAMMA_WIDTH     (2),
    .GAMMAS          (4'h7),
    .SUM_WIDTH       (5),
    .WEIGHTS_FILE    ("fc2_matrix_weights.mem")
  ) u_fc2_matrix (
    .clk_i         (clk_i),
    .rst_i         (rst_i),
    .codes_data_i  (fc2_buffer_data),
    .codes_valid_i (fc2_buffer_valid),
    .codes_ready_o (fc2_buffer_ready),
    .codes_last_i  (fc2_buffer_last),
    .sums_data_o   (fc2_matrix_data),
    .sums_valid_o  (fc2_matrix_valid),
    .sums_ready_i  (fc2_matrix_ready),
    .sums_last_o   (fc2_matrix_last)
  );

  // scores: rb_score, 1 cycles an image
  rb_score #(
    .UNITS             (3),
    .SUM_WIDTH         (5),
    .MULTIPLIER_WIDTH  (17),
    .SCORE_WIDTH       (21),
    .GROUPS            (1),
    .COEFFICIENTS_FILE ("scores_coefficients.mem")
  ) u_scores (
    .clk_i          (clk_i),
    .rst_i          (rst_i),
    .sums_data_i    (fc2_matrix_data),
    .sums_valid_i   (fc2_matrix_valid),
    .sums_ready_o   (fc2_matrix_ready),
    .sums_last_i    (fc2_matrix_last),
    .scores_data_o  (scores_data),
    .scores_valid_o (scores_valid),
    .scores_ready_i (scores_ready),
    .scores_last_o  (scores_last)
  );

  // class_core: rb_arg_max, 1 cycles an image
  rb_arg_max #(
    .UNITS       (3),
    .SCORE_WIDTH (21),
    .GROUPS      (1),
    .INDEX_WIDTH (2)
  ) u_class_core (
    .clk_i          (clk_i),
    .rst_i          (rst_i),
    .scores_data_i  (scores_data),
    .scores_valid_i (scores_valid),
    .scores_ready_o (scores_ready),
    .scores_last_i  (scores_last),
    .index_data_o   (class_core_data),
    .index_valid_o  (class_core_valid),
    .index_ready_i  (class_core_ready),
    .index_last_o   (class_core_last)
  );

  // class: rb_stream_register, 1 cycles an image
  rb_stream_register #(
    .DATA_WIDTH (2)
  ) u_class (
    .clk_i       (clk_i),
    .rst_i       (rst_i),
    .in_data_i   (class_core_data),
    .in_valid_i  (class_core_valid),
    .in_ready_o  (class_core_ready),
    .in_last_i   (class_core_last),
    .out_data_o  (class_data_o),
    .out_valid_o (class_valid_o),
    .out_ready_i (class_ready_i),
    .out_last_o  (class_last_o)
  );

endmodule

`default_nettype wire
