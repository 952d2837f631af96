// SPDX-License-Identifier: Apache-2.0

import Diagnostics
import Foundation
import Hashing

/// A built model of a design, ready to run any number of times, also at once.
///
///     let simulator = try Simulator.build(design)
///     let result = try simulator.run(inputs: [images], expectedBeats: [10], stalls: .random)
public struct Simulator: Sendable {
  /// What was built.
  public let design: SimulatedDesign
  /// The program.
  public let executable: URL
  /// Whether the build was found in the cache.
  public let wasCached: Bool

  /// Whether the tools are there.
  public static var isAvailable: Bool { missingTool == nil }

  /// The tool that is missing and how to install it; nil where all are there.
  public static var missingTool: Diagnostic? {
    switch Toolchain.standard {
    case .success: nil
    case .failure(let diagnostic): diagnostic
    }
  }

  /// Verilates and compiles a design, unless the cache has it.
  ///
  /// - Throws: `Diagnostic` where a tool is missing or rejects the design, `InvalidInput` where the
  ///   streams are not those of the top module.
  public static func build(
    _ design: SimulatedDesign, cache: BuildCache = .standard
  ) throws -> Simulator {
    try build(design, cache: cache, toolchain: Toolchain.standard.get())
  }

  static func build(
    _ design: SimulatedDesign, cache: BuildCache, toolchain: Toolchain
  ) throws -> Simulator {
    let files = try design.checkedSources()
    let settings = BuildSettings(
      optimization: design.optimization, trace: design.trace, assertions: design.assertions)
    let runtime = try RuntimeLibrary(toolchain, settings, cache: cache)
    let binding = ModelBinding(design: design)
    let sources = files.filter { $0.kind != .data }
    let arguments =
      settings.verilatorFlags + ["--top-module", design.topModule]
      + design.parameters.map { "-G\($0.name)=\($0.verilogLiteral)" }
      + ["../streams.vlt"] + sources.filter { $0.kind == .source }.map(\.name)
    let key = SHA256.hexDigest(
      of: ([runtime.folder.lastPathComponent, binding.source]
        + [binding.verilatorConfiguration] + arguments
        + sources.flatMap { [$0.name, $0.text] }).joined(separator: "\0"))

    let entry = try cache.entry("models/\(design.topModule)-\(key.prefix(32))") { folder in
      let verilog = folder.appendingPathComponent("design")
      try FileManager.default.createDirectory(at: verilog, withIntermediateDirectories: true)
      for file in sources { try file.write(in: verilog) }
      try DesignFile("streams.vlt", binding.verilatorConfiguration).write(in: folder)
      try BuildStep(
        tool: toolchain.verilator, arguments: arguments, folder: verilog,
        subject: design.topModule, problem: "Verilator rejects the design"
      ).run()

      let model = folder.appendingPathComponent("model")
      func text(_ name: String) throws -> String {
        try String(contentsOf: model.appendingPathComponent(name), encoding: .utf8)
      }
      try binding.check(topHeader: text("Vtop.h"), rootHeader: text("Vtop___024root.h"))
      let units = try TranslationUnit.units(of: model)
      for unit in units { try unit.write(in: model) }
      try DesignFile("binding.h", binding.source).write(in: model)
      try runtime.link(
        units.map(\.name), to: "../simulator", in: model, subject: design.topModule)
      try FileManager.default.removeItem(at: model)
    }
    var checked = design
    checked.sources = files
    return Simulator(
      design: checked, executable: entry.folder.appendingPathComponent("simulator"),
      wasCached: entry.found)
  }
}

extension SimulatedDesign {
  /// The files, each once.
  ///
  /// - Throws: `InvalidInput` where a name leaves the folder, or two files have one name.
  fileprivate func checkedSources() throws -> [DesignFile] {
    var collector = DiagnosticCollector()
    var files: [DesignFile] = []
    for file in sources {
      if file.name.hasPrefix("/") || file.name.split(separator: "/").contains("..") {
        collector.error(
          at: file.name, "the file lies outside the folder of the design",
          hint: "name the files of a design relative to its folder")
      }
      if let other = files.first(where: { $0.name == file.name }) {
        if other != file {
          collector.error(
            at: file.name, "the design has two files of this name with different text",
            hint: "rename one of them")
        }
      } else {
        files.append(file)
      }
    }
    try collector.throwIfErrors()
    return files
  }
}

/// Some of the C++ files that Verilator wrote, compiled as one. A small model is one unit: a
/// compiler reads Verilator's headers once. A large one is as many as there are processors.
private enum TranslationUnit {
  static func units(of model: URL) throws -> [DesignFile] {
    let files = try FileManager.default
      .contentsOfDirectory(at: model, includingPropertiesForKeys: [.fileSizeKey])
      .filter { $0.pathExtension == "cpp" }
      .map {
        (name: $0.lastPathComponent, size: try $0.resourceValues(forKeys: [.fileSizeKey]).fileSize)
      }
      .map { (name: $0.name, size: $0.size ?? 0) }
      .sorted { ($0.size, $0.name) > ($1.size, $1.name) }
    let total = files.reduce(0) { $0 + $1.size }
    let processors = ProcessInfo.processInfo.activeProcessorCount
    let count = max(1, min(processors, files.count, total / 500_000))

    var groups = [(names: [String], size: Int)](repeating: ([], 0), count: count)
    for file in files {
      let smallest = groups.indices.min { groups[$0].size < groups[$1].size } ?? 0
      groups[smallest].names.append(file.name)
      groups[smallest].size += file.size
    }
    return groups.enumerated().map { index, group in
      let includes = group.names.sorted() + (index == 0 ? ["binding.h"] : [])
      return DesignFile("unit\(index).cpp", includes.map { "#include \"\($0)\"\n" }.joined())
    }
  }
}

extension DesignFile {
  /// Writes the file below a folder.
  func write(in folder: URL) throws {
    let url = folder.appendingPathComponent(name)
    if name.contains("/") {
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    }
    try Data(text.utf8).write(to: url)
  }
}
