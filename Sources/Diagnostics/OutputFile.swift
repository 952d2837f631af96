// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A file that a command writes: whole or not at all, and never over something of another kind.
package enum OutputFile {
  /// Checks that a file of some kind may be written to `url`: before the work, whose result would be
  /// lost.
  ///
  /// - Parameters:
  ///   - kind: What it is called: "file of level banks".
  ///   - isOfKind: Whether something that is there already is one, and may be replaced.
  /// - Throws: ``Diagnostic`` when the folder is missing, or something else is there.
  package static func check(_ url: URL, kind: String, isOfKind: (Data) -> Bool) throws {
    var isFolder: ObjCBool = false
    let isThere = FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder)
    guard !isFolder.boolValue, !url.hasDirectoryPath else {
      throw Diagnostic(
        at: url.relativePath, "that is a folder; a file is expected", hint: "choose a file's name")
    }
    let folder = url.absoluteURL.deletingLastPathComponent()
    guard FileManager.default.isWritableFile(atPath: folder.path) else {
      let hasFolder = FileManager.default.fileExists(atPath: folder.path)
      throw Diagnostic(
        at: url.relativePath,
        hasFolder ? "its folder may not be written to" : "there is no folder '\(folder.path)'",
        hint: "choose a file in a folder that you may write to")
    }
    guard isThere else { return }
    guard let data = try? Data(contentsOf: url), isOfKind(data) else {
      throw Diagnostic(
        at: url.relativePath, "something is there already, and it is no \(kind)",
        hint: "choose another name")
    }
  }

  /// - Throws: ``Diagnostic`` when the file cannot be written.
  package static func write(_ data: Data, to url: URL) throws {
    do {
      try data.write(to: url, options: .atomic)
    } catch {
      throw Diagnostic(
        at: url.relativePath, "the file cannot be written",
        hint: "choose a file in a folder that you may write to")
    }
  }
}
