// SPDX-License-Identifier: Apache-2.0

/// Sends each window of a map of codes as one beat, again for every group of units, level by level.
///
///     for each window, for each repeat, for each level (in series):
///       bit b_level of every lane of pixel (oy · strideY + ky, ox · strideX + kx), for all ky, kx
///
/// - Shape: `height` · `width` pixels, a beat each, of `lanes` codes of `levels` bits → for each of
///   `rows` · `columns` windows `beats` beats of `kernelHeight` · `kernelWidth` · `lanes` values of
///   `levelsPerBeat` bits, in the order (ky, kx, lane).
/// - Exactness: data are not touched.
/// - Hardware: (`kernelHeight` − 1) · `width` + `kernelWidth` pixels, those of a window in registers
///   and the others in memories; latency 1 from the last pixel of a window; an image takes `cycles`
///   cycles; RTL/rb_line_buffer.v.
public struct LineBuffer: Core {
  /// Codes of a pixel.
  public var lanes: Int
  /// Bits of a code.
  public var levels: Int
  /// 1: the levels leave in series; `levels`: in parallel.
  public var levelsPerBeat: Int
  /// Modes to choose from, or 1: in series only the levels in use are sent.
  public var modes: Int
  /// Rows of a map.
  public var height: Int
  /// Pixels of a row.
  public var width: Int
  /// Rows of a window.
  public var kernelHeight: Int
  /// Pixels of a row of a window.
  public var kernelWidth: Int
  /// Rows from a window to the one below.
  public var strideY: Int
  /// Pixels from a window to the next one.
  public var strideX: Int
  /// Times that a window is sent, all its levels each time.
  public var repeats: Int

  public init(
    lanes: Int, levels: Int, levelsPerBeat: Int, height: Int, width: Int, kernelHeight: Int,
    kernelWidth: Int, strideY: Int = 1, strideX: Int = 1, repeats: Int, modes: Int = 1
  ) {
    self.lanes = lanes
    self.levels = levels
    self.levelsPerBeat = levelsPerBeat
    self.modes = modes
    self.height = height
    self.width = width
    self.kernelHeight = kernelHeight
    self.kernelWidth = kernelWidth
    self.strideY = strideY
    self.strideX = strideX
    self.repeats = repeats
  }

  /// Beats of a window.
  public var beats: Int { beats(mode: modes - 1) }
  /// Pixels of a window.
  public var taps: Int { kernelHeight * kernelWidth }
  /// Rows of windows.
  public var rows: Int { (height - kernelHeight) / strideY + 1 }
  /// Windows in a row.
  public var columns: Int { (width - kernelWidth) / strideX + 1 }

  /// Cycles for an image: the beats of its windows, and a cycle for each pixel that completes none.
  public var cycles: Int { rows * columns * beats + height * width - rows * columns }

  public var moduleName: String { "rb_line_buffer" }

  public var parameters: [CoreParameter] {
    [
      CoreParameter("LANES", lanes), CoreParameter("LEVELS", levels),
      CoreParameter("LEVELS_PER_BEAT", levelsPerBeat), CoreParameter("MODES", modes),
      CoreParameter("HEIGHT", height),
      CoreParameter("WIDTH", width), CoreParameter("KERNEL_HEIGHT", kernelHeight),
      CoreParameter("KERNEL_WIDTH", kernelWidth), CoreParameter("STRIDE_Y", strideY),
      CoreParameter("STRIDE_X", strideX), CoreParameter("REPEATS", repeats),
    ]
  }

  public var inputs: [StreamPort] {
    [StreamPort("in", lanes: lanes, bitsPerLane: levels)]
  }

  public var outputs: [StreamPort] {
    [StreamPort("out", lanes: taps * lanes, bitsPerLane: levelsPerBeat)]
  }

  public var files: [RTLFile] {
    [RTLFile(name: "rb_line_buffer.v", bytes: PackageResources.rb_line_buffer_v)]
  }

  public var structure: CoreStructure {
    let passes = levels / levelsPerBeat
    let pixel = lanes * levels
    let line = width - kernelWidth
    let counters =
      counterWidth(width) + counterWidth(height) + counterWidth(max(kernelWidth, strideX))
      + counterWidth(max(kernelHeight, strideY)) + counterWidth(passes) + counterWidth(repeats)
      + (kernelHeight > 1 ? counterWidth(line) : 0)
    var structure = CoreStructure(
      parts: [
        .base: 1, .counterBit: counters,
        .selectedBit: passes > 1 ? taps * lanes * ((levels + 2) / 4) : 0,
      ],
      flipFlops: counters + taps * pixel + 2)
    // The first register behind a line is that of its memory.
    for _ in 1..<kernelHeight where line > 0 {
      structure.flipFlops -= pixel
      structure.add(.ram(width: pixel, depth: line, hasOneAddress: true))
    }
    return structure
  }

  /// Beats of a window in mode `mode`.
  private func beats(mode: Int) -> Int {
    repeats * passesOfLevels(levels, perBeat: levelsPerBeat, mode: mode, of: modes)
  }

  public var handshake: Handshake { handshake(mode: modes - 1) }

  public func handshake(mode: Int) -> Handshake {
    .lines(
      Handshake.Lines(
        height: height, width: width, kernelHeight: kernelHeight, kernelWidth: kernelWidth,
        strideY: strideY, strideX: strideX, beats: beats(mode: mode)))
  }
}
