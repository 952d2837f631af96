// SPDX-License-Identifier: Apache-2.0

import Foundation
import ResBin
import TestSupport
import Testing

/// The estimate of a whole network against what Yosys makes of it: LUTs and flip-flops within a tenth,
/// and DSP blocks exactly. Columns of thresholds and weights that are equal or never change share
/// their LUTs and registers; the estimate does not know them.
@Suite(
  .tags(.endToEnd), .enabled(if: ExternalTool("yosys") != nil, ExternalTool.whyMissing("yosys")),
  .enabled(if: TestData.isExhaustive, "minutes; needs RESBIN_EXHAUSTIVE=1"))
struct CostTests {
  @Test(arguments: [1, 2, 3])
  func mnistIsNear(levels: Int) throws {
    let trained = try shippedModel(levels: levels)
    try expectNear(trained.network.lowered(with: trained.parameters).folded())
  }

  /// An eighth as wide: the whole of it takes Yosys most of an hour.
  @Test(arguments: [(1, 20_000), (2, 20_000), (1, 100_000)])
  func cnvIsNear(levels: Int, imagesPerSecond: Double) throws {
    var random = SeededRandom(seed: 11)
    let trained = try CNV.random(levels: levels, divisor: 8, using: &random)
    let graph = try trained.network.lowered(with: trained.parameters)
    try expectNear(graph.folded(to: .imagesPerSecond(imagesPerSecond, clock: 200e6)))
  }

  private func expectNear(_ folding: FoldedNetwork) throws {
    let prepared = try Prepared(folding)
    let estimate = prepared.pipeline.resources
    #expect(prepared.design.manifest.estimate == estimate)
    let measured = try synthesized(prepared.design)
    #expect(estimate.ramb18s == measured.ramb18s, "\(estimate), \(measured)")
    #expect(estimate.dsps == measured.dsps, "\(estimate), \(measured)")
    let luts = Double(estimate.luts) / Double(measured.luts)
    let flipFlops = Double(estimate.flipFlops) / Double(measured.flipFlops)
    #expect(abs(luts - 1) < 0.1, "\(estimate), \(measured)")
    #expect(abs(flipFlops - 1) < 0.1, "\(estimate), \(measured)")
  }

  /// Yosys' counts, by the same script and the same rules as Scripts/Benchmarks/measure_cores.py.
  private func synthesized(_ design: Design) throws -> Resources {
    try TestData.withTemporaryFolder { root in
      let folder = root.appending(path: "design")
      try design.write(to: folder)
      let python = try #require(ExternalTool("python3"))
      let script = TestData.repository.appending(path: "Scripts/Benchmarks/measure_cores.py")
      let run = try python.run([script.path, folder.path], in: root)
      #expect(run.status == 0, "\(run.text)")
      let counts = try JSONDecoder().decode([String: Int].self, from: Data(run.output.utf8))
      return Resources(
        luts: try #require(counts["luts"]), flipFlops: try #require(counts["flip_flops"]),
        ramb18s: try #require(counts["ramb18s"]), dsps: try #require(counts["dsps"]))
    }
  }
}
