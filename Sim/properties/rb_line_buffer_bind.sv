// SPDX-License-Identifier: Apache-2.0
//
// The stream rules on every stream of every rb_line_buffer.

bind rb_line_buffer rb_stream_properties #(
  .DATA_WIDTH (LANES * LEVELS),
  .AFTER_RESET(0)
) u_in_properties (
  .clk_i  (clk_i),
  .rst_i  (rst_i),
  .data_i (in_data_i),
  .valid_i(in_valid_i),
  .ready_i(in_ready_o),
  .last_i (in_last_i)
);

bind rb_line_buffer rb_stream_properties #(
  .DATA_WIDTH (KERNEL_HEIGHT * KERNEL_WIDTH * LANES * LEVELS_PER_BEAT),
  .AFTER_RESET(1)
) u_out_properties (
  .clk_i  (clk_i),
  .rst_i  (rst_i),
  .data_i (out_data_o),
  .valid_i(out_valid_o),
  .ready_i(out_ready_i),
  .last_i (out_last_o)
);
