// SPDX-License-Identifier: Apache-2.0

import Foundation
import ResBin
import TestSupport
import Testing

/// `generate --run-time-levels` and what follows.
@Suite(.tags(.rtl)) struct RunTimeLevelsTests {
  private let images = "--images Models/mnist-test-500-images.idx3-ubyte"
  private let generate =
    "generate Models/mnist-256x3-joint.onnx --run-time-levels -o design --cycles 2048"

  /// A third of the levels takes a third of the cycles.
  @Test(.enabled(if: Simulator.isAvailable, "needs Verilator"))
  func fewerLevelsAreFaster() throws {
    try Resbin.inFolder { resbin in
      let generated = try resbin.json(generate)
      let all: Int? = generated.value("manifest.timing.interval")
      let interval = try #require(all)
      for levels in 1...3 {
        let json = try resbin.json("simulate design \(images) --count 8 --levels \(levels)")
        #expect(json.value("passed") == true)
        #expect(json.value("levels") == levels)
        #expect(json.value("interval") == interval * levels / 3)
        #expect(JSONKeys.simulate.problems(with: json.keys) == [])
      }
      let json = try resbin.json("simulate design \(images) --count 2")
      #expect(json.value("levels") == 3)
      let report = try resbin.run("report design \(images) --count 2 -o page.html")
      #expect(report.status == 0, "\(report.text)")
      #expect(report.output.contains("\n1 level in use: "))
      #expect(report.output.contains(" %, 2 of 2 images equal\n"))
    }
  }

  /// A model that was trained with two levels only, as a user makes one of it that has a choice.
  @Test(.enabled(if: Simulator.isAvailable, "needs Verilator"))
  func aCalibratedModelHasEveryNumber() throws {
    try Resbin.inFolder { resbin in
      let model = "Models/mnist-256x3-m2.onnx"
      let calibration = try resbin.run(
        "calibrate \(model) --dataset Models --count 100 -o banks.json")
      #expect(calibration.status == 0, "\(calibration.text)")
      let generated = try resbin.run(
        "generate \(model) --run-time-levels --level-banks banks.json -o design --cycles 2048")
      #expect(generated.status == 0, "\(generated.text)")
      for levels in 1...2 {
        let json = try resbin.json("simulate design \(images) --count 8 --levels \(levels)")
        #expect(json.value("passed") == true)
        #expect(json.value("levels") == levels)
      }
      // The model that it was generated from, whatever made its banks.
      let report = try resbin.run("report design \(images) --count 1 --model \(model)")
      #expect(report.status == 0, "\(report.text)")
    }
  }

  @Test func bothReportsNameEveryNumber() throws {
    try Resbin.inFolder { resbin in
      let output = try resbin.run(generate)
      #expect(output.status == 0)
      #expect(output.output.contains("\nwith 2 levels in use: interval "))
      #expect(output.output.contains("\nwith 1 level in use: interval "))
      #expect(try resbin.run("report design").status == 0)
      let page = try String(
        contentsOf: resbin.folder.appending(path: "design/report.html"), encoding: .utf8)
      #expect(page.contains("Levels chosen at run time"))
      for (levels, message) in [
        (0, "--levels: 0 levels are asked for; the design has 1 to 3"),
        (4, "--levels: 4 levels are asked for; the design has 1 to 3"),
      ] {
        let output = try resbin.run("simulate design \(images) --levels \(levels)")
        #expect(output.status == 1)
        #expect(output.error.contains(message))
      }
      // A manifest that was changed by hand.
      try resbin.change("design/manifest.json") {
        $0.replacing("\"levels\" : 2,", with: "\"levels\" : 9,")
      }
      let changed = try resbin.run("simulate design \(images) --levels 1")
      #expect(changed.status == 1)
      #expect(
        changed.error.contains(
          "design/manifest.json: the manifest does not say what network.json leads to"))
    }
  }

  @Test func aChoiceNeedsANetworkForEachNumber() throws {
    try Resbin.inFolder { resbin in
      let output = try resbin.run(
        "generate Models/mnist-256x3-m2.onnx --run-time-levels -o design")
      #expect(output.status == 1)
      #expect(output.error.contains("the file has no output '"))
      #expect(!(try resbin.contents().contains { $0.hasPrefix("design") }))
      let single = try resbin.run("generate Models/mnist-256x3-m1.onnx --run-time-levels -o design")
      #expect(single.status == 1)
      #expect(single.error.contains("every activation has one level: there is nothing to choose"))
      #expect(try resbin.run("generate Models/mnist-256x3-m2.onnx -o fixed").status == 0)
      let fixed = try resbin.run("simulate fixed \(images) --levels 1")
      #expect(fixed.status == 1)
      #expect(fixed.error.contains("1 levels are asked for; those of the design are fixed: 2"))
    }
  }
}
