// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A program that a test runs: a tool of the machine, or the `resbin` that was just built.
public struct ExternalTool: Sendable {
  /// The program.
  public let url: URL

  /// What a run of a program gave.
  public struct Output: Sendable {
    /// The exit code; −1 after a signal.
    public var status: Int32
    /// Standard output.
    public var output: String
    /// Standard error.
    public var error: String

    /// Both outputs.
    public var text: String { output + error }
  }

  public init(url: URL) {
    self.url = url
  }

  /// The program of this name on PATH.
  public init?(_ name: String) {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    let found = folders.lazy
      .map { URL(filePath: String($0)).appending(path: name) }
      .first { FileManager.default.isExecutableFile(atPath: $0.path) }
    guard let found else { return nil }
    url = found
  }

  /// Why a test that needs the tool is skipped.
  public static func whyMissing(_ name: String) -> Comment {
    Comment(rawValue: "\(name) is not on PATH")
  }

  /// Runs the program to its end.
  ///
  /// - Parameters:
  ///   - folder: where it runs.
  ///   - environment: added to the test's own.
  public func run(
    _ arguments: [String], in folder: URL, environment: [String: String] = [:]
  ) throws -> Output {
    try TestData.withTemporaryFolder { scratch in
      let process = Process()
      process.executableURL = url
      process.arguments = arguments
      process.currentDirectoryURL = folder
      process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
      process.standardInput = FileHandle.nullDevice
      // Files in place of pipes: none fills up, none is held open by another child.
      let files = ["output", "error"].map { scratch.appending(path: $0) }
      for file in files { try Data().write(to: file) }
      let handles = try files.map { try FileHandle(forWritingTo: $0) }
      process.standardOutput = handles[0]
      process.standardError = handles[1]
      let ended = DispatchSemaphore(value: 0)
      process.terminationHandler = { _ in ended.signal() }
      try process.run()
      ended.wait()
      for handle in handles { try handle.close() }
      let texts = try files.map { String(decoding: try Data(contentsOf: $0), as: UTF8.self) }
      let exited = process.terminationReason == .exit
      return Output(
        status: exited ? process.terminationStatus : -1, output: texts[0], error: texts[1])
    }
  }
}
