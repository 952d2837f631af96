// SPDX-License-Identifier: Apache-2.0

import Cores
import Simulation
import TestSupport
import Testing

@Suite(
  .tags(.rtl),
  .enabled(if: Simulator.isAvailable, "Verilator is missing: apt-get install verilator"))
struct WindowBufferTests {
  /// A map of one pixel: what stands before a dense layer.
  @Test func vectorsAreSentAgainForEachRepeatLevelByLevel() throws {
    var buffers: [WindowBuffer] = []
    for (levels, inParallel) in [
      (1, false), (2, false), (2, true), (3, false), (3, true), (4, false), (4, true), (8, false),
      (8, true),
    ] {
      for words in Effort.isExhaustive ? [1, 2, 3, 5, 8] : [1, 5] {
        for repeats in Effort.isExhaustive ? [1, 2, 3] : [1, 3] {
          for vectors in Effort.isExhaustive ? [1, 2, 3] : [2] {
            buffers.append(
              WindowBuffer(
                lanes: [1, 2, 5, 6, 7, 63, 64, 65][buffers.count % 8], levels: levels,
                levelsPerBeat: inParallel ? levels : 1, words: words, repeats: repeats,
                depth: vectors * words))
          }
        }
      }
    }
    // Room for one vector, for many, and for no whole number of them.
    buffers += [3, 5, 9, 16].map {
      WindowBuffer(lanes: 3, levels: 2, levelsPerBeat: 1, words: 3, repeats: 2, depth: $0)
    }
    try expectNoFindings(buffers, images: 7)
  }

  @Test func windowsOfMapsAreSentInOrder() throws {
    try expectNoFindings(Self.corners, images: 3)
  }

  @Test func windowsOfRandomShapesAreSentInOrder() throws {
    var random = SeededRandom(seed: Effort.seed)
    let buffers = (0..<(Effort.isExhaustive ? 1000 : 32)).map { _ in
      Self.randomBuffer(using: &random)
    }
    try expectNoFindings(buffers, images: 3)
  }

  /// With data enough and room enough there is a beat in every cycle, between windows and between
  /// images too: in the hardware, whose cycles the bench compares with these.
  @Test func aFastSourceMakesABeatEveryCycle() throws {
    for core in Self.gapless {
      let count = 3 * core.rows * core.columns * core.passes * core.taps
      var machine = core.handshake.machine()
      var sent: [Int] = []
      for cycle in 0..<2 * count + 1000 where sent.count < count {
        let takes = machine.ready(outputReady: true)
        let sends = machine.valid
        if sends { sent.append(cycle) }
        machine.clock(input: takes, output: sends)
      }
      // The first window waits for its rows; from the first beat of the second one on, none does.
      let first = core.passes * core.taps
      #expect(sent.count == count)
      #expect(sent.last.map { $0 - sent[first] } == count - 1 - first, "\(core.parameters)")
    }
    try expectNoFindings(Self.gapless, images: 3)
  }

  /// Once a window has begun, only the sink makes it wait: `valid` never falls, however slow the
  /// sink is, where the source keeps up.
  @Test(arguments: [1, 2, 3, 5] as [UInt64]) func aSlowSinkLeavesNoGaps(seed: UInt64) {
    for core in Self.gapless {
      var random = SeededRandom(seed: seed)
      let count = 3 * core.rows * core.columns * core.passes * core.taps
      let first = core.passes * core.taps
      var machine = core.handshake.machine()
      var sent = 0
      var gaps = 0
      for _ in 0..<20 * count where sent < count {
        let sinkIsReady = random.next() % UInt64(seed) == 0
        let takes = machine.ready(outputReady: sinkIsReady)
        let sends = machine.valid && sinkIsReady
        if sent >= first && !machine.valid { gaps += 1 }
        if sends { sent += 1 }
        machine.clock(input: takes, output: sends)
      }
      #expect(sent == count)
      #expect(gaps == 0, "\(core.parameters)")
    }
  }

  private func expectNoFindings(_ buffers: [WindowBuffer], images: Int) throws {
    var random = SeededRandom(seed: Effort.seed)
    for buffers in buffers.chunks(of: 32) {
      let cases = buffers.map { windowCase($0, images: images, using: &random) }
      #expect(try CoreBench(cases, seed: Effort.seed).findings() == [])
    }
  }

  /// Windows that overlap, so that more beats leave than enter, and room for two images.
  private static let gapless: [WindowBuffer] = [
    .map(8, 8, kernel: (3, 3), words: 2, images: 2),
    .map(6, 5, kernel: (2, 3), repeats: 3, images: 2),
    .map(5, 7, kernel: (3, 3), stride: (2, 2), repeats: 4, images: 2),
    .map(9, 4, kernel: (5, 1), words: 3, images: 2),
    .map(4, 4, levels: 2, words: 2, images: 2),
    .map(1, 1, words: 3, repeats: 2, images: 2),
    .map(6, 6, kernel: (2, 2), words: 3, channelsOuter: true, images: 2),
  ]

  /// Kernels of all shapes up to 5, strides up to 4, the least room and more, every order.
  private static var corners: [WindowBuffer] {
    var buffers: [WindowBuffer] = []
    // Every kernel, with the least room and stride 1.
    for rows in 1...5 {
      for columns in 1...5 where Effort.isExhaustive || (rows + columns).isMultiple(of: 2) {
        buffers.append(.map(6, 7, kernel: (rows, columns), words: 1 + (rows * columns) % 3))
      }
    }
    // Every stride, over and under the kernel: rows and columns that no window has.
    for down in 1...4 {
      for right in 1...4 where Effort.isExhaustive || down != right {
        for kernel in [(1, 1), (2, 3)]
        where Effort.isExhaustive || (down + right + kernel.0) % 2 == 0 {
          buffers.append(
            .map(7, 8, kernel: kernel, stride: (down, right), words: 1 + down % 2, more: right))
        }
      }
    }
    buffers += [
      // Strides that leave most of the map, and one window alone.
      .map(5, 5, kernel: (1, 1), stride: (4, 4)), .map(8, 8, kernel: (1, 2), stride: (4, 4)),
      .map(8, 8, kernel: (2, 1), stride: (9, 9), words: 2), .map(3, 4, kernel: (3, 4), words: 2),
      .map(5, 1, kernel: (1, 1), stride: (4, 1)), .map(1, 9, kernel: (1, 2), stride: (1, 4)),
      .map(1, 1), .map(1, 1, more: 1), .map(1, 1, levels: 3, words: 2, repeats: 2),
      // Repeats, and levels in series and in parallel, with and without flags.
      .map(4, 5, kernel: (3, 2), levels: 3, words: 2, repeats: 2),
      .map(4, 5, kernel: (3, 2), levels: 3, inParallel: true, words: 2, repeats: 2),
      .map(4, 5, kernel: (3, 2), levels: 3, flags: 1, words: 2, repeats: 2, more: 3),
      .map(4, 5, kernel: (3, 2), levels: 2, inParallel: true, flags: 2, repeats: 3, more: 64),
      .map(4, 4, kernel: (3, 3), stride: (2, 2), levels: 1, flags: 1, words: 3),
      // Channels outside.
      .map(
        6, 6, kernel: (2, 2), stride: (2, 2), levels: 2, inParallel: true, words: 3,
        channelsOuter: true),
      .map(
        7, 6, kernel: (3, 2), stride: (2, 3), levels: 2, inParallel: true, flags: 1, words: 3,
        channelsOuter: true, more: 2),
      .map(5, 5, kernel: (1, 3), stride: (4, 1), words: 2, channelsOuter: true, more: 7),
      .map(5, 5, kernel: (5, 5), words: 3, channelsOuter: true),
      .map(5, 5, kernel: (3, 1), words: 1, channelsOuter: true),
      .map(1, 1, words: 3, channelsOuter: true),
      .map(4, 4, kernel: (4, 4), words: 2, channelsOuter: true, images: 2),
    ]
    return buffers
  }

  private static func randomBuffer(using random: inout SeededRandom) -> WindowBuffer {
    func below(_ bound: Int) -> Int { Int(random.next() % UInt64(bound)) }
    let (height, width) = (1 + below(8), 1 + below(8))
    let channelsOuter = below(3) == 0
    let levels = 1 + below(3)
    return .map(
      height, width, kernel: (1 + below(min(5, height)), 1 + below(min(5, width))),
      stride: (1 + below(4), 1 + below(4)), levels: levels,
      inParallel: channelsOuter || below(2) == 0, flags: below(3), words: 1 + below(3),
      repeats: channelsOuter ? 1 : 1 + below(2), channelsOuter: channelsOuter,
      more: [0, 1, 2, 3, below(100)][below(5)])
  }
}

extension WindowBuffer {
  /// A buffer for maps, of the span of a window and `more` words, or of so many images.
  static func map(
    _ height: Int, _ width: Int, kernel: (Int, Int) = (1, 1), stride: (Int, Int) = (1, 1),
    levels: Int = 1, inParallel: Bool = false, flags: Int = 0, words: Int = 1, repeats: Int = 1,
    channelsOuter: Bool = false, more: Int = 0, images: Int? = nil
  ) -> WindowBuffer {
    let span = span(
      width: width, words: words, kernelHeight: kernel.0, kernelWidth: kernel.1)
    return WindowBuffer(
      lanes: 3, levels: levels, levelsPerBeat: inParallel ? levels : 1, flags: flags,
      words: words, height: height, width: width, kernelHeight: kernel.0,
      kernelWidth: kernel.1, strideY: stride.0, strideX: stride.1, repeats: repeats,
      channelsOuter: channelsOuter,
      depth: images.map { $0 * height * width * words } ?? span + more)
  }
}

/// Some random maps; `last` may be set on any word that enters, and is not looked at.
func windowCase(
  _ core: WindowBuffer, mode: Int? = nil, images: Int = 3, using random: inout SeededRandom
) -> CoreCase {
  let mapBeats = core.height * core.width * core.words
  let beats = StreamBeats.random(core.inputs[0], beats: images * mapBeats, using: &random)
  let levelGroups: [[Int]] =
    core.levelsPerBeat == 1
    ? (1...min(core.levels, (mode ?? core.levels - 1) + 1)).map { [$0] }
    : [Array(1...core.levels)]
  // The reads of a pass: row and pixel of the window, and the word.
  var taps: [(y: Int, x: Int, word: Int)] = []
  for outer in 0..<(core.channelsOuter ? core.words : 1) {
    for y in 0..<core.kernelHeight {
      for x in 0..<core.kernelWidth {
        let words = core.channelsOuter ? outer..<outer + 1 : 0..<core.words
        taps += words.map { (y, x, $0) }
      }
    }
  }
  return CoreCase(core, mode: mode, beats) { input, output in
    for image in 0..<images {
      var left: [(lanes: [Int], flags: Int)] = []
      for top in stride(from: 0, through: core.height - core.kernelHeight, by: core.strideY) {
        for side in stride(from: 0, through: core.width - core.kernelWidth, by: core.strideX) {
          for _ in 0..<core.repeats {
            for levels in levelGroups {
              for tap in taps {
                let pixel = (image * core.height + top + tap.y) * core.width + side + tap.x
                let beat = pixel * core.words + tap.word
                let lanes = input.lanes(ofBeat: beat).map { code in
                  // b_1 is the most significant bit, in the code and in what is sent of it.
                  levels.reduce(0) { 2 * $0 + code >> (core.levels - $1) & 1 }
                }
                left.append((lanes, input.flags(ofBeat: beat)))
              }
            }
          }
        }
      }
      for (index, beat) in left.enumerated() {
        output.append(lanes: beat.lanes, last: index == left.count - 1, flags: beat.flags)
      }
    }
  }
}
