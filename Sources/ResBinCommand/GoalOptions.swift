// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ResBin

/// What a design is to reach, and within what.
struct GoalOptions: ParsableArguments {
  @Option(
    help: "No layer may need more cycles for an image. (default: 1024, or with a budget the fewest)"
  )
  var cycles: Int?

  @Option(help: "Images a second at the clock, in place of --cycles.")
  var imagesPerSecond: Double?

  @Option(help: "The longest time from the first beat of an image to its result, in microseconds.")
  var latency: Double?

  @Option(help: "The most LUTs, by the estimate.")
  var luts: Int?

  @Option(help: "The most block RAMs of 36 Kibit; 0.5 is half of one.")
  var brams: Double?

  @Option(help: "The most multipliers (DSP blocks).")
  var dsps: Int?

  @Option(
    help: ArgumentHelp(
      "The board or part that it must fit: \(Device.all.map(\.name).joined(separator: ", ")). Weighs LUTs "
        + "against block RAMs by what there is. (default: zc706, without a limit)"))
  var device: String?

  @OptionGroup var path: PathOptions

  @Option(help: "The clock in MHz, for the figures in seconds.")
  var clock = 200.0

  /// The device, that of the papers unless another is asked for.
  func chosenDevice() throws -> Device {
    try device.map(Device.init(named:)) ?? .zc706
  }

  /// What the options allow; nil: no limit.
  func budget() throws -> FoldBudget {
    var budget = device == nil ? FoldBudget() : try chosenDevice().budget
    for (name, value) in [("--luts", luts), ("--dsps", dsps)] {
      if let value, value < 0 {
        throw Diagnostic(at: name, "\(value); 0 or a positive number is expected")
      }
    }
    if let brams {
      guard (0...1_000_000).contains(brams) else {
        throw Diagnostic(at: "--brams", "\(brams); a number from 0 to 1000000 is expected")
      }
      budget.ramb18s = Int((brams * 2).rounded(.down))
    }
    budget.luts = luts ?? budget.luts
    budget.dsps = dsps ?? budget.dsps
    return budget
  }

  /// The speed that is asked for; nil: as fast as the budget allows.
  func target() throws -> FoldTarget? {
    try checkClock(clock)
    if let imagesPerSecond {
      guard cycles == nil else {
        throw Diagnostic(
          at: "--cycles", "given together with --images-per-second", hint: "keep one of the two")
      }
      guard imagesPerSecond > 0, imagesPerSecond.isFinite else {
        throw Diagnostic(
          at: "--images-per-second", "\(imagesPerSecond); a positive number is expected")
      }
      return .imagesPerSecond(imagesPerSecond, clock: clock * 1e6)
    }
    if let cycles {
      guard cycles > 0 else {
        throw Diagnostic(at: "--cycles", "\(cycles); a positive number is expected")
      }
      return .cycles(cycles)
    }
    return nil
  }

  /// The fold that the options ask for.
  func fold(with search: inout FoldSearch, target: FoldTarget?) throws -> FoldedNetwork {
    let budget = try budget()
    var found: FoldSearch.Solution
    if let target {
      do {
        found = try search.smallest(cycles: max(1, target.cycles), within: budget)
      } catch var error as Diagnostic {
        if let fastest = try? search.fastest(within: budget).folding.interval {
          error.hint =
            "allow more, or ask for at least \(fastest) cycles: "
            + "\(Int(clock * 1e6 / Double(fastest))) images/s is the fastest that was found within it"
        }
        throw error
      }
    } else if budget == FoldBudget() {
      found = try search.smallest(cycles: 1024)
    } else {
      found = try search.fastest(within: budget)
    }
    if let latency {
      guard latency > 0, latency.isFinite else {
        throw Diagnostic(
          at: "--latency", "\(latency); a positive number of microseconds is expected")
      }
      found = try search.quicker(
        found, latency: Int(min(latency * clock, 1e15)), within: budget)
    }
    return found.folding
  }
}

/// How long the ways between registers may be.
struct PathOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The most logic between two registers in nanoseconds, by the estimate: cells of an Artix-7 as Yosys "
        + "knows them, without wires. Less of it costs cycles of latency and flip-flops. (default: 4.5)",
      valueName: "ns"))
  var logicDelay: Double?

  /// What was asked for; nil: the usual limit.
  func checked() throws -> Double? {
    if let logicDelay { try FoldedNetwork.check(logicDelay: logicDelay, at: "--logic-delay") }
    return logicDelay == LogicPath.usualLimit ? nil : logicDelay
  }
}

extension Device {
  /// - Throws: ``Diagnostic`` for a name that is neither a board's nor a part's.
  init(named name: String) throws {
    guard let found = Device.all.first(where: { [$0.name, $0.part].contains(name.lowercased()) })
    else {
      throw Diagnostic(
        at: "--device", "'\(name)' is not known",
        hint: "use one of \(Device.all.map(\.name).joined(separator: ", ")), or a part: "
          + Set(Device.all.map(\.part)).sorted().joined(separator: ", "))
    }
    self = found
  }
}
