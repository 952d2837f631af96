// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ResBin

struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Show a model's layers, shapes, levels, gammas and weight bits, and what to look at.",
    discussion: """
      Gammas are shown as trained and as the integers that the hardware uses. Warnings name what \
      may surprise: gammas that do not decrease, codes that are not ordered as their values.

        resbin inspect Models/mnist-256x3-m2.onnx
      """)

  @OptionGroup var model: ModelOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let report = try InspectionReport(
      model.source.read(showsRemarks: true), options: model.source.lowering)
    try output.print(report, text: report.text)
  }
}
