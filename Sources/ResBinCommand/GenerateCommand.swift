// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import ResBin

struct GenerateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate",
    abstract: "Write a model's accelerator: Verilog, memory images, file list, manifest.",
    discussion: """
      The folder is complete in itself: rtl/ holds the top module, the cores and the memory images \
      (*.mem, with what each word holds), files.f lists the Verilog, manifest.json describes stages, \
      streams and exact cycles, network.json is the integer network that `simulate` compares with. \
      The module with AXI ports is rtl/<top>_axi.v; driver/ drives it from C and Python, vivado/, \
      yosys/ and the .core file build it, for the part and the clock that are asked for.

      The smallest design is chosen that has the speed and the latency that are asked for, within the budget. \
      With a budget and no speed it is the fastest that fits. A layer's own fold:

        resbin generate Models/mnist-256x3-m2.onnx --output build/mnist \\
          --fold fc1=units:16,lanes:49,schedule:parallel --fold fc4=units:10,lanes:16

      units are outputs computed side by side (FINN: PE), lanes are inputs taken in one beat (SIMD); \
      schedule says whether the levels of the incoming codes pass in series (M times the cycles) or \
      in parallel (M times the popcount logic), without it in series; memory whether weights are kept \
      in LUTs (distributed), in block RAM (block), or as the synthesis tool decides (automatic).
      """)

  @OptionGroup var model: ModelOptions

  @Option(name: .shortAndLong, help: "The folder to write; an older design there is replaced.")
  var output: String

  @OptionGroup var goal: GoalOptions

  @Option(
    name: .customLong("fold"),
    help: ArgumentHelp(
      "The fold of one layer; may be repeated.",
      valueName: "layer=units:N,lanes:N,schedule:S,memory:M,popcount:P"),
    transform: FoldOverride.init(parsing:))
  var folds: [FoldOverride] = []

  @Flag(
    help: """
      Choose the levels in use at run time, from 1 to those of the model, of which the file must have an \
      output for each number: `scores`, and `scores_m2`, `scores_m1`, as joint training writes them.
      """)
  var runTimeLevels = false

  @Option(
    help: ArgumentHelp(
      "With --run-time-levels: what `resbin calibrate` wrote for the model, in place of its outputs.",
      valueName: "file"))
  var levelBanks: String?

  @Flag(
    help: """
      Memories can be written at run time: another model of the same shape is loaded without synthesis, \
      see `resbin reload`. Weights and thresholds are in RAM in place of ROM and logic.
      """)
  var reloadable = false

  @OptionGroup var format: OutputOptions

  func run() throws {
    var overrides: [String: LayerFold] = [:]
    for fold in folds {
      guard overrides.updateValue(fold.fold, forKey: fold.layer) == nil else {
        throw Diagnostic(at: "--fold", "layer '\(fold.layer)' is folded twice", hint: "keep one")
      }
    }
    guard levelBanks == nil || runTimeLevels else {
      throw Diagnostic(
        at: "--level-banks", "given without `--run-time-levels`; the levels in use are fixed",
        hint: "add `--run-time-levels`")
    }
    let target = try goal.target()
    let graph =
      try runTimeLevels
      ? model.source.readChoosingLevels(
        banks: levelBanks,
        hint: model.modelOutput == nil
          ? "leave `--run-time-levels` out"
          : "name the output with all levels, or leave `--model-output` out")
      : model.source.readLowered()
    var search = try FoldSearch(
      graph, on: goal.chosenDevice(), overrides: overrides,
      headroom: reloadable ? Headroom(for: graph, options: model.source.lowering) : nil,
      logicDelay: goal.path.checked())
    let folding = try goal.fold(with: &search, target: target)
    if let target { try check(folding, target: target, overrides: overrides) }
    let pipeline = try Pipeline(folding)
    if let warning = pipeline.pathWarning {
      FileHandle.standardError.write(Data("\(warning)\n".utf8))
    }
    let design = try pipeline.verilog().packaged(
      for: PackagingOptions(device: goal.chosenDevice(), clock: goal.clock * 1e6))
    if let target { warn(of: design.manifest.timing.interval, folding, target: target) }
    try design.write(to: URL(filePath: output))
    let report = GenerationReport(
      design, bottleneck: folding.bottleneck, folder: output, clock: goal.clock * 1e6)
    try format.print(report, text: report.text)
  }

  /// A layer that was left to us must meet the target; of one that the user folded we say so.
  private func check(
    _ folding: FoldedNetwork, target: FoldTarget, overrides: [String: LayerFold]
  ) throws {
    for (index, node) in folding.graph.nodes.enumerated() {
      guard let cycles = folding.cycles(of: index), cycles > target.cycles else { continue }
      let reachable = goal.clock * 1e6 / Double(cycles)
      let clock = goal.clock == goal.clock.rounded() ? "\(Int(goal.clock))" : "\(goal.clock)"
      let diagnostic = Diagnostic(
        overrides[node.name] == nil ? .error : .warning,
        at: "fold \(folding.graph.name).\(node.name)",
        "the layer needs \(cycles) cycle\(cycles == 1 ? "" : "s") for an image, "
          + "the target is \(target.cycles)",
        hint: overrides[node.name] == nil
          ? "its fastest fold makes \(Int(reachable)) images/s at \(clock) MHz: ask for at most that"
          : "give the layer more units or lanes, or leave its fold out")
      if diagnostic.severity == .error { throw diagnostic }
      FileHandle.standardError.write(Data("\(diagnostic)\n".utf8))
    }
  }

  /// Layers that each meet the target may still wait for one another.
  private func warn(of interval: Int, _ folding: FoldedNetwork, target: FoldTarget) {
    guard folding.interval <= target.cycles, interval > target.cycles else { return }
    let diagnostic = Diagnostic(
      .warning, at: "fold \(folding.graph.name)",
      "an image leaves every \(interval) cycles, the target is \(target.cycles): "
        + "layers wait for one another",
      hint: "ask for fewer cycles or more images a second than you need")
    FileHandle.standardError.write(Data("\(diagnostic)\n".utf8))
  }
}
