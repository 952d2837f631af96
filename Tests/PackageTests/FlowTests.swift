// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The manifest enforces the flow of DESIGN: one way, one room a step.
@Suite(.tags(.unit)) struct FlowTests {
  private let text: String

  init() throws {
    text = try #require(try Repository.text("Package.swift"))
  }

  @Test func roomsImportWhatIsBeforeThem() throws {
    let package = try PackageDescription(text)
    #expect(FlowRules.violations(in: package) == [])
    #expect(FlowRules.isInOrder(package))
  }

  @Test func targetsAreReadAsTheyAreDeclared() throws {
    let package = try PackageDescription(text)
    let importer = try #require(package.targets.first { $0.name == "ONNXImport" })
    #expect(importer.kind == "target")
    #expect(importer.targets.contains("Modeling"))
    #expect(importer.products == ["SwiftProtobuf"])
    #expect(package.targets.first { $0.name == "ResBinCommand" }?.kind == "executableTarget")
    #expect(package.targets.first { $0.name == "PackageTests" }?.kind == "testTarget")
  }

  /// The check must be able to fail: seeded edges, each found.
  @Test(arguments: [
    ("Modeling", "Cores", "'Modeling' imports 'Cores', which comes after it"),
    ("Cores", "IntegerNetwork", "'Cores' reaches 'IntegerNetwork', which it must not know"),
    ("Simulation", "Folding", "'Simulation' reaches 'Folding', which it must not know"),
    ("VerilogEmission", "Modeling", "'VerilogEmission' imports 'Modeling', which it must not know"),
    ("Diagnostics", "Diagnostics", "'Diagnostics' imports 'Diagnostics', which comes after it"),
    ("GoldenModel", "TestSupport", "'GoldenModel' imports 'TestSupport', which is no room"),
  ])
  func aSeededEdgeIsFound(room: String, dependency: String, violation: String) throws {
    var package = try PackageDescription(text)
    let index = try #require(package.targets.firstIndex { $0.name == room })
    package.targets[index].targets.append(dependency)
    #expect(FlowRules.violations(in: package).contains(violation))
  }

  @Test func aBackEdgeInTheTextIsFound() throws {
    let package = try PackageDescription(
      text.replacing(
        ".target(name: \"Diagnostics\"",
        with: ".target(name: \"Diagnostics\", dependencies: [\"Modeling\"]"))
    #expect(
      FlowRules.violations(in: package).contains(
        "'Diagnostics' imports 'Modeling', which comes after it"))
  }

  @Test func aNewRoomMustFindItsPlace() throws {
    let package = try PackageDescription(
      text.replacing(".target(name: \"Hashing\"", with: ".target(name: \"Attic\""))
    #expect(
      FlowRules.violations(in: package).prefix(2) == [
        "the room 'Hashing' is in the flow and not in the package",
        "the target 'Attic' has no place in the flow",
      ])
    #expect(!FlowRules.isInOrder(package))
  }

  @Test(arguments: [
    ("let x = 1", "there is no 'let package ='"),
    ("let package = Package(name: \"a\")", "there is no Package(targets: […])"),
    ("let package = Package(targets: [.target(name: name)])", "a target is declared as"),
    (
      "let package = Package(targets: [.target(name: \"A\", dependencies: all)])",
      "'A' depends on word(\"all\")"
    ),
    ("let package = Package(targets: [;])", "cannot read from ';])' on"),
  ])
  func anUnreadableDescriptionIsAnError(text: String, message: String) {
    #expect(printedError { try PackageDescription(text) }.hasPrefix(message))
  }

  @Test func formIsNoMatter() throws {
    let package = try PackageDescription(
      """
      // A comment.
      let package = Package(
        name: "p", targets: [ // Another.
          .target(name:"A"), .executableTarget( name : "B" , dependencies : [ "A", ] ),
          .testTarget(
            name: "C", dependencies: ["B", .product(name: "P", package: "q")], path: "x"),
        ]
      )
      """)
    #expect(
      package.targets == [
        .init(kind: "target", name: "A"),
        .init(kind: "executableTarget", name: "B", targets: ["A"]),
        .init(kind: "testTarget", name: "C", path: "x", targets: ["B"], products: ["P"]),
      ])
    #expect(package.reachable(from: "C") == ["A", "B"])
    #expect(package.targets.map(\.isRoom) == [true, true, false])
  }
}
