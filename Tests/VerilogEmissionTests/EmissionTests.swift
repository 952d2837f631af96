// SPDX-License-Identifier: Apache-2.0

import Cores
import Foundation
import Pipelines
import TestSupport
import Testing

@testable import VerilogEmission

@Suite(.tags(.unit)) struct EmissionTests {
  // MARK: Snapshots

  @Test(arguments: [
    (TinyDesign.oneLevel, "fc_matrix_weights.mem"),
    (.twoLevels, "fc1_sign_thresholds.mem"), (.threeLevels, "hidden_matrix_mask.mem"),
    (.wholeWindows, "conv2_matrix_weights.mem"), (.reloadable, "fc2_matrix_gammas.mem"),
  ])
  func theFilesAreTheCommittedOnes(tiny: TinyDesign, memory: String) throws {
    let design = try tiny.design()
    func expect(_ path: String, _ text: String?) throws {
      let name = path.split(separator: "/").last.map(String.init) ?? path
      try Snapshot("\(tiny.name)/\(name)").expect(try #require(text, "there is no \(path)"))
    }
    try expect("rtl/\(design.manifest.top).v", design.topModule)
    try expect("rtl/\(memory)", design.text("rtl/\(memory)"))
    // The hashes are of every file, the cores too.
    let accelerator = try #require(design.manifest.accelerator)
    func withoutHashes(_ path: String) -> String? {
      design.text(path)?.replacing(design.manifest.hash, with: "<hash of the files>")
        .replacing(accelerator.hash, with: "<hash of the pipeline>")
    }
    try expect("manifest.json", withoutHashes("manifest.json"))
    let wrapper = "rtl/\(accelerator.module).v"
    try expect(wrapper, withoutHashes(wrapper))
  }

  @Test func snapshotsNoticeADifference() {
    #expect(Snapshot.difference(committed: "a\nb\n", now: "a\nb\n") == nil)
    #expect(
      Snapshot.difference(committed: "a\nb\n", now: "a\nc\n")
        == "line 2 is 'c', the committed one is 'b'")
    #expect(
      Snapshot.difference(committed: "a\nb", now: "a")
        == "line 2 is the end of the file, the committed one is 'b'")
    #expect(Snapshot.difference(committed: nil, now: "a") == "no snapshot is committed")
  }

  // MARK: The design as a whole

  @Test(arguments: TinyDesign.all) func theSameInputGivesTheSameBytes(tiny: TinyDesign) throws {
    let designs = try (0..<3).map { _ in try tiny.design() }
    #expect(designs[0].files == designs[1].files)
    #expect(designs[0].files == designs[2].files)
    #expect(designs[0].manifest == designs[1].manifest)
  }

  @Test(arguments: TinyDesign.all) func theDesignIsCompleteInItself(tiny: TinyDesign) throws {
    let design = try tiny.design()
    let paths = design.files.map(\.path)
    #expect(Set(paths).count == paths.count)
    #expect(paths.last == "manifest.json")
    #expect(design.manifest.files == paths.dropLast())
    #expect(paths.contains("network.json"))
    // The file list names every Verilog file, and every module that is used is in one.
    let listed = try #require(design.text("files.f")).split(separator: "\n").map(String.init)
    #expect(listed == paths.filter { $0.hasSuffix(".v") })
    for stage in design.manifest.stages {
      #expect(listed.contains("rtl/\(stage.module).v"))
      #expect(design.topModule.contains(" u_\(stage.name) ("))
    }
    // Every memory image is read by name, and is there.
    let memories = paths.filter { $0.hasSuffix(".mem") }
    #expect(!memories.isEmpty)
    for path in memories {
      #expect(design.topModule.contains("(\"\(path.dropFirst(4))\")"), "\(path) is not used")
    }
    let read = design.topModule.split(separator: "\"").filter { $0.hasSuffix(".mem") }
    #expect(read.count == memories.count)
  }

  @Test(arguments: TinyDesign.all) func memoriesHaveTheirWords(tiny: TinyDesign) throws {
    let pipeline = try tiny.pipeline()
    let design = try pipeline.verilog()
    for stage in pipeline.stages {
      for memory in stage.core.memories {
        let role = memory.parameter.dropLast("_FILE".count).lowercased()
        let text = try #require(design.text("rtl/\(stage.name)_\(role).mem"))
        let words = text.split(separator: "\n").filter { !$0.hasPrefix("//") }
        #expect(words.count == memory.depth)
        for (line, word) in zip(words, memory.words) {
          let digits = line.prefix { $0.isHexDigit }
          #expect(digits.count == (memory.width + 3) / 4)
          // From the last digit on, four bits each.
          for (position, digit) in digits.reversed().enumerated() {
            let bits = word[position / 16] >> UInt64(position % 16 * 4) & 15
            #expect(digit.hexDigitValue == Int(bits))
          }
        }
      }
    }
  }

  @Test(arguments: TinyDesign.all) func theManifestSaysWhatThePipelineIs(tiny: TinyDesign) throws {
    let pipeline = try tiny.pipeline()
    let manifest = try pipeline.verilog().manifest
    #expect(manifest.format == 1)
    #expect(manifest.network == tiny.name)
    #expect(manifest.timing == pipeline.timing())
    #expect(manifest.folds == pipeline.folding.folds)
    #expect(manifest.stages.map(\.name) == pipeline.stages.map(\.name))
    #expect(manifest.input.lanes * manifest.input.beats == manifest.input.shape.reduce(1, *))
    #expect(manifest.output.lanes * manifest.output.beats == manifest.output.shape.reduce(1, *))
    #expect((manifest.scoreStep == nil) == ["one-level", "whole-windows"].contains(tiny.name))
  }

  // MARK: Names

  @Test(arguments: ["größe\nendmodule", "net\"name\\", "модель", "", "a`b"])
  func whateverTheNameTheVerilogIsASCII(name: String) throws {
    let design = try TinyDesign.oneLevel.design(named: name)
    #expect(design.topModule.utf8.allSatisfy { $0 == 10 || (32..<127).contains($0) })
    // One more line would be code.
    let usual = try TinyDesign.oneLevel.design().topModule
    #expect(
      design.topModule.split(separator: "\n").count == usual.split(separator: "\n").count)
    #expect(design.manifest.network == name)
  }

  @Test func theHashIsOfEveryFile() throws {
    let design = try TinyDesign.oneLevel.design()
    #expect(design.isUnchanged)
    #expect(design.manifest.hash.count == 64)
    for index in design.files.indices where design.files[index].path != "manifest.json" {
      var changed = design
      changed.files[index].text += " "
      #expect(!changed.isUnchanged, "\(design.files[index].path)")
      changed = design
      changed.files[index].path += "x"
      #expect(!changed.isUnchanged)
    }
    var shifted = design
    shifted.files[0].text += "x"
    shifted.files[1].path = "x" + shifted.files[1].path
    #expect(!shifted.isUnchanged)
  }
}
