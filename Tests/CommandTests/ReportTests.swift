// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// What the commands print when all is well, without a simulator.
@Suite(.tags(.unit)) struct ReportTests {
  private let model = "Models/mnist-256x3-m2.onnx"

  // MARK: Text

  @Test(arguments: [1, 2, 3]) func inspectShowsTheModel(levels: Int) throws {
    try Resbin.inFolder { resbin in
      let output = try resbin.run("inspect Models/mnist-256x3-m\(levels).onnx")
      #expect(output.status == 0)
      #expect(output.error == "")
      try Snapshot("inspect-m\(levels).txt").expect(output.output)
    }
  }

  @Test func evaluateSaysHowManyAreRight() throws {
    try Resbin.inFolder { resbin in
      let output = try resbin.run("evaluate \(model) --dataset Models --count 40")
      #expect(output.status == 0)
      #expect(output.error == "")
      let lines = output.output.split(separator: "\n")
      #expect(lines[0] == "mnist-256x3-m2: 40 of 40 right, 100.00 %")
      #expect(lines[1].hasPrefix("golden model: "))
      #expect(lines[2] == "quantization of gammas and scores, against integers of 20 and 32 bits:")
      #expect(lines[6].hasSuffix("of 40 predictions differ; 100.00 % without quantization"))
    }
  }

  /// The shipped images as pictures in folders, one a class, are the same images.
  @Test func evaluateReadsFoldersOfPictures() throws {
    try Resbin.inFolder { resbin in
      func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: TestData.models.appending(path: name)))
      }
      let pixels = try bytes("mnist-test-500-images.idx3-ubyte").dropFirst(16)
      let labels = try bytes("mnist-test-500-labels.idx1-ubyte").dropFirst(8).prefix(70)
      for (index, label) in labels.enumerated() {
        let picture = pixels.dropFirst(784 * index).prefix(784)
        try resbin.write(
          Array("P5\n28 28\n255\n".utf8) + picture, to: "digits/test/\(label)/\(100 + index).pgm")
      }
      // All ten are there: a folder that lacks would move the classes after it.
      #expect(Set(labels).count == 10)
      let output = try resbin.run("evaluate \(model) --dataset digits")
      #expect(output.error == "")
      let shipped = try resbin.run("evaluate \(model) --dataset Models --count 70")
      #expect(output.output.split(separator: "\n").first?.contains(" of 70 right, ") == true)
      #expect(
        output.output.split(separator: "\n").first == shipped.output.split(separator: "\n").first)
    }
  }

  @Test func generateSaysWhatItWrote() throws {
    try Resbin.inFolder { resbin in
      let output = try resbin.run("generate \(model) -o build/mnist --cycles 4096 --clock 100")
      #expect(output.status == 0)
      #expect(output.error == "")
      #expect(output.output.hasPrefix("mnist-256x3-m2: top module mnist_256x3_m2\n"))
      #expect(output.output.contains("\ninterval 4,096 cycles, latency "))
      #expect(output.output.contains(" cycles: 24,414 images/s and "))
      #expect(
        output.output.hasSuffix(
          " at 100 MHz\nbottleneck: fc1 with 4,096 cycles; its fastest fold takes 1\n"
            + "written to build/mnist\n"))
      let files = try resbin.contents()
      #expect(files.contains("build/mnist/rtl/mnist_256x3_m2.v"))
      #expect(files.contains("build/mnist/manifest.json"))
      // A second time gives the same, over the first.
      #expect(try resbin.run("generate \(model) -o build/mnist --cycles 4096").status == 0)
      #expect(try resbin.contents() == files)
    }
  }

  @Test func aFoldByHandThatMissesTheTargetIsWarnedOf() throws {
    try Resbin.inFolder { resbin in
      let output = try resbin.run(
        "generate \(model) -o out --cycles 100 --fold fc4=units:1,lanes:16")
      #expect(output.status == 0)
      #expect(
        output.error == """
          warning: fold mnist-256x3-m2.fc4: the layer needs 320 cycles for an image, the target is \
          100
            hint: give the layer more units or lanes, or leave its fold out

          """)
      #expect(output.output.contains("\ninterval 320 cycles, latency "))
    }
  }

  /// More logic between registers: fewer cycles of latency, fewer flip-flops. The design knows what was asked.
  @Test func generateKeepsALogicDelay() throws {
    try Resbin.inFolder { resbin in
      var before = (latency: Int.max, flipFlops: Int.max)
      for delay in ["4.5", "6", "20"] {
        let design = try resbin.json("generate \(model) -o out --logic-delay \(delay)")
        let latency: Int = try #require(design.value("manifest.timing.latency"))
        let flipFlops: Int = try #require(design.value("manifest.estimate.flipFlops"))
        #expect(latency < before.latency && flipFlops < before.flipFlops)
        before = (latency, flipFlops)
        let longest: Double = try #require(design.value("manifest.longestPath.nanoseconds"))
        let limit: Double = try #require(design.value("manifest.logicDelay"))
        #expect(limit == Double(delay) && longest <= limit)
        #expect(try resbin.run("report out").status == 0)
      }
      let short = try resbin.run("generate \(model) -o out --logic-delay 3")
      #expect(short.status == 0)
      #expect(
        short.error == """
          warning: fold mnist-256x3-m2.fc1: stage 'fc1_matrix' (rb_matrix_unit) has an estimated 4.4 ns of \
          logic (4 levels) between registers, the limit is 3.0 ns; 2 other stages are above it, too
            hint: it is not cut further: give the layer fewer lanes or weights without block RAM, or allow \
          `--logic-delay 4.4`

          """)
      let folded = try resbin.run(
        "generate \(model) -o out --fold fc2=units:1,lanes:128,memory:block,popcount:1")
      #expect(folded.error.contains("leave the layer's `popcount` out"), "\(folded.error)")
    }
  }

  /// With a budget alone the design is the fastest that fits.
  @Test func generateKeepsABudget() throws {
    try Resbin.inFolder { resbin in
      let small = try resbin.json("generate \(model) -o out --luts 6000 --brams 5 --dsps 12")
      let luts: Int = try #require(small.value("manifest.estimate.luts"))
      let ramb18s: Int = try #require(small.value("manifest.estimate.ramb18s"))
      let dsps: Int = try #require(small.value("manifest.estimate.dsps"))
      #expect(luts <= 6000 && ramb18s <= 10 && dsps <= 12)
      let large = try resbin.json("generate \(model) -o out --luts 30000 --latency 3")
      let slow: Int = try #require(small.value("manifest.timing.interval"))
      let fast: Int = try #require(large.value("manifest.timing.interval"))
      #expect(fast < slow)
      let latency: Double = try #require(large.value("latencyMicroseconds"))
      #expect(latency <= 3)
      #expect(try resbin.run("generate \(model) -o out --device arty-a7-35").status == 0)
    }
  }

  @Test func exploreShowsWhatSpeedCosts() throws {
    try Resbin.inFolder { resbin in
      let output = try resbin.run("explore \(model) --levels 1,3 --plot front.svg")
      #expect(output.status == 0)
      #expect(output.error == "")
      for title in ["mnist-256x3-m2, M = 1\n", "mnist-256x3-m2, M = 3\n", " images/s  "] {
        #expect(output.output.contains(title))
      }
      let picture = try String(
        contentsOf: resbin.folder.appending(path: "front.svg"), encoding: .utf8)
      #expect(picture.hasPrefix("<svg ") && picture.hasSuffix("</svg>\n"))
      // Two panels with two curves each.
      #expect(picture.components(separatedBy: "<polyline").count == 5)

      let json = try resbin.json("explore \(model)")
      expect(json, has: .explore)
      // Each design is faster than the one before, and dearer in something.
      let device = try resbin.run("explore \(model) --device zc706 --json").output
      let report = try JSONDecoder().decode(Front.self, from: Data(device.utf8))
      let points = try #require(report.curves.first).points
      #expect(points.count > 10)
      for (point, faster) in zip(points, points.dropFirst()) {
        #expect(faster.cycles < point.cycles)
        #expect(
          faster.estimate.luts > point.estimate.luts
            || faster.estimate.ramb18s > point.estimate.ramb18s
            || faster.estimate.dsps > point.estimate.dsps)
        #expect(faster.estimate.luts <= 218_600)
      }
      // A line of it can be generated as it says.
      let point = try #require(points.last)
      let design = try resbin.json("generate \(model) -o out --cycles \(point.cycles)")
      #expect(design.value("manifest.estimate.luts") == point.estimate.luts)
      #expect(design.value("manifest.timing.interval") == point.cycles)
    }
  }

  private struct Front: Decodable {
    struct Estimate: Decodable { var luts, ramb18s, dsps: Int }
    struct Point: Decodable {
      var cycles: Int
      var estimate: Estimate
    }
    struct Curve: Decodable { var points: [Point] }
    var curves: [Curve]
  }

  // MARK: JSON

  private func expect(
    _ json: JSON, has keys: JSONKeys, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(keys.problems(with: json.keys) == [], sourceLocation: sourceLocation)
    #expect(!json.hasNull, sourceLocation: sourceLocation)
  }

  @Test func inspectPrintsJSON() throws {
    try Resbin.inFolder { resbin in
      let json = try resbin.json("inspect \(model)")
      expect(json, has: .inspect)
      #expect(json.keys == JSONKeys.inspect.always.union(JSONKeys.inspect.sometimes))
      #expect(json.value("network") == "mnist-256x3-m2")
      #expect(json.value("inputShape") == [28, 28, 1])
      #expect(json.value("weightBits") == 334_336)
    }
  }

  @Test func evaluatePrintsJSON() throws {
    try Resbin.inFolder { resbin in
      let json = try resbin.json("evaluate \(model) --dataset Models --count 10")
      expect(json, has: .evaluate)
      #expect(json.keys == JSONKeys.evaluate.always.union(JSONKeys.evaluate.sometimes))
      #expect(json.value("predictions") == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9])
      #expect(json.value("correct") == 10)
    }
  }

  @Test func generatePrintsJSON() throws {
    try Resbin.inFolder { resbin in
      let json = try resbin.json(
        "generate \(model) -o out --fold fc2=units:4,lanes:64,schedule:parallel")
      expect(json, has: .generate)
      // A dense network has no queues and no forks, and levels and memories are fixed unless it is asked for.
      let absent: Set = [
        "manifest.stages[].highWater", "manifest.stages[].inputs", "manifest.accelerator.loadWords",
      ]
      let keys = JSONKeys.generate.always.union(JSONKeys.generate.sometimes)
        .filter { !$0.hasPrefix("manifest.modes") && !absent.contains($0) }
      #expect(json.keys == keys)
      #expect(json.value("folder") == "out")
      #expect(json.value("clock") == 200_000_000)
      #expect(json.value("manifest.folds.fc2.lanes") == 64)
      #expect(json.value("manifest.folds.fc2.schedule") == "parallel")
      let written = try JSON(
        String(contentsOf: resbin.folder.appending(path: "out/manifest.json"), encoding: .utf8))
      #expect(json.value("manifest.hash", as: String.self) == written.value("hash"))
      #expect(try resbin.json("generate \(model) -o out").value("folder") == "out")
    }
  }

  @Test func imagesASecondAreCyclesAtTheClock() throws {
    try Resbin.inFolder { resbin in
      let json = try resbin.json("generate \(model) -o out --images-per-second 50000 --clock 100")
      let rate: Double = try #require(json.value("imagesPerSecond"))
      let interval: Int = try #require(json.value("manifest.timing.interval"))
      #expect(interval <= 2000)
      #expect(rate == 1e8 / Double(interval))
    }
  }

  @Test func keyListsNoticeADifference() throws {
    let keys = JSONKeys(command: "c", always: ["a", "b.c"], sometimes: ["d[].e"])
    #expect(keys.problems(with: ["a", "b.c", "d[].e"]) == [])
    #expect(keys.problems(with: ["a", "x"]) == ["'b.c' is missing", "'x' is not listed"])
    let json = try JSON(#"{"a": 1, "b": {"c": null}, "d": [{"e": 2}, {"f": []}], "g": [[3]]}"#)
    #expect(json.keys == ["a", "b", "b.c", "d", "d[].e", "d[].f", "g"])
    #expect(json.hasNull)
    #expect(!(try JSON(#"{"a": [1]}"#).hasNull))
  }
}
