// SPDX-License-Identifier: Apache-2.0

import Diagnostics
import Foundation

/// Runs a program to its end. Its error output goes to a file, so that no pipe can fill up; only
/// one pipe is ever read, by the calling thread.
struct ChildProcess {
  var executable: URL
  var arguments: [String]
  var directory: URL
  /// Takes everything the program prints, but for the lines that `onLine` takes.
  var logFile: URL
  /// Called with each line of standard output; without it these go to the log file.
  var onLine: ((Substring) -> Void)?

  /// How a program ended.
  enum Exit: Equatable {
    case exited(Int32)
    case killed(signal: Int32)
  }

  /// Runs the program. A cancelled task ends it.
  ///
  /// - Throws: `CancellationError`, or what Foundation throws where the program cannot start.
  func run() throws -> Exit {
    try Data().write(to: logFile)
    let log = try FileHandle(forWritingTo: logFile)
    defer { try? log.close() }

    let process = Process()
    process.executableURL = executable
    process.arguments = arguments
    process.currentDirectoryURL = directory
    var environment = ProcessInfo.processInfo.environment
    environment["LC_ALL"] = "C"
    process.environment = environment
    process.standardInput = FileHandle.nullDevice
    process.standardError = log
    let pipe = onLine.map { _ in Pipe() }
    process.standardOutput = pipe ?? log

    let ended = DispatchSemaphore(value: 0)
    process.terminationHandler = { _ in ended.signal() }
    do {
      try process.run()
    } catch {
      throw Diagnostic(
        at: executable.path, "the program cannot be started",
        hint: "delete '\(executable.deletingLastPathComponent().path)', which may be damaged, "
          + "and try again")
    }
    try? pipe?.fileHandleForWriting.close()

    var cancelled = false
    if let pipe, let onLine {
      cancelled = !readLines(of: pipe.fileHandleForReading, while: process, onLine: onLine)
    }
    while !cancelled, ended.wait(timeout: .now() + .milliseconds(200)) == .timedOut {
      cancelled = Task.isCancelled
    }
    if cancelled {
      // A child of a thread that blocks signals, as those of tasks do, never sees a milder one.
      kill(process.processIdentifier, SIGKILL)
      ended.wait()
      throw CancellationError()
    }
    return process.terminationReason == .uncaughtSignal
      ? .killed(signal: process.terminationStatus) : .exited(process.terminationStatus)
  }

  /// Reads lines until the program closes its output; false if the task was cancelled.
  private func readLines(
    of pipe: FileHandle, while process: Process, onLine: (Substring) -> Void
  ) -> Bool {
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    var wait = pollfd(fd: pipe.fileDescriptor, events: Int16(POLLIN), revents: 0)
    while true {
      wait.revents = 0
      let ready = poll(&wait, 1, 200)
      if Task.isCancelled { return false }
      if ready == 0 {
        // Another child may have inherited the other end of the pipe.
        if process.isRunning { continue } else { return true }
      }
      if ready < 0 {
        if errno == EINTR { continue } else { return true }
      }
      let count = read(pipe.fileDescriptor, &buffer, buffer.count)
      if count <= 0 { return true }
      text += buffer[..<count]
      while let end = text.firstIndex(of: UInt8(ascii: "\n")) {
        onLine(Substring(decoding: text[..<end], as: UTF8.self))
        text.removeSubrange(...end)
      }
    }
  }
}
