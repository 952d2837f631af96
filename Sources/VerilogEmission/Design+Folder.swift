// SPDX-License-Identifier: Apache-2.0

import Diagnostics
import Folding
import Foundation
import Hashing

extension Design {
  /// SHA-256 over paths and texts, in hexadecimal.
  static func hash(of files: [File]) -> String {
    SHA256.hexDigest(
      of: files.map { "\($0.path)\n\($0.text.utf8.count)\n\($0.text)" }.joined())
  }

  /// Writes the design into a folder: all of it or, after an error, nothing.
  ///
  /// A design that is there already is replaced; files in its folder that do not belong to it stay.
  ///
  /// - Throws: ``Diagnostic`` when the folder holds something else, or cannot be written.
  public func write(to folder: URL) throws {
    let manager = FileManager.default
    let folder = folder.standardizedFileURL
    let parent = folder.deletingLastPathComponent()
    let strangers = try Self.files(besideDesignIn: folder)
    let staging = parent.appending(
      path: ".\(folder.lastPathComponent).\(UUID().uuidString)")
    do {
      try manager.createDirectory(at: parent, withIntermediateDirectories: true)
      for file in files {
        let url = staging.appending(path: file.path)
        try manager.createDirectory(
          at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(file.text.utf8).write(to: url)
      }
      for path in strangers {
        let url = staging.appending(path: path)
        try manager.createDirectory(
          at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try manager.copyItem(at: folder.appending(path: path), to: url)
      }
      try Self.replace(folder, with: staging)
    } catch {
      try? manager.removeItem(at: staging)
      throw Diagnostic(
        at: folder.path, "the design cannot be written: \(reason(error))",
        hint: "choose a folder that you may write to, with `--output`")
    }
  }

  /// Puts `staging` in the place of `folder`; the old one goes when the new one stands.
  private static func replace(_ folder: URL, with staging: URL) throws {
    let manager = FileManager.default
    guard manager.fileExists(atPath: folder.path) else {
      try manager.moveItem(at: staging, to: folder)
      return
    }
    let old = staging.appendingPathExtension("old")
    try manager.moveItem(at: folder, to: old)
    do {
      try manager.moveItem(at: staging, to: folder)
    } catch {
      try manager.moveItem(at: old, to: folder)
      throw error
    }
    try manager.removeItem(at: old)
  }

  /// Paths in `folder` that a design there did not write.
  private static func files(besideDesignIn folder: URL) throws -> [String] {
    let manager = FileManager.default
    var isFolder: ObjCBool = false
    guard manager.fileExists(atPath: folder.path, isDirectory: &isFolder) else { return [] }
    guard isFolder.boolValue else {
      throw Diagnostic(
        at: folder.path, "a file is there; a folder is expected",
        hint: "choose another folder with `--output`")
    }
    guard let contents = manager.subpaths(atPath: folder.path) else {
      throw Diagnostic(
        at: folder.path, "the folder cannot be read",
        hint: "choose another folder with `--output`")
    }
    if contents.isEmpty { return [] }
    guard let manifest = try? Manifest(folder: folder) else {
      throw Diagnostic(
        at: folder.path,
        "the folder holds \(contents.count) files or folders and no design; nothing was written",
        hint: "choose an empty or a new folder with `--output`")
    }
    let own = Set(manifest.files + [Manifest.fileName])
    return contents.filter { path in
      var isFolder: ObjCBool = false
      _ = manager.fileExists(atPath: folder.appending(path: path).path, isDirectory: &isFolder)
      return !isFolder.boolValue && !own.contains(path)
    }
  }
}

extension Manifest {
  /// Reads the manifest of a design folder.
  ///
  /// - Throws: ``Diagnostic`` when there is none, or it is not one of this version.
  public init(folder: URL) throws {
    let url = folder.appending(path: Self.fileName)
    self = try decode(url, as: Manifest.self, what: "a design's manifest")
    guard format == Self.currentFormat else {
      throw Diagnostic(
        at: url.path,
        "the manifest has format \(format); this version reads format \(Self.currentFormat)",
        hint: "generate the design again")
    }
  }
}

extension FoldedNetwork {
  /// Reads the integer network of a design folder.
  ///
  /// - Throws: ``Diagnostic`` when there is none, or it is damaged.
  public init(folder: URL) throws {
    self = try decode(
      folder.appending(path: "network.json"), as: FoldedNetwork.self, what: "an integer network")
  }
}

extension Design {
  /// Reads a design folder as it is now, changed by hand or not.
  ///
  /// - Throws: ``Diagnostic`` when a file is missing.
  public init(folder: URL) throws {
    manifest = try Manifest(folder: folder)
    files = try (manifest.files + [Manifest.fileName]).map { path in
      let url = folder.appending(path: path)
      guard let data = try? Data(contentsOf: url) else {
        throw Diagnostic(
          at: url.path, "the file is missing or cannot be read; the manifest lists it",
          hint: "generate the design again")
      }
      return File(path: path, text: String(decoding: data, as: UTF8.self))
    }
  }

  /// True when no file was changed since the design was written.
  public var isUnchanged: Bool {
    Self.hash(of: files.filter { $0.path != Manifest.fileName }) == manifest.hash
  }
}

private func decode<Value: Decodable>(_ url: URL, as type: Value.Type, what: String) throws -> Value
{
  guard let data = try? Data(contentsOf: url) else {
    throw Diagnostic(
      at: url.path, "the file is missing or cannot be read",
      hint: "name a folder that `resbin generate` wrote")
  }
  do {
    return try JSONDecoder().decode(type, from: data)
  } catch {
    throw Diagnostic(
      at: url.path, "the file is not \(what): \(reason(error))",
      hint: "generate the design again")
  }
}

/// The shortest text that says what went wrong.
private func reason(_ error: any Error) -> String {
  switch error {
  case let error as Diagnostic: error.message
  case DecodingError.dataCorrupted(let context): context.debugDescription
  case DecodingError.keyNotFound(let key, _): "the key '\(key.stringValue)' is missing"
  case DecodingError.typeMismatch(_, let context): context.debugDescription
  case DecodingError.valueNotFound(_, let context): context.debugDescription
  case let error as CocoaError: error.localizedDescription
  default: "\(error)"
  }
}
