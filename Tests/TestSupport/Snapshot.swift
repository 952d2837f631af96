// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Expected output, committed and reviewed as a diff.
///
/// `RECORD_SNAPSHOTS=1 swift test --filter …` writes the files anew, and fails that run, so that no
/// one records without looking.
public struct Snapshot {
  /// The committed file.
  public let file: URL

  /// `Snapshots/<name>` beside the test.
  public init(_ name: String, beside test: String = #filePath) {
    file = URL(filePath: test).deletingLastPathComponent()
      .appending(path: "Snapshots").appending(path: name)
  }

  /// Fails where `text` is not the committed one.
  public func expect(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    if Self.isRecording {
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
      Issue.record(
        "recorded \(file.lastPathComponent); look at the diff, and run without RECORD_SNAPSHOTS",
        sourceLocation: sourceLocation)
      return
    }
    let committed = try? String(contentsOf: file, encoding: .utf8)
    guard let difference = Self.difference(committed: committed, now: text) else { return }
    Issue.record(
      "\(file.lastPathComponent): \(difference); if that is meant, record with RECORD_SNAPSHOTS=1",
      sourceLocation: sourceLocation)
  }

  /// The first line that differs, or nil where none does.
  public static func difference(committed: String?, now: String) -> String? {
    guard let committed else { return "no snapshot is committed" }
    guard committed != now else { return nil }
    let old = committed.split(separator: "\n", omittingEmptySubsequences: false)
    let new = now.split(separator: "\n", omittingEmptySubsequences: false)
    let line = zip(old, new).prefix { $0 == $1 }.count
    func shown(_ lines: [Substring]) -> String {
      line < lines.count ? "'\(lines[line])'" : "the end of the file"
    }
    return "line \(line + 1) is \(shown(new)), the committed one is \(shown(old))"
  }

  private static var isRecording: Bool {
    ProcessInfo.processInfo.environment["RECORD_SNAPSHOTS"] == "1"
  }
}
