// SPDX-License-Identifier: Apache-2.0

import Diagnostics
import Foundation

/// The programs that build a model.
struct Toolchain: Sendable {
  /// Verilator.
  var verilator: URL
  /// clang++ or g++.
  var compiler: URL
  /// The folder of Verilator's run-time library.
  var verilatorInclude: URL
  /// The versions of both, part of the name of every build.
  var versions: String

  var compilerIsClang: Bool { compiler.lastPathComponent.hasPrefix("clang") }

  /// The tools of this machine, found once.
  static let standard: Result<Toolchain, Diagnostic> = find(
    searchPath: ProcessInfo.processInfo.environment["PATH"] ?? "")

  static func find(searchPath: String) -> Result<Toolchain, Diagnostic> {
    func program(_ name: String) -> URL? {
      searchPath.split(separator: ":").lazy
        .map { URL(fileURLWithPath: String($0)).appendingPathComponent(name) }
        .first { FileManager.default.isExecutableFile(atPath: $0.path) }
    }
    // The command `verilator` is a Perl script around this program; it takes ten times as long.
    guard let verilator = program("verilator_bin") ?? program("verilator") else {
      return .failure(
        Diagnostic(
          at: "verilator", "not found on PATH; it simulates the generated Verilog",
          hint: "apt-get install verilator (5.006 or later)"))
    }
    guard let compiler = program("clang++") ?? program("g++") else {
      return .failure(
        Diagnostic(
          at: "clang++", "neither clang++ nor g++ found on PATH; one compiles the simulated model",
          hint: "apt-get install clang (or g++)"))
    }
    do {
      let root = try output(of: verilator, ["--getenv", "VERILATOR_ROOT"])
      let versions = try [
        output(of: verilator, ["--version"]), output(of: compiler, ["--version"]),
      ]
      return .success(
        Toolchain(
          verilator: verilator, compiler: compiler,
          verilatorInclude: URL(fileURLWithPath: root).appendingPathComponent("include"),
          versions: versions.joined(separator: "\n")))
    } catch {
      return .failure(
        Diagnostic(
          at: verilator.path, "does not run: \(error)",
          hint: "apt-get install --reinstall verilator")
      )
    }
  }

  private static func output(of program: URL, _ arguments: [String]) throws -> String {
    let scratch = try ScratchFolder()
    defer { scratch.remove() }
    let log = scratch.url.appendingPathComponent("output")
    let exit = try ChildProcess(
      executable: program, arguments: arguments, directory: scratch.url, logFile: log
    ).run()
    let text = try String(contentsOf: log, encoding: .utf8)
    guard exit == .exited(0) else {
      throw Diagnostic(at: program.path, "\(exit): \(text)")
    }
    return text.trimmingCharacters(in: .whitespacesAndNewlines)
  }
}

/// A folder of its own below the temporary one.
struct ScratchFolder {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory
      .appendingPathComponent("resbin-\(UUID().uuidString)", isDirectory: true)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  func remove() {
    try? FileManager.default.removeItem(at: url)
  }
}
