// SPDX-License-Identifier: Apache-2.0

import Cores

/// Looks each value up in a memory and adds an offset: a core with every kind of parameter.
struct OffsetCore: Core {
  var offset: Int
  var table: [Int]

  var moduleName: String { "rb_offset" }
  var parameters: [CoreParameter] {
    [
      CoreParameter("OFFSET", offset),
      CoreParameter("DIGITS", .packed([1, 2, 3], elementWidth: 4)),
      CoreParameter("TABLE_FILE", .memory),
    ]
  }
  var inputs: [StreamPort] { [StreamPort("in", lanes: 1, bitsPerLane: 2)] }
  var outputs: [StreamPort] { [StreamPort("out", lanes: 2, bitsPerLane: 16)] }
  var memories: [MemoryImage] {
    [
      MemoryImage(
        parameter: "TABLE_FILE", width: 16, words: table.map { [UInt64(truncatingIfNeeded: $0)] })
    ]
  }
  var structure: CoreStructure { CoreStructure(flipFlops: 18) }
  var handshake: Handshake { .pipeline(depth: 1, period: 1) }
  var files: [RTLFile] {
    let text = """
      module rb_offset #(
        parameter OFFSET = 0,
        parameter [11:0] DIGITS = 12'd0,
        parameter TABLE_FILE = ""
      ) (
        input wire clk_i, input wire rst_i,
        input wire [1:0] in_data_i, input wire in_valid_i, output wire in_ready_o,
        input wire in_last_i,
        output wire [31:0] out_data_o, output reg out_valid_o, input wire out_ready_i,
        output reg out_last_o
      );
        localparam signed [31:0] WIDE_OFFSET = OFFSET;
        reg [15:0] table_q [0:3];
        reg [15:0] sum_q;
        initial $readmemh(TABLE_FILE, table_q);
        assign in_ready_o = !out_valid_o || out_ready_i;
        assign out_data_o = {4'd0, DIGITS, sum_q};
        always @(posedge clk_i) begin
          if (in_ready_o) begin
            sum_q <= table_q[in_data_i] + WIDE_OFFSET[15:0];
            out_last_o <= in_last_i;
            out_valid_o <= in_valid_i;
          end
          if (rst_i) out_valid_o <= 1'b0;
        end
      endmodule

      """
    return [RTLFile(name: "rb_offset.v", bytes: Array(text.utf8))]
  }
}
