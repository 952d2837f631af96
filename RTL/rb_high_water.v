// SPDX-License-Identifier: Apache-2.0
//
// The most beats that a queue held.
//
//     held[t + 1] = held[t] + push[t] - pop[t],   highest = max held
//
// Input    push_i and pop_i: a beat enters the queue, a beat leaves it; rst_i is the queue's own.
// Output   highest_o, since clear_i was high, 65,535 for more; a reset of the queue leaves it as it is.
// Timing   a beat counts from the second edge after it has entered.
// Storage  counters of 32 and of 16 bits.
// Cuts     everything.
// Checked  Tests/CoresTests/Formal/rb_high_water_proof.svh.

`default_nettype none

module rb_high_water (
  input  wire        clk_i,
  input  wire        rst_i,

  input  wire        push_i,
  input  wire        pop_i,
  input  wire        clear_i,
  output wire [15:0] highest_o
);

  reg  [31:0] held_q;
  reg  [15:0] highest_q;
  wire [15:0] held = held_q > 32'h0000FFFF ? 16'hFFFF : held_q[15:0];

  always @(posedge clk_i) begin
    if (push_i && !pop_i) held_q <= held_q + 1;
    if (pop_i && !push_i) held_q <= held_q - 1;
    if (rst_i) held_q <= 0;
  end

  // What is held at a clear counts as held since.
  always @(posedge clk_i) begin
    if (clear_i) highest_q <= 0;
    else if (held > highest_q) highest_q <= held;
  end

  assign highest_o = highest_q;

endmodule

`default_nettype wire
