// SPDX-License-Identifier: Apache-2.0

/// Stores vectors of codes and sends each one again for every group of units, level by level.
///
///     for each repeat, for each level (in series), for each word: bit b_level of every lane
///
/// - Shape: `words` beats of `lanes` codes of `levels` bits → `passes` · `words` beats of `lanes`
///   values of `levelsPerBeat` bits.
/// - Exactness: data are not touched.
/// - Hardware: `banks` · `words` words of memory, latency 2, one beat a cycle;
///   RTL/rb_replay_buffer.v.
public struct ReplayBuffer: Core {
  /// Codes in a beat.
  public var lanes: Int
  /// Bits of a code.
  public var levels: Int
  /// 1: the levels leave in series; `levels`: in parallel.
  public var levelsPerBeat: Int
  /// Beats of a vector.
  public var words: Int
  /// Times that a vector is sent, all its levels each time.
  public var repeats: Int
  /// Vectors that it holds.
  public var banks: Int

  public init(
    lanes: Int, levels: Int, levelsPerBeat: Int, words: Int, repeats: Int, banks: Int = 2
  ) {
    self.lanes = lanes
    self.levels = levels
    self.levelsPerBeat = levelsPerBeat
    self.words = words
    self.repeats = repeats
    self.banks = banks
  }

  /// Times that the words of a vector are read.
  public var passes: Int { repeats * levels / levelsPerBeat }

  public var moduleName: String { "rb_replay_buffer" }

  public var parameters: [CoreParameter] {
    [
      CoreParameter("LANES", lanes), CoreParameter("LEVELS", levels),
      CoreParameter("LEVELS_PER_BEAT", levelsPerBeat), CoreParameter("WORDS", words),
      CoreParameter("REPEATS", repeats), CoreParameter("BANKS", banks),
    ]
  }

  public var inputs: [StreamPort] {
    [StreamPort("in", lanes: lanes, bitsPerLane: levels)]
  }

  public var outputs: [StreamPort] {
    [StreamPort("out", lanes: lanes, bitsPerLane: levelsPerBeat)]
  }

  public var files: [RTLFile] {
    [RTLFile(name: "rb_replay_buffer.v", bytes: PackageResources.rb_replay_buffer_v)]
  }

  public var handshake: Handshake { .replay(words: words, passes: passes, banks: banks) }
}
