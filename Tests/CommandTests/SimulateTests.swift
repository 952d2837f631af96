// SPDX-License-Identifier: Apache-2.0

import Foundation
import ResBin
import TestSupport
import Testing

/// From the model to the simulated Verilog, by command.
@Suite(
  .tags(.rtl),
  .enabled(
    if: Simulator.isAvailable, Comment(rawValue: Simulator.missingTool?.message ?? "available")))
struct SimulateTests {
  private let images = "--images Models/mnist-test-500-images.idx3-ubyte"

  private func inDesign(_ body: (Resbin) throws -> Void) throws {
    try Resbin.inFolder { resbin in
      let output = try resbin.run("generate Models/mnist-256x3-m2.onnx -o design --cycles 4096")
      try #require(output.status == 0)
      try body(resbin)
    }
  }

  @Test func whatWasGeneratedPasses() throws {
    try inDesign { resbin in
      let output = try resbin.run("simulate design \(images) --count 3")
      #expect(output.status == 0)
      #expect(output.error == "")
      let lines = output.output.split(separator: "\n")
      #expect(lines[0].hasPrefix("mnist-256x3-m2: 3 of 3 images agree with the golden model"))
      #expect(lines[1] == "accuracy of the Verilog: 3 of 3, 100.00 %")
      #expect(lines[2].contains("interval 4,096 (predicted 4,096): 48,828 images/s at 200 MHz"))
      #expect(lines.last == "passed")

      let json = try resbin.json("simulate design \(images) --count 2 --stalls random --seed 7")
      #expect(JSONKeys.simulate.problems(with: json.keys) == [])
      #expect(!json.hasNull)
      #expect(json.value("passed") == true)
      #expect(json.value("predictions") == [7, 2])
      #expect(json.value("seed") == 7)
      // Cycles are measured without stalls only.
      #expect(!json.keys.contains("latency"))
    }
  }

  @Test func anotherOutputOfTheModelPasses() throws {
    try Resbin.inFolder { resbin in
      let model = TestData.switchable.path
      #expect(try resbin.run("generate \(model) --model-output scores_m1 -o one").status == 0)
      let pixels = (0..<4 * 64).map { UInt8(truncatingIfNeeded: $0 * $0) }
      try resbin.write(
        [0, 0, 8, 3, 0, 0, 0, 4, 0, 0, 0, 8, 0, 0, 0, 8] + pixels, to: "images-idx3-ubyte")
      let json = try resbin.json("simulate one --images images-idx3-ubyte")
      #expect(json.value("network") == "switchable-scores_m1")
      #expect(json.value("passed") == true)
    }
  }

  @Test func aFlippedWeightIsFound() throws {
    try inDesign { resbin in
      // The lowest bit of the first word: synapse 0 of neuron 0.
      try resbin.change("design/rtl/fc2_matrix_weights.mem") { text in
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let index = lines.firstIndex { !$0.hasPrefix("//") } ?? 0
        let word = lines[index].prefix { $0.isHexDigit }
        let digit = (word.last?.hexDigitValue ?? 0) ^ 1
        lines[index] =
          word.dropLast() + String(digit, radix: 16) + lines[index].dropFirst(word.count)
        return lines.joined(separator: "\n")
      }
      let output = try resbin.run("simulate design \(images) --count 2")
      #expect(output.status == 1)
      #expect(output.error == "note: design: files were changed since the design was generated\n")
      #expect(output.output.contains(" 0 of 2 images agree with the golden model"))
      #expect(
        output.output.contains(
          "\nfirst mismatch: image 0, layer fc2 (stream fc2_matrix), pixel (0, 0), channel 0: "))
      #expect(output.output.hasSuffix("\nFAILED\n"))

      let json = try resbin.json("simulate design \(images) --count 2", status: 1)
      #expect(JSONKeys.simulate.problems(with: json.keys) == [])
      #expect(json.value("passed") == false)
      #expect(json.value("agreeing") == 0)
      #expect(json.value("mismatch.layer") == "fc2")
      #expect(json.value("mismatch.channel") == 0)
      let expected: Int = try #require(json.value("mismatch.expected"))
      let got: Int = try #require(json.value("mismatch.got"))
      #expect(expected != got)
    }
  }

  @Test func aWrongThresholdIsFoundAtItsLevel() throws {
    try inDesign { resbin in
      // Thresholds of neuron 0 stand in the low bits of the first word; none is above all sums.
      try resbin.change("design/rtl/fc1_sign_thresholds.mem") { text in
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let index = lines.firstIndex { !$0.hasPrefix("//") } ?? 0
        let word = lines[index].prefix { $0.isHexDigit }
        lines[index] =
          String(repeating: "0", count: word.count) + lines[index].dropFirst(word.count)
        return lines.joined(separator: "\n")
      }
      let json = try resbin.json("simulate design \(images) --count 20", status: 1)
      #expect(json.value("mismatch.layer") == "fc1_sign")
      #expect(json.value("mismatch.channel") == 0)
      let level: Int = try #require(json.value("mismatch.level"))
      #expect([1, 2].contains(level))
    }
  }

  @Test func aWaveformIsWritten() throws {
    try inDesign { resbin in
      let output = try resbin.run("simulate design \(images) --count 1 --trace wave.fst")
      #expect(output.status == 0)
      let size = try resbin.folder.appending(path: "wave.fst")
        .resourceValues(forKeys: [.fileSizeKey]).fileSize
      #expect((size ?? 0) > 1000)
    }
  }
}
