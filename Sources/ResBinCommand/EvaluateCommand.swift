// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import ResBin

struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Measure a model's accuracy with the bit-exact golden model.",
    discussion: """
      The golden model computes what the hardware computes, bit for bit. The report also says what \
      integers in place of trained gammas changed: activations, predictions, accuracy.

      The data set is a folder with the original files of MNIST (t10k-images-idx3-ubyte, its \
      labels, train-…), CIFAR-10's binary version (test_batch.bin, data_batch_1.bin …) or SVHN's \
      cropped digits (test_32x32.mat, train_32x32.mat), or tensors of NumPy (test-images.npy, \
      test-labels.npy, train-…), each plain or gzip. Or it holds a folder of PNG, PPM or PGM \
      pictures for each class, in the order of the folders' names; two parts lie in folders \
      'test' and 'train'.

        resbin evaluate Models/mnist-256x3-m2.onnx --dataset mnist/
      """)

  @OptionGroup var model: ModelOptions

  @Option(help: "The folder of the data set.")
  var dataset: String

  @Option(
    help:
      "Which part of it: \(LabelledImages.Split.allCases.map(\.rawValue).joined(separator: " or "))."
  )
  var split = LabelledImages.Split.test

  @Option(help: "Only the first COUNT images.")
  var count: Int?

  @OptionGroup var output: OutputOptions

  func run() throws {
    let trained = try model.source.read()
    let all = try LabelledImages(folder: URL(filePath: dataset), split: split)
    guard !all.labels.isEmpty else {
      throw Diagnostic(
        at: dataset, "the images have no labels; accuracy needs them",
        hint: "put the pictures of each class into a folder of its own")
    }
    let images = try limited(all, to: count, path: dataset)
    guard let input = trained.network.input else { return }
    let report = try EvaluationReport(
      trained,
      images: checkedImages(images, shape: input.shape, bits: input.bits, path: dataset),
      labels: images.labels, options: model.source.lowering)
    try output.print(report, text: report.text)
  }
}
