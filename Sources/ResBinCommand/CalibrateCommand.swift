// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import ResBin

struct CalibrateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "calibrate",
    abstract: "Make thresholds and scores for fewer levels from a few hundred images.",
    discussion: """
      A network that was trained with M levels is ruined when levels are just left out. This makes \
      thresholds, gammas and scores for each smaller number of levels, and says what accuracy each \
      has on other images. `resbin generate` takes the file:

        resbin calibrate Models/mnist-256x3-m2.onnx --dataset mnist/ \\
          --output m2.levels.json
        resbin generate Models/mnist-256x3-m2.onnx --output build/mnist \\
          --run-time-levels --level-banks m2.levels.json

      The data set is a folder as for `resbin evaluate`. The images come from its training part, \
      accuracy from its test part; where it has one part only, from different images of that. Labels \
      are for the accuracy alone.
      """)

  @OptionGroup var model: ModelOptions

  @Option(help: "The folder of the data set.")
  var dataset: String

  @Option(help: "How many images to calibrate on, evenly spread over their part.")
  var count = 300

  @Option(
    help: ArgumentHelp(
      "The part that they come from: \(LabelledImages.Split.allCases.map(\.rawValue).joined(separator: " or ")). "
        + "(default: train, if there is one)"))
  var split: LabelledImages.Split?

  @Option(
    help: ArgumentHelp(
      "How many other images to measure on, evenly spread. (default: all)", valueName: "count"))
  var testCount: Int?

  @Option(name: .shortAndLong, help: "The file to write; older level banks there are replaced.")
  var output: String

  @OptionGroup var format: OutputOptions

  func run() throws {
    let url = URL(filePath: output)
    try LevelBanks.checkDestination(url)
    let graph = try model.source.readLowered(keepsWeights: true)
    // Nothing is read for a network of one level.
    _ = try graph.droppingLevels()
    let (images, tests) = try selectedImages()
    let shape = graph.nodes[0].shape
    let bits = graph.code(of: 0)?.levels ?? 8
    let pixels = try checkedImages(images, shape: shape, bits: bits, path: dataset)
    let testPixels = try checkedImages(tests, shape: shape, bits: bits, path: dataset)

    let progress = ProgressBar(total: images.count, isShown: !format.json)
    progress.say("calibrating on \(images.count) images …")
    let start = ContinuousClock.now
    let calibrated = try graph.calibrated(on: pixels, options: model.source.lowering)
    let seconds = ContinuousClock.now - start
    progress.say("measuring on \(tests.count) images …")
    let report = try CalibrationReport(
      calibrated, calibrationImages: images.count, images: testPixels, labels: tests.labels,
      file: output, seconds: seconds / .seconds(1))
    progress.clear()
    try LevelBanks(
      of: calibrated,
      calibration: LevelBanks.Calibration(
        images: images.count, testImages: tests.count, correct: report.modes.map(\.correct))
    ).write(to: url)
    try format.print(report, text: report.text)
  }

  /// The images to calibrate on, and others to measure on.
  private func selectedImages() throws -> (images: LabelledImages, tests: LabelledImages) {
    guard count >= IntegerGraph.leastCalibrationImages else {
      throw Diagnostic(
        at: "--count",
        "\(count); at least \(IntegerGraph.leastCalibrationImages) images are needed",
        hint: "use some hundred")
    }
    let folder = URL(filePath: dataset)
    let parts = try LabelledImages.splits(in: folder)
    let split = self.split ?? (parts.contains(.train) ? .train : .test)
    let all = try LabelledImages(folder: folder, split: split)
    let isWhole = parts.contains(.test) && split != .test
    let others = isWhole ? try LabelledImages(folder: folder, split: .test) : all
    guard !others.labels.isEmpty else {
      throw Diagnostic(
        at: dataset, "the images have no labels; accuracy needs them",
        hint: "put the pictures of each class into a folder of its own")
    }
    let most = isWhole ? all.count : all.count - 1
    guard count <= most else {
      throw Diagnostic(
        at: dataset,
        "\(count) images are asked for; the \(split.rawValue) part holds \(all.count)"
          + (isWhole ? "" : ", and accuracy needs others"),
        hint: most >= IntegerGraph.leastCalibrationImages
          ? "use `--count` from \(IntegerGraph.leastCalibrationImages) to \(most)"
          : "name a folder with more images")
    }
    let chosen = spread(count, over: Array(0..<all.count))
    var rest = Array(0..<others.count)
    if !isWhole {
      let used = Set(chosen)
      rest.removeAll(where: used.contains)
    }
    if let testCount, !(1...rest.count).contains(testCount) {
      throw Diagnostic(
        at: dataset, "\(testCount) images to measure on are asked for; there are \(rest.count)",
        hint: "use `--test-count` from 1 to \(rest.count)")
    }
    return (
      all.selecting(chosen), others.selecting(spread(testCount ?? rest.count, over: rest))
    )
  }

  /// So many of the indices at equal distances: pictures come class by class.
  private func spread(_ count: Int, over indices: [Int]) -> [Int] {
    (0..<count).map { indices[$0 * indices.count / count] }
  }
}
