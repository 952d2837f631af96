// SPDX-License-Identifier: Apache-2.0
//
// The stream rules on every stream of every rb_matrix_unit.

bind rb_matrix_unit rb_stream_properties #(
  .DATA_WIDTH (LANES * LEVELS_PER_BEAT + (PADDED != 0 ? 1 : 0)),
  .AFTER_RESET(0)
) u_codes_properties (
  .clk_i  (clk_i),
  .rst_i  (rst_i),
  .data_i (codes_data_i),
  .valid_i(codes_valid_i),
  .ready_i(codes_ready_o),
  .last_i (codes_last_i)
);

bind rb_matrix_unit rb_stream_properties #(
  .DATA_WIDTH (UNITS * SUM_WIDTH),
  .AFTER_RESET(1)
) u_sums_properties (
  .clk_i  (clk_i),
  .rst_i  (rst_i),
  .data_i (sums_data_o),
  .valid_i(sums_valid_o),
  .ready_i(sums_ready_i),
  .last_i (sums_last_o)
);
