// SPDX-License-Identifier: Apache-2.0

import Foundation
import Simulation
import TestSupport
import Testing

/// `resbin report`: a page, JSON and CSV about a design.
@Suite(.tags(.unit)) struct DesignReportTests {
  @Test func thePageShowsTheDesign() throws {
    try Resbin.inFolder { resbin in
      #expect(try resbin.run("generate Models/mnist-256x3-m2.onnx -o mnist").status == 0)
      let output = try resbin.run("report mnist --clock 100")
      #expect(output.status == 0)
      #expect(output.error == "")
      #expect(output.output.hasPrefix("mnist-256x3-m2: 97,656 images/s, "))
      let page = try text("mnist/report.html", of: resbin)
      for part in [
        "<title>mnist-256x3-m2: accelerator</title>", "mnist_256x3_m2_axi", ">97,656<",
        "fc3_matrix", "sets the pace", "Where the figures are from",
      ] {
        #expect(page.contains(part), "\(part)")
      }
      // Nothing comes from elsewhere, nothing is claimed that was not run.
      for part in ["http:", "https:", "<script", "src=", "Parity", "Accuracy"] {
        #expect(!page.contains(part), "\(part)")
      }
      let csv = try text("mnist/report.csv", of: resbin).split(separator: "\n")
      let stages = try #require(csv.first).split(separator: ",").count
      #expect(csv.allSatisfy { $0.count { $0 == "," } == stages - 1 })
      #expect(csv.contains { $0.hasPrefix("fc4_matrix,fc4,rb_matrix_unit,1,8,series,640,0.6250,") })
      // A report is no part of the design: it may be written anew.
      #expect(try resbin.run("generate Models/mnist-256x3-m2.onnx -o mnist").status == 0)
      #expect(try resbin.contents().contains("mnist/report.html"))
    }
  }

  /// What yosys/synthesize_yosys.tcl wrote is shown as long as it is of this design.
  @Test(arguments: [true, false]) func aMeasuredPathIsShown(isOfThisDesign: Bool) throws {
    try Resbin.inFolder { resbin in
      let manifest = try resbin.json("generate Models/mnist-256x3-m2.onnx -o mnist")
      let hash: String = try #require(manifest.value("manifest.accelerator.hash"))
      let log = """
        design \(isOfThisDesign ? hash : "0123")
        module mnist_256x3_m2_axi
        nanoseconds 4.41
        levels 7
        cells FDRE LUT6 FDRE

        """
      try FileManager.default.createDirectory(
        at: resbin.folder.appending(path: "mnist/build/yosys"), withIntermediateDirectories: true)
      try resbin.write(Array(log.utf8), to: "mnist/build/yosys/timing.txt")
      let output = try resbin.run("report mnist")
      #expect(
        output.output.contains("longest path: about 4.4 ns of cells, estimated, without wires"))
      #expect(
        output.output.contains("4.41 ns, 7 levels, measured by Yosys in mnist_256x3_m2_axi")
          == isOfThisDesign)
      let page = try text("mnist/report.html", of: resbin)
      #expect(page.contains("It is no timing sign-off."))
      #expect(page.contains("Yosys measured 4.41 ns, 7 levels") == isOfThisDesign)
      #expect(page.contains("yosys/synthesize_yosys.tcl measures it") != isOfThisDesign)
    }
  }

  @Test(.enabled(if: Simulator.isAvailable, "needs Verilator"))
  func withImagesThereIsParity() throws {
    try Resbin.inFolder { resbin in
      let model = "Models/mnist-256x3-joint.onnx"
      #expect(try resbin.run("generate \(model) -o mnist --model-output scores_m1").status == 0)
      let output = try resbin.run(
        "report mnist -o page.html --model \(model) --count 5 "
          + "--images Models/mnist-test-500-images.idx3-ubyte")
      #expect(output.status == 0, "\(output.text)")
      let page = try text("page.html", of: resbin)
      #expect(page.contains("5 of 5 images at every joint"))
      #expect(page.contains("On these 5 images the golden model and the Verilog predict 5 alike."))
      #expect(page.contains("Accuracy by level"))
      let data = Data(try text("page.json", of: resbin).utf8)
      let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
      let outputs = try #require(object["outputs"] as? [[String: Any]])
      #expect(outputs.compactMap { $0["levels"] as? Int } == [3, 2, 1])
      let integers = try #require(object["integers"] as? [String: Int])
      #expect(integers["images"] == 500)
      // The design has one level: of the outputs, the last is its own.
      let own = try #require(outputs.last?["accuracy"] as? [String: Int])
      #expect(own["correct"] == integers["correct"])
    }
  }

  @Test(arguments: [
    ("mnist -o page.txt", "--output: 'page.txt'; a name that ends in .html is expected"),
    ("mnist -o nowhere/page.html", "nowhere/page.html: the report cannot be written"),
    // What would be lost: files of the design, files of the user.
    (
      "mnist -o mnist/manifest.html",
      "mnist/manifest.json: the file is there already, and no report wrote it"
    ),
    ("mnist -o mine.html", "mine.csv: the file is there already, and no report wrote it"),
    (
      "mnist --model Models/mnist-256x3-m2.onnx --images Models/mnist-test-500-images.idx3-ubyte",
      "Models/mnist-256x3-m2.onnx: no output of it is the network of the design 'mnist-256x3-m1'"
    ),
    (
      "mnist --model Models/mnist-256x3-joint.onnx --images Models/mnist-test-500-images.idx3-ubyte",
      "no output of it is the network of the design 'mnist-256x3-m1'"
    ),
    ("mnist --model Models/mnist-256x3-m1.onnx", "--model: given without images"),
    (
      "mnist --count 0 --images Models/mnist-test-500-images.idx3-ubyte",
      "--count: 0; a positive number is expected"
    ),
    (
      "mnist --count 501 --images Models/mnist-test-500-images.idx3-ubyte",
      "Models/mnist-test-500-images.idx3-ubyte: 501 images are asked for; the file holds 500"
    ),
    ("nothing", "nothing/manifest.json: the file is missing or cannot be read"),
  ])
  func aReportThatCannotBe(arguments: String, message: String) throws {
    try Resbin.inFolder { resbin in
      #expect(try resbin.run("generate Models/mnist-256x3-m1.onnx -o mnist").status == 0)
      try resbin.write(Array("1,2\n".utf8), to: "mine.csv")
      let before = try resbin.contents()
      let output = try resbin.run("report \(arguments)")
      #expect(output.status == 1)
      #expect(output.error.contains("error: "))
      #expect(output.error.contains(message), "\(output.error)")
      #expect(try resbin.contents() == before)
    }
  }

  /// Numbers that no design has are an error, not a trap.
  @Test(arguments: ["\"beats\" : 112", "\"interval\" : 1024", "\"latency\" : 3819"])
  func aDamagedManifest(entry: String) throws {
    try Resbin.inFolder { resbin in
      #expect(try resbin.run("generate Models/mnist-256x3-m2.onnx -o mnist").status == 0)
      let key = try #require(entry.split(separator: ":").first)
      let manifest = try text("mnist/manifest.json", of: resbin)
      try #require(manifest.contains(entry))
      let damaged = manifest.replacing(entry, with: "\(key): 4611686018427387904")
      try resbin.write(Array(damaged.utf8), to: "mnist/manifest.json")
      let output = try resbin.run("report mnist")
      #expect(output.status == 1)
      #expect(
        output.error.contains("mnist/manifest.json: the manifest does not say what network.json"))
      #expect(!(try resbin.contents()).contains("mnist/report.html"))
    }
  }

  @Test func aChangedDesignIsSaidToBe() throws {
    try Resbin.inFolder { resbin in
      #expect(try resbin.run("generate Models/mnist-256x3-m2.onnx -o mnist").status == 0)
      try resbin.write(Array("// nothing\n".utf8), to: "mnist/rtl/rb_rom.v")
      let output = try resbin.run("report mnist")
      #expect(output.status == 0)
      #expect(output.error == "note: mnist: files were changed since the design was generated\n")
    }
  }

  private func text(_ path: String, of resbin: Resbin) throws -> String {
    try String(contentsOf: resbin.folder.appending(path: path), encoding: .utf8)
  }
}
