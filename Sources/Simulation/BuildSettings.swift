// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The flags of one kind of build.
struct BuildSettings {
  var optimization: SimulatedDesign.Optimization
  var trace: Bool
  var assertions: Bool

  /// For Verilator, but for the files.
  var verilatorFlags: [String] {
    // A wide layer has thousands of lanes; by itself Verilator takes 1024 for an endless loop.
    var flags = [
      "--cc", "--prefix", "Vtop", "--Mdir", "../model", "-O3", "--unroll-count", "65536",
    ]
    switch optimization {
    case .fast: flags += ["--x-assign", "fast", "--x-initial", "fast"]
    case .quick: flags += ["--x-assign", "unique", "--x-initial", "unique"]
    }
    if assertions { flags.append("--assert") }
    if trace { flags += ["--trace-fst", "--trace-structs"] }
    return flags
  }

  /// For the compiler. Everything that was compiled with one set can share a precompiled header.
  func compilerFlags(for toolchain: Toolchain) -> [String] {
    let include = toolchain.verilatorInclude
    var flags: [String] =
      switch optimization {
      case .fast: ["-O2", "-march=native"]
      case .quick: ["-O0"]
      }
    flags += [
      "-std=gnu++17", "-w", "-pthread", "-I.", "-I\(include.path)",
      "-I\(include.appendingPathComponent("vltstd").path)",
      "-DVM_COVERAGE=0", "-DVM_SC=0", "-DVM_TRACE=\(trace ? 1 : 0)",
      "-DVM_TRACE_FST=\(trace ? 1 : 0)", "-DVM_TRACE_VCD=0",
    ]
    if toolchain.compilerIsClang { flags.append("-fbracket-depth=4096") }
    return flags
  }

  /// For the link.
  var linkerFlags: [String] {
    trace ? ["-lz"] : []
  }

  /// A name for the processor that the code is for, so that a cache on a shared disk never offers
  /// one machine the code of another. Empty where the code runs on all.
  var machine: String {
    optimization == .fast ? Self.thisMachine : ""
  }

  private static let thisMachine: String = {
    let description = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    let lines = description.split(separator: "\n").filter {
      $0.hasPrefix("model name") || $0.hasPrefix("flags") || $0.hasPrefix("Features")
    }
    return Set(lines).sorted().joined(separator: "\n")
  }()
}
