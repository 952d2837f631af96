// SPDX-License-Identifier: Apache-2.0

import Foundation
import ResBin
import TestSupport
import Testing

/// The estimate of a whole network against what Yosys makes of it: flip-flops within a hundredth,
/// block RAMs and DSP blocks exactly. LUTs are a quarter too few where tables of thresholds are
/// made of LUTs: with real numbers they take up to four times what random ones do.
@Suite(
  .tags(.endToEnd), .enabled(if: ExternalTool("yosys") != nil, ExternalTool.whyMissing("yosys")),
  .enabled(if: TestData.isExhaustive, "minutes; needs RESBIN_EXHAUSTIVE=1"))
struct CostTests {
  /// 6,432 LUTs are estimated, Yosys 0.23 makes 8,240.
  @Test func mnistIsNear() throws {
    let trained = try shippedModel(levels: 2)
    try expectNear(
      try trained.network.lowered(with: trained.parameters).folded(), luts: 0.25)
  }

  private func expectNear(_ folding: FoldedNetwork, luts tolerance: Double) throws {
    let prepared = try Prepared(folding)
    let estimate = prepared.pipeline.resources
    #expect(prepared.design.manifest.estimate == estimate)
    let measured = try synthesized(prepared.design)
    #expect(estimate.ramb18s == measured.ramb18s, "\(estimate), \(measured)")
    #expect(estimate.dsps == measured.dsps, "\(estimate), \(measured)")
    let luts = Double(estimate.luts) / Double(measured.luts)
    let flipFlops = Double(estimate.flipFlops) / Double(measured.flipFlops)
    #expect(abs(luts - 1) < tolerance, "\(estimate), \(measured)")
    #expect(abs(flipFlops - 1) < 0.01, "\(estimate), \(measured)")
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
