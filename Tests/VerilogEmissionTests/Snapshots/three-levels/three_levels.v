// SPDX-License-Identifier: Apache-2.0
//
// three-levels: input (2 x 2 bits a beat) -> scores (1 x 21 bits a beat).
//
//   hidden_buffer: rb_replay_buffer, 6 cycles an image
//   hidden_matrix: rb_matrix_unit, 6 cycles an image
//   hidden_sign: rb_residual_encoder, 2 cycles an image
//   out_width: rb_width_up, 2 cycles an image
//   out_buffer: rb_replay_buffer, 3 cycles an image
//   out_matrix: rb_matrix_unit, 3 cycles an image
//   scores_core: rb_score, 3 cycles an image
//   scores: rb_stream_register, 3 cycles an image
//
// Streams: RTL cores of ResBin, data/valid/ready/last, last on the last beat of an image.
// Generated; memory images (*.mem) are read by name from the simulator's working folder.

`default_nettype none

module three_levels (
  input  wire        clk_i,
  input  wire        rst_i,
  input  wire [3:0]  input_data_i,
  input  wire        input_valid_i,
  output wire        input_ready_o,
  input  wire        input_last_i,
  output wire [20:0] scores_data_o,
  output wire        scores_valid_o,
  input  wire        scores_ready_i,
  output wire        scores_last_o
);

  wire [3:0] hidden_buffer_data;
  wire       hidden_buffer_valid;
  wire       hidden_buffer_ready;
  wire       hidden_buffer_last;

  wire [14:0] hidden_matrix_data;
  wire        hidden_matrix_valid;
  wire        hidden_matrix_ready;
  wire        hidden_matrix_last;

  wire [8:0] hidden_sign_data;
  wire       hidden_sign_valid;
  wire       hidden_sign_ready;
  wire       hidden_sign_last;

  wire [17:0] out_width_data;
  wire        out_width_valid;
  wire        out_width_ready;
  wire        out_width_last;

  wire [17:0] out_buffer_data;
  wire        out_buffer_valid;
  wire        out_buffer_ready;
  wire        out_buffer_last;

  wire [4:0] out_matrix_data;
  wire       out_matrix_valid;
  wire       out_matrix_ready;
  wire       out_matrix_last;

  wire [20:0] scores_core_data;
  wire        scores_core_valid;
  wire        scores_core_ready;
  wire        scores_core_last;

  // hidden_buffer: rb_replay_buffer, 6 cycles an image
  rb_replay_buffer #(
    .LANES           (2),
    .LEVELS          (2),
    .LEVELS_PER_BEAT (2),
    .WORDS           (3),
    .REPEATS         (2),
    .BANKS           (2)
  ) u_hidden_buffer (
    .clk_i       (clk_i),
    .rst_i       (rst_i),
    .in_data_i   (input_data_i),
    .in_valid_i  (input_valid_i),
    .in_ready_o  (input_ready_o),
    .in_last_i   (input_last_i),
    .out_data_o  (hidden_buffer_data),
    .out_valid_o (hidden_buffer_valid),
    .out_ready_i (hidden_buffer_ready),
    .out_last_o  (hidden_buffer_last)
  );

  // hidden_matrix: rb_matrix_unit, 6 cycles an image
  rb_matrix_unit #(
    .LANES           (2),
    .UNITS           (3),
    .LEVELS          (2),
    .LEVELS_PER_BEAT (2),
    .WORDS           (3),
    .GROUPS          (2),
    .MASKED          (1),
    .HORNER          (0),
    .GAMMA_WIDTH     (2),
    .GAMMAS          (4'h6),
    .SUM_WIDTH       (5),
    .WEIGHTS_FILE    ("hidden_matrix_weights.mem"),
    .MASK_FILE       ("hidden_matrix_mask.mem")
  ) u_hidden_matrix (
    .clk_i         (clk_i),
    .rst_i         (rst_i),
    .codes_data_i  (hidden_buffer_data),
    .codes_valid_i (hidden_buffer_valid),
    .codes_ready_o (hidden_buffer_ready),
    .codes_last_i  (hidden_buffer_last),
    .sums_data_o   (hidden_matrix_data),
    .sums_valid_o  (hidden_matrix_valid),
    .sums_ready_i  (hidden_matrix_ready),
    .sums_last_o   (hidden_matrix_last)
  );

  // hidden_sign: rb_residual_encoder, 2 cycles an image
  rb_residual_encoder #(
    .UNITS           (3),
    .LEVELS          (3),
    .SUM_WIDTH       (5),
    .GROUPS          (2),
    .THRESHOLDS_FILE ("hidden_sign_thresholds.mem")
  ) u_hidden_sign (
    .clk_i         (clk_i),
    .rst_i         (rst_i),
    .sums_data_i   (hidden_matrix_data),
    .sums_valid_i  (hidden_matrix_valid),
    .sums_ready_o  (hidden_matrix_ready),
    .sums_last_i   (hidden_matrix_last),
    .codes_data_o  (hidden_sign_data),
    .codes_valid_o (hidden_sign_valid),
    .codes_ready_i (hidden_sign_ready),
    .codes_last_o  (hidden_sign_last)
  );

  // out_width: rb_width_up, 2 cycles an image
  rb_width_up #(
    .IN_WIDTH (9),
    .RATIO    (2)
  ) u_out_width (
    .clk_i       (clk_i),
    .rst_i       (rst_i),
    .in_data_i   (hidden_sign_data),
    .in_valid_i  (hidden_sign_valid),
    .in_ready_o  (hidden_sign_ready),
    .in_last_i   (hidden_sign_last),
    .out_data_o  (out_width_data),
    .out_valid_o (out_width_valid),
    .out_ready_i (out_width_ready),
    .out_last_o  (out_width_last)
  );

  // out_buffer: rb_replay_buffer, 3 cycles an image
  rb_replay_buffer #(
    .LANES           (6),
    .LEVELS          (3),
    .LEVELS_PER_BEAT (3),
    .WORDS           (1),
    .REPEATS         (3),
    .BANKS           (2)
  ) u_out_buffer (
    .clk_i       (clk_i),
    .rst_i       (rst_i),
    .in_data_i   (out_width_data),
    .in_valid_i  (out_width_valid),
    .in_ready_o  (out_width_ready),
    .in_last_i   (out_width_last),
    .out_data_o  (out_buffer_data),
    .out_valid_o (out_buffer_valid),
    .out_ready_i (out_buffer_ready),
    .out_last_o  (out_buffer_last)
  );

  // out_matrix: rb_matrix_unit, 3 cycles an image
  rb_matrix_unit #(
    .LANES           (6),
    .UNITS           (1),
    .LEVELS          (3),
    .LEVELS_PER_BEAT (3),
    .WORDS           (1),
    .GROUPS          (3),
    .MASKED          (1),
    .HORNER          (0),
    .GAMMA_WIDTH     (3),
    .GAMMAS          (9'h054),
    .SUM_WIDTH       (5),
    .WEIGHTS_FILE    ("out_matrix_weights.mem"),
    .MASK_FILE       ("out_matrix_mask.mem")
  ) u_out_matrix (
    .clk_i         (clk_i),
    .rst_i         (rst_i),
    .codes_data_i  (out_buffer_data),
    .codes_valid_i (out_buffer_valid),
    .codes_ready_o (out_buffer_ready),
    .codes_last_i  (out_buffer_last),
    .sums_data_o   (out_matrix_data),
    .sums_valid_o  (out_matrix_valid),
    .sums_ready_i  (out_matrix_ready),
    .sums_last_o   (out_matrix_last)
  );

  // scores_core: rb_score, 3 cycles an image
  rb_score #(
    .UNITS             (1),
    .SUM_WIDTH         (5),
    .MULTIPLIER_WIDTH  (17),
    .SCORE_WIDTH       (21),
    .GROUPS            (3),
    .COEFFICIENTS_FILE ("scores_core_coefficients.mem")
  ) u_scores_core (
    .clk_i          (clk_i),
    .rst_i          (rst_i),
    .sums_data_i    (out_matrix_data),
    .sums_valid_i   (out_matrix_valid),
    .sums_ready_o   (out_matrix_ready),
    .sums_last_i    (out_matrix_last),
    .scores_data_o  (scores_core_data),
    .scores_valid_o (scores_core_valid),
    .scores_ready_i (scores_core_ready),
    .scores_last_o  (scores_core_last)
  );

  // scores: rb_stream_register, 3 cycles an image
  rb_stream_register #(
    .DATA_WIDTH (21)
  ) u_scores (
    .clk_i       (clk_i),
    .rst_i       (rst_i),
    .in_data_i   (scores_core_data),
    .in_valid_i  (scores_core_valid),
    .in_ready_o  (scores_core_ready),
    .in_last_i   (scores_core_last),
    .out_data_o  (scores_data_o),
    .out_valid_o (scores_valid_o),
    .out_ready_i (scores_ready_i),
    .out_last_o  (scores_last_o)
  );

endmodule

`default_nettype wire
