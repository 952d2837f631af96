// SPDX-License-Identifier: Apache-2.0

import Foundation
import ResBin
import TestSupport
import Testing

/// The golden model against onnxruntime on the same ONNX file: an implementation that shares
/// nothing with ours.
@Suite(
  .tags(.endToEnd),
  .enabled(
    if: TestData.python != nil,
    "needs the Python tools of Training/pyproject.toml in .venv: run Scripts/setup test"))
struct ParityTests {
  private struct Reference: Decodable {
    var predictions: [Int]
  }

  @Test(arguments: [1, 2, 3])
  func predictionsEqualOnnxruntime(levels: Int) throws {
    let file =
      TestData.hasShared
      ? TestData.shared.appending(path: "mnist/t10k-images-idx3-ubyte.gz")
      : TestData.models.appending(path: "mnist-test-500-images.idx3-ubyte")
    let reference = try onnxruntime(
      TestData.models.appending(path: "mnist-256x3-m\(levels).onnx"), images: file)
    let trained = try shippedModel(levels: levels)
    let images = try LabelledImages(contentsOf: file)
    let golden = GoldenExecutor(try trained.network.lowered(with: trained.parameters))
    let predictions = golden.predictions(images.pixels)
    #expect(reference.count == images.count)
    let differing = zip(predictions, reference).count { $0 != $1 }
    #expect(
      Double(differing) <= 0.001 * Double(images.count),
      "\(differing) of \(images.count) predictions differ")
  }

  /// No sum of the shipped CNV comes near 0, so float32 decides as integers do: not one prediction
  /// differs. The long tier takes all 10,000 test images.
  @Test func predictionsOfCNVEqualOnnxruntime() throws {
    let file =
      TestData.hasShared && TestData.isExhaustive
      ? TestData.shared.appending(path: "cifar10/test_batch.bin.gz")
      : TestData.models.appending(path: "cifar10-test-100-images.bin")
    let reference = try onnxruntime(shippedCNV, images: file)
    let trained = try TrainedNetwork(onnx: shippedCNV)
    let images = try LabelledImages(contentsOf: file)
    let golden = GoldenExecutor(try trained.network.lowered(with: trained.parameters))
    #expect(golden.predictions(images.pixels) == reference)
    #expect(reference.count == images.count)
  }

  /// Every shipped file and each of its outputs, on the shipped images. Gammas of 20 bits and float32
  /// sums may decide a close call differently: one image in a hundred may differ.
  @Test func everyShippedModelAgrees() throws {
    let models = try FileManager.default.contentsOfDirectory(
      at: TestData.models, includingPropertiesForKeys: nil
    ).filter { $0.pathExtension == "onnx" }
    #expect(models.count >= 5)
    for model in models {
      let isMNIST = model.lastPathComponent.hasPrefix("mnist")
      let file = TestData.models.appending(
        path: isMNIST ? "mnist-test-500-images.idx3-ubyte" : "cifar10-test-100-images.bin")
      let images = try LabelledImages(contentsOf: file)
      for output in try ONNXModel(contentsOf: model).outputs {
        let trained = try TrainedNetwork(onnx: model, output: output)
        let graph = try trained.network.lowered(with: trained.parameters, options: .reference)
        let isOneBit = graph.code(of: 0)?.levels == 1
        let golden = GoldenExecutor(graph).predictions(
          isOneBit ? images.pixels.map { $0 >> 7 } : images.pixels)
        let reference = try onnxruntime(model, images: file, output: output)
        #expect(golden.count == images.count && reference.count == images.count)
        let differing = zip(golden, reference).count { $0 != $1 }
        #expect(
          differing * 100 <= images.count,
          "\(model.lastPathComponent), \(output): \(differing) of \(images.count) differ")
      }
    }
  }

  /// The classes that onnxruntime gives.
  private func onnxruntime(_ model: URL, images: URL, output: String? = nil) throws -> [Int] {
    let process = Process()
    process.executableURL = TestData.python
    process.arguments =
      [
        "-m", "resbin_training.predict", model.path, "--images", images.path,
      ] + (output.map { ["--output", $0] } ?? [])
    process.environment = ProcessInfo.processInfo.environment.merging(
      ["PYTHONPATH": TestData.repository.appending(path: "Training").path]
    ) { $1 }
    let output = Foundation.Pipe()
    process.standardOutput = output
    try process.run()
    let data = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return try JSONDecoder().decode(Reference.self, from: data).predictions
  }
}
