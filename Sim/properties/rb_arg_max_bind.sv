// SPDX-License-Identifier: Apache-2.0
//
// The stream rules on every stream of every rb_arg_max.

bind rb_arg_max rb_stream_properties #(
  .DATA_WIDTH (UNITS * SCORE_WIDTH),
  .AFTER_RESET(0)
) u_scores_properties (
  .clk_i  (clk_i),
  .rst_i  (rst_i),
  .data_i (scores_data_i),
  .valid_i(scores_valid_i),
  .ready_i(scores_ready_o),
  .last_i (scores_last_i)
);

bind rb_arg_max rb_stream_properties #(
  .DATA_WIDTH (INDEX_WIDTH),
  .AFTER_RESET(1)
) u_index_properties (
  .clk_i  (clk_i),
  .rst_i  (rst_i),
  .data_i (index_data_o),
  .valid_i(index_valid_o),
  .ready_i(index_ready_i),
  .last_i (index_last_o)
);
