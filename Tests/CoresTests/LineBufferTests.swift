// SPDX-License-Identifier: Apache-2.0

import Cores
import Simulation
import TestSupport
import Testing

@Suite(
  .tags(.rtl),
  .enabled(if: Simulator.isAvailable, "Verilator is missing: apt-get install verilator"))
struct LineBufferTests {
  @Test func windowsAreSentWhole() throws {
    try expectNoFindings(Self.corners, images: 3)
  }

  @Test func windowsOfRandomShapesAreSentWhole() throws {
    var random = SeededRandom(seed: Effort.seed)
    let buffers = (0..<(Effort.isExhaustive ? 1000 : 32)).map { _ in
      Self.randomBuffer(using: &random)
    }
    try expectNoFindings(buffers, images: 3)
  }

  /// What fast streams take: the beats of the windows, and a cycle for each pixel that completes
  /// none. The bench compares these cycles with the hardware's.
  @Test func anImageTakesTheCyclesThatAreStated() {
    var random = SeededRandom(seed: 7)
    for core in Self.corners + (0..<100).map({ _ in Self.randomBuffer(using: &random) }) {
      let count = core.rows * core.columns * core.beats
      var machine = core.handshake.machine()
      var ends: [Int] = []
      var sent = 0
      for cycle in 0..<10 * core.cycles where ends.count < 4 {
        let takes = machine.ready(outputReady: true)
        let sends = machine.valid
        if sends { sent += 1 }
        if sends, sent % count == 0 { ends.append(cycle) }
        machine.clock(input: takes, output: sends)
      }
      #expect(zip(ends, ends.dropFirst()).allSatisfy { $1 - $0 == core.cycles }, "\(core)")
      #expect(ends.count == 4, "\(core)")
      // Beyond the last window of the first image lie those pixels that complete none.
      #expect((0...core.cycles).contains(ends.first ?? -1), "\(core)")
    }
    let first = LineBuffer.map(32, 32, kernel: (3, 3), lanes: 3, levels: 8, inParallel: true)
    #expect(first.cycles == 1024)
  }

  private func expectNoFindings(_ buffers: [LineBuffer], images: Int) throws {
    var random = SeededRandom(seed: Effort.seed)
    for buffers in buffers.chunks(of: 32) {
      let cases = buffers.map { lineCase($0, images: images, using: &random) }
      #expect(try CoreBench(cases, seed: Effort.seed).findings() == [])
    }
  }

  /// Kernels of all shapes up to 5, strides up to 4, maps that are one window, every order.
  private static var corners: [LineBuffer] {
    var buffers: [LineBuffer] = []
    for rows in 1...5 {
      for columns in 1...5 where Effort.isExhaustive || (rows + columns).isMultiple(of: 2) {
        buffers.append(
          .map(6, 7, kernel: (rows, columns), lanes: 1 + rows, repeats: 1 + columns % 3))
      }
    }
    // Every stride, over and under the kernel: rows and columns that no window has.
    for down in 1...4 {
      for right in 1...4 where Effort.isExhaustive || down != right {
        for kernel in [(1, 1), (2, 3)]
        where Effort.isExhaustive || (down + right + kernel.0) % 2 == 0 {
          buffers.append(
            .map(7, 8, kernel: kernel, stride: (down, right), repeats: 1 + right % 2))
        }
      }
    }
    buffers += [
      // One window alone, a window as wide or as high as the map, and lines of one pixel.
      .map(1, 1), .map(1, 1, levels: 3, repeats: 2), .map(3, 4, kernel: (3, 4)),
      .map(3, 4, kernel: (3, 4), levels: 2, repeats: 2), .map(6, 3, kernel: (2, 3)),
      .map(6, 3, kernel: (2, 3), stride: (3, 1)), .map(3, 6, kernel: (3, 2), repeats: 3),
      .map(6, 4, kernel: (2, 3)), .map(6, 4, kernel: (4, 3), stride: (2, 2), levels: 2),
      .map(6, 1, kernel: (3, 1)), .map(1, 6, kernel: (1, 3), repeats: 2),
      .map(5, 2, kernel: (5, 1)),
      // Strides that leave most of the map.
      .map(5, 5, stride: (4, 4)), .map(8, 8, kernel: (2, 1), stride: (9, 9), repeats: 2),
      .map(1, 9, kernel: (1, 2), stride: (1, 4)),
      // Levels in series and in parallel.
      .map(4, 5, kernel: (3, 2), lanes: 5, levels: 3, repeats: 2),
      .map(4, 5, kernel: (3, 2), lanes: 5, levels: 3, inParallel: true, repeats: 2),
      .map(4, 5, kernel: (2, 2), levels: 4), .map(5, 5, kernel: (3, 3), levels: 8),
      .map(8, 8, kernel: (3, 3), levels: 8, inParallel: true),
      .map(6, 6, kernel: (3, 3), lanes: 65, levels: 1, repeats: 4),
    ]
    return buffers
  }

  private static func randomBuffer(using random: inout SeededRandom) -> LineBuffer {
    func below(_ bound: Int) -> Int { Int(random.next() % UInt64(bound)) }
    let (height, width) = (1 + below(8), 1 + below(8))
    return .map(
      height, width, kernel: (1 + below(min(5, height)), 1 + below(min(5, width))),
      stride: (1 + below(4), 1 + below(4)), lanes: 1 + below(7), levels: 1 + below(3),
      inParallel: below(2) == 0, repeats: 1 + below(3))
  }
}

extension LineBuffer {
  /// A buffer for maps.
  static func map(
    _ height: Int, _ width: Int, kernel: (Int, Int) = (1, 1), stride: (Int, Int) = (1, 1),
    lanes: Int = 3, levels: Int = 1, inParallel: Bool = false, repeats: Int = 1
  ) -> LineBuffer {
    LineBuffer(
      lanes: lanes, levels: levels, levelsPerBeat: inParallel ? levels : 1, height: height,
      width: width, kernelHeight: kernel.0, kernelWidth: kernel.1, strideY: stride.0,
      strideX: stride.1, repeats: repeats)
  }
}

/// Some random maps; `last` may be set on any pixel that enters, and is not looked at.
func lineCase(
  _ core: LineBuffer, mode: Int? = nil, images: Int = 3, using random: inout SeededRandom
) -> CoreCase {
  let pixels = core.height * core.width
  let beats = StreamBeats.random(core.inputs[0], beats: images * pixels, using: &random)
  let levelGroups: [[Int]] =
    core.levelsPerBeat == 1
    ? (1...min(core.levels, (mode ?? core.levels - 1) + 1)).map { [$0] }
    : [Array(1...core.levels)]
  return CoreCase(core, mode: mode, beats) { input, output in
    for image in 0..<images {
      var left: [[Int]] = []
      for top in stride(from: 0, through: core.height - core.kernelHeight, by: core.strideY) {
        for side in stride(from: 0, through: core.width - core.kernelWidth, by: core.strideX) {
          let codes = (0..<core.taps).flatMap { tap in
            let (y, x) = (top + tap / core.kernelWidth, side + tap % core.kernelWidth)
            return input.lanes(ofBeat: (image * core.height + y) * core.width + x)
          }
          for _ in 0..<core.repeats {
            for levels in levelGroups {
              // b_1 is the most significant bit, in the code and in what is sent of it.
              left.append(
                codes.map { code in
                  levels.reduce(0) { 2 * $0 + code >> (core.levels - $1) & 1 }
                })
            }
          }
        }
      }
      for (index, lanes) in left.enumerated() {
        output.append(lanes: lanes, last: index == left.count - 1)
      }
    }
  }
}
