// SPDX-License-Identifier: Apache-2.0

// Skip connections round binary convolutions, as in Bi-Real Net (arXiv 1808.00278): where the streams fork
// and join, and how deep the queues between must be. With a folder the Verilog is written into it:
//
//   swift run ShortcutsFromSwift [build/bireal]

import Foundation
import ResBin

/// A convolution with its map added behind it.
func shortcut(_ filters: Int) -> Shortcut {
  Shortcut {
    ResidualSign(levels: 2)
    Conv(filters, kernel: 3, padding: .same)
    BatchNorm()
  }
}

let network = Network("bireal", input: .image(12, 12, channels: 3)) {
  Conv(16, kernel: 3, padding: .same)
  BatchNorm()
  shortcut(16)
  Shortcut {
    ResidualSign(levels: 2)
    Conv(32, kernel: 3, stride: 2, padding: .same)
    BatchNorm()
  } through: {
    ResidualSign(levels: 1)
    Conv(32, kernel: 1, stride: 2)
    BatchNorm()
  }
  shortcut(32)
  ResidualSign(levels: 2)
  Flatten()
  Dense(10)
  BatchNorm()
  ArgMax()
}

do {
  // Numbers that a training would have made.
  var random = SystemRandomNumberGenerator()
  let integers = try network.lowered(with: network.randomParameters(using: &random))
  for map in integers.lowering.maps ?? [] {
    print("\(map.layer): steps of \(map.step), off by at most \(map.bound)")
  }
  let pipeline = try Pipeline(integers.folded(to: .cycles(4_000)))
  print("slowest layer: \(pipeline.folding.interval) cycles; \(pipeline.timing())")
  for queue in pipeline.rhythm().queues {
    print("\(queue.stage): \(queue.highWater) of \(queue.depth) beats")
  }
  let design = try pipeline.verilog().packaged()
  if CommandLine.arguments.count > 1 {
    try design.write(to: URL(filePath: CommandLine.arguments[1]))
  }

  let images = (0..<12 * 12 * 3 * 10).map { _ in UInt8.random(in: .min ... .max) }
  if let missing = Simulator.missingTool {
    print("not simulated:\n\(missing)")
  } else {
    let verifier = try DesignVerifier(design, pipeline: pipeline, optimization: .quick)
    print("Verilog, with random stalls: \(try verifier.run(images, stalls: .random))")
  }
} catch {
  FileHandle.standardError.write(Data("\(error)\n".utf8))
  exit(1)
}
