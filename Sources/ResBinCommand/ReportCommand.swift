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
    guard count > 0 else {
      throw Diagnostic(at: "--count", "\(count); a positive number is expected")
    }
    guard model == nil || images != nil else {
      throw Diagnostic(
        at: "--model", "given without images; the model is compared on images",
        hint: "name a file of images with `--images`")
    }
    let folder = URL(filePath: design)
    let files = try Design(folder: folder)
    let pipeline = try Pipeline(FoldedNetwork(folder: folder))
    let graph = pipeline.folding.graph
    let manifest = try checkedManifest(of: files, pipeline: pipeline)
    let page = output.map { URL(filePath: $0) } ?? folder.appending(path: "report.html")
    let targets = try ReportFiles(page: page)
    noteChanges(of: files, folder: design)
    var report = try DesignReport(
      manifest: manifest, folding: pipeline.folding, clock: clock * 1e6,
      device: Device(named: device))
    let log = folder.appending(path: "build/yosys/timing.txt")
    report.measuredPath = (try? String(contentsOf: log, encoding: .utf8)).flatMap {
      DesignReport.MeasuredPath(parsing: $0, hash: manifest.accelerator?.hash)
    }
    if report.measuredPath == nil && FileManager.default.fileExists(atPath: log.path) {
      note(
        "\(log.path): no measurement of this design, and left out; `yosys -c yosys/synthesize_yosys.tcl` in the "
          + "folder makes one")
    }
    let trained = try model.map { try ModelOfDesign($0, graph: graph) }
    var fails = false

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
        if let trained {
          let reference = try trained.own.network.lowered(
            with: trained.own.parameters, options: .reference)
          report.reference = DesignReport.Accuracy(
            predictions: GoldenExecutor(reference).predictions(pixels), labels: all.labels)
          if graph.modes == 1 {
            report.outputs = try trained.accuracies(on: pixels, labels: all.labels)
          }
        }
      }
      progress.say("building the Verilator model …")
      let verifier = try DesignVerifier(files, pipeline: pipeline)
      let start = ContinuousClock.now
      let part = Array(pixels.prefix(count * graph.nodes[0].shape.count))
      let result = try verifier.run(part) { progress.show($0) }
      for mode in report.modes.indices {
        progress.say("\(mode + 1) of \(graph.modes) levels in use …")
        let isLast = mode == graph.modes - 1
        if !all.labels.isEmpty {
          let predictions =
            isLast ? predictions : GoldenExecutor(graph.inMode(mode)).predictions(pixels)
          report.modes[mode].accuracy = DesignReport.Accuracy(
            predictions: predictions, labels: all.labels)
        }
        let result = isLast ? result : try verifier.run(part, mode: mode)
        report.modes[mode].simulated = result.images
        report.modes[mode].agreeing = result.agreeing
        fails = fails || !result.passed
      }
      progress.clear()
      let seconds = ContinuousClock.now - start
      report.simulation = SimulationReport(
        result, manifest: manifest, stalls: StallPattern.none.rawValue, seed: 1,
        labels: first.labels, clock: clock * 1e6, seconds: seconds / .seconds(1))
      report.equalPredictions = zip(result.predictions, predictions).count { $0 == $1 }
    }
    try targets.write(report)
    print(report.text(written: targets.paths))
    if fails || report.simulation?.passed == false { throw ExitCode(1) }
  }

  /// What the manifest should say, with the hashes of the one that is there.
  ///
  /// - Throws: ``Diagnostic`` where it says something else of cycles or streams.
  private func checkedManifest(of design: Design, pipeline: Pipeline) throws -> Manifest {
    let there = design.manifest
    var manifest = try pipeline.verilog().manifest
    guard there.timing == manifest.timing, there.input == manifest.input,
      there.output == manifest.output, there.folds == manifest.folds,
      there.stages.map(\.name) == manifest.stages.map(\.name), there.modes == manifest.modes
    else {
      throw manifestDiffers(in: self.design)
    }
    manifest.hash = there.hash
    manifest.files = there.files
    manifest.accelerator = there.accelerator
    return manifest
  }
}

/// The model that a design was generated from, and its other outputs.
private struct ModelOfDesign {
  /// The output that the design computes.
  let own: TrainedNetwork
  /// All that can be read, in the model's order; one for most models.
  private let outputs: [TrainedNetwork]
  private let options: LoweringOptions

  /// - Throws: ``Diagnostic`` when no output of the model is the design's network, number by number.
  init(_ path: String, graph: IntegerGraph) throws {
    let file = try ONNXModel(contentsOf: URL(filePath: path))
    // An output that this program cannot read is none of the design's.
    let readable = file.outputs.compactMap { try? file.trainedNetwork(output: $0) }
    let first = try file.trainedNetwork()
    // Without a choice the first output has no name of its own.
    outputs = [first] + (file.outputs.count > 1 ? Array(readable.dropFirst()) : [])
    for network in outputs where network.network.name == graph.name {
      // 8 bits unless the design was generated with others.
      for bits in [8] + (1...20) {
        let options = LoweringOptions(gammaBits: bits, keepsWeights: graph.modes > 1)
        guard
          try network.network.lowered(with: network.parameters, options: options)
            == graph.inMode(graph.modes - 1)
        else { continue }
        self.options = options
        own = network
        return
      }
    }
    throw Diagnostic(
      at: path, "no output of it is the network of the design '\(graph.name)'",
      hint: "name the model that the design was generated from")
  }

  /// Of a model with several outputs, each.
  func accuracies(on pixels: [UInt8], labels: [UInt8]) throws -> [DesignReport.NamedAccuracy] {
    guard outputs.count > 1 else { return [] }
    return try outputs.map { model in
      let graph = try model.network.lowered(with: model.parameters, options: options)
      return DesignReport.NamedAccuracy(
        name: graph.name, levels: graph.levels,
        accuracy: DesignReport.Accuracy(
          predictions: GoldenExecutor(graph).predictions(pixels), labels: labels))
    }
  }
}

/// The page, and JSON and CSV beside it: all are written, or none.
private struct ReportFiles {
  private let page: URL
  private var all: [URL] { [page] + ["json", "csv"].map(beside) }

  /// Their paths.
  var paths: [String] { all.map(\.relativePath) }

  /// - Throws: ``Diagnostic`` where something would be lost.
  init(page: URL) throws {
    self.page = page
    guard page.pathExtension == "html" else {
      throw Diagnostic(
        at: "--output", "'\(page.lastPathComponent)'; a name that ends in .html is expected")
    }
    let older = try? String(contentsOf: page, encoding: .utf8)
    guard older?.contains(DesignReport.mark) != true else { return }
    if let there = all.first(where: { FileManager.default.fileExists(atPath: $0.path) }) {
      throw Diagnostic(
        at: there.path, "the file is there already, and no report wrote it",
        hint: "choose another name with `--output`")
    }
  }

  private func beside(_ ending: String) -> URL {
    page.deletingPathExtension().appendingPathExtension(ending)
  }

  func write(_ report: DesignReport) throws {
    let texts = [
      Data(report.page.utf8), try encoded(report) + Data("\n".utf8), Data(report.csv.utf8),
    ]
    let staged = all.map {
      $0.deletingLastPathComponent().appending(
        path: ".\($0.lastPathComponent).\(UUID().uuidString)")
    }
    do {
      for (url, text) in zip(staged, texts) { try text.write(to: url) }
      for (from, to) in zip(staged, all) {
        guard rename(from.path, to.path) == 0 else { throw CocoaError(.fileWriteUnknown) }
      }
    } catch {
      for url in staged { try? FileManager.default.removeItem(at: url) }
      throw Diagnostic(
        at: page.path, "the report cannot be written",
        hint: "choose a file in a folder that you may write to, with `--output`")
    }
  }
}
