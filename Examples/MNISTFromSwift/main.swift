// SPDX-License-Identifier: Apache-2.0

// A network in the DSL, and each arrow from model to proven hardware as one value:
//
//   swift run MNISTFromSwift

import Foundation
import ResBin

/// A layer made of layers.
struct BinaryBlock: Block {
  var width: Int
  var levels: Int

  var body: [any Layer] {
    Dense(width)
    BatchNorm()
    ResidualSign(levels: levels)
  }
}

let network = Network("example", input: .image(8, 8)) {
  Flatten()
  for width in [32, 16] { BinaryBlock(width: width, levels: 2) }
  Dense(10)
  BatchNorm()
  ArgMax()
}

do {
  // Numbers that a training would have made.
  var random = SystemRandomNumberGenerator()
  let integers = try network.lowered(with: network.randomParameters(using: &random))
  let folding = try integers.folded(to: .cycles(64))
  let pipeline = try Pipeline(folding)
  let design = try pipeline.verilog()
  print(design.topModule)
  print("// predicted: \(pipeline.timing())")

  let images = (0..<64 * 100).map { _ in UInt8.random(in: .min ... .max) }
  print("// golden model: \(GoldenExecutor(integers).predictions(Array(images.prefix(640))))")
  if let missing = Simulator.missingTool {
    print("// not simulated:\n\(missing)")
  } else {
    let verifier = try DesignVerifier(design, pipeline: pipeline, optimization: .quick)
    print("// Verilog, with random stalls: \(try verifier.run(images, stalls: .random))")
  }
} catch {
  FileHandle.standardError.write(Data("\(error)\n".utf8))
  exit(1)
}
