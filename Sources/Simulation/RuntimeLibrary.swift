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
    let commands = [
      flags + hooks + ["-c", "library.cpp", "-o", "library.o"],
      // Compiled once, run in every cycle of every model: always optimised.
      flags + ["-O2", "-c", "stream_bench.cpp", "-o", "stream_bench.o"],
      flags + (toolchain.compilerIsClang ? ["-fpch-instantiate-templates"] : []) + header,
    ]
    try BuildStep.run(
      sideBySide: commands.map { arguments in
        BuildStep(
          tool: toolchain.compiler, arguments: arguments, folder: folder,
          subject: "Verilator's run-time library", problem: "the compiler rejects it",
          hint: settings.trace ? "waveforms need zlib: apt-get install zlib1g-dev" : nil)
      })
  }

  /// Compiles a model and links it with the library.
  ///
  /// - Parameters:
  ///   - sources: The C++ files, relative to `folder`; compiled side by side.
  ///   - program: The program to make, relative to `folder`.
  func link(_ sources: [String], to program: String, in folder: URL, subject: String) throws {
    func step(_ arguments: [String]) -> BuildStep {
      BuildStep(
        tool: toolchain.compiler,
        arguments: settings.compilerFlags(for: toolchain) + ["-I\(self.folder.path)"] + arguments,
        folder: folder, subject: subject, problem: "the compiler rejects the simulated model")
    }
    func link(_ inputs: [String], header: [String]) throws {
      let objects = ["library.o", "stream_bench.o"].map {
        self.folder.appendingPathComponent($0).path
      }
      try step(header + inputs + objects + ["-o", program] + settings.linkerFlags).run()
    }
    func build(header: [String]) throws {
      if sources.count == 1 { return try link(sources, header: header) }
      try BuildStep.run(
        sideBySide: sources.map { step(header + ["-c", $0, "-o", $0 + ".o"]) })
      try link(sources.map { $0 + ".o" }, header: [])
    }
    do {
      try build(header: ["-include", self.folder.appendingPathComponent("model.h").path])
    } catch let error as Diagnostic {
      // A system header may have changed since the library was built.
      guard error.description.contains("precompiled") else { throw error }
      try build(header: [])
    }
  }
}
