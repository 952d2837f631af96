// SPDX-License-Identifier: Apache-2.0
//
// The rules of one stream, as assertions: for Verilator (--assert) and for SymbiYosys (FORMAL).
//
//     hold     a beat that is offered and not taken is offered again: valid, data and last stay
//     reset    valid is low in the cycle after reset                    (outputs: AFTER_RESET = 1)
//     known    valid is 0 or 1, and so is ready                         (four-state simulators)
//
// That a source does not wait for ready before it raises valid cannot be said of one cycle; the
// benches hold ready low until valid is high instead. <core>_bind.sv binds this module to every
// stream of a core.

`default_nettype none

`ifdef FORMAL
`define RB_RULE(NAME, HOLDS, TEXT) NAME: assert (HOLDS);
`else
`define RB_RULE(NAME, HOLDS, TEXT) NAME: assert (HOLDS) else $error(TEXT);
`endif

module rb_stream_properties #(
  parameter integer DATA_WIDTH  = 8,  // bits
  parameter integer AFTER_RESET = 1   // 1: valid is low in the cycle after reset
) (
  input wire                  clk_i,
  input wire                  rst_i,

  input wire [DATA_WIDTH-1:0] data_i,
  input wire                  valid_i,
  input wire                  ready_i,
  input wire                  last_i
);

  reg                  started_q;  // a reset was seen
  reg                  reset_q;    // in the cycle before
  reg                  waiting_q;  // a beat was offered in the cycle before and not taken
  reg [DATA_WIDTH-1:0] data_q;
  reg                  last_q;

  initial started_q = 0;

  always @(posedge clk_i) begin
    if (rst_i) started_q <= 1;
    reset_q   <= rst_i;
    waiting_q <= valid_i && !ready_i && !rst_i;
    data_q    <= data_i;
    last_q    <= last_i;
  end

  always @(posedge clk_i) begin
    if (started_q && !rst_i && !reset_q) begin
      if (waiting_q) begin
        `RB_RULE(valid_holds, valid_i, "valid fell before the beat was taken")
        `RB_RULE(data_hold, data_i == data_q, "data changed before the beat was taken")
        `RB_RULE(last_holds, last_i == last_q, "last changed before the beat was taken")
      end
    end
    if (started_q && !rst_i) begin
      `RB_RULE(valid_is_known, valid_i === 0 || valid_i === 1, "valid is neither 0 nor 1")
      `RB_RULE(ready_is_known, ready_i === 0 || ready_i === 1, "ready is neither 0 nor 1")
    end
    if (started_q && reset_q && AFTER_RESET != 0) begin
      `RB_RULE(low_after_reset, !valid_i, "valid is high in the cycle after reset")
    end
  end

endmodule

`undef RB_RULE

`default_nettype wire
