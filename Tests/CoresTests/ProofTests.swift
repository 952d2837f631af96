// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The small cores proven by induction, and faults in them found; `Formal/` has the properties.
@Suite(
  .tags(.formal),
  .enabled(
    if: TestData.python != nil, "needs the Python tools in .venv: run Scripts/setup test"))
struct ProofTests {
  @Test func theSmallCoresAreProven() throws {
    try prove([])
  }

  @Test(.enabled(if: TestData.isExhaustive, "minutes; needs RESBIN_EXHAUSTIVE=1"))
  func theProofsFindFaults() throws {
    try prove(["--faults"])
  }

  private func prove(_ arguments: [String]) throws {
    let python = ExternalTool(url: try #require(TestData.python))
    let script = TestData.repository.appending(path: "Tests/CoresTests/Formal/prove.py")
    try TestData.withTemporaryFolder { root in
      let tools = python.url.deletingLastPathComponent().path
      let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
      let output = try python.run(
        [script.path] + arguments, in: root, environment: ["PATH": "\(tools):\(path)"])
      #expect(output.status == 0, "\(output.text.suffix(4000))")
    }
  }
}
