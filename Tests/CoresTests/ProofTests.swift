// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The small cores proven by induction, and faults in them found; `Formal/` has the properties.
@Suite(
  .tags(.formal),
  .enabled(if: TestData.python != nil, TestData.whyNoPython))
struct ProofTests {
  @Test func theSmallCoresAreProven() throws {
    try prove([])
  }

  @Test(.enabled(if: TestData.isExhaustive, "minutes; needs RESBIN_EXHAUSTIVE=1"))
  func theProofsFindFaults() throws {
    try prove(["--faults"])
  }

  private func prove(_ arguments: [String]) throws {
    let output = try TestData.runPython("Tests/CoresTests/Formal/prove.py", arguments)
    #expect(output.status == 0, "\(output.text.suffix(4000))")
  }
}
