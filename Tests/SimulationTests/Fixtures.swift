// SPDX-License-Identifier: Apache-2.0

import Cores
import Foundation
import Simulation

/// A register stage: one beat of storage, ready passes through; a beat leaves one clock after it
/// entered. `extra` is Verilog added to the body; `valid` and `ready` are what the stage says.
func registerStage(
  width: Int, lanes: Int = 1, extra: String = "", valid: String = "valid_q",
  ready: String = "!valid_q || out_ready_i", trace: Bool = false, taps: [StreamPort] = [],
  optimization: SimulatedDesign.Optimization = .quick
) -> SimulatedDesign {
  let text = """
    `default_nettype none
    module rb_stage (
      input wire clk_i, input wire rst_i,
      input wire [\(width - 1):0] in_data_i, input wire in_valid_i, output wire in_ready_o,
      input wire in_last_i,
      output wire [\(width - 1):0] out_data_o, output wire out_valid_o, input wire out_ready_i,
      output wire out_last_o
    );
      reg [\(width - 1):0] data_q;
      reg last_q, valid_q;
      reg [7:0] beat_q;
      wire [\(width - 1):0] middle__data = data_q;
      wire middle__valid = valid_q;
      wire middle__ready = out_ready_i;
      wire middle__last = last_q;
      assign in_ready_o = \(ready);
      assign out_data_o = data_q;
      assign out_last_o = last_q;
      assign out_valid_o = \(valid);
      always @(posedge clk_i) begin
        if (in_ready_o) begin
          data_q <= in_data_i;
          last_q <= in_last_i;
          valid_q <= in_valid_i;
          if (in_valid_i) beat_q <= beat_q + 8'd1;
        end
        if (rst_i) begin
          valid_q <= 1'b0;
          beat_q <= 8'd0;
        end
      end
      \(extra)
    endmodule
    `default_nettype wire

    """
  let bits = width / lanes
  return SimulatedDesign(
    topModule: "rb_stage", sources: [DesignFile("rb_stage.v", text)],
    inputs: [StreamPort("in", lanes: lanes, bitsPerLane: bits)],
    outputs: [StreamPort("out", lanes: lanes, bitsPerLane: bits)], taps: taps, trace: trace,
    optimization: optimization)
}

/// Images of random lanes; the same for the same seed.
func randomImages(
  _ port: StreamPort, images: Int, beats: Int, seed: UInt64 = 1
) -> StreamBeats {
  var generator = SplitMix(state: seed)
  let bits = min(port.bitsPerLane, 63)
  return StreamBeats(
    port,
    images: (0..<images).map { _ in
      (0..<beats * port.lanes).map { _ in Int(generator.next() >> UInt64(64 - bits)) }
    })
}

/// A small generator with a seed.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// A cache without models, deleted at the end. It shares the compiled library with the standard one,
/// which takes seconds to build.
func withTemporaryCache<Result>(_ body: (BuildCache) throws -> Result) throws -> Result {
  let folder = temporaryFile()
  let files = FileManager.default
  try files.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? files.removeItem(at: folder) }
  let library = BuildCache.standard.folder.appendingPathComponent("runtime")
  try files.createDirectory(at: library, withIntermediateDirectories: true)
  try files.createSymbolicLink(
    at: folder.appendingPathComponent("runtime"), withDestinationURL: library)
  return try body(BuildCache(folder: folder))
}

/// A name in the temporary folder that nothing has.
func temporaryFile(_ suffix: String = "") -> URL {
  FileManager.default.temporaryDirectory
    .appendingPathComponent("resbin-test-\(UUID().uuidString)\(suffix)")
}
