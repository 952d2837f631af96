// SPDX-License-Identifier: Apache-2.0

/// One hardware core: a Swift face for a module in RTL/ (or for a generated one).
///
/// A face is a value. It knows its ports, its parameters, the words of its memories, its cycles
/// and its handshake; it knows nothing of networks. A test compares each face with its file.
public protocol Core: Sendable {
  /// The Verilog module, for instance `rb_fifo`.
  var moduleName: String { get }
  /// The module parameters in the order of the file: all but the files of memories that this value
  /// does not have.
  var parameters: [CoreParameter] { get }
  /// The streams that enter, in port order (`<name>_data_i`, `_valid_i`, `_ready_o`, `_last_i`).
  var inputs: [StreamPort] { get }
  /// The streams that leave, in port order (`<name>_data_o`, `_valid_o`, `_ready_i`, `_last_o`).
  var outputs: [StreamPort] { get }
  /// The memory images that the module reads, each named by the string parameter it sets.
  var memories: [MemoryImage] { get }
  /// The files in RTL/ that the module needs, itself first.
  var files: [RTLFile] { get }
  /// What the module is built of; ``resources`` are counted from it.
  var structure: CoreStructure { get }
  /// The longest way from register to register, by the delays of cells alone; an estimate.
  var longestPath: LogicPath { get }
  /// The module's valid/ready behaviour, cycle for cycle, without its data.
  var handshake: Handshake { get }
  /// The modes that the module's port `mode_i` chooses from at run time: in mode k, k + 1 levels are
  /// in use, at most those of a code. 1: the port means nothing; 0: there is none.
  var modes: Int { get }
  /// The behaviour in mode `mode`; in the last mode that is ``handshake``.
  func handshake(mode: Int) -> Handshake
}

extension Core {
  public var memories: [MemoryImage] { [] }
  public var modes: Int { 0 }
  public func handshake(mode: Int) -> Handshake { handshake }
}

/// A core with memories, which in some designs can be written at run time, over the load bus
/// (`load_i`, `load_o`; RTL/rb_loadable_memory.v).
public protocol MemoryCore: Core {
  /// The first address of each of ``Core/memories`` on the load bus; nil: the memories are read only.
  var loadBases: [Int]? { get set }
}

extension MemoryCore {
  /// The parameters that say so; none where the memories are read only.
  ///
  /// - Parameter reloadable: The value of `RELOADABLE`.
  func loadParameters(reloadable: Int = 1) -> [CoreParameter] {
    guard let loadBases else { return [] }
    return [CoreParameter("RELOADABLE", reloadable)]
      + zip(memories, loadBases).map {
        CoreParameter($0.parameter.replacing("_FILE", with: "_BASE"), $1)
      }
  }
}

/// Passes over a window, or beats, that the levels of a code take in mode `mode` of `modes`.
func passesOfLevels(_ levels: Int, perBeat: Int, mode: Int, of modes: Int) -> Int {
  guard perBeat == 1, modes > 1 else { return levels / perBeat }
  return min(mode + 1, levels)
}

/// A module parameter: its name in the file and its value.
public struct CoreParameter: Equatable, Sendable {
  /// `UPPER_SNAKE`, as in the file.
  public var name: String
  /// The value.
  public var value: Value

  /// What a parameter can hold.
  public enum Value: Equatable, Sendable {
    /// An integer (32-bit in Verilog).
    case integer(Int)
    /// A packed vector, least significant element first, each `elementWidth` bits.
    case packed([Int], elementWidth: Int)
    /// The file of the memory image that has this parameter name.
    case memory
  }

  public init(_ name: String, _ value: Value) {
    self.name = name
    self.value = value
  }

  public init(_ name: String, _ value: Int) {
    self.init(name, .integer(value))
  }
}

/// One stream of a core: `data`, `valid`, `ready`, and `last` on the last beat of an image.
public struct StreamPort: Equatable, Sendable {
  /// The prefix of its port names, `snake_case`.
  public var name: String
  /// Values side by side in one beat; lane 0 in the low bits.
  public var lanes: Int
  /// Bits of one lane.
  public var bitsPerLane: Int
  /// Bits above the lanes that say something of the whole beat. Flag 0: the beat is padding of value
  /// 0, none of its lanes is there.
  public var flags: Int

  /// Bits of `data`.
  public var width: Int { lanes * bitsPerLane + flags }

  public init(_ name: String, lanes: Int, bitsPerLane: Int, flags: Int = 0) {
    self.name = name
    self.lanes = lanes
    self.bitsPerLane = bitsPerLane
    self.flags = flags
  }
}

/// The words of a memory, to be written as a `$readmemh` file.
public struct MemoryImage: Equatable, Sendable {
  /// The string parameter of the module that takes the file name, for instance `WEIGHTS_FILE`.
  public var parameter: String
  /// Bits of a word.
  public var width: Int
  /// The words, each as 64-bit limbs, least significant first.
  public var words: [[UInt64]]
  /// What each word holds (layer, neurons, synapses): a comment beside it. Empty, or one a word.
  public var comments: [String]

  /// Memories that hold these words side by side.
  public var copies: Int

  /// Words in the memory.
  public var depth: Int { words.count }

  public init(
    parameter: String, width: Int, words: [[UInt64]], comments: [String] = [], copies: Int = 1
  ) {
    self.parameter = parameter
    self.width = width
    self.words = words
    self.comments = comments
    self.copies = copies
  }
}

/// A file that travels with the executable.
public struct RTLFile: Equatable, Sendable {
  /// For instance `rb_fifo.v`.
  public var name: String
  /// Its text, ASCII.
  public var text: String

  public init(name: String, bytes: [UInt8]) {
    self.name = name
    self.text = String(decoding: bytes, as: UTF8.self)
  }
}
