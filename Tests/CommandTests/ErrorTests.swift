// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// What is wrong with a call: exit code 1, one message on standard error, nothing else.
@Suite(.tags(.unit)) struct ErrorTests {
  private static let model = "Models/mnist-256x3-m2.onnx"

  private func expect(
    _ arguments: String, fails message: String, in resbin: Resbin,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let before = try resbin.contents()
    let output = try resbin.run(arguments)
    #expect(output.status == 1, sourceLocation: sourceLocation)
    #expect(output.output == "", sourceLocation: sourceLocation)
    #expect(output.error == message + "\n", sourceLocation: sourceLocation)
    #expect(try resbin.contents() == before, sourceLocation: sourceLocation)
  }

  // MARK: Calls

  private static let generateUsage =
    "Usage: resbin generate [<options>] <model> --output <output>\n"
    + "  See 'resbin generate --help' for more information."
  private static let inspectUsage =
    "Usage: resbin inspect <model> [--model-output <name>] [--gamma-bits <gamma-bits>] [--json]\n"
    + "  See 'resbin inspect --help' for more information."

  @Test(arguments: [
    (
      "frobnicate",
      """
      error: Unexpected argument 'frobnicate'
      Usage: resbin <subcommand>
        See 'resbin --help' for more information.
      """
    ),
    (
      "inspect",
      """
      error: Missing expected argument '<model>'
      Help:  <model>  The trained network, an ONNX file.
      \(inspectUsage)
      """
    ),
    ("inspect a.onnx b.onnx", "error: Unexpected argument 'b.onnx'\n\(inspectUsage)"),
    (
      "inspect a.onnx --jsn",
      "error: Unknown option '--jsn'. Did you mean '--json'?\n\(inspectUsage)"
    ),
    (
      "generate a.onnx",
      """
      error: Missing expected argument '--output <output>'
      Help:  --output <output>  The folder to write; an older design there is replaced.
      \(generateUsage)
      """
    ),
    (
      "generate a.onnx -o out --cycles many",
      """
      error: The value 'many' is invalid for '--cycles <cycles>'
      Help:  --cycles <cycles>  No layer may need more cycles for an image. (default: 1024, or with a budget the fewest)
      \(generateUsage)
      """
    ),
  ])
  func aCallThatIsNoCall(arguments: String, message: String) throws {
    try Resbin.inFolder { try expect(arguments, fails: message, in: $0) }
  }

  @Test(arguments: [
    "fc1", "fc1=", "fc1=units:2", "fc1=lanes:2", "fc1=units:2,lanes:x", "fc1=units:2,lanes:2,x:1",
    "fc1=units:2,units:3,lanes:2", "fc1=units:2,lanes:2,schedule:zigzag", "fc1=units,lanes",
    "fc1=units:2,lanes:2,memory:tape",
  ])
  func aFoldThatIsNoFold(fold: String) throws {
    try Resbin.inFolder {
      try expect(
        "generate a.onnx -o out --fold \(fold)",
        fails: """
          error: The value '\(fold)' is invalid for '--fold <layer=units:N,lanes:N,schedule:S,memory:M,popcount:P>': a \
          fold reads 'layer=units:16,lanes:49,schedule:series,memory:block,popcount:2'; schedule is series or \
          parallel, memory automatic, distributed or block, popcount 1 or 2 cycles
          Help:  --fold <layer=units:N,lanes:N,schedule:S,memory:M,popcount:P>  The fold of one layer; may be repeated.
          \(Self.generateUsage)
          """, in: $0)
    }
  }

  // MARK: Models

  @Test(arguments: ["inspect", "generate -o out", "evaluate --dataset Models"])
  func aModelThatIsNone(command: String) throws {
    try Resbin.inFolder { resbin in
      try resbin.write(Array("no model".utf8), to: "text.onnx")
      try expect(
        "\(command) none.onnx", fails: "error: ./none.onnx: there is no such file", in: resbin)
      try expect("\(command) Models", fails: "error: ./Models: it is a folder", in: resbin)
      try expect(
        "\(command) text.onnx",
        fails: """
          error: text.onnx: this is not an ONNX file, or a damaged one
            note: 8 bytes were read
            hint: export it again
          """, in: resbin)
      try expect(
        "\(command) \(Self.model) --gamma-bits 21",
        fails: """
          error: lower mnist-256x3-m2: 21 bits for a gamma, 16 for a score and 12 for a map; 1…20, 2…32 and 2…24 are \
          supported
          """, in: resbin)
      try expect(
        "\(command) \(Self.model) --model-output scores_m1",
        fails: """
          error: mnist-256x3-m2.onnx: the graph has no output 'scores_m1'; its output is 'scores'
            hint: leave `--model-output` out
          """, in: resbin)
      try expect(
        "\(command) \(TestData.switchable.path) --model-output scores_m3",
        fails: """
          error: switchable.onnx: the graph has no output 'scores_m3'; its outputs are 'scores', \
          'scores_m2', 'scores_m1'
            hint: choose one of them with `--model-output`; without it 'scores' is read
          """, in: resbin)
    }
  }

  // MARK: generate

  @Test(arguments: [
    ("--cycles 0", "error: --cycles: 0; a positive number is expected"),
    ("--cycles=-5", "error: --cycles: -5; a positive number is expected"),
    ("--clock 0", "error: --clock: 0.0 MHz; a number from 0.001 to 10000 is expected"),
    ("--clock=-1", "error: --clock: -1.0 MHz; a number from 0.001 to 10000 is expected"),
    ("--clock nan", "error: --clock: nan MHz; a number from 0.001 to 10000 is expected"),
    (
      "--clock 1e300", "error: --clock: 1e+300 MHz; a number from 0.001 to 10000 is expected"
    ),
    ("--clock inf", "error: --clock: inf MHz; a number from 0.001 to 10000 is expected"),
    (
      "--images-per-second 1e9",
      """
      error: fold mnist-256x3-m2.fc1: the layer needs 1 cycle for an image, the target is 0
        hint: its fastest fold makes 200000000 images/s at 200 MHz: ask for at most that
      """
    ),
    (
      "--images-per-second 0",
      "error: --images-per-second: 0.0; a positive number is expected"
    ),
    (
      "--images-per-second inf",
      "error: --images-per-second: inf; a positive number is expected"
    ),
    (
      "--cycles 100 --images-per-second 100",
      """
      error: --cycles: given together with --images-per-second
        hint: keep one of the two
      """
    ),
    ("--latency 0", "error: --latency: 0.0; a positive number of microseconds is expected"),
    ("--latency nan", "error: --latency: nan; a positive number of microseconds is expected"),
    (
      "--cycles 1024 --latency 0.1",
      """
      error: fold mnist-256x3-m2: the latency is 56 cycles at the least that was found, the \
      target is 20
        hint: allow more time, or ask for more images a second
      """
    ),
    (
      "--logic-delay 0", "error: --logic-delay: 0.0 ns; a number from 0.1 to 1000 is expected"
    ),
    (
      "--logic-delay nan", "error: --logic-delay: nan ns; a number from 0.1 to 1000 is expected"
    ),
    ("--luts=-1", "error: --luts: -1; 0 or a positive number is expected"),
    ("--dsps=-1", "error: --dsps: -1; 0 or a positive number is expected"),
    ("--brams=-1", "error: --brams: -1.0; a number from 0 to 1000000 is expected"),
    ("--brams nan", "error: --brams: nan; a number from 0 to 1000000 is expected"),
    (
      "--device zc999",
      """
      error: --device: 'zc999' is not known
        hint: use one of pynq-z1, zedboard, arty-a7-35, arty-a7-100, nexys-video, kc705, zc706, \
      vc707, or a part: xc7a100t, xc7a200t, xc7a35t, xc7k325t, xc7vx485t, xc7z020, xc7z045
      """
    ),
    (
      "--cycles 1024 --luts 100",
      """
      error: fold mnist-256x3-m2: an image every 1024 cycles takes an estimated 4539 LUTs (100 are \
      allowed)
        hint: allow more, or ask for more cycles or fewer images a second
      """
    ),
    (
      "--cycles 16 --luts 20000 --brams 2.5",
      """
      error: fold mnist-256x3-m2: an image every 16 cycles takes an estimated 98264 LUTs (20000 are \
      allowed), 4.5 block RAMs (2.5 are allowed)
        hint: allow more, or ask for at least 256 cycles: 781250 images/s is the fastest that was \
      found within it
      """
    ),
    (
      "--fold fc1=units:1,lanes:1 --fold fc1=units:2,lanes:2",
      """
      error: --fold: layer 'fc1' is folded twice
        hint: keep one
      """
    ),
    (
      "--fold conv1=units:1,lanes:1",
      """
      error: fold mnist-256x3-m2: there is no linear layer 'conv1'
        hint: the linear layers are fc1, fc2, fc3, fc4
      """
    ),
    (
      "--fold fc4=units:3,lanes:16",
      """
      error: fold mnist-256x3-m2.fc4: units (3) do not divide the layer's 10 outputs
        hint: use one of 1, 2, 5, 10
      """
    ),
  ])
  func aDesignThatCannotBe(options: String, message: String) throws {
    try Resbin.inFolder {
      try expect("generate \(Self.model) -o out \(options)", fails: message, in: $0)
    }
  }

  // MARK: explore

  @Test(arguments: [
    ("--clock 0", "error: --clock: 0.0 MHz; a number from 0.001 to 10000 is expected"),
    (
      "--plot none/front.svg",
      """
      error: none/front.svg: the picture cannot be written
        hint: choose a file in a folder that you may write to, with `--plot`
      """
    ),
  ])
  func aFrontThatCannotBe(options: String, message: String) throws {
    try Resbin.inFolder { try expect("explore \(Self.model) \(options)", fails: message, in: $0) }
  }

  @Test(arguments: ["0", "5", "1,1", "1,,2", "two"]) func levelCountsThatCannotBe(levels: String)
    throws
  {
    try Resbin.inFolder { resbin in
      let output = try resbin.run("explore \(Self.model) --levels=\(levels)")
      #expect(output.status == 1)
      #expect(
        output.error.contains("level counts read '1,2,3,4': numbers from 1 to 4, each once"))
    }
  }

  @Test func aFolderThatIsNotForDesigns() throws {
    try Resbin.inFolder { resbin in
      try resbin.write([1], to: "file")
      try resbin.write([1], to: "thesis/thesis.tex")
      try expect(
        "generate \(Self.model) -o file",
        fails: """
          error: ./file: a file is there; a folder is expected
            hint: choose another folder with `--output`
          """, in: resbin)
      try expect(
        "generate \(Self.model) -o thesis",
        fails: """
          error: ./thesis: the folder holds other files (1) and no design; nothing was written
            hint: choose an empty or a new folder with `--output`
          """, in: resbin)
      let output = try resbin.run("generate \(Self.model) -o file/out")
      #expect(output.status == 1)
      #expect(output.output == "")
      // Where it was written first has a name of its own each time.
      let name = /\.out\.[-0-9A-F]+/
      #expect(
        output.error.replacing(name, with: "out") == """
          error: ./file/out: the design cannot be written: './file/out': Not a directory
            hint: choose a folder that you may write to, with `--output`

          """)
    }
  }

  // MARK: evaluate

  @Test(arguments: [
    (
      "--dataset none",
      """
      error: ./none: there is no such folder
        hint: name the folder that holds the files of the data set
      """
    ),
    (
      "--dataset Models --split train",
      """
      error: ./Models: the folder holds no train images
        hint: name a folder with the files of MNIST (train-images-idx3-ubyte), CIFAR-10 \
      (data_batch_1.bin) or SVHN (train_32x32.mat), or with a folder of PNG or PPM pictures for \
      each class
      """
    ),
    (
      "--dataset Models --count 0",
      """
      error: Models: 0 images are asked for; the file holds 500
        hint: use `--count` from 1 to 500
      """
    ),
    (
      "--dataset Models --count 501",
      """
      error: Models: 501 images are asked for; the file holds 500
        hint: use `--count` from 1 to 500
      """
    ),
    (
      "--dataset small",
      """
      error: small: the images have 2×2×1 values; the network takes 28×28×1
        hint: choose images of that size
      """
    ),
    (
      "--dataset colour",
      """
      error: colour: the images have 28×28×3 values; the network takes 28×28×1
        hint: choose images of that size
      """
    ),
    (
      "--dataset unlabelled",
      """
      error: unlabelled: the images have no labels; accuracy needs them
        hint: put the pictures of each class into a folder of its own
      """
    ),
    (
      "--dataset wide",
      """
      error: wide: the images have 14×56×1 values; the network takes 28×28×1
        hint: choose images of that size
      """
    ),
  ])
  func aDataSetThatDoesNotFit(options: String, message: String) throws {
    try Resbin.inFolder { resbin in
      let wide: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 14, 0, 0, 0, 56]
      for (name, images) in [
        "small": smallImages, "wide": wide + Array(repeating: 0, count: 784),
      ] {
        try resbin.write(images, to: "\(name)/t10k-images-idx3-ubyte")
        try resbin.write([0, 0, 8, 1, 0, 0, 0, 1, 7], to: "\(name)/t10k-labels-idx1-ubyte")
      }
      let picture = Array("P6 28 28 255\n".utf8) + Array(repeating: 0, count: 28 * 28 * 3)
      try resbin.write(picture, to: "colour/0/a.ppm")
      try resbin.write(picture, to: "unlabelled/a.ppm")
      try expect("evaluate \(Self.model) \(options)", fails: message, in: resbin)
    }
  }

  /// One image of 2×2.
  private let smallImages: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 2, 9, 9, 9, 9]

  // MARK: simulate

  @Test func aDesignThatIsNone() throws {
    try Resbin.inFolder { resbin in
      try resbin.write(Array("{}".utf8), to: "damaged/manifest.json")
      let images = "--images Models/mnist-test-500-images.idx3-ubyte"
      for folder in ["none", "."] {
        try expect(
          "simulate \(folder) \(images)",
          fails: """
            error: ./\(folder == "." ? "" : folder + "/")manifest.json: the file is missing or \
            cannot be read
              hint: name a folder that `resbin generate` wrote
            """, in: resbin)
      }
      let output = try resbin.run("simulate damaged \(images)")
      #expect(output.status == 1)
      #expect(output.output == "")
      #expect(
        output.error.hasPrefix(
          "error: ./damaged/manifest.json: the file is not a design's manifest: the key '"))
    }
  }

  /// Everything that can be wrong with a call of `simulate` on a good design.
  @Test func aSimulationThatCannotBe() throws {
    try Resbin.inFolder { resbin in
      #expect(try resbin.run("generate \(Self.model) -o design").status == 0)
      try resbin.write(smallImages, to: "small-images-idx3-ubyte")
      try resbin.write([1, 2, 3, 4], to: "text")
      let images = "Models/mnist-test-500-images.idx3-ubyte"
      try expect(
        "simulate design --images none", fails: "error: ./none: there is no such file", in: resbin)
      try expect(
        "simulate design --images text",
        fails: """
          error: ./text: the file is of no kind that is known here
            hint: name an IDX file (MNIST), a .bin file of CIFAR-10, a .mat file of SVHN, a .npy \
          file or a PNG, PPM or PGM picture; each may be a .gz file
          """, in: resbin)
      try expect(
        "simulate design --images Models/mnist-test-500-labels.idx1-ubyte",
        fails: """
          error: ./Models/mnist-test-500-labels.idx1-ubyte: the IDX file has sizes [500]; images \
          have three positive ones, or four with channels
            hint: name the file of the images, for instance t10k-images-idx3-ubyte.gz
          """, in: resbin)
      try expect(
        "simulate design --images small-images-idx3-ubyte",
        fails: """
          error: small-images-idx3-ubyte: the images have 2×2×1 values; the network takes 28×28×1
            hint: choose images of that size
          """, in: resbin)
      for count in [0, 501, -1] {
        try expect(
          "simulate design --images \(images) --count=\(count)",
          fails: """
            error: \(images): \(count) images are asked for; the file holds 500
              hint: use `--count` from 1 to 500
            """, in: resbin)
      }
      try expect(
        "simulate design --images \(images) --clock 0",
        fails: "error: --clock: 0.0 MHz; a number from 0.001 to 10000 is expected", in: resbin)
      let stalls = try resbin.run("simulate design --images \(images) --stalls often")
      #expect(stalls.status == 1)
      #expect(stalls.output == "")
      #expect(stalls.error.hasPrefix("error: The value 'often' is invalid for '--stalls <stalls>'"))
    }
  }

  @Test func aDamagedDesign() throws {
    try Resbin.inFolder { resbin in
      #expect(try resbin.run("generate \(Self.model) -o design").status == 0)
      let call = "simulate design --images Models/mnist-test-500-images.idx3-ubyte --count 1"
      try resbin.change("design/network.json") {
        $0.replacing("\"schedule\" : \"series\"", with: "\"schedule\" : \"zigzag\"")
          .replacing("\"schedule\" : \"parallel\"", with: "\"schedule\" : \"zigzag\"")
      }
      let output = try resbin.run(call)
      #expect(output.status == 1)
      #expect(output.output == "")
      #expect(
        output.error.hasPrefix(
          "error: ./design/network.json: the file is not an integer network: 'folds.fc"))
      try FileManager.default.removeItem(
        at: resbin.folder.appending(path: "design/rtl/fc1_matrix_weights.mem"))
      try expect(
        call,
        fails: """
          error: ./design/rtl/fc1_matrix_weights.mem: the file is missing or cannot be read; the \
          manifest lists it
            hint: generate the design again
          """, in: resbin)
    }
  }

  @Test func withoutVerilatorThereIsNoSimulation() throws {
    try Resbin.inFolder { resbin in
      #expect(try resbin.run("generate \(Self.model) -o design").status == 0)
      let output = try resbin.run(
        ["simulate", "design", "--images", "Models/mnist-test-500-images.idx3-ubyte"],
        environment: ["PATH": "/nonexistent"])
      #expect(output.status == 1)
      #expect(output.output == "")
      #expect(
        output.error == """
          error: verilator: not found on PATH; it simulates the generated Verilog
            hint: apt-get install verilator (5.006 or later)

          """)
    }
  }
}
