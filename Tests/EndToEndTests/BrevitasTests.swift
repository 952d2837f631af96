// SPDX-License-Identifier: Apache-2.0

import Foundation
import ResBin
import TestSupport
import Testing

/// CNV as Brevitas exports it, 8-bit inputs on a grid of their own and all, an eighth to a sixteenth
/// as wide; `Brevitas/export.py` made it.
@Suite(.tags(.endToEnd)) struct BrevitasTests {
  /// What PyTorch computes.
  private struct Golden: Decodable {
    var scores: [[Double]]
  }

  private let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "Brevitas")

  private func trained() throws -> TrainedNetwork {
    try TrainedNetwork(onnx: folder.appending(path: "cnv-1w2a.onnx"))
  }

  /// The images of `export.py`, channel fastest.
  private func images(_ count: Int) -> [UInt8] {
    var images: [UInt8] = []
    for n in 0..<count {
      for position in 0..<32 * 32 * 3 {
        let (c, x, y) = (position % 3, position / 3 % 32, position / 96)
        let value: Int = x * (n + 1) * 5 + y * (c * 7 + 3) + x * y * n / 8
        images.append(UInt8(value % 256))
      }
    }
    return images
  }

  /// The input is quantized to another grid than that of the pixels.
  @Test func theInputIsATable() throws {
    let network = try trained().network
    let table = try #require(network.nodes[1].layer as? Lookup)
    #expect(table.scale == 0x1p-7)
    #expect(table.offset == -1)
    #expect(Set(table.table).count == 255)
  }

  @Test func goldenModelGivesTheScoresOfPyTorch() throws {
    let golden = try JSONDecoder().decode(
      Golden.self, from: Data(contentsOf: folder.appending(path: "cnv-1w2a.json")))
    #expect(golden.scores.count == 8)
    let trained = try trained()
    let graph = try trained.network.lowered(with: trained.parameters)
    let scores = try #require(graph.lowering.scores)
    let outputs = GoldenExecutor(graph).outputs(images(golden.scores.count))
    #expect(Set(golden.scores.joined()).count > 10)
    for (index, expected) in golden.scores.joined().enumerated() {
      // Published with 6 decimals, of float32 arithmetic.
      #expect(abs(Double(outputs[index]) * scores.step - expected) <= scores.bound + 2e-5)
    }
  }

  @Test(.enabled(if: Simulator.isAvailable, whyNoSimulator))
  func verilogEqualsTheGoldenModel() throws {
    let trained = try trained()
    let graph = try trained.network.lowered(with: trained.parameters)
    let folding = try graph.folded(to: .cycles(10_000))
    let prepared = try Prepared(folding)
    #expect(prepared.pipeline.stages.first?.name == "global_in_lookup")
    let verifier = try DesignVerifier(prepared.design, pipeline: prepared.pipeline)
    for stalls in [StallPattern.none, .random] {
      let result = try verifier.run(images(3), stalls: stalls, seed: 1)
      #expect(result.passed, "\(result)")
      #expect(result.agreeing == 3)
      if stalls == .none {
        let start = try #require(result.starts.first)
        #expect(
          result.completions.map { $0 - start } == prepared.pipeline.completions(images: 3))
      }
    }
  }
}
