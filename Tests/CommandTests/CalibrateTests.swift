// SPDX-License-Identifier: Apache-2.0

import Foundation
import ResBin
import TestSupport
import Testing

/// `resbin calibrate`, and `resbin generate` with what it wrote.
@Suite(.tags(.unit)) struct CalibrateTests {
  private static let model = "Models/mnist-256x3-m2.onnx"
  private static let call = "calibrate \(model) --dataset Models"

  @Test func calibratedLevelsAreOfUse() throws {
    try Resbin.inFolder { resbin in
      let json = try resbin.json("\(Self.call) --count 100 -o a.json")
      #expect(JSONKeys.calibrate.problems(with: json.keys) == [])
      #expect(!json.hasNull)
      #expect(json.value("network") == "mnist-256x3-m2")
      #expect(json.value("file") == "a.json")
      #expect(json.value("calibrationImages") == 100)
      #expect(json.value("images") == 400)
      let modes: [[String: Any]] = try #require(json.value("modes"))
      #expect(modes.map { $0["levels"] as? Int } == [1, 2])
      let accuracies = modes.compactMap { $0["accuracy"] as? Double }
      let dropped = try #require(modes[0]["droppedAccuracy"] as? Double)
      #expect(modes[1]["droppedAccuracy"] == nil)
      #expect(accuracies[0] > dropped + 4)
      #expect(accuracies[0] > 93)
      #expect(accuracies[1] > 97)
      #expect(try resbin.contents() == ["a.json"])

      // The file says the same, and a design of it is of these networks.
      let banks = try LevelBanks(contentsOf: resbin.folder.appending(path: "a.json"))
      #expect(banks.calibration.images == 100)
      #expect(banks.calibration.testImages == 400)
      #expect(banks.calibration.correct == modes.compactMap { $0["correct"] as? Int })
      let manifest = try resbin.json(
        "generate \(Self.model) -o out --run-time-levels --level-banks a.json")
      #expect(manifest.value("folder") == "out")
      let graph = try FoldedNetwork(folder: resbin.folder.appending(path: "out")).graph
      #expect(graph.modes == 2)
      #expect(graph.fewerLevels == banks.modes)
      // Images that were seen are more, but not others than the shipped ones.
      let shipped = try LabelledImages(
        contentsOf: TestData.models.appending(path: "mnist-test-500-images.idx3-ubyte"))
      let predictions = GoldenExecutor(graph.inMode(0)).predictions(shipped.pixels)
      let correct = zip(predictions, shipped.labels).count { $0 == Int($1) }
      #expect((banks.calibration.correct[0]...banks.calibration.correct[0] + 100).contains(correct))
    }
  }

  @Test func calibrateShowsATable() throws {
    try Resbin.inFolder { resbin in
      let output = try resbin.run("\(Self.call) --count 50 --test-count 10 --output a.json")
      #expect(output.status == 0)
      #expect(output.error == "")
      let lines = output.output.split(separator: "\n").map(String.init)
      #expect(
        lines.first?.wholeMatch(
          of: /mnist-256x3-m2: calibrated on 50 images in \d+\.\d s, measured on 10 others/) != nil)
      #expect(lines[1] == "  levels  dropped  calibrated")
      #expect(lines[3].wholeMatch(of: #/       1 +\d+\.00 % +\d+\.00 %/#) != nil)
      #expect(lines[4].wholeMatch(of: #/       2 +\d+\.00 %/#) != nil)
      #expect(lines[5] == "written to a.json")
      #expect(lines.count == 6)
    }
  }

  /// With a part for each, both are used whole; with one, what was calibrated on is not measured on.
  @Test func theTrainingPartIsForTheCalibration() throws {
    try Resbin.inFolder { resbin in
      let names = ["images.idx3", "labels.idx1"]
      let headers = [16, 8]
      for (name, header) in zip(names, headers) {
        let file = "mnist-test-500-\(name)-ubyte"
        let bytes = [UInt8](try Data(contentsOf: TestData.models.appending(path: file)))
        let size = (bytes.count - header) / 500
        for (part, first, count) in [("train", 0, 60), ("t10k", 60, 20)] {
          var begin = Array(bytes.prefix(header))
          (begin[6], begin[7]) = (0, UInt8(count))
          let values = bytes[(header + first * size)..<(header + (first + count) * size)]
          try resbin.write(
            begin + values, to: "data/\(part)-\(name.replacing(".", with: "-"))-ubyte")
        }
      }
      let call = "calibrate \(Self.model) --dataset data -o a.json"
      let json = try resbin.json("\(call) --count 60")
      #expect(json.value("images") == 20)
      #expect(try resbin.json("\(call) --count 50 --test-count 7").value("images") == 7)
      let output = try resbin.run("\(call) --split test")
      #expect(
        output.error == """
          error: data: 300 images are asked for; the test part holds 20, and accuracy needs others
            hint: name a folder with more images

          """)
      #expect(
        try resbin.run("\(call) --count 61").error == """
          error: data: 61 images are asked for; the train part holds 60
            hint: use `--count` from 50 to 60

          """)
    }
  }

  // MARK: Errors

  @Test(arguments: [
    (
      "\(call) -o a.json --count 49",
      """
      error: --count: 49; at least 50 images are needed
        hint: use some hundred
      """
    ),
    (
      "\(call) -o a.json --count 500",
      """
      error: Models: 500 images are asked for; the test part holds 500, and accuracy needs others
        hint: use `--count` from 50 to 499
      """
    ),
    (
      "\(call) -o a.json --test-count 201",
      """
      error: Models: 201 images to measure on are asked for; there are 200
        hint: use `--test-count` from 1 to 200
      """
    ),
    (
      "\(call) -o a.json --split train",
      """
      error: ./Models: the folder holds no train images
        hint: name a folder with the files of MNIST (train-images-idx3-ubyte), CIFAR-10 \
      (data_batch_1.bin) or SVHN (train_32x32.mat), or with a folder of PNG or PPM pictures for \
      each class
      """
    ),
    (
      "\(call) -o none/a.json",
      """
      error: none/a.json: there is no folder './none'
        hint: choose a file in a folder that you may write to
      """
    ),
    (
      "\(call) -o \(model)",
      """
      error: \(model): something is there already, and it is no file of level banks
        hint: choose another name
      """
    ),
    (
      "calibrate Models/mnist-256x3-m1.onnx --dataset Models -o a.json",
      """
      error: mnist-256x3-m1: every activation has one level: there is nothing to choose
        hint: use it as it is
      """
    ),
    (
      "calibrate Models/cifar10-cnv-m2.onnx --dataset Models -o a.json",
      """
      error: Models: the images have 28×28×1 values; the network takes 32×32×3
        hint: choose images of that size
      """
    ),
    (
      "generate \(model) -o out --level-banks a.json",
      """
      error: --level-banks: given without `--run-time-levels`; the levels in use are fixed
        hint: add `--run-time-levels`
      """
    ),
    (
      "generate \(model) -o out --run-time-levels --level-banks a.json",
      """
      error: a.json: the file is missing or cannot be read
        hint: name a file that `resbin calibrate` wrote
      """
    ),
  ])
  func aCallThatCannotBe(arguments: String, message: String) throws {
    try Resbin.inFolder { resbin in
      let output = try resbin.run(arguments)
      #expect(output.status == 1)
      #expect(output.output == "")
      #expect(output.error == message + "\n")
      #expect(try resbin.contents() == [])
    }
  }

  @Test func banksOfAnotherModelAreRefused() throws {
    try Resbin.inFolder { resbin in
      let output = try resbin.run("\(Self.call) --count 50 --test-count 1 -o a.json")
      #expect(output.status == 0)
      let options = "-o out --run-time-levels --level-banks a.json"
      #expect(
        try resbin.run("generate Models/mnist-256x3-m3.onnx \(options)").error == """
          error: a.json: made for the network 'mnist-256x3-m2'; this is 'mnist-256x3-m3'
            hint: name the file that `resbin calibrate` wrote for this model

          """)
      let other = try resbin.run("generate \(Self.model) --gamma-bits 4 \(options)")
      #expect(other.status == 1)
      #expect(
        other.error.hasPrefix("error: a.json: made for a 'mnist-256x3-m2' of other numbers: "))
      #expect(try resbin.contents() == ["a.json"])
    }
  }
}
