// SPDX-License-Identifier: Apache-2.0

import Cores
import Folding
import Pipelines
import VerilogEmission

/// What was generated: `resbin generate`.
public struct GenerationReport: Codable, Equatable, Sendable {
  /// The folder.
  public var folder: String
  /// The clock for the figures in seconds, in hertz.
  public var clock: Double
  /// clock / interval.
  public var imagesPerSecond: Double
  /// latency / clock, in microseconds.
  public var latencyMicroseconds: Double
  /// What sets the pace.
  public var bottleneck: Bottleneck?
  /// The whole manifest.
  public var manifest: Manifest

  public init(_ design: Design, bottleneck: Bottleneck?, folder: String, clock: Double) {
    self.bottleneck = bottleneck
    self.folder = folder
    self.clock = clock
    manifest = design.manifest
    imagesPerSecond = clock / Double(manifest.timing.interval)
    latencyMicroseconds = Double(manifest.timing.latency) / clock * 1e6
  }

  /// For the terminal.
  public var text: String {
    """
    \(manifest.network): top module \(manifest.top)

    \(manifest.stageTable)
    LUT, FF, RAMB36, DSP: estimated, as Yosys counts them for an XC7 device before placement
    \(manifest.pathText)
    interval \(manifest.timing.interval.grouped) cycle\(manifest.timing.interval == 1 ? "" : "s"), latency \
    \(manifest.timing.latency.grouped) cycles: \(imagesPerSecond.grouped) images/s and \
    \(latencyMicroseconds.fixed(2)) µs at \((clock / 1e6).fixed(0)) MHz
    \(modes)\(bottleneck.map { "\($0.text)\n" } ?? "")written to \(folder)
    """
  }
}

extension GenerationReport {
  /// What differs while fewer levels are in use, a line each.
  private var modes: String {
    (manifest.modes ?? []).reversed().map { mode in
      let timing = mode.timing
      let latency = Double(timing.latency) / clock * 1e6
      return "with \(mode.levels) level\(mode.levels == 1 ? "" : "s") in use: interval "
        + "\(timing.interval.grouped), latency \(timing.latency.grouped) cycles: "
        + "\((clock / Double(timing.interval)).grouped) images/s and \(latency.fixed(2)) µs\n"
    }.joined()
  }
}

extension Bottleneck {
  /// For the terminal.
  var text: String {
    let reason =
      switch fewestCycles {
      case nil: "a pool takes its width from the layer before: give that one more units"
      case cycles: "no fold of it takes fewer"
      case let fewest?: "its fastest fold takes \(fewest.grouped)"
      }
    return "bottleneck: \(layer) with \(cycles.grouped) cycle\(cycles == 1 ? "" : "s"); \(reason)"
  }
}

extension Manifest {
  /// The pipeline, stage by stage.
  var stageTable: String {
    var table = TextTable(
      [
        "stage", "core", "units × lanes, levels, weights", "output", "cycles/image", "LUT", "FF",
        "RAMB36", "DSP", "ns", "levels",
      ], numbers: [4, 5, 6, 7, 8, 9, 10])
    for stage in stages {
      let fold =
        stage.module == "rb_matrix_unit"
        ? folds[stage.layer].map {
          "\($0.units) × \($0.lanes), \($0.schedule.rawValue)"
            + memory(of: stage, $0.memory)
        }
        : nil
      table.rows.append(
        [
          stage.name, stage.module, fold ?? "",
          "\(stage.outputLanes) × \(stage.outputBitsPerLane) bit"
            + (stage.outputBitsPerLane == 1 ? "" : "s"), stage.cycles.grouped,
        ] + resourceCells(stage.estimate) + pathCells(stage.longestPath))
    }
    table.rows.append(
      ["total", "", "", "", ""] + resourceCells(estimate) + pathCells(longestPath))
    return table.text
  }

  /// What holds the weights of a matrix unit, where it was asked for, or nothing does.
  private func memory(of stage: StageEntry, _ memory: MemoryKind) -> String {
    if (stage.parameters["SHARED_BLOCKS"] ?? 0) > 0 { return ", constant" }
    return memory == .automatic ? "" : ", \(memory.rawValue)"
  }
}

extension Manifest {
  /// The longest path, and what that figure is; a line, or nothing.
  var pathText: String {
    guard let longestPath else { return "" }
    let stage = stages.first { $0.longestPath?.nanoseconds == longestPath.nanoseconds }
    return
      "ns, levels: of the longest path between registers, estimated from what Yosys makes of the cores: cells of an "
      + "Artix-7, no wires, no sign-off\n"
      + "longest path about \(longestPath.nanosecondsText) ns"
      + (stage.map { " in \($0.name)" } ?? "")
      + (logicDelay.map { ", limit \($0) ns" } ?? "")
      + "; `yosys -c yosys/synthesize_yosys.tcl` in the folder measures it\n"
  }
}

/// Nanoseconds and levels of a path.
func pathCells(_ path: LogicPath?) -> [String] {
  guard let path else { return ["", ""] }
  return [path.nanosecondsText, "\(path.levels)"]
}

/// LUT, FF, RAMB36, DSP; what there is none of stays empty.
func resourceCells(_ resources: Resources?) -> [String] {
  guard let resources else { return ["", "", "", ""] }
  let blocks =
    resources.ramb18s.isMultiple(of: 2)
    ? (resources.ramb18s / 2).grouped : resources.ramb36s.fixed(1)
  return [
    resources.luts.grouped, resources.flipFlops.grouped,
    resources.ramb18s == 0 ? "" : blocks,
    resources.dsps == 0 ? "" : resources.dsps.grouped,
  ]
}
