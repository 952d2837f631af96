// SPDX-License-Identifier: Apache-2.0

import Folding
import Foundation
import TestSupport
import Testing

@testable import VerilogEmission

/// Designs in folders: written whole or not at all, and read back.
@Suite(.tags(.unit)) struct DesignFolderTests {
  private let design: Design

  init() throws {
    design = try TinyDesign.oneLevel.design()
  }

  private func paths(in folder: URL) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { path in
      var isFolder: ObjCBool = false
      let url = folder.appending(path: path)
      _ = FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder)
      return !isFolder.boolValue
    }.sorted()
  }

  private func text(_ url: URL) throws -> String {
    try String(contentsOf: url, encoding: .utf8)
  }

  private func write(_ text: String, to url: URL) throws {
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url)
  }

  // MARK: Writing

  @Test(arguments: ["out", "a/b/out", "out/", "./x/../out", "größe und mehr"])
  func aNewFolderHoldsTheDesign(path: String) throws {
    try TestData.withTemporaryFolder { root in
      let folder = root.appending(path: path).standardizedFileURL
      try design.write(to: root.appending(path: path))
      #expect(try paths(in: folder) == design.files.map(\.path).sorted())
      for file in design.files {
        #expect(try text(folder.appending(path: file.path)) == file.text, "\(file.path)")
      }
      // Nothing else is left, hidden or not.
      #expect(try paths(in: root).allSatisfy { $0.contains("out/") || $0.contains("mehr/") })
      #expect(try paths(in: root).count == design.files.count)
    }
  }

  @Test func anEmptyFolderIsFilled() throws {
    try TestData.withTemporaryFolder { folder in
      try design.write(to: folder)
      #expect(try paths(in: folder) == design.files.map(\.path).sorted())
    }
  }

  @Test func anOlderDesignIsReplacedAndOtherFilesStay() throws {
    try TestData.withTemporaryFolder { folder in
      try TinyDesign.threeLevels.design().write(to: folder)
      try write("mine", to: folder.appending(path: "notes.txt"))
      try write("mine", to: folder.appending(path: "rtl/board_top.v"))
      try write("mine", to: folder.appending(path: "vivado/project.xpr"))
      try FileManager.default.createSymbolicLink(
        at: folder.appending(path: "link"), withDestinationURL: URL(filePath: "/nowhere"))
      try design.write(to: folder)
      let mine = ["notes.txt", "rtl/board_top.v", "vivado/project.xpr"]
      #expect(try paths(in: folder) == (design.files.map(\.path) + mine + ["link"]).sorted())
      for path in mine { #expect(try text(folder.appending(path: path)) == "mine") }
      for file in design.files {
        #expect(try text(folder.appending(path: file.path)) == file.text, "\(file.path)")
      }
      #expect(try Design(folder: folder).isUnchanged)
    }
  }

  /// A mount point cannot be renamed, and a shell stays where it is.
  @Test func theFolderItselfStays() throws {
    try TestData.withTemporaryFolder { folder in
      func number() throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: folder.path)[.systemFileNumber] as? Int
      }
      let before = try number()
      try design.write(to: folder)
      try design.write(to: folder)
      #expect(try number() == before)
    }
  }

  @Test func aLinkToAFolderStaysALink() throws {
    try TestData.withTemporaryFolder { root in
      let folder = root.appending(path: "real")
      let link = root.appending(path: "link")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try FileManager.default.createSymbolicLink(at: link, withDestinationURL: folder)
      try design.write(to: link)
      try design.write(to: link)
      #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link.path) == folder.path)
      #expect(try paths(in: folder) == design.files.map(\.path).sorted())
    }
  }

  @Test func aFolderOfOtherFilesIsRefused() throws {
    try TestData.withTemporaryFolder { folder in
      try write("mine", to: folder.appending(path: "thesis.tex"))
      try write("mine", to: folder.appending(path: "figures/a.png"))
      #expect(
        printedError { try design.write(to: folder) } == """
          error: \(folder.path): the folder holds other files (2) and no design; nothing was written
            hint: choose an empty or a new folder with `--output`
          """)
      #expect(try paths(in: folder) == ["figures/a.png", "thesis.tex"])
    }
  }

  @Test func aFileInTheWayIsRefused() throws {
    try TestData.withTemporaryFolder { root in
      let file = root.appending(path: "out")
      try write("mine", to: file)
      #expect(
        printedError { try design.write(to: file) } == """
          error: \(file.path): a file is there; a folder is expected
            hint: choose another folder with `--output`
          """)
      #expect(try paths(in: root) == ["out"])
      #expect(try text(file) == "mine")
    }
  }

  /// Below a file no folder can be made, not even by root.
  @Test func aFolderThatCannotBeMadeIsAnError() throws {
    try TestData.withTemporaryFolder { root in
      try write("mine", to: root.appending(path: "file"))
      let folder = root.appending(path: "file/out")
      let message = printedError { try design.write(to: folder) }
      #expect(
        message.hasPrefix(
          "error: \(folder.path): the design cannot be written: '\(root.path)/file/"))
      #expect(
        message.hasSuffix(
          ": Not a directory\n  hint: choose a folder that you may write to, with `--output`"))
      #expect(try paths(in: root) == ["file"])
    }
  }

  /// A file of the user's that has the name of a new one: both stay as they were.
  @Test func aFileOfTheSameNameIsNotOverwritten() throws {
    try TestData.withTemporaryFolder { folder in
      let old = try TinyDesign.threeLevels.design()
      try old.write(to: folder)
      let mine = folder.appending(path: "rtl/\(design.manifest.top).v")
      try write("mine", to: mine)
      let before = try paths(in: folder)
      let message = printedError { try design.write(to: folder) }
      #expect(
        message == """
          error: \(folder.path): the design cannot be written: 'rtl/one_level.v' is there already, \
          and no design wrote it
            hint: choose a folder that you may write to, with `--output`
          """)
      #expect(try text(mine) == "mine")
      #expect(try paths(in: folder) == before)
      for file in old.files {
        #expect(try text(folder.appending(path: file.path)) == file.text, "\(file.path)")
      }
    }
  }

  /// A file where a folder must go: what was moved out by then comes back.
  @Test func anErrorHalfwayLeavesTheOlderDesign() throws {
    try TestData.withTemporaryFolder { folder in
      let old = try TinyDesign.threeLevels.design()
      try old.write(to: folder)
      try write("mine", to: folder.appending(path: "notes"))
      let before = try paths(in: folder)
      var impossible = design
      impossible.files.append(Design.File(path: "notes/below", text: ""))
      let message = printedError { try impossible.write(to: folder) }
      #expect(message.hasPrefix("error: \(folder.path): the design cannot be written: "))
      #expect(try paths(in: folder) == before)
      for file in old.files {
        #expect(try text(folder.appending(path: file.path)) == file.text, "\(file.path)")
      }
    }
  }

  /// A manifest that lists files elsewhere takes nothing away there.
  @Test func onlyFilesOfTheFolderAreReplaced() throws {
    try TestData.withTemporaryFolder { root in
      let folder = root.appending(path: "out")
      try design.write(to: folder)
      try write("mine", to: root.appending(path: "mine.txt"))
      let manifest = folder.appending(path: "manifest.json")
      try write(
        text(manifest).replacing(
          "\"files.f\"", with: "\"files.f\", \"../mine.txt\", \"\(root.path)/mine.txt\""),
        to: manifest)
      try design.write(to: folder)
      #expect(try text(root.appending(path: "mine.txt")) == "mine")
    }
  }

  // MARK: Reading

  @Test(arguments: TinyDesign.all) func whatWasWrittenIsRead(tiny: TinyDesign) throws {
    try TestData.withTemporaryFolder { folder in
      let pipeline = try tiny.pipeline()
      let design = try pipeline.verilog()
      try design.write(to: folder)
      let read = try Design(folder: folder)
      #expect(read.files == design.files)
      #expect(read.manifest == design.manifest)
      #expect(read.isUnchanged)
      #expect(try FoldedNetwork(folder: folder) == pipeline.folding)
    }
  }

  @Test func aChangedFileIsNoticed() throws {
    try TestData.withTemporaryFolder { folder in
      try design.write(to: folder)
      try write("", to: folder.appending(path: "rtl/fc_matrix_weights.mem"))
      #expect(try !Design(folder: folder).isUnchanged)
    }
  }

  @Test func aMissingFileIsNamed() throws {
    try TestData.withTemporaryFolder { folder in
      try design.write(to: folder)
      let file = folder.appending(path: "rtl/fc_matrix_weights.mem")
      try FileManager.default.removeItem(at: file)
      #expect(
        printedError { try Design(folder: folder) } == """
          error: \(file.path): the file is missing or cannot be read; the manifest lists it
            hint: generate the design again
          """)
    }
  }

  @Test func aFolderWithoutADesignIsNamed() throws {
    try TestData.withTemporaryFolder { folder in
      #expect(
        printedError { try Design(folder: folder) } == """
          error: \(folder.path)/manifest.json: the file is missing or cannot be read
            hint: name a folder that `resbin generate` wrote
          """)
      #expect(
        printedError { try FoldedNetwork(folder: folder) } == """
          error: \(folder.path)/network.json: the file is missing or cannot be read
            hint: name a folder that `resbin generate` wrote
          """)
    }
  }

  /// Manifest or network → text of the damage → what is said.
  @Test(arguments: [
    ("", "it is not valid JSON"), ("{", "it is not valid JSON"), ("[]", "the value of '' is no"),
    ("{}", "the key '"),
  ])
  func damagedJSONIsAnError(text: String, reason: String) throws {
    try TestData.withTemporaryFolder { folder in
      for (name, what) in [
        ("manifest.json", "a design's manifest"), ("network.json", "an integer network"),
      ] {
        let file = folder.appending(path: name)
        try write(text, to: file)
        let message =
          name == "manifest.json"
          ? printedError { try Manifest(folder: folder) }
          : printedError { try FoldedNetwork(folder: folder) }
        #expect(message.hasPrefix("error: \(file.path): the file is not \(what): \(reason)"))
        #expect(message.hasSuffix("\n  hint: generate the design again"))
      }
    }
  }

  private func manifestError(_ old: String, _ new: String) throws -> String {
    try TestData.withTemporaryFolder { folder in
      let file = folder.appending(path: "manifest.json")
      let text = try #require(design.text("manifest.json"))
      try #require(text.contains(old))
      try write(text.replacing(old, with: new), to: file)
      return printedError { try Manifest(folder: folder) }
        .replacing(file.path, with: "manifest.json")
    }
  }

  @Test func aDamagedManifestSaysWhere() throws {
    #expect(
      try manifestError("\"latency\"", "\"latenz\"") == """
        error: manifest.json: the file is not a design's manifest: the key 'timing.latency' is \
        missing
          hint: generate the design again
        """)
    #expect(
      try manifestError("\"layer\" : \"fc\"", "\"layer\" : 7") == """
        error: manifest.json: the file is not a design's manifest: the value of 'stages[0].layer' \
        is no String
          hint: generate the design again
        """)
    #expect(
      try manifestError("\"top\" : \"one_level\"", "\"top\" : null") == """
        error: manifest.json: the file is not a design's manifest: the value of 'top' is no String
          hint: generate the design again
        """)
  }

  @Test func anotherFormatIsAnError() throws {
    #expect(
      try manifestError("\"format\" : 1", "\"format\" : 2") == """
        error: manifest.json: the manifest has format 2; this version reads format 1
          hint: generate the design again
        """)
  }

  private func networkError(_ old: String, _ new: String) throws -> String {
    try TestData.withTemporaryFolder { folder in
      let file = folder.appending(path: "network.json")
      let text = try #require(design.text("network.json"))
      try #require(text.contains(old), "\(text)")
      try write(text.replacing(old, with: new), to: file)
      return printedError { try FoldedNetwork(folder: folder) }
        .replacing(file.path, with: "network.json")
    }
  }

  @Test func aDamagedNetworkSaysWhere() throws {
    #expect(
      try networkError("\"lanes\" : 3", "\"lanes\" : 0") == """
        error: network.json: fold one-level.fc: lanes (0) do not divide the layer's 6 inputs
          hint: use one of 1, 2, 3, 6
        """)
    #expect(
      try networkError("\"fc\" : {", "\"fd\" : {") == """
        error: network.json: fold one-level: there is no linear layer 'fd'
          hint: the linear layers are fc
        """)
    #expect(
      try networkError("\"rows\" : 4", "\"rows\" : 5").hasPrefix(
        "error: network.json: the file is not an integer network: "))
    #expect(
      try networkError("\"name\" : \"fc\"", "\"name\" : \"fx\"") == """
        error: network.json: fold one-level: there is no linear layer 'fc'
          hint: the linear layers are fx
        """)
  }
}
