// SPDX-License-Identifier: Apache-2.0

import Diagnostics
import Foundation
import Synchronization

/// One call of a tool in a folder of the cache.
struct BuildStep: Sendable {
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
    let log = folder.appendingPathComponent("\(UUID().uuidString).log")
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

  /// Runs steps that do not need each other side by side.
  ///
  /// - Throws: What the first of them, in their order, throws.
  static func run(sideBySide steps: [BuildStep]) throws {
    if steps.count == 1 { return try steps[0].run() }
    let errors = Mutex<[Int: any Error]>([:])
    DispatchQueue.concurrentPerform(iterations: steps.count) { index in
      do {
        try steps[index].run()
      } catch {
        errors.withLock { $0[index] = error }
      }
    }
    if let first = errors.withLock({ $0.min { $0.key < $1.key } }) { throw first.value }
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
