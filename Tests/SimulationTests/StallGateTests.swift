// SPDX-License-Identifier: Apache-2.0

import Simulation
import TestSupport
import Testing

@Suite(.tags(.unit))
struct StallGateTests {
  private func openCycles(_ gate: StallGate, of cycles: Int) -> Int {
    var gate = gate
    return (0..<cycles).count { _ in gate.next() }
  }

  @Test func patternsStallTheSideTheyName() {
    let cycles = 10_000
    func share(_ pattern: StallPattern) -> (source: Int, sink: Int) {
      (
        openCycles(pattern.sourceGate(0, seed: 3), of: cycles),
        openCycles(pattern.sinkGate(0, seed: 3), of: cycles)
      )
    }
    #expect(share(.none) == (cycles, cycles))
    #expect(share(.source).sink == cycles)
    #expect((2_300...2_700).contains(share(.source).source))
    #expect(share(.sink).source == cycles)
    #expect((2_300...2_700).contains(share(.sink).sink))
    #expect((3_500...5_300).contains(share(.random).source))
    #expect((3_500...5_300).contains(share(.random).sink))
  }

  @Test func streamsAndSeedsDiffer() {
    func bits(_ gate: StallGate) -> [Bool] {
      var gate = gate
      return (0..<200).map { _ in gate.next() }
    }
    let gates = [
      StallPattern.random.sourceGate(0, seed: 1), StallPattern.random.sourceGate(1, seed: 1),
      StallPattern.random.sinkGate(0, seed: 1), StallPattern.random.sourceGate(0, seed: 2),
      StallPattern.random.sourceGate(0, seed: 0),
    ]
    #expect(Set(gates.map(bits)).count == gates.count)
    #expect(bits(gates[0]) == bits(StallPattern.random.sourceGate(0, seed: 1)))
  }

  @Test func burstsOpenAndCloseForLong() {
    var gate = StallPattern.random.sinkGate(0, seed: 11)
    var longest = [true: 0, false: 0]
    var run = 0
    var previous = true
    for _ in 0..<20_000 {
      let open = gate.next()
      run = open == previous ? run + 1 : 1
      previous = open
      longest[open] = max(longest[open] ?? 0, run)
    }
    #expect((longest[true] ?? 0) >= 24)
    #expect((longest[false] ?? 0) >= 24)
  }
}
