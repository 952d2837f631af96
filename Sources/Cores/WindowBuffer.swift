// SPDX-License-Identifier: Apache-2.0

/// Stores maps of codes and sends each window again for every group of units, level by level.
///
///     for each window, for each repeat, for each level (in series), for each ky, kx, word:
///       bit b_level of every lane of that word of pixel (oy · strideY + ky, ox · strideX + kx)
///
/// A vector is a map of one pixel. With `channelsOuter` the words are outside: all pixels of a
/// window for a word, then the next word, as pooling takes them.
///
/// - Shape: `height` · `width` · `words` beats of `lanes` codes of `levels` bits → for each of
///   `rows` · `columns` windows `passes` · `taps` beats of `lanes` values of `levelsPerBeat` bits;
///   flags go with their beats.
/// - Exactness: data are not touched.
/// - Hardware: `depth` words of memory, latency 2, one beat a cycle, no gap between windows or
///   images where the words are there; RTL/rb_window.v.
public struct WindowBuffer: Core {
  /// Codes in a beat.
  public var lanes: Int
  /// Bits of a code.
  public var levels: Int
  /// 1: the levels leave in series; `levels`: in parallel.
  public var levelsPerBeat: Int
  /// Modes to choose from, or 1: in series only the levels in use are sent.
  public var modes: Int
  /// Flags of a beat, above its lanes.
  public var flags: Int
  /// Beats of a pixel.
  public var words: Int
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
  /// Whether the words are outside of the pixels of a window; then it is sent once, its levels in
  /// parallel.
  public var channelsOuter: Bool
  /// Words that it holds, at least the span of a window.
  public var depth: Int

  public init(
    lanes: Int, levels: Int, levelsPerBeat: Int, flags: Int = 0, words: Int, height: Int = 1,
    width: Int = 1, kernelHeight: Int = 1, kernelWidth: Int = 1, strideY: Int = 1,
    strideX: Int = 1, repeats: Int, channelsOuter: Bool = false, depth: Int, modes: Int = 1
  ) {
    self.lanes = lanes
    self.levels = levels
    self.levelsPerBeat = levelsPerBeat
    self.modes = modes
    self.flags = flags
    self.words = words
    self.height = height
    self.width = width
    self.kernelHeight = kernelHeight
    self.kernelWidth = kernelWidth
    self.strideY = strideY
    self.strideX = strideX
    self.repeats = repeats
    self.channelsOuter = channelsOuter
    self.depth = depth
  }

  /// Words from the first one of a window to its last one, both counted: the least depth.
  public static func span(width: Int, words: Int, kernelHeight: Int, kernelWidth: Int) -> Int {
    ((kernelHeight - 1) * width + kernelWidth) * words
  }

  /// Times that the words of a window are read.
  public var passes: Int { passes(mode: modes - 1) }
  /// Words of a window.
  public var taps: Int { kernelHeight * kernelWidth * words }
  /// Rows of windows.
  public var rows: Int { (height - kernelHeight) / strideY + 1 }
  /// Windows in a row.
  public var columns: Int { (width - kernelWidth) / strideX + 1 }

  public var moduleName: String { "rb_window" }

  public var parameters: [CoreParameter] {
    [
      CoreParameter("LANES", lanes), CoreParameter("LEVELS", levels),
      CoreParameter("LEVELS_PER_BEAT", levelsPerBeat), CoreParameter("MODES", modes),
      CoreParameter("FLAGS", flags),
      CoreParameter("WORDS", words), CoreParameter("HEIGHT", height),
      CoreParameter("WIDTH", width), CoreParameter("KERNEL_HEIGHT", kernelHeight),
      CoreParameter("KERNEL_WIDTH", kernelWidth), CoreParameter("STRIDE_Y", strideY),
      CoreParameter("STRIDE_X", strideX), CoreParameter("REPEATS", repeats),
      CoreParameter("CHANNELS_OUTER", channelsOuter ? 1 : 0), CoreParameter("DEPTH", depth),
    ]
  }

  public var inputs: [StreamPort] {
    [StreamPort("in", lanes: lanes, bitsPerLane: levels, flags: flags)]
  }

  public var outputs: [StreamPort] {
    [StreamPort("out", lanes: lanes, bitsPerLane: levelsPerBeat, flags: flags)]
  }

  public var files: [RTLFile] {
    [RTLFile(name: "rb_window.v", bytes: PackageResources.rb_window_v)]
  }

  /// Times that the words of a window are read in mode `mode`.
  private func passes(mode: Int) -> Int {
    repeats * passesOfLevels(levels, perBeat: levelsPerBeat, mode: mode, of: modes)
  }

  public var handshake: Handshake { handshake(mode: modes - 1) }

  public func handshake(mode: Int) -> Handshake {
    .window(
      Handshake.Window(
        words: words, height: height, width: width, kernelHeight: kernelHeight,
        kernelWidth: kernelWidth, strideY: strideY, strideX: strideX, passes: passes(mode: mode),
        channelsOuter: channelsOuter, depth: depth))
  }
}
