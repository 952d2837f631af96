// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// What every file of the project has, or has not.
@Suite(.tags(.unit)) struct SourceFileTests {
  // MARK: Licence

  @Test func everyFileNamesItsLicence() throws {
    let files = try Repository.files(in: [
      "Sources", "Tests", "RTL", "Sim", "Scripts", "Training",
    ])
    #expect(files.count > 100)
    for path in files where try lacksLicence(path) {
      Issue.record("\(path) has no SPDX line on its first or second line")
    }
  }

  @Test func aFileWithoutLicenceIsFound() {
    #expect(hasLicence("// SPDX-License-Identifier: Apache-2.0\n"))
    #expect(hasLicence("#!/bin/sh\n# SPDX-License-Identifier: Apache-2.0\nx\n"))
    #expect(hasLicence("<!-- SPDX-License-Identifier: Apache-2.0 -->\n"))
    #expect(!hasLicence(""))
    #expect(!hasLicence("a\nb\n// SPDX-License-Identifier: Apache-2.0\n"))
    #expect(!hasLicence("// SPDX-License-Identifier: MIT\n"))
  }

  /// Expected outputs, JSON and binary files have no place for it.
  private func lacksLicence(_ path: String) throws -> Bool {
    if ["/Snapshots/", "/__pycache__/", ".egg-info/"].contains(where: path.contains)
      || path.hasSuffix(".json")
    {
      return false
    }
    return try Repository.text(path).map { !hasLicence($0) } ?? false
  }

  private func hasLicence(_ text: String) -> Bool {
    text.split(separator: "\n", omittingEmptySubsequences: false).prefix(2)
      .contains { $0.contains("SPDX-License-Identifier: Apache-2.0") }
  }

  // MARK: Imports

  /// Modules of the system that a room may use.
  private static let system: Set = [
    "Foundation", "FoundationEssentials", "Dispatch", "Synchronization",
  ]

  @Test func roomsImportWhatTheyDeclare() throws {
    let package = try PackageDescription(try #require(try Repository.text("Package.swift")))
    for target in package.targets where target.isRoom {
      let allowed = Self.system.union(target.targets).union(target.products)
      try expectImports(of: target.folder, within: allowed)
    }
  }

  /// A test may import what its declared targets stand on.
  @Test func testsImportWhatTheyReach() throws {
    let package = try PackageDescription(try #require(try Repository.text("Package.swift")))
    for target in package.targets where target.kind == "testTarget" {
      let reached = package.reachable(from: target.name)
      let products = package.targets.filter { reached.contains($0.name) }.flatMap(\.products)
      try expectImports(
        of: target.folder,
        within: Self.system.union(reached).union(products).union(["Testing"]))
    }
  }

  private func expectImports(of folder: String, within allowed: Set<String>) throws {
    let files = try Repository.files(in: [folder])
    #expect(
      files.contains { file in [".swift", ".c", ".modulemap"].contains { file.hasSuffix($0) } },
      "\(folder) holds no code")
    for path in files where path.hasSuffix(".swift") {
      let imports = SwiftSource(try #require(try Repository.text(path))).imports
      for module in imports where !allowed.contains(module) {
        Issue.record("\(path) imports '\(module)', which its target does not declare")
      }
    }
  }

  @Test func importsAreReadInEveryForm() {
    let source = SwiftSource(
      """
      // import Comment
      import A
      @testable import B
      @_exported public import C
      package import struct D.Value
      import Foundation.NSData
      let text = "import Text"
      let important = 1
      """)
    #expect(source.imports == ["A", "B", "C", "D", "Foundation"])
  }

  // MARK: Forced values

  @Test func nothingIsForcedInSources() throws {
    let files = try Repository.files(in: ["Sources"]).filter {
      $0.hasSuffix(".swift") && !$0.contains("/Generated/")
    }
    #expect(files.count > 80)
    for path in files {
      for line in SwiftSource(try #require(try Repository.text(path))).forcedLines {
        Issue.record("\(path):\(line) forces a value with '!'")
      }
    }
  }

  @Test(arguments: [
    "let x = y!", "let x = try! f()", "let x = y as! Int", "var x: Int!", "f(x)!.y", "a[0]!",
    "x = (y)! + 1", "\"\\(name!)\"", "\"\"\"\n\\(f(\"a\", b!))\n\"\"\"", "#\"\\#(x!)\"#",
    "/* a */ x!", "x!.y != nil",
  ])
  func forcedValuesAreFound(text: String) {
    #expect(!SwiftSource(text).forcedLines.isEmpty)
  }

  @Test(arguments: [
    "if !x { }", "x != y", "x!=y", "// x!", "/* x! /* y! */ z! */", "let s = \"Stop!\"",
    "let s = \"\"\"\n  x!\n  \"\"\"", "let s = #\"x! \\(y!)\"#", "!(a && !b)", "x = [!a, !b]",
    "\"\\\"x!\"", "a !== b",
  ])
  func otherMarksAreNot(text: String) {
    #expect(SwiftSource(text).forcedLines == [])
  }

  @Test func forcedLinesAreCounted() {
    let source = SwiftSource(
      """
      /* a comment
      of two lines */
      let text = \"\"\"
        lines!
        \"\"\"
      let x = y!
      """)
    #expect(source.forcedLines == [6])
  }
}
