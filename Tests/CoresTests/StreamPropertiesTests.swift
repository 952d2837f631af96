// SPDX-License-Identifier: Apache-2.0

import Cores
import TestSupport
import Testing

@testable import Simulation

/// A stream that breaks a rule stops the simulation, and the message says which rule.
@Suite(
  .tags(.rtl),
  .enabled(if: Simulator.isAvailable, "Verilator is missing: apt-get install verilator"))
struct StreamPropertiesTests {
  /// An `rb_fifo` that offers a beat whenever `valid`, with some data.
  private func result(
    valid: String, data: String = "in_data_i", last: String = "in_last_i"
  ) throws -> SimulationResult {
    let text = """
      module rb_fifo #(parameter integer DATA_WIDTH = 4) (
        input wire clk_i, input wire rst_i,
        input wire [DATA_WIDTH-1:0] in_data_i, input wire in_valid_i, output wire in_ready_o,
        input wire in_last_i,
        output wire [DATA_WIDTH-1:0] out_data_o, output wire out_valid_o, input wire out_ready_i,
        output wire out_last_o
      );
        reg [3:0] cycle_q;
        always @(posedge clk_i) cycle_q <= rst_i ? 4'd0 : cycle_q + 4'd1;
        assign in_ready_o  = 1'b1;
        assign out_valid_o = \(valid);
        assign out_data_o  = \(data);
        assign out_last_o  = \(last);
      endmodule

      """
    let port = StreamPort("in", lanes: 1, bitsPerLane: 4)
    let design = SimulatedDesign(
      topModule: "rb_fifo",
      sources: [DesignFile("rb_fifo.v", text)] + StreamProperties.files(for: ["rb_fifo"]),
      inputs: [port], outputs: [StreamPort("out", lanes: 1, bitsPerLane: 4)])
    var input = StreamBeats(port)
    for beat in 0..<100 { input.append(lanes: [beat % 16]) }
    return try Simulator.build(design).run(
      inputs: [input], expectedBeats: [50], stalls: .sink, seed: 1, quietCycles: 1000)
  }

  @Test(arguments: [
    ("cycle_q[0]", "4'd5", "1'b0", "valid_holds: valid fell before the beat was taken"),
    ("cycle_q != 0", "cycle_q", "1'b0", "data_hold: data changed before the beat was taken"),
    ("cycle_q != 0", "4'd5", "cycle_q[1]", "last_holds: last changed before the beat was taken"),
    ("!rst_i", "4'd5", "1'b0", "low_after_reset: valid is high in the cycle after reset"),
  ])
  func aBrokenRuleStopsTheSimulation(
    valid: String, data: String, last: String, message: String
  ) throws {
    guard
      case .assertionFailed(let text, _) = try result(valid: valid, data: data, last: last).status
    else {
      Issue.record("the simulation did not stop")
      return
    }
    let parts = message.split(separator: ": ")
    #expect(text.contains("rb_fifo.u_out_properties.\(parts[0])"), "\(text)")
    #expect(text.contains(parts[1]), "\(text)")
  }
}
