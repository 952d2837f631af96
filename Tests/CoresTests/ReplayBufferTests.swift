// SPDX-License-Identifier: Apache-2.0

import Cores
import Simulation
import TestSupport
import Testing

@Suite(
  .tags(.rtl),
  .enabled(if: Simulator.isAvailable, "Verilator is missing: apt-get install verilator"))
struct ReplayBufferTests {
  @Test func vectorsAreSentAgainForEachRepeatLevelByLevel() throws {
    for buffers in buffers.chunks(of: 32) {
      var random = SeededRandom(seed: Effort.seed)
      let cases = buffers.map { replayCase($0, using: &random) }
      #expect(try CoreBench(cases, seed: Effort.seed).findings() == [])
    }
  }

  private var buffers: [ReplayBuffer] {
    var buffers: [ReplayBuffer] = []
    for (levels, inParallel) in [
      (1, false), (2, false), (2, true), (3, false), (3, true), (4, false), (4, true), (8, false),
      (8, true),
    ] {
      for words in Effort.isExhaustive ? [1, 2, 3, 5, 8] : [1, 5] {
        for repeats in Effort.isExhaustive ? [1, 2, 3] : [1, 3] {
          for banks in Effort.isExhaustive ? [1, 2, 3] : [2] {
            buffers.append(
              ReplayBuffer(
                lanes: [1, 2, 5, 6, 7, 63, 64, 65][buffers.count % 8], levels: levels,
                levelsPerBeat: inParallel ? levels : 1, words: words, repeats: repeats,
                banks: banks))
          }
        }
      }
    }
    // One bank and many, for the sample too.
    buffers += [1, 3, 4].map {
      ReplayBuffer(lanes: 3, levels: 2, levelsPerBeat: 1, words: 3, repeats: 2, banks: $0)
    }
    return buffers
  }
}

/// Some random vectors; `last` may be set on any word, and counts on the last one only.
func replayCase(_ core: ReplayBuffer, using random: inout SeededRandom) -> CoreCase {
  let beats = StreamBeats.random(core.inputs[0], beats: 7 * core.words, using: &random)
  return CoreCase(core, beats) { input, output in
    for vector in stride(from: 0, to: input.count, by: core.words) {
      let isLast = input.last[vector + core.words - 1]
      let levelGroups: [[Int]] =
        core.levelsPerBeat == 1 ? (1...core.levels).map { [$0] } : [Array(1...core.levels)]
      for repetition in 1...core.repeats {
        for levels in levelGroups {
          for word in 0..<core.words {
            let lanes = input.lanes(ofBeat: vector + word).map { code in
              // b_1 is the most significant bit, in the code and in what is sent of it.
              levels.reduce(0) { 2 * $0 + code >> (core.levels - $1) & 1 }
            }
            output.append(
              lanes: lanes,
              last: isLast && repetition == core.repeats && levels.last == core.levels
                && word == core.words - 1)
          }
        }
      }
    }
  }
}
