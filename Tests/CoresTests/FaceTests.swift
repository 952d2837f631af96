// SPDX-License-Identifier: Apache-2.0

import Cores
import Foundation
import TestSupport
import Testing

@testable import Simulation

/// Each face says of its module what the file says: parameters, ports and widths, as Yosys reads it;
/// and the file passes every tool without a warning.
@Suite(.tags(.rtl))
struct FaceTests {
  static let cores: [any Core] = {
    var random = SeededRandom(seed: 3)
    func matrix(
      _ lanes: Int, _ units: Int, _ gammas: [Int], fewer: [[Int]] = [], weightLevels: Int = 1,
      inParallel: Bool, masked: Bool, padded: Bool = false, widest: [Int]? = nil
    ) -> MatrixUnit {
      var corner = Corner(
        lanes, units, 3, 2, gammas, weightLevels: weightLevels, inParallel: inParallel,
        masked: masked, padded: padded)
      corner.fewer = fewer
      corner.widest = widest
      return RandomLayer(corner, using: &random).core
    }
    func shared(_ lanes: Int, _ units: Int, _ gammas: [Int], inParallel: Bool) -> MatrixUnit {
      let corner = Corner(lanes, units, 1, 1, gammas, inParallel: inParallel, masked: false)
      return RandomLayer(corner, using: &random).core
    }
    var reloadable: [any Core] = [
      matrix(65, 2, [9, 5, 2], inParallel: true, masked: true),
      matrix(6, 3, [4, 2, 1], inParallel: false, masked: true, widest: [255, 255, 255]),
      matrix(
        5, 2, [9, 5, 2], fewer: [[1], [4, 2]], inParallel: true, masked: false, padded: true,
        widest: [15, 15, 15]),
      ResidualEncoder(
        units: 1, levels: 1, sumWidth: 1, groups: 1, banks: [.init(thresholds: [[1]])],
        mayFall: true, layer: "fc1_sign"),
      Score(
        units: 5, sumWidth: 10, multiplierWidth: 18, scoreWidth: 32, groups: 2,
        multipliers: Array(0..<10), offsets: Array(0..<10), layer: "scores"),
      LookupTable(
        lanes: 3, bits: 8, entryBits: 5, entries: (0..<256).map { $0 / 8 }, layer: "image_lookup"),
    ]
    LoadMap.place(&reloadable)
    return reloadable + [
      StreamRegister(lanes: 1, bitsPerLane: 1), StreamRegister(lanes: 5, bitsPerLane: 13),
      FIFO(lanes: 1, bitsPerLane: 1, depth: 1), FIFO(lanes: 3, bitsPerLane: 7, depth: 65),
      Fork(lanes: 1, bitsPerLane: 1), Fork(lanes: 5, bitsPerLane: 13, flags: 1),
      Add(lanes: 1, in0Width: 1, in1Width: 1, sumWidth: 1),
      Add(lanes: 3, in0Width: 7, in1Width: 12, sumWidth: 13),
      Add(lanes: 65, in0Width: 31, in1Width: 4, sumWidth: 40),
      Add(lanes: 2, in0Width: 9, in1Width: 6, sumWidth: 5),
      Add(lanes: 2, in0Width: 9, in1Width: 6, sumWidth: 11, in0Shift: 1, in1Shift: 0),
      Add(lanes: 2, in0Width: 9, in1Width: 6, sumWidth: 5, in0Shift: 0, in1Shift: 6),
      WidthUp(lanes: 1, bitsPerLane: 1, ratio: 1), WidthUp(lanes: 7, bitsPerLane: 2, ratio: 5),
      WidthDown(lanes: 1, bitsPerLane: 1, ratio: 1), WidthDown(lanes: 7, bitsPerLane: 2, ratio: 5),
      WindowBuffer(lanes: 1, levels: 1, levelsPerBeat: 1, words: 1, repeats: 1, depth: 1),
      WindowBuffer(lanes: 65, levels: 3, levelsPerBeat: 1, words: 5, repeats: 3, depth: 10),
      WindowBuffer(lanes: 6, levels: 8, levelsPerBeat: 8, words: 64, repeats: 2, depth: 192),
      WindowBuffer.map(
        5, 7, kernel: (3, 2), stride: (2, 1), levels: 2, flags: 1, words: 3, repeats: 2),
      WindowBuffer.map(
        9, 8, kernel: (1, 2), stride: (4, 3), levels: 2, inParallel: true, flags: 2, words: 2,
        channelsOuter: true, more: 5),
      WindowBuffer.map(
        16, 16, kernel: (3, 3), levels: 2, inParallel: true, words: 4, repeats: 2, more: 60),
      LineBuffer.map(1, 1, lanes: 1), LineBuffer.map(5, 3, kernel: (1, 3), lanes: 7),
      LineBuffer.map(4, 2, kernel: (3, 2), stride: (1, 5), levels: 3, repeats: 2),
      LineBuffer.map(3, 9, kernel: (3, 1), stride: (2, 3), levels: 8, inParallel: true),
      LineBuffer.map(40, 40, kernel: (5, 5), lanes: 128, levels: 3, repeats: 16),
      Pad(
        lanes: 1, bitsPerLane: 1, words: 1, height: 1, width: 1, top: 0, bottom: 0, left: 0,
        right: 0, padding: 1),
      Pad(
        lanes: 5, bitsPerLane: 3, words: 3, height: 4, width: 8, top: 1, bottom: 2, left: 3,
        right: 0, padding: 6),
      Pad(
        lanes: 65, bitsPerLane: 2, words: 2, height: 7, width: 3, top: 2, bottom: 2, left: 2,
        right: 2, padding: nil),
      matrix(1, 1, [1], inParallel: false, masked: false),
      shared(12, 2, [1], inParallel: false), shared(32, 5, [9, 5, 2], inParallel: true),
      shared(90, 7, [4, 2, 1], inParallel: false),
      matrix(65, 2, [9, 5, 2], inParallel: true, masked: true),
      matrix(6, 3, [4, 2, 1], inParallel: false, masked: true),
      matrix(7, 5, [3, 1], inParallel: false, masked: false),
      matrix(7, 5, [3, 1], inParallel: false, masked: false, padded: true),
      matrix(3, 4, [128, 64, 32, 16, 8, 4, 2, 1], inParallel: true, masked: false),
      matrix(9, 2, [4, 2, 1], inParallel: true, masked: true, padded: true),
      matrix(6, 2, [5, 3, 2, 1], weightLevels: 2, inParallel: false, masked: true, padded: true),
      matrix(5, 2, [6, 3, 4, 2], weightLevels: 2, inParallel: true, masked: false, padded: true),
      ResidualEncoder(
        units: 1, levels: 1, sumWidth: 1, groups: 1, thresholds: [[1]], layer: "fc1_sign"),
      ResidualEncoder(
        units: 3, levels: 4, sumWidth: 9, groups: 2,
        thresholds: Array(repeating: Array(1...15), count: 6), layer: "fc1_sign"),
      ResidualEncoder(
        units: 1, levels: 1, sumWidth: 1, groups: 1, thresholds: [[1]], falling: [true],
        layer: "fc1_sign"),
      ResidualEncoder(
        units: 3, levels: 3, sumWidth: 9, groups: 2,
        thresholds: Array(repeating: Array(1...7), count: 6),
        falling: [true, false, true, true, false, false], layer: "fc1_sign"),
      ResidualEncoder(
        units: 3, levels: 2, sumWidth: 9, groups: 2,
        banks: (1...3).map { mode in
          .init(thresholds: Array(repeating: Array(1..<1 << min(2, mode)), count: 6))
        }, layer: "fc1_sign"),
      WindowBuffer(
        lanes: 3, levels: 2, levelsPerBeat: 1, words: 5, repeats: 3, depth: 10, modes: 3),
      LineBuffer(
        lanes: 3, levels: 3, levelsPerBeat: 1, height: 4, width: 4, kernelHeight: 2,
        kernelWidth: 2, repeats: 2, modes: 3),
      matrix(5, 2, [7, 3], fewer: [[1]], inParallel: false, masked: false),
      matrix(
        5, 2, [9, 5, 2], fewer: [[1], [4, 2]], inParallel: true, masked: true, padded: true),
      matrix(
        5, 2, [6, 4, 3, 2], fewer: [[2, 1]], weightLevels: 2, inParallel: false, masked: false),
      SumPoolUnit(
        lanes: 3, taps: 4, gammas: [9, 5, 2], gammasOfFewerLevels: [[1], [5, 4]], isPadded: true),
      Score(
        units: 1, sumWidth: 4, multiplierWidth: 3, scoreWidth: 9, groups: 2,
        banks: [
          .init(multipliers: [1, 2], offsets: [3, 4]),
          .init(multipliers: [-1, 0], offsets: [0, 9]),
        ],
        layer: "scores"),
      LookupTable(lanes: 1, bits: 1, entryBits: 1, entries: [1, 0], layer: "image_lookup"),
      LookupTable(
        lanes: 3, bits: 8, entryBits: 5, entries: (0..<256).map { $0 / 8 }, layer: "image_lookup"),
      MaxPoolUnit(lanes: 1, bits: 1, taps: 1), MaxPoolUnit(lanes: 5, bits: 3, taps: 9),
      SumPoolUnit(lanes: 1, taps: 1, gammas: [1]),
      SumPoolUnit(lanes: 5, taps: 9, gammas: [5, 3, 1]),
      SumPoolUnit(lanes: 3, taps: 4, gammas: [2, 1], isPadded: true, sumWidth: 40),
      Score(
        units: 1, sumWidth: 1, multiplierWidth: 1, scoreWidth: 2, groups: 1, multipliers: [-1],
        offsets: [0], layer: "scores"),
      Score(
        units: 5, sumWidth: 10, multiplierWidth: 18, scoreWidth: 32, groups: 2,
        multipliers: Array(0..<10), offsets: Array(0..<10), layer: "scores"),
      ArgMax(units: 1, scoreWidth: 1, groups: 1, indexWidth: 1),
      ArgMax(units: 5, scoreWidth: 24, groups: 2, indexWidth: 4),
      ArgMax(units: 33, scoreWidth: 5, groups: 1, indexWidth: 6),
    ]
  }()

  @Test(
    .enabled(if: ExternalTool("yosys") != nil, ExternalTool.whyMissing("yosys")),
    arguments: cores.indices)
  func theFileHasTheParametersAndPortsOfItsFace(index: Int) throws {
    let core = Self.cores[index]
    let module = try withFiles(of: core) { folder, sources in
      try Data(Self.instance(of: core).utf8).write(to: folder.appending(path: "face.v"))
      let yosys = try #require(ExternalTool("yosys"))
      let run = try yosys.run(
        [
          "-q", "-p",
          "read_verilog \((sources + ["face.v"]).joined(separator: " ")); "
            + "hierarchy -check -top face; proc; write_json face.json",
        ], in: folder)
      #expect(run.status == 0, "\(run.text)")
      return try YosysModule(
        named: core.moduleName, in: Data(contentsOf: folder.appending(path: "face.json")))
    }
    #expect(module.ports == Self.ports(of: core))
    // A face without a memory leaves the parameters that would name its file and its place on a load
    // bus; one whose memories are read only leaves all places.
    for parameter in core.parameters {
      #expect(
        module.parameters[parameter.name] == Self.yosysValue(parameter), "\(parameter.name)")
    }
    let others = Set(module.parameters.keys).subtracting(core.parameters.map(\.name))
    #expect(
      others.allSatisfy { name in
        ["_FILE", "_BASE"].contains { name.hasSuffix($0) } || name == "RELOADABLE"
          || name.hasPrefix("SHARED_")
      })
    let declared = Self.declaredParameters(of: core).filter { !others.contains($0) }
    #expect(declared == core.parameters.map(\.name))
  }

  @Test(
    .enabled(if: ExternalTool("verilator") != nil, ExternalTool.whyMissing("verilator")),
    arguments: cores.indices)
  func verilatorHasNoWarning(index: Int) throws {
    let core = Self.cores[index]
    // What it sees by itself, and what it sees where it is asked for the synthesized text.
    let hasTwoTexts = core.files[0].text.contains("RB_PLAIN_POPCOUNT")
    for macros in [[]] + (hasTwoTexts ? [["+define+RB_PLAIN_POPCOUNT"]] : []) {
      try lint(core, macros)
    }
  }

  private func lint(_ core: any Core, _ macros: [String]) throws {
    try withFiles(of: core) { folder, sources in
      let rules = StreamProperties.files(for: [core.moduleName])
      for file in rules { try file.write(in: folder) }
      let parameters = core.parameters.map { "-G\($0.name)=\($0.verilogLiteral)" }
      let run = try #require(ExternalTool("verilator")).run(
        ["--lint-only", "-Wall", "--assert", "--top-module", core.moduleName] + macros
          + parameters + sources + rules.map(\.name), in: folder)
      #expect(run.status == 0 && run.text.isEmpty, "\(run.text)")
    }
  }

  @Test(
    .enabled(if: ExternalTool("iverilog") != nil, ExternalTool.whyMissing("iverilog")),
    arguments: cores.indices)
  func icarusReadsItAsVerilog2005(index: Int) throws {
    let core = Self.cores[index]
    try withFiles(of: core) { folder, sources in
      let parameters = core.parameters.map {
        "-P\(core.moduleName).\($0.name)=\($0.verilogLiteral)"
      }
      let run = try #require(ExternalTool("iverilog")).run(
        ["-g2005", "-Wall", "-Wno-timescale", "-s", core.moduleName, "-o", "core.vvp"] + parameters
          + sources, in: folder)
      #expect(run.status == 0 && run.text.isEmpty, "\(run.text)")
    }
  }

  /// A wrong combination of parameters stops a simulation, with both numbers.
  @Test(
    .enabled(if: ExternalTool("iverilog") != nil, ExternalTool.whyMissing("iverilog")),
    arguments: [
      (
        "rb_window", "LEVELS=4 LEVELS_PER_BEAT=2",
        "LEVELS_PER_BEAT (2) is neither 1 nor LEVELS (4)"
      ),
      (
        "rb_window", "HEIGHT=5 WIDTH=6 KERNEL_HEIGHT=3 KERNEL_WIDTH=2 WORDS=2 DEPTH=27",
        "DEPTH (27) does not hold the span of a window (28)"
      ),
      (
        "rb_window", "HEIGHT=2 WIDTH=3 KERNEL_HEIGHT=4 DEPTH=100",
        "KERNEL_HEIGHT (4) is more than HEIGHT (2)"
      ),
      (
        "rb_window", "HEIGHT=2 WIDTH=3 KERNEL_WIDTH=5 DEPTH=100",
        "KERNEL_WIDTH (5) is more than WIDTH (3)"
      ),
      (
        "rb_window", "CHANNELS_OUTER=1 REPEATS=3 LEVELS=2",
        "CHANNELS_OUTER (1) needs one pass, not REPEATS (3) times 2"
      ),
      (
        "rb_line_buffer", "LEVELS=4 LEVELS_PER_BEAT=2",
        "LEVELS_PER_BEAT (2) is neither 1 nor LEVELS (4)"
      ),
      (
        "rb_line_buffer", "HEIGHT=2 KERNEL_HEIGHT=3", "KERNEL_HEIGHT (3) is more than HEIGHT (2)"
      ),
      ("rb_line_buffer", "WIDTH=3 KERNEL_WIDTH=5", "KERNEL_WIDTH (5) is more than WIDTH (3)"),
      ("rb_pad", "FLAGGED=1 PAD_DATA=5", "FLAGGED (1) needs PAD_DATA (5) to be 0"),
      (
        "rb_matrix_unit", "LEVELS=4 LEVELS_PER_BEAT=2 SUM_WIDTH=20",
        "LEVELS_PER_BEAT (2) is neither 1 nor LEVELS (4)"
      ),
      (
        "rb_matrix_unit", "LEVELS=2 LEVELS_PER_BEAT=2 HORNER=1 GAMMA_WIDTH=2 SUM_WIDTH=20",
        "HORNER (1) needs LEVELS_PER_BEAT (2) and WEIGHT_LEVELS (1) to be 1"
      ),
      (
        "rb_matrix_unit", "WEIGHT_LEVELS=2 HORNER=1 SUM_WIDTH=20",
        "HORNER (1) needs LEVELS_PER_BEAT (1) and WEIGHT_LEVELS (2) to be 1"
      ),
      (
        "rb_matrix_unit", "LEVELS=2 ADDER_TREE=1 GAMMA_WIDTH=2 SUM_WIDTH=20",
        "ADDER_TREE (1) needs LEVELS_PER_BEAT (1) to be LEVELS (2)"
      ),
      (
        "rb_matrix_unit", "LEVELS=2 LEVELS_PER_BEAT=2 ADDER_TREE=1 GAMMA_WIDTH=2 SUM_WIDTH=20",
        "HORNER (0), ADDER_TREE (1): GAMMAS (f) do not halve down to 1 by level"
      ),
      (
        "rb_matrix_unit",
        "LEVELS=2 LEVELS_PER_BEAT=2 WEIGHT_LEVELS=2 ADDER_TREE=1 GAMMA_WIDTH=2 SUM_WIDTH=20",
        "ADDER_TREE (1) needs GAMMAS (ff) that halve from level to level"
      ),
      (
        "rb_matrix_unit", "LEVELS=2 HORNER=1 GAMMA_WIDTH=2 SUM_WIDTH=20",
        "HORNER (1), ADDER_TREE (0): GAMMAS (f) do not halve down to 1 by level"
      ),
      (
        "rb_matrix_unit", "LANES=16 SUM_WIDTH=6",
        "SUM_WIDTH (6) does not hold the largest sum (64)"
      ),
      (
        "rb_matrix_unit", "LANES=8 PADDED=1 SUM_WIDTH=6",
        "SUM_WIDTH (6) does not hold the largest sum (64)"
      ),
      (
        "rb_sum_pool", "TAPS=8 SUM_WIDTH=3",
        "SUM_WIDTH (3) does not hold the largest sum (8)"
      ),
      (
        "rb_sum_pool", "TAPS=4 PADDED=1 SUM_WIDTH=3",
        "SUM_WIDTH (3) does not hold the largest sum (8)"
      ),
      (
        "rb_score", "SCORE_WIDTH=6",
        "SCORE_WIDTH (6) is too small for SUM_WIDTH (6) or MULTIPLIER_WIDTH (8)"
      ),
      ("rb_window", "LEVELS=3 MODES=2", "LEVELS (3) is more than MODES (2)"),
      ("rb_line_buffer", "LEVELS=3 MODES=2", "LEVELS (3) is more than MODES (2)"),
      ("rb_residual_encoder", "LEVELS=3 MODES=2", "LEVELS (3) is more than MODES (2)"),
      ("rb_sum_pool", "LEVELS=3 MODES=2 SUM_WIDTH=9", "LEVELS (3) is more than MODES (2)"),
      (
        "rb_matrix_unit", "LEVELS=2 MODES=2 HORNER=1 GAMMA_WIDTH=2 SUM_WIDTH=20",
        "MODES (2) needs LEVELS (2) up to it, no HORNER (1), no ADDER_TREE (0)"
      ),
      ("rb_arg_max", "UNITS=4", "INDEX_WIDTH (4) does not hold the largest index (19)"),
      ("rb_arg_max", "UNITS=5 GROUPS=1 COMPARE_CYCLES=4", "COMPARE_CYCLES (4) is not 1 to 3"),
    ])
  func wrongParametersStopTheSimulation(
    module: String, parameters: String, message: String
  ) throws {
    try withFiles(Set(Self.cores.flatMap(\.files).map(\.name)).sorted()) { folder, sources in
      let build = try #require(ExternalTool("iverilog")).run(
        ["-g2005", "-s", module]
          + parameters.split(separator: " ").map { "-P\(module).\($0)" }
          + ["-o", "core.vvp"] + sources, in: folder)
      #expect(build.status == 0, "\(build.text)")
      let run = try #require(ExternalTool("vvp")).run(["core.vvp"], in: folder)
      #expect(run.output.split(separator: "\n").contains { $0.hasSuffix(": \(message)") }, "\(run)")
    }
  }

  // MARK: - What a face says

  /// Name, direction and width of every port, as Yosys writes them.
  private static func ports(of core: any Core) -> [String: YosysModule.Port] {
    var ports = ["clk_i": YosysModule.Port("input", 1), "rst_i": YosysModule.Port("input", 1)]
    for (streams, forward, back) in [
      (core.inputs, "input", "output"), (core.outputs, "output", "input"),
    ] {
      for stream in streams {
        let (to, from) = (forward.prefix(1), back.prefix(1))
        ports["\(stream.name)_data_\(to)"] = YosysModule.Port(forward, stream.width)
        ports["\(stream.name)_valid_\(to)"] = YosysModule.Port(forward, 1)
        ports["\(stream.name)_ready_\(from)"] = YosysModule.Port(back, 1)
        ports["\(stream.name)_last_\(to)"] = YosysModule.Port(forward, 1)
      }
    }
    if core is any MemoryCore {
      ports["load_i"] = YosysModule.Port("input", 64)
      ports["load_o"] = YosysModule.Port("output", 32)
    }
    if core.modes > 0 {
      let width = max(1, Int.bitWidth - (core.modes - 1).leadingZeroBitCount)
      ports["mode_i"] = YosysModule.Port("input", width)
    }
    return ports
  }

  /// The parameters in the order of the file.
  private static func declaredParameters(of core: any Core) -> [String] {
    core.files[0].text.split(separator: "\n")
      .filter { $0.hasPrefix("  parameter ") }
      .compactMap { $0.prefix { $0 != "=" }.split(separator: " ").last.map(String.init) }
  }

  private static func yosysValue(_ parameter: CoreParameter) -> String {
    switch parameter.value {
    case .integer(let value):
      return binary(value, width: 32)
    case .packed(let elements, let elementWidth):
      return elements.reversed().map { binary($0, width: elementWidth) }.joined()
    case .memory:
      return SimulatedDesign.fileName(ofMemory: parameter.name)
    }
  }

  private static func binary(_ value: Int, width: Int) -> String {
    String((0..<width).reversed().map { value >> $0 & 1 == 1 ? "1" : "0" })
  }

  /// A module that holds the core with the parameters of its face, and nothing on its ports.
  private static func instance(of core: any Core) -> String {
    let parameters = core.parameters.map { ".\($0.name)(\($0.verilogLiteral))" }
    return """
      module face;
        \(core.moduleName) #(\(parameters.joined(separator: ", "))) u_core ();
      endmodule

      """
  }

  /// Runs `body` in a folder with a core's files and memories.
  private func withFiles<Result>(
    of core: any Core, _ body: (URL, [String]) throws -> Result
  ) throws -> Result {
    try withFiles(core.files.map(\.name)) { folder, sources in
      for memory in core.memories {
        try DesignFile(
          SimulatedDesign.fileName(ofMemory: memory.parameter), memory.hexadecimalText
        ).write(in: folder)
      }
      return try body(folder, sources)
    }
  }

  private func withFiles<Result>(
    _ names: [String], _ body: (URL, [String]) throws -> Result
  ) throws -> Result {
    try TestData.withTemporaryFolder { folder in
      for file in Self.cores.flatMap(\.files) where names.contains(file.name) {
        try DesignFile(file.name, file.text).write(in: folder)
      }
      return try body(folder, names)
    }
  }
}

/// What Yosys says of a module.
struct YosysModule {
  struct Port: Equatable {
    var direction: String
    var width: Int

    init(_ direction: String, _ width: Int) {
      self.direction = direction
      self.width = width
    }
  }

  var ports: [String: Port] = [:]
  /// Bits, or the text of a string.
  var parameters: [String: String] = [:]

  init(named name: String, in data: Data) throws {
    let netlist = try JSONDecoder().decode(Netlist.self, from: data)
    // A module with parameters has a name of its own, and the file's name as an attribute.
    for module in netlist.modules.values where module.attributes["hdlname"] == "\\\(name)" {
      ports = module.ports.mapValues { Port($0.direction, $0.bits.count) }
      parameters = module.parameters ?? [:]
    }
  }

  private struct Netlist: Decodable {
    struct Module: Decodable {
      struct Port: Decodable {
        var direction: String
        var bits: [Bit]
      }
      var attributes: [String: String]
      var parameters: [String: String]?
      var ports: [String: Port]

      enum CodingKeys: String, CodingKey {
        case attributes, ports
        case parameters = "parameter_default_values"
      }
    }
    var modules: [String: Module]
  }

  /// A net's number, or a constant.
  private struct Bit: Decodable {
    init(from decoder: any Decoder) throws {}
  }
}
