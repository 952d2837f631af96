// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The `resbin` that was built with the tests, run as a user runs it: in a folder of its own, where
/// `Models/` is the project's.
struct Resbin {
  /// The folder; its path reads `.` in outputs.
  let folder: URL
  private let program: ExternalTool

  /// Runs `body` with the program in a new folder.
  static func inFolder<Result>(_ body: (Resbin) throws -> Result) throws -> Result {
    try TestData.withTemporaryFolder { folder in
      try FileManager.default.createSymbolicLink(
        at: folder.appending(path: "Models"), withDestinationURL: TestData.models)
      return try body(Resbin(folder: folder, program: ExternalTool(url: executable())))
    }
  }

  /// The executable stands beside the bundle of the tests.
  static func executable() throws -> URL {
    let bundles =
      CommandLine.arguments.map { URL(filePath: $0) } + Bundle.allBundles.map(\.bundleURL)
    for bundle in bundles {
      var folder = bundle
      while folder.path.count > 1 {
        if folder.pathExtension == "xctest" {
          let url = folder.deletingLastPathComponent().appending(path: "resbin")
          if FileManager.default.isExecutableFile(atPath: url.path) { return url }
        }
        folder.deleteLastPathComponent()
      }
    }
    throw NotBuilt()
  }

  struct NotBuilt: Error, CustomStringConvertible {
    var description: String { "there is no executable 'resbin' beside the bundle of the tests" }
  }

  /// Runs the program.
  func run(
    _ arguments: [String], environment: [String: String] = [:]
  ) throws -> ExternalTool.Output {
    var output = try program.run(
      arguments, in: folder, environment: ["COLUMNS": "80"].merging(environment) { $1 })
    output.output = output.output.replacing(folder.path, with: ".")
    output.error = output.error.replacing(folder.path, with: ".")
    return output
  }

  /// Runs the program with arguments that hold no spaces.
  func run(_ arguments: String) throws -> ExternalTool.Output {
    try run(arguments.split(separator: " ").map(String.init))
  }

  /// Runs the program, which must succeed, and reads the JSON that it prints.
  func json(_ arguments: String, status: Int32 = 0) throws -> JSON {
    let output = try run(arguments + " --json")
    #expect(output.status == status, "\(output.text)")
    return try JSON(output.output)
  }

  /// What lies in the folder, without the models.
  func contents() throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: folder.path)
      .filter { $0 != "Models" }.sorted()
  }

  /// Writes a file.
  func write(_ bytes: [UInt8], to path: String) throws {
    let url = folder.appending(path: path)
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
  }

  /// Changes the text of a file.
  func change(_ path: String, _ change: (String) -> String) throws {
    let url = folder.appending(path: path)
    let text = try String(contentsOf: url, encoding: .utf8)
    let changed = change(text)
    #expect(changed != text, "\(path) stays as it was")
    try Data(changed.utf8).write(to: url)
  }
}
