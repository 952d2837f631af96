// SPDX-License-Identifier: Apache-2.0

import Cores
import Simulation
import TestSupport
import Testing

@Suite(
  .tags(.rtl),
  .enabled(if: Simulator.isAvailable, "Verilator is missing: apt-get install verilator"))
struct AddTests {
  @Test func sumsAreThoseOfTheLanes() throws {
    var random = SeededRandom(seed: Effort.seed)
    for cores in Self.corners.chunks(of: 32) {
      let cases = cores.map { addCase($0, using: &random) }
      #expect(try CoreBench(cases, seed: Effort.seed).findings() == [])
    }
  }

  /// Widths that are equal and not, sums that hold every bit, that lose some, and that are wider.
  private static var corners: [Add] {
    let widths = Effort.isExhaustive ? Array(1...9) + [31, 32, 33, 40] : [1, 2, 5, 8, 32]
    var cores: [Add] = []
    for in0 in widths {
      for in1 in widths {
        let widest = max(in0, in1)
        for sum in Set([1, min(in0, in1), widest, widest + 1, widest + 4]).sorted() {
          let lanes = [1, 2, 3, 7, 64][cores.count % 5]
          // Most as they come, some moved up.
          let shifts = [(0, 0), (1, 0), (0, 0), (0, 1), (2, 3)][cores.count / 5 % 5]
          cores.append(
            Add(
              lanes: lanes, in0Width: in0, in1Width: in1, sumWidth: sum, in0Shift: shifts.0,
              in1Shift: shifts.1))
        }
      }
    }
    return cores
  }

  /// Streams whose images end in different places do not belong together: the run stops.
  @Test func aDifferentLastStopsTheSimulation() throws {
    var random = SeededRandom(seed: 1)
    var test = addCase(Add(lanes: 2, in0Width: 4, in1Width: 4, sumWidth: 5), using: &random)
    let second = test.inputs[1]
    test.inputs[1] = StreamBeats(second.port)
    for beat in 0..<second.count {
      test.inputs[1].append(
        lanes: second.lanes(ofBeat: beat), last: second.last[beat] != (beat == 50))
    }
    let findings = try CoreBench([test], seed: 1).findings(stalls: [.none])
    #expect(
      findings.contains { $0.contains("same_last: the streams that are joined differ in last") },
      "\(findings)")
  }

  /// Whichever stream is late, the other waits for it, and none is taken alone.
  @Test func aBeatWaitsForItsPartner() {
    var machine = Add(lanes: 1, in0Width: 1, in1Width: 1, sumWidth: 2).handshake.machine()
    for alone: UInt64 in [0, 1, 2] {
      #expect(machine.readyInputs(valid: alone, ready: 1) == 0)
    }
    for _ in 0..<10 {
      #expect(machine.readyInputs(valid: 3, ready: 1) == 3)
      machine.clock(inputs: 3, outputs: machine.validOutputs)
    }
    #expect(machine.validOutputs == 1)
    #expect(machine.readyInputs(valid: 3, ready: 0) == 0)
  }
}

/// Random beats of two streams whose images end together.
func addCase(_ core: Add, using random: inout SeededRandom) -> CoreCase {
  let first = StreamBeats.random(core.inputs[0], beats: 200, using: &random)
  let lanes = StreamBeats.random(core.inputs[1], beats: 200, using: &random)
  var second = StreamBeats(core.inputs[1])
  for beat in 0..<lanes.count {
    second.append(lanes: lanes.lanes(ofBeat: beat), last: first.last[beat])
  }
  return CoreCase(core, inputs: [first, second]) { inputs, outputs in
    for beat in 0..<inputs[0].count {
      let terms = inputs.map { $0.lanes(ofBeat: beat) }
      outputs[0].append(
        lanes: zip(terms[0], terms[1]).map { $0 << core.in0Shift + $1 << core.in1Shift },
        last: inputs[0].last[beat])
    }
  }
}
