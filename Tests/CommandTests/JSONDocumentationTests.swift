// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Docs/reference/json.md and manifest.md name every key, and no other.
@Suite(.tags(.unit)) struct JSONDocumentationTests {
  @Test(arguments: JSONKeys.all.indices) func everyKeyIsDocumented(index: Int) throws {
    let keys = JSONKeys.all[index]
    let listed = keys.always.union(keys.sometimes)
    let documented = try Documentation.keys(of: keys.command)
    for key in listed.sorted() where !documented.all.contains(key) {
      // `timing` needs no row beside `timing.latency`.
      guard !documented.rows.contains(where: { $0.hasPrefix(key + ".") }) else { continue }
      Issue.record("'\(key)' of `resbin \(keys.command) --json` is not documented")
    }
    for key in documented.rows.subtracting(listed).sorted() {
      Issue.record("'\(key)' is documented, and `resbin \(keys.command) --json` prints none")
    }
  }

  @Test func tablesAreReadAsTheyAreWritten() {
    let keys = Documentation.keys(
      inTablesOf: """
        | key | type | meaning |
        |---|---|---|
        | `a` | int | |
        | `list[].b`, `.c` | int | not `a` key of its own |
        | `box` | object | `d`, `e` (in words) |
        | `in`, `out` | object | |
        | `….lanes` | int | |
        """)
    #expect(
      keys.rows == ["a", "list[].b", "list[].c", "box", "in", "out", "in.lanes", "out.lanes"])
    #expect(keys.all.isSuperset(of: ["box.d", "box.e"]))
    #expect(!keys.all.contains("d"))
  }
}

/// The tables of the reference pages.
private enum Documentation {
  struct Keys {
    /// Keys with a row of their own.
    var rows: Set<String> = []
    /// And those that a row names in its meaning.
    var all: Set<String> = []
  }

  static func keys(of command: String) throws -> Keys {
    var keys = try keys(inTablesOf: section("## `resbin \(command) --json`", of: "json.md"))
    guard command == "generate" else { return keys }
    let manifest = try Documentation.keys(
      inTablesOf: section("## manifest.json", of: "manifest.md"))
    keys.rows.formUnion(manifest.rows.map { "manifest.\($0)" })
    keys.all.formUnion(manifest.all.map { "manifest.\($0)" })
    return keys
  }

  private static func section(_ heading: String, of page: String) throws -> String {
    let url = TestData.repository.appending(path: "Docs/reference/\(page)")
    let text = try String(contentsOf: url, encoding: .utf8)
    let start = try #require(text.range(of: heading + "\n"), "\(page) has no '\(heading)'")
    let rest = text[start.upperBound...]
    return String(rest[..<(rest.range(of: "\n## ")?.lowerBound ?? rest.endIndex)])
  }

  static func keys(inTablesOf text: String) -> Keys {
    var keys = Keys()
    // Objects of a row, whose keys `….x` stand in rows below it.
    var objects: [String] = []
    for line in text.split(separator: "\n") where line.hasPrefix("| `") {
      let cells = line.split(separator: "|").map(String.init)
      var row: [String] = []
      for word in code(in: cells[0]) {
        if word.hasPrefix("….") {
          row += objects.map { $0 + word.dropFirst(1) }
        } else if word.hasPrefix("."), let first = row.first, let dot = first.lastIndex(of: ".") {
          row.append(first[..<dot] + word)
        } else {
          row.append(word)
        }
      }
      if !cells[0].contains("….") { objects = row }
      let named = cells.dropFirst().flatMap { code(in: $0) }
      keys.rows.formUnion(row)
      keys.all.formUnion(row)
      for key in row { keys.all.formUnion(named.map { "\(key).\($0)" }) }
    }
    // `list[]` documents the elements of `list`.
    for key in keys.rows where key.hasSuffix("[]") {
      keys.rows.remove(key)
      keys.rows.insert(String(key.dropLast(2)))
      keys.all.insert(String(key.dropLast(2)))
    }
    return keys
  }

  /// The words between back quotes.
  private static func code(in text: String) -> [String] {
    text.split(separator: "`", omittingEmptySubsequences: false).enumerated()
      .filter { $0.offset % 2 == 1 }.map { String($0.element) }
  }
}
