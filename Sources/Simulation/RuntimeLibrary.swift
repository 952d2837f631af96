// SPDX-License-Identifier: Apache-2.0

import Diagnostics
import Foundation
import Hashing

/// What all models of one set of flags share, compiled once: Verilator's run-time library, the
/// testbench, and a precompiled header for the code that Verilator generates.
struct RuntimeLibrary {
  /// Where it lies in the cache.
  let folder: URL
  private let toolchain: Toolchain
  private let settings: BuildSettings

  /// Finds the library in the cache, or builds it.
  init(_ toolchain: Toolchain, _ settings: BuildSettings, cache: BuildCache) throws {
    self.toolchain = toolchain
    self.settings = settings
    let key = SHA256.hexDigest(
      of: ([toolchain.versions, toolchain.compiler.path, settings.machine]
        + settings.compilerFlags(for: toolchain) + BenchFiles.all.map(\.text))
        .joined(separator: "\0"))
    folder = try cache.entry("runtime/" + key.prefix(32)) { folder in
      try Self.build(toolchain, settings, in: folder)
    }.folder
  }

  private static func build(
    _ toolchain: Toolchain, _ settings: BuildSettings, in folder: URL
  ) throws {
    for file in BenchFiles.all {
      try Data(file.text.utf8).write(to: folder.appendingPathComponent(file.name))
    }
    var library = ["verilated.cpp", "verilated_dpi.cpp", "verilated_threads.cpp"]
    if settings.trace { library.append("verilated_fst_c.cpp") }
    try Data(library.map { "#include \"\($0)\"\n" }.joined().utf8)
      .write(to: folder.appendingPathComponent("library.cpp"))
    let headers =
      ["verilated.h", "verilated_dpi.h"] + (settings.trace ? ["verilated_fst_c.h"] : [])
    try Data((headers + ["stream_bench.h"]).map { "#include \"\($0)\"\n" }.joined().utf8)
      .write(to: folder.appendingPathComponent("model.h"))

    let flags = settings.compilerFlags(for: toolchain)
    let hooks = [
      "-DVL_USER_FINISH", "-DVL_USER_STOP", "-DVL_USER_FATAL", "-DVL_USER_WARN",
      "-DVL_PRINTF=bench_printf", "-include", "bench_print.h",
    ]
    let header = ["-x", "c++-header", "model.h", "-o", "model.h.gch"]
    for arguments in [
      flags + hooks + ["-c", "library.cpp", "-o", "library.o"],
      // Compiled once, run in every cycle of every model: always optimised.
      flags + ["-O2", "-c", "stream_bench.cpp", "-o", "stream_bench.o"],
      flags + (toolchain.compilerIsClang ? ["-fpch-instantiate-templates"] : []) + header,
    ] {
      try BuildStep(
        tool: toolchain.compiler, arguments: arguments, folder: folder,
        subject: "Verilator's run-time library", problem: "the compiler rejects it",
        hint: settings.trace ? "waveforms need zlib: apt-get install zlib1g-dev" : nil
      ).run()
    }
  }

  /// Compiles a model and links it with the library.
  ///
  /// - Parameters:
  ///   - source: The C++ file, relative to `folder`.
  ///   - program: The program to make, relative to `folder`.
  func link(_ source: String, to program: String, in folder: URL, subject: String) throws {
    func compile(precompiled: Bool) throws {
      let header =
        precompiled ? ["-include", self.folder.appendingPathComponent("model.h").path] : []
      let objects = ["library.o", "stream_bench.o"].map {
        self.folder.appendingPathComponent($0).path
      }
      try BuildStep(
        tool: toolchain.compiler,
        arguments: settings.compilerFlags(for: toolchain) + ["-I\(self.folder.path)"] + header
          + [source] + objects + ["-o", program] + settings.linkerFlags,
        folder: folder, subject: subject, problem: "the compiler rejects the simulated model"
      ).run()
    }
    do {
      try compile(precompiled: true)
    } catch let error as Diagnostic {
      // A system header may have changed since the library was built.
      guard error.description.contains("precompiled") else { throw error }
      try compile(precompiled: false)
    }
  }
}

/// The flags of one kind of build.
struct BuildSettings {
  var optimization: SimulatedDesign.Optimization
  var trace: Bool
  var assertions: Bool

  /// For Verilator, but for the files.
  var verilatorFlags: [String] {
    var flags = ["--cc", "--prefix", "Vtop", "--Mdir", "../model", "-O3"]
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

/// One call of a tool in a folder of the cache.
struct BuildStep {
  var tool: URL
  var arguments: [String]
  var folder: URL
  /// What is being built.
  var subject: String
  /// What it means when the tool fails.
  var problem: String
  /// What to do then.
  var hint: String?

  /// - Throws: `Diagnostic` with the tool's first errors.
  func run() throws {
    let log = folder.appendingPathComponent("tool.log")
    let exit: ChildProcess.Exit
    do {
      exit = try ChildProcess(
        executable: tool, arguments: arguments, directory: folder, logFile: log
      ).run()
    } catch let error as CancellationError {
      throw error
    } catch {
      throw Diagnostic(at: tool.path, "cannot be started: \(error.localizedDescription)")
    }
    defer { try? FileManager.default.removeItem(at: log) }
    if exit == .exited(0) { return }
    let text = (try? String(contentsOf: log, encoding: .utf8)) ?? ""
    throw Diagnostic(
      at: subject, problem, notes: Self.firstErrors(in: text, exit: exit), hint: hint)
  }

  /// The lines that say what is wrong, at most eight; without any, the end of the text.
  static func firstErrors(in text: String, exit: ChildProcess.Exit) -> [String] {
    let lines = text.split(separator: "\n").map(String.init)
    let errors = lines.filter { line in
      (line.hasPrefix("%") && !line.hasPrefix("%Error: Exiting due to"))
        || line.contains("error:") || line.contains("undefined reference")
    }
    if !errors.isEmpty { return Array(errors.prefix(8)) }
    return lines.isEmpty ? ["\(exit), without a message"] : Array(lines.suffix(8))
  }
}
