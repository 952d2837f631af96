// SPDX-License-Identifier: Apache-2.0
//
// The stream rules on every stream of every rb_fork.

bind rb_fork rb_stream_properties #(
  .DATA_WIDTH (DATA_WIDTH),
  .AFTER_RESET(0)
) u_in_properties (
  .clk_i  (clk_i),
  .rst_i  (rst_i),
  .data_i (in_data_i),
  .valid_i(in_valid_i),
  .ready_i(in_ready_o),
  .last_i (in_last_i)
);

bind rb_fork rb_stream_properties #(
  .DATA_WIDTH (DATA_WIDTH),
  .AFTER_RESET(1)
) u_out0_properties (
  .clk_i  (clk_i),
  .rst_i  (rst_i),
  .data_i (out0_data_o),
  .valid_i(out0_valid_o),
  .ready_i(out0_ready_i),
  .last_i (out0_last_o)
);

bind rb_fork rb_stream_properties #(
  .DATA_WIDTH (DATA_WIDTH),
  .AFTER_RESET(1)
) u_out1_properties (
  .clk_i  (clk_i),
  .rst_i  (rst_i),
  .data_i (out1_data_o),
  .valid_i(out1_valid_o),
  .ready_i(out1_ready_i),
  .last_i (out1_last_o)
);
