// SPDX-License-Identifier: Apache-2.0

import ResBin
import TestSupport
import Testing

/// The CNV that ships with the project, on real images: the figures of Models/README.md.
@Suite(.tags(.endToEnd)) struct ShippedCNVTests {
  @Test func accuracyOnTheShippedImages() throws {
    let images = try LabelledImages(
      contentsOf: TestData.models.appending(path: "cifar10-test-100-images.bin"))
    #expect(images.count == 100)
    let report = try EvaluationReport(
      TrainedNetwork(onnx: shippedCNV), images: images.pixels, labels: images.labels)
    #expect(report.correct == 83)
    // One level each: there is nothing to round.
    #expect(report.quantization.differingCodes == 0)
  }

  @Test(
    .enabled(
      if: TestData.hasShared && TestData.isExhaustive,
      "needs ../shared/data and RESBIN_EXHAUSTIVE=1"))
  func accuracyOnAllTestImages() throws {
    let images = try LabelledImages(folder: TestData.shared.appending(path: "cifar10"))
    let report = try EvaluationReport(
      TrainedNetwork(onnx: shippedCNV), images: images.pixels, labels: images.labels)
    #expect(report.correct == 7901)
  }

  /// The two pictures are the first images of the records, and have the classes of the tutorial.
  @Test(arguments: [("cat", 0, 3), ("ship", 1, 8)])
  func pictureIsOfItsClass(name: String, index: Int, expected: Int) throws {
    let records = try LabelledImages(
      contentsOf: TestData.models.appending(path: "cifar10-test-100-images.bin"))
    let picture = try LabelledImages(
      contentsOf: TestData.repository.appending(path: "Docs/tutorial/\(name).png"))
    #expect(picture.pixels == Array(records.pixels[index * 3072..<(index + 1) * 3072]))
    #expect(records.labels[index] == UInt8(expected))
    let trained = try TrainedNetwork(onnx: shippedCNV)
    let golden = GoldenExecutor(try trained.network.lowered(with: trained.parameters))
    #expect(golden.predictions(picture.pixels) == [expected])
  }
}
