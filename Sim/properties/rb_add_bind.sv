// SPDX-License-Identifier: Apache-2.0
//
// The stream rules on every stream of every rb_add, and the rule of the two that it joins.

bind rb_add rb_stream_properties #(
  .DATA_WIDTH (LANES*IN0_WIDTH),
  .AFTER_RESET(0)
) u_in0_properties (
  .clk_i  (clk_i),
  .rst_i  (rst_i),
  .data_i (in0_data_i),
  .valid_i(in0_valid_i),
  .ready_i(in0_ready_o),
  .last_i (in0_last_i)
);

bind rb_add rb_stream_properties #(
  .DATA_WIDTH (LANES*IN1_WIDTH),
  .AFTER_RESET(0)
) u_in1_properties (
  .clk_i  (clk_i),
  .rst_i  (rst_i),
  .data_i (in1_data_i),
  .valid_i(in1_valid_i),
  .ready_i(in1_ready_o),
  .last_i (in1_last_i)
);

bind rb_add rb_stream_properties #(
  .DATA_WIDTH (LANES*SUM_WIDTH),
  .AFTER_RESET(1)
) u_sums_properties (
  .clk_i  (clk_i),
  .rst_i  (rst_i),
  .data_i (sums_data_o),
  .valid_i(sums_valid_o),
  .ready_i(sums_ready_i),
  .last_i (sums_last_o)
);

bind rb_add rb_join_properties u_join_properties (
  .clk_i      (clk_i),
  .rst_i      (rst_i),
  .in0_valid_i(in0_valid_i),
  .in0_ready_i(in0_ready_o),
  .in0_last_i (in0_last_i),
  .in1_valid_i(in1_valid_i),
  .in1_ready_i(in1_ready_o),
  .in1_last_i (in1_last_i)
);
