// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Files that tests read.
public enum TestData {
  /// The repository.
  public static let repository = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// The models and images that ship with the project.
  public static let models = repository.appending(path: "Models")

  /// A small network with random numbers and an output for each count of levels.
  public static let switchable = repository.appending(
    path: "Tests/EndToEndTests/Switchable/switchable.onnx")

  /// Data sets and third-party models, beside the repository; absent on most machines.
  public static let shared = repository.deletingLastPathComponent()
    .appending(path: "shared/data")

  /// Why a test that needs ``shared`` is skipped.
  public static let whyNoShared =
    "needs the data sets and third-party models in ../shared/data, which are not there"

  /// Whether ``shared`` is there.
  public static var hasShared: Bool {
    FileManager.default.fileExists(atPath: shared.appending(path: "README.md").path)
  }

  /// The Python of the virtual environment in the repository, with onnxruntime; nil without one.
  public static var python: URL? {
    let url = repository.appending(path: ".venv/bin/python")
    return FileManager.default.isExecutableFile(atPath: url.path) ? url : nil
  }

  /// Why a test that needs ``python`` is skipped.
  public static let whyNoPython: Comment =
    "needs the Python tools in .venv: run Scripts/setup test"

  /// Runs a Python script of the repository in a folder of its own, with the programs that pip installed
  /// beside that Python on PATH.
  public static func runPython(
    _ script: String, _ arguments: [String] = []
  ) throws -> ExternalTool.Output {
    let python = try #require(python)
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    return try withTemporaryFolder { folder in
      try ExternalTool(url: python).run(
        [repository.appending(path: script).path] + arguments, in: folder,
        environment: [
          "PATH": "\(python.deletingLastPathComponent().path):\(path)",
          "PYTHONDONTWRITEBYTECODE": "1",
        ])
    }
  }

  /// Whether the long tiers run: RESBIN_EXHAUSTIVE=1.
  public static var isExhaustive: Bool {
    ProcessInfo.processInfo.environment["RESBIN_EXHAUSTIVE"] == "1"
  }

  /// A folder of its own for a test, removed after `body`.
  public static func withTemporaryFolder<Result>(
    _ body: (URL) throws -> Result
  ) throws -> Result {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "resbin-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
  }
}
