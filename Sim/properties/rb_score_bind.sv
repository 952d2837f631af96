// SPDX-License-Identifier: Apache-2.0
//
// The stream rules on every stream of every rb_score.

bind rb_score rb_stream_properties #(
  .DATA_WIDTH (UNITS * SUM_WIDTH),
  .AFTER_RESET(0)
) u_sums_properties (
  .clk_i  (clk_i),
  .rst_i  (rst_i),
  .data_i (sums_data_i),
  .valid_i(sums_valid_i),
  .ready_i(sums_ready_o),
  .last_i (sums_last_i)
);

bind rb_score rb_stream_properties #(
  .DATA_WIDTH (UNITS * SCORE_WIDTH),
  .AFTER_RESET(1)
) u_scores_properties (
  .clk_i  (clk_i),
  .rst_i  (rst_i),
  .data_i (scores_data_o),
  .valid_i(scores_valid_o),
  .ready_i(scores_ready_i),
  .last_i (scores_last_o)
);
