// SPDX-License-Identifier: Apache-2.0

import Diagnostics
import Foundation

/// The folder where built models are kept, each under the hash of everything it was built from.
///
/// Any number of processes may use it at once. It can be deleted at any time between runs.
public struct BuildCache: Sendable {
  /// The folder.
  public var folder: URL

  public init(folder: URL) {
    self.folder = folder
  }

  /// `$RESBIN_CACHE`, else `$XDG_CACHE_HOME/resbin`, else `~/.cache/resbin`.
  public static var standard: BuildCache {
    BuildCache(environment: ProcessInfo.processInfo.environment)
  }

  init(environment: [String: String]) {
    func path(_ variable: String) -> URL? {
      guard let value = environment[variable], !value.isEmpty else { return nil }
      return URL(fileURLWithPath: value, isDirectory: true)
    }
    folder =
      path("RESBIN_CACHE") ?? path("XDG_CACHE_HOME")?.appendingPathComponent("resbin")
      ?? FileManager.default.homeDirectoryForCurrentUser.appendingPathComponent(".cache/resbin")
  }

  /// The folder of one entry, built by `build` unless it is there already.
  ///
  /// Only one process builds an entry, the others wait for it. A marker, written last, tells a whole
  /// entry from one whose builder died.
  ///
  /// - Returns: The folder, and whether it was found.
  func entry(
    _ name: String, build: (URL) throws -> Void
  ) throws -> (folder: URL, found: Bool) {
    let files = FileManager.default
    let entry = folder.appendingPathComponent(name, isDirectory: true)
    let marker = entry.appendingPathComponent("complete")
    if files.fileExists(atPath: marker.path) { return (entry, true) }

    let parent = entry.deletingLastPathComponent()
    do {
      try files.createDirectory(at: parent, withIntermediateDirectories: true)
    } catch {
      throw Diagnostic(
        at: folder.path, "the build cache cannot be created: \(error.localizedDescription)",
        hint: "set RESBIN_CACHE to a folder that can be written")
    }
    let lock = try FileLock(entry.appendingPathExtension("lock"))
    defer { lock.unlock() }
    if files.fileExists(atPath: marker.path) { return (entry, true) }
    try? files.removeItem(at: entry)
    try files.createDirectory(at: entry, withIntermediateDirectories: true)
    do {
      try build(entry)
      try Data().write(to: marker)
    } catch {
      try? files.removeItem(at: entry)
      throw error
    }
    return (entry, false)
  }
}

/// A lock between processes and threads, freed by the system when its holder dies.
private struct FileLock {
  private let descriptor: Int32

  init(_ file: URL) throws {
    descriptor = open(file.path, O_CREAT | O_RDWR | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      throw Diagnostic(
        at: file.path, "the build cache cannot be written: \(String(cString: strerror(errno)))",
        hint: "set RESBIN_CACHE to a folder that can be written")
    }
    while flock(descriptor, LOCK_EX) != 0 && errno == EINTR {}
  }

  func unlock() {
    close(descriptor)
  }
}
