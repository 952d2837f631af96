// SPDX-License-Identifier: Apache-2.0

/// The longest way from register to register through a core, or to it from an input, by the delays of
/// cells alone.
///
/// - Note: an estimate, fitted to what Yosys makes of the cores for an Artix-7 (Docs/Budgets/cores.csv,
///   Docs/explanation/costs.md). Wires, which often take as long again, are not in it: it is no clock.
public struct LogicPath: Equatable, Codable, Sendable {
  /// LUTs on the way, and carry chains, each one whatever its length; of the way that has most.
  public var levels: Int
  /// Delay of the slowest way in nanoseconds; a block RAM at its start takes 2.5 of them.
  public var nanoseconds: Double

  /// - Parameter nanoseconds: Rounded to a hundredth.
  public init(levels: Int, nanoseconds: Double) {
    self.levels = levels
    self.nanoseconds = (nanoseconds * 100).rounded() / 100
  }

  /// The limit that cores are cut to unless another is asked for, in nanoseconds: a tenth less than
  /// 200 MHz have.
  public static let usualLimit = 4.5

  /// `3.7 ns of logic (6 levels)`
  public var text: String {
    "\(nanosecondsText) ns of logic (\(levels) level\(levels == 1 ? "" : "s"))"
  }

  /// Nanoseconds, rounded up to a tenth.
  public var nanosecondsText: String { "\((nanoseconds * 10 - 1e-6).rounded(.up) / 10)" }

  /// What a block RAM takes longer than a register until its word is out; it has none on its output.
  static let blockRAM = LogicPath(levels: 0, nanoseconds: 2.1)

  /// One way after the other.
  static func + (left: LogicPath, right: LogicPath) -> LogicPath {
    LogicPath(
      levels: left.levels + right.levels, nanoseconds: left.nanoseconds + right.nanoseconds)
  }

  /// The longer one.
  static func longer(_ left: LogicPath, _ right: LogicPath) -> LogicPath {
    LogicPath(
      levels: max(left.levels, right.levels), nanoseconds: max(left.nanoseconds, right.nanoseconds))
  }
}

extension Sequence<LogicPath> {
  /// The most levels and the most nanoseconds.
  public func longest() -> LogicPath? {
    reduce(nil) { longest, path in longest.map { .longer($0, path) } ?? path }
  }
}
