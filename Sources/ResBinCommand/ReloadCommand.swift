// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import ResBin

struct ReloadCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reload",
    abstract: "Write what the drivers load into a design, for another model of its shape.",
    discussion: """
      The design was generated with `--reloadable`; the model has its layers, sizes and levels. Nothing \
      is synthesized again: the file holds weights, thresholds, gammas and scores as the memories of \
      the accelerator take them, with a checksum.

        resbin generate Models/mnist-256x3-m2.onnx --reloadable --output build/mnist
        resbin reload build/mnist trained-again.onnx --output again.rbp

      resbin_load (C) and Accelerator.load (Python), in driver/ of the design, write it over AXI4-Lite. A \
      name that ends in .h gives a C header with the same words as an array.
      """)

  @Argument(help: "The design, a folder that `resbin generate --reloadable` wrote.")
  var design: String

  @OptionGroup var model: ModelOptions

  @Option(
    help: ArgumentHelp(
      "For a design whose levels are chosen at run time: what `resbin calibrate` wrote for the model, in place of its outputs.",
      valueName: "file"))
  var levelBanks: String?

  @Option(name: .shortAndLong, help: "The file to write; an older one of its kind is replaced.")
  var output: String

  @OptionGroup var format: OutputOptions

  func run() throws {
    let folder = URL(filePath: design)
    let manifest = try Manifest(folder: folder)
    let built = try Pipeline(FoldedNetwork(folder: folder))
    let url = URL(filePath: output)
    try OutputFile.check(url, kind: "parameter image", isOfKind: ParameterImage.isImage)
    let graph = try model.source.readLoading(into: built.folding, banks: levelBanks)
    try manifest.checkHash(of: built)
    let image = try ParameterImage(of: built.loading(graph), into: manifest)
    var data = image.data
    if ["h", "hh", "hpp"].contains(url.pathExtension.lowercased()) {
      let name = url.deletingPathExtension().lastPathComponent
      data = Data(image.cHeader(name: name, model: graph.name, design: manifest.network).utf8)
    }
    try OutputFile.write(data, to: url)
    let report = ReloadReport(
      image, model: graph.name, design: manifest.network, file: output)
    try format.print(report, text: report.text)
  }
}
