// SPDX-License-Identifier: Apache-2.0

import Cores

/// The speed that a fold is to reach.
public enum FoldTarget: Equatable, Sendable {
  /// No layer needs more cycles for an image.
  case cycles(Int)
  /// So many images a second at a clock in hertz.
  case imagesPerSecond(Double, clock: Double)

  /// Cycles for an image.
  public var cycles: Int {
    switch self {
    case .cycles(let cycles): cycles
    case .imagesPerSecond(let rate, let clock):
      rate > 0 && clock / rate < 1e15 ? Int(clock / rate) : 1_000_000_000_000_000
    }
  }
}

/// The most that a design may take; nil: as much as it needs.
public struct FoldBudget: Equatable, Sendable {
  /// Look-up tables.
  public var luts: Int?
  /// Halves of a block RAM.
  public var ramb18s: Int?
  /// Multipliers.
  public var dsps: Int?

  public init(luts: Int? = nil, ramb18s: Int? = nil, dsps: Int? = nil) {
    self.luts = luts
    self.ramb18s = ramb18s
    self.dsps = dsps
  }

  /// Whether nothing is limited.
  package var isUnlimited: Bool { self == FoldBudget() }

  /// By how much `resources` go beyond it, as the largest factor; at most 1 where they fit.
  package func excess(of resources: Resources) -> Double {
    func factor(_ used: Int, _ limit: Int?) -> Double {
      limit.map { used <= $0 ? 0 : Double(used) / Double(max(1, $0)) } ?? 0
    }
    return max(
      factor(resources.luts, luts), factor(resources.ramb18s, ramb18s),
      factor(resources.dsps, dsps))
  }
}

/// An FPGA of Xilinx' 7 series, and what it has.
///
/// - Source: 7 Series FPGAs Data Sheet: Overview, DS180; Zynq-7000 SoC Data Sheet: Overview, DS190.
public struct Device: Equatable, Sendable {
  /// What `--device` calls it.
  public var name: String
  /// The part, without package and speed grade.
  public var part: String
  /// The package and the speed grade of the part on the board.
  public var package: String
  /// What Vivado calls the board; nil where no script sets up its processor.
  public var board: String?
  /// The set-up of the processor where Vivado does not know the board.
  public var preset: String?
  /// What it has.
  public var resources: Resources

  init(
    _ name: String, _ part: String, _ package: String, board: String? = nil, preset: String? = nil,
    luts: Int, flipFlops: Int, ramb36s: Int, dsps: Int
  ) {
    self.name = name
    self.part = part
    self.package = package
    self.board = board
    self.preset = preset
    resources = Resources(luts: luts, flipFlops: flipFlops, ramb18s: 2 * ramb36s, dsps: dsps)
  }

  /// The board that the papers use.
  public static let zc706 = Device(
    "zc706", "xc7z045", "ffg900-2", board: "xilinx.com:zc706:part0:1.4", preset: "ZC706",
    luts: 218_600, flipFlops: 437_200, ramb36s: 545, dsps: 900)

  /// Boards and parts.
  public static let all = [
    Device(
      "pynq-z1", "xc7z020", "clg400-1", luts: 53_200, flipFlops: 106_400, ramb36s: 140, dsps: 220),
    Device(
      "zedboard", "xc7z020", "clg484-1", luts: 53_200, flipFlops: 106_400, ramb36s: 140, dsps: 220),
    Device(
      "arty-a7-35", "xc7a35t", "icsg324-1L", luts: 20_800, flipFlops: 41_600, ramb36s: 50, dsps: 90),
    Device(
      "arty-a7-100", "xc7a100t", "csg324-1", luts: 63_400, flipFlops: 126_800, ramb36s: 135,
      dsps: 240),
    Device(
      "nexys-video", "xc7a200t", "sbg484-1", luts: 134_600, flipFlops: 269_200, ramb36s: 365,
      dsps: 740),
    Device(
      "kc705", "xc7k325t", "ffg900-2", luts: 203_800, flipFlops: 407_600, ramb36s: 445, dsps: 840),
    zc706,
    Device(
      "vc707", "xc7vx485t", "ffg1761-2", luts: 303_600, flipFlops: 607_200, ramb36s: 1_030,
      dsps: 2_800),
  ]

  /// The part as it is ordered: `xc7z045ffg900-2`.
  public var orderedPart: String { part + package }

  /// All of it.
  public var budget: FoldBudget {
    FoldBudget(luts: resources.luts, ramb18s: resources.ramb18s, dsps: resources.dsps)
  }

  /// What `used` is worth in LUTs, a block RAM and a multiplier counting as many as the device has
  /// for each of its own.
  package func weight(of used: Resources) -> Double {
    Double(used.luts)
      + Double(used.ramb18s) * Double(resources.luts) / Double(resources.ramb18s)
      + Double(used.dsps) * Double(resources.luts) / Double(resources.dsps)
  }
}
