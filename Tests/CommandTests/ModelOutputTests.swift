// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// `--model-output` on a model with the outputs `scores`, `scores_m2` and `scores_m1`.
@Suite(.tags(.unit)) struct ModelOutputTests {
  private let model = TestData.switchable.path
  private let remark = """
    note: switchable.onnx: output 'scores': the first of 3 outputs is read; choose another with \
    `--model-output`: 'scores_m2', 'scores_m1'
    """

  @Test func inspectShowsTheOutput() throws {
    try Resbin.inFolder { resbin in
      let first = try resbin.run("inspect \(model)")
      #expect(first.status == 0)
      #expect(first.error == "")
      #expect(first.output.hasPrefix("switchable: 8×8×1 input of 8 bits, 676 weight bits\n"))
      #expect(first.output.contains("  0.7500 0.3750 0.1875  4 : 2 : 1\n"))
      #expect(first.output.contains("\n\(remark)\n"))

      let one = try resbin.run("inspect \(model) --model-output scores_m1")
      #expect(one.status == 0)
      #expect(one.error == "")
      #expect(
        one.output.hasPrefix("switchable-scores_m1: 8×8×1 input of 8 bits, 676 weight bits\n"))
      #expect(!one.output.contains("scores_m2"))
      #expect(one.output.contains("  1.0625  1\n"))
    }
  }

  @Test func evaluateMeasuresTheOutput() throws {
    try Resbin.inFolder { resbin in
      let pixels = (0..<20 * 64).map { UInt8(truncatingIfNeeded: $0 * $0) }
      try resbin.write(
        [0, 0, 8, 3, 0, 0, 0, 20, 0, 0, 0, 8, 0, 0, 0, 8] + pixels,
        to: "data/t10k-images-idx3-ubyte")
      try resbin.write(
        [0, 0, 8, 1, 0, 0, 0, 20] + Array(repeating: 0, count: 20),
        to: "data/t10k-labels-idx1-ubyte")
      let first = try resbin.run("evaluate \(model) --dataset data")
      #expect(first.status == 0)
      #expect(first.error == remark + "\n")
      #expect(first.output.hasPrefix("switchable: "))
      let two = try resbin.run("evaluate \(model) --dataset data --model-output scores_m2")
      #expect(two.status == 0)
      #expect(two.error == "")
      #expect(two.output.hasPrefix("switchable-scores_m2: "))
    }
  }

  /// The manifest tells the designs of one model apart; the first output named is the first unnamed.
  @Test func eachOutputIsADesignOfItsOwn() throws {
    try Resbin.inFolder { resbin in
      func manifest(_ options: String, note: String) throws -> JSON {
        let output = try resbin.run("generate \(model) -o out --json \(options)")
        #expect(output.status == 0)
        #expect(output.error == note)
        return try JSON(output.output)
      }
      let first = try manifest("", note: remark + "\n")
      let all = try manifest("--model-output scores", note: "")
      let two = try manifest("--model-output scores_m2", note: "")
      let one = try manifest("--model-output scores_m1", note: "")
      let hashes: [String?] = [first, all, two, one].map { $0.value("manifest.hash") }
      #expect(hashes[0] == hashes[1])
      #expect(Set(hashes).count == 3)
      #expect(first.value("manifest.network") == "switchable")
      #expect(two.value("manifest.network") == "switchable-scores_m2")
      #expect(two.value("manifest.top") == "switchable_scores_m2")
      #expect(one.value("manifest.network") == "switchable-scores_m1")
    }
  }
}
