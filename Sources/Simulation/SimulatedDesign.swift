// SPDX-License-Identifier: Apache-2.0

import Cores

/// A design to simulate: its files, its top module and the streams of that module.
public struct SimulatedDesign: Sendable {
  /// The module that the testbench drives; it has `clk_i`, `rst_i` and streams.
  public var topModule: String
  /// Parameters of the top module that differ from its defaults.
  public var parameters: [CoreParameter]
  /// Verilog (`.v`, `.sv`), headers (`.vh`, `.svh`), Verilator configuration (`.vlt`), and data
  /// files of any other name, which lie in the working directory of each run. A change of a data
  /// file needs no new build.
  public var sources: [DesignFile]
  /// Ports of at most 8 bits that hold a value for a whole run, 0 where none is given.
  public var controls: [String]
  /// Whether the top module has a load bus, `load_i` and `load_o`, over which memories are written.
  public var hasLoadBus: Bool
  /// The streams into the top module.
  public var inputs: [StreamPort]
  /// The streams out of the top module.
  public var outputs: [StreamPort]
  /// Streams inside the top module, recorded only: nets `<name>_data`, `_valid`, `_ready`, `_last`.
  public var taps: [StreamPort]
  /// Whether `assert` statements are compiled; `$error` and its like always are.
  public var assertions: Bool
  /// Whether the model can write waveforms; costs about a tenth of the speed even where it does
  /// not.
  public var trace: Bool
  /// What the build is for.
  public var optimization: Optimization

  /// What a build is for.
  public enum Optimization: String, CaseIterable, Sendable {
    /// Long runs: the model is compiled for speed and for this machine.
    case fast
    /// Many small runs: cheapest build; state that no reset reaches starts at random.
    case quick
  }

  public init(
    topModule: String, parameters: [CoreParameter] = [], sources: [DesignFile],
    controls: [String] = [], hasLoadBus: Bool = false, inputs: [StreamPort],
    outputs: [StreamPort],
    taps: [StreamPort] = [], assertions: Bool = true, trace: Bool = false,
    optimization: Optimization = .quick
  ) {
    self.topModule = topModule
    self.parameters = parameters
    self.sources = sources
    self.controls = controls
    self.hasLoadBus = hasLoadBus
    self.inputs = inputs
    self.outputs = outputs
    self.taps = taps
    self.assertions = assertions
    self.trace = trace
    self.optimization = optimization
  }

  /// One core alone, with its own files, parameters, streams and memories.
  ///
  /// - Parameter properties: Further sources, for instance the assertions of its streams.
  public init(
    core: some Core, properties: [DesignFile] = [], assertions: Bool = true, trace: Bool = false,
    optimization: Optimization = .quick
  ) {
    let memories = core.memories.map { memory in
      DesignFile(Self.fileName(ofMemory: memory.parameter), memory.hexadecimalText)
    }
    self.init(
      topModule: core.moduleName, parameters: core.parameters,
      sources: core.files.map { DesignFile($0.name, $0.text) } + properties + memories,
      hasLoadBus: core is any MemoryCore, inputs: core.inputs, outputs: core.outputs,
      assertions: assertions, trace: trace,
      optimization: optimization)
  }

  /// The file that a parameter of kind `.memory` names when a core is simulated alone.
  static func fileName(ofMemory parameter: String) -> String {
    parameter.lowercased() + ".mem"
  }
}

/// A file of a design.
public struct DesignFile: Equatable, Sendable {
  /// The name, relative to the folder of the design.
  public var name: String
  /// The text.
  public var text: String

  public init(_ name: String, _ text: String) {
    self.name = name
    self.text = text
  }

  /// What the simulator does with a file.
  enum Kind {
    case source, header, data
  }

  var kind: Kind {
    switch name.split(separator: ".").last {
    case "v", "sv", "vlt": .source
    case "vh", "svh": .header
    default: .data
    }
  }
}

extension MemoryImage {
  /// The words for `$readmemh`, one a line.
  var hexadecimalText: String {
    words.map { hexadecimal($0, width: width) + "\n" }.joined()
  }
}

extension CoreParameter {
  /// The value as a Verilog literal.
  var verilogLiteral: String {
    switch value {
    case .integer(let value):
      return String(value)
    case .packed:
      let pieces = (value.packedPieces ?? []).map {
        "\($0.width)'h" + hexadecimal($0.limbs, width: $0.width)
      }
      return pieces.count == 1 ? pieces[0] : "{\(pieces.joined(separator: ", "))}"
    case .memory:
      return "\"" + SimulatedDesign.fileName(ofMemory: name) + "\""
    }
  }
}
