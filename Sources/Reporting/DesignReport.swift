// SPDX-License-Identifier: Apache-2.0

import Cores
import Folding
import GoldenModel
import Pipelines
import Verification
import VerilogEmission

/// Everything that is known of a design, with how it is known: `resbin report`.
public struct DesignReport: Codable, Equatable, Sendable {
  /// The clock for figures in seconds, in hertz.
  public var clock: Double
  /// What sets the pace.
  public var bottleneck: Bottleneck?
  /// The board or part that `share` is of.
  public var device: String
  /// What of it the design takes, in percent, by the estimate; absent without one.
  public var share: Share?
  /// The design.
  public var manifest: Manifest
  /// The golden model on labelled images; absent without images.
  public var integers: Accuracy?
  /// The same with gammas and scores of 20 and 32 bits; absent without the model.
  public var reference: Accuracy?
  /// The Verilog on the first of these images; absent without images.
  public var simulation: SimulationReport?
  /// The longest path as Yosys measured it; absent where its script was not run on this design.
  public var measuredPath: MeasuredPath?
  /// Images of the simulation on which the golden model predicts the same.
  public var equalPredictions: Int?
  /// Every number of levels in use, where it is chosen at run time, 1 first; else empty.
  public var modes: [Mode]
  /// Accuracy of each output of the model, by its name; empty but for models with several.
  public var outputs: [NamedAccuracy]

  /// How many predictions are right.
  public struct Accuracy: Codable, Equatable, Sendable {
    /// Images.
    public var images: Int
    /// Images whose prediction is their label.
    public var correct: Int

    /// correct / images, in percent.
    public var percent: Double { 100 * Double(correct) / Double(max(1, images)) }

    public init(predictions: [Int], labels: [UInt8]) {
      images = predictions.count
      correct = zip(predictions, labels).count { $0 == Int($1) }
    }
  }

  /// A number of levels in use.
  public struct Mode: Codable, Equatable, Sendable {
    /// The number.
    public var levels: Int
    /// Predicted cycles; exact.
    public var timing: PipelineTiming
    /// The golden model on labelled images; absent without images.
    public var accuracy: Accuracy?
    /// Images that were simulated, and those of them that equal the golden model at every joint.
    public var simulated: Int?
    public var agreeing: Int?
  }

  /// Resources of a design over those of a device, in percent.
  public struct Share: Codable, Equatable, Sendable {
    public var luts: Double
    public var flipFlops: Double
    public var blockRAMs: Double
    public var dsps: Double

    init(_ used: Resources, of all: Resources) {
      luts = 100 * Double(used.luts) / Double(all.luts)
      flipFlops = 100 * Double(used.flipFlops) / Double(all.flipFlops)
      blockRAMs = 100 * Double(used.ramb18s) / Double(all.ramb18s)
      dsps = 100 * Double(used.dsps) / Double(all.dsps)
    }
  }

  /// One output of a model that has an output for each level count.
  public struct NamedAccuracy: Codable, Equatable, Sendable {
    /// The output.
    public var name: String
    /// The most residual levels on the way to it.
    public var levels: Int
    /// How many of its predictions are right.
    public var accuracy: Accuracy

    public init(name: String, levels: Int, accuracy: Accuracy) {
      self.name = name
      self.levels = levels
      self.accuracy = accuracy
    }
  }

  /// What yosys/synthesize_yosys.tcl found.
  public struct MeasuredPath: Codable, Equatable, Sendable {
    /// The module that was synthesised.
    public var module: String
    /// Delay of the slowest path in nanoseconds: cells, no wires.
    public var nanoseconds: Double
    /// LUTs and carry chains on it.
    public var levels: Int

    /// From `build/yosys/timing.txt`; nil where that is of another design, or no measurement.
    public init?(parsing text: String, hash: String?) {
      var values: [Substring: Substring] = [:]
      for line in text.split(whereSeparator: \.isNewline) {
        let words = line.split(separator: " ", maxSplits: 1)
        if words.count == 2 { values[words[0]] = words[1] }
      }
      guard let hash, values["design"] == hash[...], let module = values["module"],
        let nanoseconds = values["nanoseconds"].flatMap({ Double($0) }),
        let levels = values["levels"].flatMap({ Int($0) }), (0..<1000).contains(nanoseconds),
        (0..<1000).contains(levels)
      else { return nil }
      (self.module, self.nanoseconds, self.levels) = (String(module), nanoseconds, levels)
    }
  }

  public init(manifest: Manifest, folding: FoldedNetwork, clock: Double, device: Device) {
    self.manifest = manifest
    self.clock = clock
    self.device = device.name
    share = manifest.estimate.map { Share($0, of: device.resources) }
    bottleneck = folding.bottleneck
    outputs = []
    modes = (manifest.modes ?? []).map { Mode(levels: $0.levels, timing: $0.timing) }
    if !modes.isEmpty { modes.append(Mode(levels: modes.count + 1, timing: manifest.timing)) }
  }

  /// clock / interval.
  public var imagesPerSecond: Double { clock / Double(manifest.timing.interval) }

  /// For the terminal.
  public func text(written files: [String]) -> String {
    var lines = [
      "\(manifest.network): \(imagesPerSecond.grouped) images/s, "
        + "\((Double(manifest.timing.latency) / clock * 1e6).fixed(2)) µs at \((clock / 1e6).fixed(0)) MHz"
    ]
    if let integers {
      lines.append(
        "golden model: \(integers.correct) of \(integers.images) right, \(integers.percent.fixed(2)) %"
      )
    }
    if let simulation {
      lines.append(
        "Verilog: \(simulation.agreeing) of \(simulation.images) images equal at every joint, "
          + (simulation.passed ? "passed" : "FAILED"))
    }
    if let path = manifest.longestPath {
      lines.append(
        "longest path: about \(path.nanosecondsText) ns of cells, estimated, without wires"
          + (measuredPath.map {
            "; \($0.nanoseconds.fixed(2)) ns, \($0.levels) levels, measured by Yosys in \($0.module)"
          } ?? ""))
    }
    lines += modes.map { mode in
      let rate = (clock / Double(mode.timing.interval)).grouped
      let accuracy = mode.accuracy.map { ", \($0.percent.fixed(2)) %" } ?? ""
      let agreeing = mode.agreeing.map { ", \($0) of \(mode.simulated ?? 0) images equal" } ?? ""
      return
        "\(mode.levels) level\(mode.levels == 1 ? "" : "s") in use: \(rate) images/s\(accuracy)\(agreeing)"
    }
    return (lines + files.map { "written to \($0)" }).joined(separator: "\n")
  }

  /// The stages, a line each, for a spreadsheet.
  public var csv: String {
    let head = [
      "stage", "layer", "core", "units", "lanes", "schedule", "cycles", "utilisation", "luts",
      "flip_flops", "ramb36s", "dsps", "path_ns", "path_levels", "queue_depth", "queue_high_water",
    ]
    let rows = manifest.stages.map { stage -> [String] in
      let fold = stage.module == "rb_matrix_unit" ? manifest.folds[stage.layer] : nil
      let estimate = stage.estimate
      return [
        stage.name, stage.layer, stage.module, fold.map { "\($0.units)" } ?? "",
        fold.map { "\($0.lanes)" } ?? "", fold?.schedule.rawValue ?? "", "\(stage.cycles)",
        utilisation(of: stage).fixed(4), estimate.map { "\($0.luts)" } ?? "",
        estimate.map { "\($0.flipFlops)" } ?? "", estimate.map { "\($0.ramb36s)" } ?? "",
        estimate.map { "\($0.dsps)" } ?? "",
      ] + pathCells(stage.longestPath) + [
        stage.highWater.map { _ in "\(stage.parameters["DEPTH"] ?? 0)" } ?? "",
        highWater(of: stage).map { "\($0)" } ?? "",
      ]
    }
    return ([head] + rows).map { row in
      row.map { cell in
        cell.contains { ",\"\n".contains($0) }
          ? "\"\(cell.replacing("\"", with: "\"\""))\"" : cell
      }.joined(separator: ",")
    }.joined(separator: "\n") + "\n"
  }

  /// Cycles of the stage over those between two images.
  func utilisation(of stage: Manifest.StageEntry) -> Double {
    Double(stage.cycles) / Double(max(1, manifest.timing.interval))
  }

  /// The most beats that a queue held: measured, or else foretold.
  func highWater(of stage: Manifest.StageEntry) -> Int? {
    simulation?.queues.first { $0.stage == stage.name }?.highWater ?? stage.highWater
  }
}
