// SPDX-License-Identifier: Apache-2.0

import Foundation
import ResBin
import TestSupport
import Testing

/// A check must be able to fail: each fault is seeded into the emitted design and found.
@Suite(.tags(.rtl), .enabled(if: Simulator.isAvailable, whyNoSimulator)) struct FaultTests {
  private func prepared(levels: Int = 2) throws -> (Prepared, [UInt8]) {
    let trained = try shippedModel(levels: levels)
    let graph = try trained.network.lowered(with: trained.parameters)
    let prepared = try Prepared(graph.folded(to: 512, schedule: .series))
    return (prepared, try testImages(atMost: 20).pixels)
  }

  private func run(_ design: Design, _ prepared: Prepared, _ images: [UInt8]) throws
    -> VerificationResult
  {
    try DesignVerifier(design, pipeline: prepared.pipeline, optimization: .quick).run(images)
  }

  @Test func anUnchangedDesignPasses() throws {
    let (prepared, images) = try prepared()
    #expect(try run(prepared.design, prepared, images).passed)
  }

  @Test func flippedWeightBit() throws {
    let (prepared, images) = try prepared()
    // Word 0, lane 0 of unit 0: neuron 0, synapse 0 of layer fc2.
    let faulty = prepared.changing("rtl/fc2_matrix_weights.mem") { flipLowestBit(ofWord: 0, $0) }
    let result = try run(faulty, prepared, images)
    #expect(!result.passed)
    #expect(result.mismatch?.layer == "fc2")
    #expect(result.mismatch?.channel == 0)
  }

  @Test func offByOneThreshold() throws {
    // One level: few different sums, so that some image hits the threshold exactly.
    let (prepared, _) = try prepared(levels: 1)
    let images = try testImages(atMost: 500).pixels
    // The first threshold of neuron 0 of fc3_sign, one more.
    let faulty = prepared.changing("rtl/fc3_sign_thresholds.mem") { text in
      changeWord(0, of: text) { word in
        // Add 1 to the lowest field, with a carry from digit to digit.
        var digits = word.compactMap(\.hexDigitValue)
        var index = digits.count - 1
        while digits[index] == 15 {
          digits[index] = 0
          index -= 1
        }
        digits[index] += 1
        return digits.map { String($0, radix: 16) }.joined()
      }
    }
    let result = try run(faulty, prepared, images)
    #expect(!result.passed)
    #expect(result.mismatch?.layer == "fc3_sign")
    #expect(result.mismatch?.channel == 0)
    #expect(result.mismatch?.level == 1)
  }

  @Test func swappedLevels() throws {
    let (prepared, images) = try prepared()
    let faulty = prepared.changing("rtl/rb_window.v") {
      $0.replacing("code[bit_q]", with: "code[FIRST_PASS[PASS_WIDTH-1:0] - bit_q]")
    }
    let result = try run(faulty, prepared, images)
    #expect(!result.passed)
    #expect(result.mismatch?.layer == "fc1")
  }

  @Test func wrongLaneOrder() throws {
    let (prepared, images) = try prepared()
    let faulty = prepared.changing("rtl/rb_window.v") {
      $0.replacing("assign out_data_o[lane]", with: "assign out_data_o[LANES - 1 - lane]")
    }
    let result = try run(faulty, prepared, images)
    #expect(!result.passed)
    #expect(result.mismatch?.layer == "fc1")
  }

  @Test func droppedBeat() throws {
    let (prepared, images) = try prepared()
    // The encoder of fc1 does not see the second beat that is sent to it.
    let faulty = prepared.changing("rtl/\(prepared.design.manifest.top).v") { text in
      let counter = """
          reg [1:0] sent_q;
          always @(posedge clk_i) begin
            if (rst_i) sent_q <= 0;
            else if (fc1_matrix_valid && fc1_matrix_ready && sent_q != 3) sent_q <= sent_q + 1;
          end

        endmodule
        """
      return text.replacing("endmodule", with: counter)
        .replacing(/\.sums_valid_i *\(fc1_matrix_valid\)/) { _ in
          ".sums_valid_i(fc1_matrix_valid && sent_q != 1)"
        }
    }
    let result = try run(faulty, prepared, images)
    #expect(!result.passed)
    #expect(result.agreeing < images.count / 784)
  }

  /// Line `index` of the words of a memory image, changed.
  private func changeWord(_ index: Int, of text: String, _ change: (String) -> String) -> String {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let words = lines.indices.filter { !lines[$0].hasPrefix("//") && !lines[$0].isEmpty }
    let line = lines[words[index]]
    let word = String(line.prefix { $0 != " " })
    lines[words[index]] = change(word) + line.dropFirst(word.count)
    return lines.joined(separator: "\n")
  }

  private func flipLowestBit(ofWord index: Int, _ text: String) -> String {
    changeWord(index, of: text) { word in
      guard let digit = word.last?.hexDigitValue else { return word }
      return word.dropLast() + String(digit ^ 1, radix: 16)
    }
  }
}
