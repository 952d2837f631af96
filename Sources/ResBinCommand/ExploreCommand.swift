// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import ResBin

struct ExploreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explore",
    abstract: "Show what each speed costs: images a second against LUTs and block RAMs.",
    discussion: """
      Each line is a design that no smaller one is as fast as: the smallest by the estimate, a block \
      RAM and a multiplier weighed by how many LUTs the device has for each. `resbin generate` with \
      --cycles of a line writes it.

        resbin explore Models/mnist-256x3-m1.onnx --levels 1,2,3,4 --plot front.svg
      """)

  @OptionGroup var model: ModelOptions

  @Option(
    help: ArgumentHelp(
      "A curve for each of these level counts, as if every residual sign had so many (1…4). "
        + "(default: as trained)", valueName: "M,M,…"),
    transform: ExploreCommand.levels)
  var levels: [Int] = []

  @Option(help: "Write the curves as a picture, an SVG file.")
  var plot: String?

  @Option(
    help: ArgumentHelp(
      "End where this board or part is full: \(Device.all.map(\.name).joined(separator: ", ")). "
        + "(default: zc706, without an end)"))
  var device: String?

  @OptionGroup var path: PathOptions

  @Option(help: "The clock in MHz.")
  var clock = 200.0

  @OptionGroup var output: OutputOptions

  func run() throws {
    try checkClock(clock)
    let chosen = try device.map(Device.init(named:)) ?? .zc706
    let logicDelay = try path.checked()
    let trained = try model.source.read()
    let graph = try trained.network.lowered(
      with: trained.parameters, options: model.source.lowering)
    var report = ExplorationReport(network: graph.name, device: chosen.name, clock: clock * 1e6)
    for levels in self.levels.isEmpty ? [nil] : self.levels.map(Optional.some) {
      var search = try FoldSearch(graph, levels: levels, on: chosen, logicDelay: logicDelay)
      let front = try search.front(within: device == nil ? FoldBudget() : chosen.budget)
      report.add(front, levels: levels)
    }
    if let plot {
      do {
        try Data(report.plot.utf8).write(to: URL(filePath: plot), options: .atomic)
      } catch {
        throw Diagnostic(
          at: plot, "the picture cannot be written",
          hint: "choose a file in a folder that you may write to, with `--plot`")
      }
    }
    try output.print(report, text: report.text)
  }

  private static func levels(_ argument: String) throws -> [Int] {
    let levels = argument.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    guard levels.allSatisfy({ $0.map { (1...4).contains($0) } ?? false }),
      Set(levels).count == levels.count
    else { throw ValidationError("level counts read '1,2,3,4': numbers from 1 to 4, each once") }
    return levels.compactMap { $0 }
  }
}
