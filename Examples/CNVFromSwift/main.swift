// SPDX-License-Identifier: Apache-2.0

// CNV, the convolutional network that the papers of this field measure, in a few lines: folded for
// 20,000 images a second at 200 MHz, its cycles predicted, its Verilog written.
//
//   swift run -c release CNVFromSwift [FOLDER]

import Foundation
import ResBin

/// Convolution, batch norm and residual sign.
struct BinaryConv: Block {
  var filters: Int
  var levels: Int

  var body: [any Layer] {
    Conv(filters, kernel: 3)
    BatchNorm()
    ResidualSign(levels: levels)
  }
}

let levels = 2
let cnv = Network("cnv", input: .image(32, 32, channels: 3)) {
  for filters in [64, 128] {
    BinaryConv(filters: filters, levels: levels)
    BinaryConv(filters: filters, levels: levels)
    MaxPool(2)
  }
  for _ in 0..<2 { BinaryConv(filters: 256, levels: levels) }
  Flatten()
  for _ in 0..<2 {
    Dense(512)
    BatchNorm()
    ResidualSign(levels: levels)
  }
  Dense(10)
  BatchNorm()
  ArgMax()
}

do {
  // Numbers that a training would have made.
  var random = SystemRandomNumberGenerator()
  let integers = try cnv.lowered(with: cnv.randomParameters(using: &random))
  let folding = try integers.folded(to: .imagesPerSecond(20_000, clock: 200e6))
  let pipeline = try Pipeline(folding)
  for stage in pipeline.stages {
    print(stage.name, stage.core.moduleName, "\(stage.cycles) cycles")
  }
  let timing = pipeline.timing()
  print("an image every \(timing.interval) cycles, each after \(timing.latency)")
  let design = try pipeline.verilog().packaged()
  if CommandLine.arguments.count > 1 {
    let folder = URL(filePath: CommandLine.arguments[1])
    try design.write(to: folder)
    print("Verilog in \(folder.path)")
  }
} catch {
  FileHandle.standardError.write(Data("\(error)\n".utf8))
  exit(1)
}
