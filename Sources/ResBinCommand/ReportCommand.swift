// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import ResBin

struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Write one page about a design: pipeline, cycles, resources, accuracy, parity.",
    discussion: """
      The page is one HTML file that needs nothing else; beside it come the same figures as JSON, and \
      the stages as CSV. With images the golden model is evaluated on all of them, and the Verilog is \
      simulated on the first of them; with the model the page also says what integers changed, and the \
      accuracy of each level count where the model has an output for each.

        resbin report build/mnist
        resbin report build/mnist --images mnist/ --count 100 --model Models/mnist-256x3-m2.onnx
      """)

  @Argument(help: "The folder that `resbin generate` wrote.")
  var design: String

  @Option(help: "Images, a file or a folder as for `resbin simulate`.")
  var images: String?

  @Option(help: "How many of them the Verilog is simulated on.")
  var count = 20

  @Option(help: "The model that the design was generated from, an ONNX file.")
  var model: String?

  @Option(
    name: .shortAndLong,
    help: "The page; JSON and CSV lie beside it. (default: report.html in the design's folder)")
  var output: String?

  @Option(
    help: ArgumentHelp(
      "The board or part whose share the design takes: \(Device.all.map(\.name).joined(separator: ", "))."
    ))
  var device = "zc706"

  @Option(help: "The clock in MHz, for the figures in seconds.")
  var clock = 200.0

  func run() throws {
    try checkClock(clock)
    let folder = URL(filePath: design)
    let files = try Design(folder: folder)
    let pipeline = try Pipeline(FoldedNetwork(folder: folder))
    let graph = pipeline.folding.graph
    let page = output.map { URL(filePath: $0) } ?? folder.appending(path: "report.html")
    guard page.pathExtension == "html" else {
      throw Diagnostic(
        at: "--output", "'\(page.lastPathComponent)'; a name that ends in .html is expected")
    }
    var report = try DesignReport(
      manifest: files.manifest, folding: pipeline.folding, clock: clock * 1e6,
      device: Device(named: device))
    let trained = try model.map { try trainedNetworks($0, like: graph) } ?? []

    if let images {
      let all = try LabelledImages(contentsOf: URL(filePath: images))
      let pixels = try checkedImages(
        all, shape: graph.nodes[0].shape, bits: pipeline.input.bitsPerLane, path: images)
      let first = try limited(all, to: count, path: images)
      let progress = ProgressBar(total: count, isShown: true)
      progress.say("the golden model on \(all.count) images …")
      let predictions = GoldenExecutor(graph).predictions(pixels)
      if !all.labels.isEmpty {
        report.integers = DesignReport.Accuracy(predictions: predictions, labels: all.labels)
        // The output that the design computes is the one of so many levels.
        let own = try trained.first {
          try $0.network.lowered(with: $0.parameters).levels == graph.levels
        }
        if let model = own {
          let reference = try model.network.lowered(
            with: model.parameters, options: .reference)
          report.reference = DesignReport.Accuracy(
            predictions: GoldenExecutor(reference).predictions(pixels), labels: all.labels)
        }
        if trained.count > 1 { report.outputs = try accuracies(trained, pixels, all.labels) }
      }
      progress.say("building the Verilator model …")
      let verifier = try DesignVerifier(files, pipeline: pipeline)
      let start = ContinuousClock.now
      let part = Array(pixels.prefix(count * graph.nodes[0].shape.count))
      let result = try verifier.run(part) { progress.show($0) }
      progress.clear()
      let seconds = ContinuousClock.now - start
      report.simulation = SimulationReport(
        result, manifest: files.manifest, stalls: StallPattern.none.rawValue, seed: 1,
        labels: first.labels, clock: clock * 1e6, seconds: seconds / .seconds(1))
      report.equalPredictions = zip(result.predictions, predictions).count { $0 == $1 }
    }
    try write(report, to: page)
    if report.simulation?.passed == false { throw ExitCode(1) }
  }

  /// One network for each output of the model, in the model's order.
  private func trainedNetworks(_ path: String, like graph: IntegerGraph) throws -> [TrainedNetwork]
  {
    let file = try ONNXModel(contentsOf: URL(filePath: path))
    let first = try file.trainedNetwork()
    let shapes = try first.network.lowered(with: first.parameters).nodes.map(\.shape)
    guard shapes == graph.nodes.map(\.shape) else {
      throw Diagnostic(
        at: path, "the layers are not those of the design '\(graph.name)'",
        hint: "name the model that the design was generated from")
    }
    return try file.outputs.count < 2
      ? [first] : file.outputs.map { try file.trainedNetwork(output: $0) }
  }

  private func accuracies(
    _ models: [TrainedNetwork], _ pixels: [UInt8], _ labels: [UInt8]
  ) throws -> [DesignReport.NamedAccuracy] {
    try models.map { model in
      let graph = try model.network.lowered(with: model.parameters)
      return DesignReport.NamedAccuracy(
        name: model.network.name, levels: graph.levels,
        accuracy: DesignReport.Accuracy(
          predictions: GoldenExecutor(graph).predictions(pixels), labels: labels))
    }
  }

  private func write(_ report: DesignReport, to page: URL) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let stem = page.deletingPathExtension()
    let files = [
      (page, Data(report.page.utf8)),
      (stem.appendingPathExtension("json"), try encoder.encode(report) + Data("\n".utf8)),
      (stem.appendingPathExtension("csv"), Data(report.csv.utf8)),
    ]
    for (url, data) in files {
      do {
        try data.write(to: url, options: .atomic)
      } catch {
        throw Diagnostic(
          at: url.path, "the report cannot be written",
          hint: "choose a file in a folder that you may write to, with `--output`")
      }
    }
    print(report.text(written: files.map { $0.0.relativePath }))
  }
}
