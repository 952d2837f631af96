// SPDX-License-Identifier: Apache-2.0
`default_nettype none
module rb_fifo;
endmodule
`default_nettype wire
