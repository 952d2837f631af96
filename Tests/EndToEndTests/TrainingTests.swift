// SPDX-License-Identifier: Apache-2.0

import Foundation
import ResBin
import TestSupport
import Testing

/// A few steps of the trainer, its export, and the three that must agree on it: PyTorch, onnxruntime
/// and the golden model. Data are the shipped images, as training and as test set.
@Suite(
  .tags(.endToEnd),
  .enabled(
    if: TestData.python != nil,
    "needs the Python tools of Training/pyproject.toml in .venv: run Scripts/setup test"))
struct TrainingTests {
  private struct Case: CustomTestStringConvertible {
    var recipe: String
    var options: [String]
    var outputs = ["scores"]

    var testDescription: String { ([recipe] + options).joined(separator: " ") }
  }

  private static let cases = [
    Case(recipe: "mnist-256x3", options: ["--levels", "3,1,2"]),
    Case(
      recipe: "mnist-256x3", options: ["--levels", "3", "--joint", "--method", "tanh"],
      outputs: ["scores", "scores_m2", "scores_m1"]),
    Case(recipe: "mnist-256x3-1bit", options: ["--levels", "1", "--as-paper", "--epochs", "2"]),
    Case(
      recipe: "cifar10-cnv", options: ["--levels", "2", "--joint"],
      outputs: ["scores", "scores_m1"]),
  ]

  @Test(arguments: cases)
  private func threeImplementationsAgree(_ example: Case) throws {
    try TestData.withTemporaryFolder { folder in
      let images = try layData(for: example.recipe, in: folder)
      let model = folder.appending(path: "small.onnx")
      let run = folder.appending(path: "run")
      try python(
        ["-m", "resbin_training.train", example.recipe, "--data", folder.path]
          + ["--output", model.path, "--run", run.path, "--threads", "1"]
          + ["--epochs", "1", "--batch", "50", "--validation", "100"] + example.options,
        in: folder)
      for output in example.outputs {
        let count = images.pixels.count / images.pixelsAnImage
        let pytorch = try scores(run.appending(path: "checkpoint.pt"), output, images.file, folder)
        let runtime = try scores(model, output, images.file, folder)
        #expect(pytorch.count == 10 * count && runtime.count == 10 * count)
        let trained = try TrainedNetwork(onnx: model, output: output)
        let graph = try trained.network.lowered(with: trained.parameters, options: .reference)
        let pixels =
          example.recipe.hasSuffix("1bit") ? images.pixels.map { $0 >> 7 } : images.pixels
        let golden = GoldenExecutor(graph).outputs(pixels)
        let limits = try #require(graph.lowering.scores)
        // Gammas are integers of 20 bits, and float32 sums in another order may turn a bit near a
        // threshold; an image in which that happens has other scores, and few may have.
        let agreeing = (0..<count).count { image in
          (10 * image..<10 * image + 10).allSatisfy {
            abs(Double(golden[$0]) * limits.step - runtime[$0]) <= limits.bound + 1e-3
              && abs(pytorch[$0] - runtime[$0]) <= 1e-3
          }
        }
        #expect(
          agreeing * 100 >= count * 90,
          "\(output): the scores of \(agreeing) of \(count) images agree")
      }
    }
  }

  private struct Images {
    var file: URL
    var pixels: [UInt8]
    var pixelsAnImage: Int
  }

  /// The shipped images under the names that the data set's authors gave their files.
  private func layData(for recipe: String, in folder: URL) throws -> Images {
    func copy(_ name: String, _ targets: [String]) throws {
      for target in targets {
        try FileManager.default.copyItem(
          at: TestData.models.appending(path: name), to: folder.appending(path: target))
      }
    }
    if recipe.hasPrefix("mnist") {
      try copy(
        "mnist-test-500-images.idx3-ubyte", ["train-images-idx3-ubyte", "t10k-images-idx3-ubyte"])
      try copy(
        "mnist-test-500-labels.idx1-ubyte", ["train-labels-idx1-ubyte", "t10k-labels-idx1-ubyte"])
      let file = folder.appending(path: "t10k-images-idx3-ubyte")
      return Images(
        file: file, pixels: Array(try Data(contentsOf: file).dropFirst(16)), pixelsAnImage: 784)
    }
    try copy(
      "cifar10-test-100-images.bin", (1...5).map { "data_batch_\($0).bin" } + ["test_batch.bin"])
    let file = folder.appending(path: "test_batch.bin")
    return Images(
      file: file, pixels: try LabelledImages(contentsOf: file).pixels, pixelsAnImage: 3072)
  }

  private struct Reference: Decodable {
    var scores: [[Double]]
  }

  private func scores(
    _ model: URL, _ output: String, _ images: URL, _ folder: URL
  ) throws -> [Double] {
    let text = try python(
      [
        "-m", "resbin_training.predict", model.path, "--images", images.path, "--scores",
        "--output", output, "--threads", "1",
      ], in: folder)
    return Array(
      try JSONDecoder().decode(Reference.self, from: Data(text.utf8)).scores.joined())
  }

  @discardableResult
  private func python(_ arguments: [String], in folder: URL) throws -> String {
    let result = try ExternalTool(url: try #require(TestData.python)).run(
      arguments, in: folder,
      environment: ["PYTHONPATH": TestData.repository.appending(path: "Training").path])
    try #require(result.status == 0, Comment(rawValue: result.error))
    return result.output
  }
}
