// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import ResBin

struct SimulateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate",
    abstract: "Run a design's Verilog on images and compare it with the golden model, bit for bit.",
    discussion: """
      Verilator builds the Verilog as it is in the folder. Every stream between layers is compared \
      with the golden model; the first difference is located: image, layer, pixel, channel, level. \
      Labels are read where the file, or one beside it, holds them. Without stalls, latency \
      and interval are measured and compared with the prediction.

        resbin simulate build/mnist --images Models/mnist-test-500-images.idx3-ubyte --count 100
        resbin simulate build/mnist --images t10k-images-idx3-ubyte.gz --stalls random --seed 7
        resbin simulate build/mnist --images picture.png

      With --reload another model is loaded first, as the drivers load what `resbin reload` writes.
      """)

  @Argument(help: "The folder that `resbin generate` wrote.")
  var design: String

  @Option(
    help: """
      The images: an IDX file, a CIFAR-10 .bin file, an SVHN .mat file, a NumPy .npy file or a PNG, \
      PPM or PGM picture, plain or gzip; or a folder as for `resbin evaluate`, of which the test \
      images are taken.
      """)
  var images: String

  @Option(
    help:
      "The levels in use, for a design that was generated with `--run-time-levels`. (default: all)")
  var levels: Int?

  @Option(
    help: ArgumentHelp(
      "For a design that was generated with `--reloadable`: load this model, an ONNX file, into its memories.",
      valueName: "model"))
  var reload: String?

  @Option(
    help: ArgumentHelp(
      "The output to read of that model. (default: the first)", valueName: "name"))
  var modelOutput: String?

  @Option(
    help: ArgumentHelp(
      "What `resbin calibrate` wrote for that model, for a design with `--run-time-levels`.",
      valueName: "file"))
  var levelBanks: String?

  @Option(help: "The most bits of its gammas, as for `resbin reload`.")
  var gammaBits: Int?

  @Option(help: "Only the first COUNT images.")
  var count: Int?

  @Option(help: "When the testbench makes the design wait: none, source, sink, random or patient.")
  var stalls = StallPattern.none

  @Option(help: "The seed of the stalls.")
  var seed: UInt64 = 1

  @Option(help: "Write a waveform, an FST file (GTKWave, Surfer).")
  var trace: String?

  @Option(help: "The clock in MHz, for the figures in seconds.")
  var clock = 200.0

  @OptionGroup var output: OutputOptions

  func run() throws {
    try checkClock(clock)
    let others = [
      ("--model-output", modelOutput != nil), ("--level-banks", levelBanks != nil),
      ("--gamma-bits", gammaBits != nil),
    ]
    if reload == nil, let other = others.first(where: \.1) {
      throw Diagnostic(
        at: other.0, "given without `--reload`; the design's own network is simulated",
        hint: "leave it out")
    }
    let folder = URL(filePath: design)
    let files = try Design(folder: folder)
    let built = try Pipeline(FoldedNetwork(folder: folder))
    try checkModes(of: files.manifest, pipeline: built)
    let pipeline = try reload.map { try loading($0, into: built) } ?? built
    if let levels { try check(levels, of: pipeline.folding.graph) }
    let selected = try limited(
      LabelledImages(contentsOf: URL(filePath: images)), to: count, path: images)
    let first = pipeline.folding.graph.nodes[0]
    let pixels = try checkedImages(
      selected, shape: first.shape, bits: pipeline.input.bitsPerLane, path: images)

    let progress = ProgressBar(total: selected.count, isShown: !output.json)
    progress.say("building the Verilator model …")
    let verifier = try DesignVerifier(
      files, pipeline: pipeline, loads: reload != nil, trace: trace != nil)
    progress.show(0)
    let start = ContinuousClock.now
    let result = try verifier.run(
      pixels, mode: levels.map { $0 - 1 }, stalls: stalls, seed: seed,
      trace: trace.map { URL(filePath: $0) }
    ) { progress.show($0) }
    let seconds = ContinuousClock.now - start
    progress.clear()
    noteChanges(of: files, folder: design)
    let report = SimulationReport(
      result, manifest: files.manifest, reloaded: reload, levels: levels, stalls: stalls.rawValue,
      seed: seed,
      labels: selected.labels, clock: clock * 1e6, seconds: seconds / .seconds(1))
    try output.print(report, text: report.text)
    if !report.passed { throw ExitCode(1) }
  }

  /// Another model on the hardware of the design.
  private func loading(_ path: String, into built: Pipeline) throws -> Pipeline {
    let model = ModelSource(path: path, output: modelOutput, gammaBits: gammaBits)
    return try built.loading(model.readLoading(into: built.folding, banks: levelBanks))
  }

  /// The manifest foretells cycles and queues for each number of levels that there is.
  private func checkModes(of manifest: Manifest, pipeline: Pipeline) throws {
    let modes = manifest.modes ?? []
    guard modes.map(\.levels) == Array(1..<pipeline.folding.graph.modes),
      modes.allSatisfy({ $0.highWater.count == pipeline.queueStages.count })
    else { throw manifestDiffers(in: design) }
  }

  private func check(_ levels: Int, of graph: IntegerGraph) throws {
    let isThere = graph.modes == 1 ? levels == graph.levels : (1...graph.modes).contains(levels)
    guard isThere else {
      throw Diagnostic(
        at: "--levels",
        graph.modes == 1
          ? "\(levels) levels are asked for; those of the design are fixed: \(graph.levels)"
          : "\(levels) levels are asked for; the design has 1 to \(graph.modes)",
        hint: graph.modes == 1
          ? "generate it with `--run-time-levels`, or leave `--levels` out"
          : "choose from 1 to \(graph.modes)")
    }
  }
}

/// A progress bar on standard error, when that is a terminal.
final class ProgressBar {
  private let total: Int
  private let isShown: Bool

  init(total: Int, isShown: Bool) {
    self.total = total
    self.isShown = isShown && isatty(2) == 1
  }

  /// Shows a text in place of the bar.
  func say(_ text: String) {
    write("\r\u{1B}[K\(text)")
  }

  /// Shows how many images are done.
  func show(_ done: Int) {
    let width = 30
    let filled = total == 0 ? width : min(width, done * width / total)
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
    write("\r\u{1B}[K\(bar) \(done)/\(total) images")
  }

  /// Takes the bar away.
  func clear() {
    write("\r\u{1B}[K")
  }

  private func write(_ text: String) {
    if isShown { FileHandle.standardError.write(Data(text.utf8)) }
  }
}
