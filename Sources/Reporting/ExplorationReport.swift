// SPDX-License-Identifier: Apache-2.0

import Cores
import Folding
import Pipelines

/// What each speed costs: `resbin explore`.
public struct ExplorationReport: Codable, Equatable, Sendable {
  /// The network.
  public var network: String
  /// The device whose LUTs, block RAMs and multipliers weigh them.
  public var device: String
  /// The clock for images a second, in hertz.
  public var clock: Double
  /// One for each level count.
  public var curves: [Curve] = []

  /// The designs of one level count.
  public struct Curve: Codable, Equatable, Sendable {
    /// Levels of every residual sign; nil: as trained.
    public var levels: Int?
    /// From the smallest design to the fastest.
    public var points: [Point]
  }

  /// A design.
  public struct Point: Codable, Equatable, Sendable {
    /// Cycles between two images.
    public var cycles: Int
    /// clock / cycles.
    public var imagesPerSecond: Double
    /// An estimate of what it takes.
    public var estimate: Resources
    /// Linear layer → its fold.
    public var folds: [String: LayerFold]
    /// What sets its pace.
    public var bottleneck: String?
  }

  public init(network: String, device: String, clock: Double) {
    self.network = network
    self.device = device
    self.clock = clock
  }

  /// Adds the designs of one level count.
  public mutating func add(_ front: [FoldSearch.Solution], levels: Int?) {
    curves.append(
      Curve(
        levels: levels,
        points: front.map { solution in
          let cycles = solution.folding.interval
          return Point(
            cycles: cycles, imagesPerSecond: clock / Double(cycles), estimate: solution.resources,
            folds: solution.folding.folds, bottleneck: solution.folding.bottleneck?.layer)
        }))
  }

  /// For the terminal.
  public var text: String {
    let tables = curves.map { curve in
      var table = TextTable(
        ["cycles", "images/s", "LUT", "FF", "RAMB36", "DSP", "bottleneck"],
        numbers: [0, 1, 2, 3, 4, 5])
      for point in curve.points {
        table.rows.append(
          [point.cycles.grouped, point.imagesPerSecond.grouped] + resourceCells(point.estimate)
            + [point.bottleneck ?? ""])
      }
      let title = curve.levels.map { "\(network), M = \($0)" } ?? network
      return "\(title)\n\n\(table.text)"
    }
    return tables.joined(separator: "\n\n") + """


      images a second at \((clock / 1e6).fixed(0)) MHz; LUT, FF, RAMB36, DSP are estimates
      """
  }

  /// The curves as a picture (SVG): LUTs and block RAMs over images a second.
  public var plot: String {
    func panel(
      _ title: String, isLogarithmic: Bool, _ value: (Resources) -> Double
    ) -> Plot.Panel {
      Plot.Panel(
        title: title, isLogarithmic: isLogarithmic,
        curves: curves.map { curve in
          Plot.Curve(
            name: curve.levels.map { "M = \($0)" } ?? network,
            points: curve.points.map { ($0.imagesPerSecond, value($0.estimate)) })
        })
    }
    return Plot(
      title: network, xTitle: "images/s at \((clock / 1e6).fixed(0)) MHz",
      panels: [
        panel("LUT", isLogarithmic: true) { Double($0.luts) },
        panel("RAMB36", isLogarithmic: false) { $0.ramb36s },
      ]
    ).svg
  }
}
