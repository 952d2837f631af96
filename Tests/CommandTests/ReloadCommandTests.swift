// SPDX-License-Identifier: Apache-2.0

import Foundation
import ResBin
import TestSupport
import Testing

/// `generate --reloadable`, `reload`, `simulate --reload`.
@Suite(.tags(.rtl)) struct ReloadCommandTests {
  private let generate = "generate Models/mnist-256x3-m2.onnx --reloadable -o design --cycles 2048"
  /// Another model with two levels.
  private let other = "Models/mnist-256x3-joint.onnx --model-output scores_m2"

  @Test(.enabled(if: Simulator.isAvailable, "needs Verilator"))
  func theVerilogComputesTheLoadedModel() throws {
    try Resbin.inFolder { resbin in
      let generated = try resbin.json(generate)
      let words: Int? = generated.value("manifest.accelerator.loadWords")
      let images = "--images Models/mnist-test-500-images.idx3-ubyte --count 20"
      for reload in ["", "--reload \(other)"] {
        let json = try resbin.json("simulate design \(images) \(reload)")
        #expect(json.value("passed") == true)
        #expect(json.value("images") == 20)
        #expect(json.value("reloaded") == (reload.isEmpty ? nil : "Models/mnist-256x3-joint.onnx"))
      }
      let json = try resbin.json("reload design \(other) -o other.rbp")
      #expect(JSONKeys.reload.problems(with: json.keys) == [])
      #expect(json.value("words") == words)
      let data = try Data(contentsOf: resbin.folder.appending(path: "other.rbp"))
      #expect(data.count == 4 * (10 + (words ?? 0)))
      #expect(data.starts(with: Data("RSBP".utf8)))
      // As a C header, and over an older file.
      #expect(try resbin.run("reload design \(other) -o other.rbp").status == 0)
      for _ in 0..<2 {
        let header = try resbin.run("reload design \(other) -o other-model.h")
        #expect(header.status == 0, "\(header.text)")
        #expect(header.output.contains("written to other-model.h"))
      }
      let header = try String(
        contentsOf: resbin.folder.appending(path: "other-model.h"), encoding: .utf8)
      #expect(
        header.contains("static const uint32_t other_model_parameters[\(data.count / 4)] = {\n"))
      let checksum: String? = json.value("checksum")
      #expect(header.contains("CRC-32 \(checksum ?? "?")."))
    }
  }

  @Test func whatDoesNotFitIsRefused() throws {
    try Resbin.inFolder { resbin in
      #expect(try resbin.run(generate).status == 0)
      #expect(
        try resbin.run(generate.replacing("--reloadable -o design", with: "-o fixed")).status == 0)
      try resbin.write(Array("keep me".utf8), to: "notes.txt")
      // A budget that the same design without writable memories keeps.
      let budget = try resbin.run(
        generate.replacing("2048", with: "1024").replacing("-o design", with: "-o out --luts 4600"))
      #expect(budget.error.contains("an image every 1024 cycles takes an estimated"))
      #expect(budget.error.contains("LUTs (4600 are allowed)"), "\(budget.error)")
      for (command, message) in [
        (
          "reload fixed \(other) -o out",
          "mnist-256x3-m2: the memories of the design are read only\n  hint: generate it with `--reloadable`"
        ),
        (
          "reload design Models/mnist-256x3-m3.onnx -o out",
          "mnist-256x3-m3.fc1_sign: sign to 256, 3 levels; 'mnist-256x3-m2' has sign to 256, 2 levels there"
        ),
        (
          "reload design Models/cifar10-cnv-m2.onnx -o out",
          "the network has 21 steps; 'mnist-256x3-m2' has 9"
        ),
        (
          "reload design \(other) --gamma-bits 12 -o out",
          "--gamma-bits: 12 bits; the memories of the design have room for 8"
        ),
        ("reload design \(other) -o out/", "that is a folder; a file is expected"),
        (
          "reload design \(other) -o notes.txt",
          "notes.txt: something is there already, and it is no parameter image"
        ),
        ("reload design \(other) -o nowhere/out", "there is no folder"),
        ("reload design \(other) -o Models", "Models: that is a folder; a file is expected"),
        (
          "reload design \(other) --level-banks x -o out",
          "--level-banks: given for a design with a fixed number of levels"
        ),
        ("reload nowhere \(other) -o out", "nowhere/manifest.json: the file is missing"),
        (
          "simulate fixed --images x --reload \(other)",
          "the memories of the design are read only"
        ),
        ("simulate fixed --images x --model-output y", "--model-output: given without `--reload`"),
        ("simulate fixed --images x --gamma-bits 8", "--gamma-bits: given without `--reload`"),
      ] {
        let output = try resbin.run(command)
        #expect(output.status == 1)
        #expect(output.error.contains(message), "\(command): \(output.error)")
        #expect(!FileManager.default.fileExists(atPath: resbin.folder.appending(path: "out").path))
      }
      // A design that is not what the image would be for.
      try resbin.change("design/manifest.json") {
        $0.replacing(
          /"hash" : "[0-9a-f]{32}"/, with: "\"hash\" : \"\(String(repeating: "0", count: 32))\"")
      }
      let changed = try resbin.run("reload design \(other) -o out")
      #expect(
        changed.error.contains("is not what this version of resbin makes of its network.json"))
    }
  }
}
