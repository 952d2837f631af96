// SPDX-License-Identifier: Apache-2.0

import Cores
import Simulation
import TestSupport
import Testing

@Suite(
  .tags(.rtl),
  .enabled(if: Simulator.isAvailable, "Verilator is missing: apt-get install verilator"))
struct PadTests {
  @Test func eachImageGetsItsBorder() throws {
    var random = SeededRandom(seed: Effort.seed)
    var pads: [Pad] = []
    // Every side alone, none, all, and sides that differ, on maps of all shapes.
    let borders = [
      (0, 0, 0, 0), (1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1), (1, 1, 1, 1),
      (2, 2, 2, 2), (0, 1, 0, 1), (1, 0, 1, 0), (3, 1, 2, 4), (2, 0, 0, 3), (0, 4, 1, 0),
    ]
    let shapes = [(1, 1), (1, 4), (3, 1), (4, 4), (3, 5), (8, 8), (2, 7)]
    for (index, border) in borders.enumerated() {
      for (number, shape) in shapes.enumerated()
      where Effort.isExhaustive || (index + number) % 3 == 0 {
        let bits = [1, 2, 8, 21][(index + number) % 4]
        pads.append(
          Pad(
            lanes: [1, 3, 8][(index + number) % 3], bitsPerLane: bits, words: 1 + index % 3,
            height: shape.0, width: shape.1, top: border.0, bottom: border.1, left: border.2,
            right: border.3,
            padding: [nil, 0, (1 << bits) - 1, 1][(index / 2 + number) % 4]))
      }
    }
    for pads in pads.chunks(of: 32) {
      let cases = pads.map { padCase($0, using: &random) }
      #expect(try CoreBench(cases, seed: Effort.seed).findings() == [])
    }
  }

  /// The bench compares these cycles with the hardware's.
  @Test func aFastSourceMakesABeatEveryCycle() {
    let pad = Pad(
      lanes: 1, bitsPerLane: 1, words: 2, height: 3, width: 4, top: 1, bottom: 2, left: 1, right: 0,
      padding: nil)
    var machine = pad.handshake.machine()
    var valid: [Bool] = []
    for _ in 0..<200 {
      valid.append(machine.valid)
      machine.clock(input: machine.ready(outputReady: true), output: machine.valid)
    }
    #expect(valid == [false] + Array(repeating: true, count: 199))
  }
}

/// Some random images; `last` may be set on any beat that enters, and is not looked at.
///
/// The border above an image does not wait for it, so the one after the last image is seen too.
func padCase(_ core: Pad, images: Int = 3, using random: inout SeededRandom) -> CoreCase {
  let mapBeats = core.height * core.width * core.words
  let beats = StreamBeats.random(core.inputs[0], beats: images * mapBeats, using: &random)
  let border = Array(repeating: core.padding ?? 0, count: core.lanes)
  let rows = -core.top..<core.height + core.bottom
  let columns = -core.left..<core.width + core.right
  return CoreCase(core, beats) { input, output in
    for image in 0...images {
      for y in rows {
        for x in columns {
          let isInside = (0..<core.height).contains(y) && (0..<core.width).contains(x)
          if isInside && image == images { return }
          for word in 0..<core.words {
            let isLast =
              y == rows.upperBound - 1 && x == columns.upperBound - 1 && word == core.words - 1
            let beat = ((image * core.height + y) * core.width + x) * core.words + word
            output.append(
              lanes: isInside ? input.lanes(ofBeat: beat) : border, last: isLast,
              flags: core.padding == nil && !isInside ? 1 : 0)
          }
        }
      }
    }
  }
}
