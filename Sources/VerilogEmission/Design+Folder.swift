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
    let folder = folder.standardizedFileURL.resolvingSymlinksInPath()
    let contents = try Self.contents(of: folder)
    // A new folder is moved into place as a whole. One that is there stays itself: it may be a
    // mount point, or the shell's working folder.
    let parent = contents == nil ? folder.deletingLastPathComponent() : folder
    let staging = parent.appending(path: ".\(folder.lastPathComponent).\(UUID().uuidString)")
    do {
      for file in files {
        let url = staging.appending(path: "new").appending(path: file.path)
        try FileManager.default.createDirectory(
          at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(file.text.utf8).write(to: url)
      }
      if contents == nil {
        try FileManager.default.moveItem(at: staging.appending(path: "new"), to: folder)
      } else {
        try replace(Self.ownPaths(in: folder), in: folder, staging: staging)
      }
      try? FileManager.default.removeItem(at: staging)
    } catch {
      try? FileManager.default.removeItem(at: staging)
      throw Diagnostic(
        at: folder.path, "the design cannot be written: \(reason(error))",
        hint: "choose a folder that you may write to, with `--output`")
    }
  }

  /// Moves the files of the old design out and those of the new one in; after an error, back.
  private func replace(_ old: [String], in folder: URL, staging: URL) throws {
    let manager = FileManager.default
    let strangers = files.map(\.path).filter {
      !old.contains($0) && manager.fileExists(atPath: folder.appending(path: $0).path)
    }
    if let stranger = strangers.first {
      throw Diagnostic(at: stranger, "'\(stranger)' is there already, and no design wrote it")
    }
    var moves: [(from: URL, to: URL)] = []
    func move(_ from: URL, _ to: URL) throws {
      try manager.createDirectory(
        at: to.deletingLastPathComponent(), withIntermediateDirectories: true)
      try manager.moveItem(at: from, to: to)
      moves.append((from, to))
    }
    do {
      for path in old {
        try move(folder.appending(path: path), staging.appending(path: "old/\(path)"))
      }
      for file in files {
        try move(staging.appending(path: "new/\(file.path)"), folder.appending(path: file.path))
      }
    } catch {
      for move in moves.reversed() { try? manager.moveItem(at: move.to, to: move.from) }
      throw error
    }
  }

  /// The names in a folder, or nil when it is not there.
  ///
  /// - Throws: ``Diagnostic`` when something is there that a design must not replace.
  private static func contents(of folder: URL) throws -> [String]? {
    let manager = FileManager.default
    var isFolder: ObjCBool = false
    guard manager.fileExists(atPath: folder.path, isDirectory: &isFolder) else { return nil }
    guard isFolder.boolValue else {
      throw Diagnostic(
        at: folder.path, "a file is there; a folder is expected",
        hint: "choose another folder with `--output`")
    }
    guard let contents = try? manager.contentsOfDirectory(atPath: folder.path) else {
      throw Diagnostic(
        at: folder.path, "the folder cannot be read",
        hint: "choose another folder with `--output`")
    }
    guard contents.isEmpty || (try? Manifest(folder: folder)) != nil else {
      throw Diagnostic(
        at: folder.path,
        "the folder holds other files (\(contents.count)) and no design; nothing was written",
        hint: "choose an empty or a new folder with `--output`")
    }
    return contents
  }

  /// Paths of the files in `folder` that the design there wrote.
  private static func ownPaths(in folder: URL) -> [String] {
    guard let manifest = try? Manifest(folder: folder) else { return [] }
    return (manifest.files + [Manifest.fileName]).filter { path in
      !path.hasPrefix("/") && !path.split(separator: "/").contains("..")
        && FileManager.default.fileExists(atPath: folder.appending(path: path).path)
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
    let url = folder.appending(path: "network.json")
    self = try decode(url, as: FoldedNetwork.self, what: "an integer network")
    func located(_ diagnostic: Diagnostic) -> Diagnostic {
      var diagnostic = diagnostic
      diagnostic.path = "\(url.path): \(diagnostic.path)"
      return diagnostic
    }
    do {
      try check()
    } catch let error as Diagnostic {
      throw located(error)
    } catch let error as InvalidInput {
      throw InvalidInput(error.diagnostics.map(located))
    }
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
  case let error as Diagnostic:
    return error.message
  case DecodingError.keyNotFound(let key, let context):
    return "the key '\(path(context.codingPath + [key]))' is missing"
  case DecodingError.typeMismatch(let type, let context),
    DecodingError.valueNotFound(let type, let context):
    return "the value of '\(path(context.codingPath))' is no \(type)"
  case DecodingError.dataCorrupted(let context) where context.codingPath.isEmpty:
    return "it is not valid JSON"
  case DecodingError.dataCorrupted(let context):
    return "'\(path(context.codingPath))': \(context.debugDescription)"
  case let error as CocoaError:
    // The system's own words are in the innermost error.
    var innermost: any Error = error
    while let outer = innermost as? CocoaError, let cause = outer.underlying { innermost = cause }
    let file = error.filePath.map { "'\($0)': " } ?? ""
    let system = innermost as NSError
    return system.domain == NSPOSIXErrorDomain
      ? file + String(cString: strerror(Int32(system.code))) : error.localizedDescription
  default:
    return "\(error)"
  }
}

/// `timing.latency`, `stages[2].name`
private func path(_ keys: [any CodingKey]) -> String {
  keys.reduce("") { path, key in
    if let index = key.intValue { return "\(path)[\(index)]" }
    return path.isEmpty ? key.stringValue : "\(path).\(key.stringValue)"
  }
}
