// SPDX-License-Identifier: Apache-2.0

import Cores
import Foundation
import TestSupport

@testable import Simulation

/// A core with stimulus and what its oracle says must come out.
struct CoreCase {
  var core: any Core
  /// The mode that it runs in, see `Core.modes`.
  var mode: Int
  var input: StreamBeats
  var expected: StreamBeats

  /// - Parameters:
  ///   - mode: The core's mode; nil: the last one.
  ///   - input: The beats that go in.
  ///   - oracle: Adds to its second argument the beats that must come out.
  init(
    _ core: any Core, mode: Int? = nil, _ input: StreamBeats,
    oracle: (StreamBeats, inout StreamBeats) -> Void
  ) {
    self.core = core
    self.mode = mode ?? max(0, core.modes - 1)
    self.input = input
    expected = StreamBeats(core.outputs[0])
    oracle(input, &expected)
  }

  /// What the core's port `mode_i` is tied to.
  fileprivate var modeLiteral: String {
    let width = max(1, Int.bitWidth - max(0, core.modes - 1).leadingZeroBitCount)
    return "\(width)'d\(mode)"
  }
}

/// Simulates cores side by side, each with streams of its own, and compares beats with the oracle
/// and cycles with the handshake machine, under every stall pattern.
///
/// One build holds many parameter values of a core: a build costs seconds, a run milliseconds.
struct CoreBench {
  var cases: [CoreCase]
  var seed: UInt64
  /// Whether memories are written over the load bus: they hold zeros before.
  var isLoaded = false
  /// Changes a core's file: a seeded fault.
  var edit: (RTLFile) -> RTLFile = { $0 }

  init(_ cases: [CoreCase], seed: UInt64, isLoaded: Bool = false) {
    self.cases = cases
    self.seed = seed
    self.isLoaded = isLoaded
    if isLoaded {
      var cores = cases.map(\.core)
      LoadMap.place(&cores)
      for index in cases.indices { self.cases[index].core = cores[index] }
    }
  }

  /// What is wrong; empty when all is well.
  func findings(stalls: [StallPattern] = StallPattern.allCases) throws -> [String] {
    let design = design()
    let simulator = try Simulator.build(design)
    return try stalls.flatMap { stalls in
      let result = try simulator.run(
        inputs: inputs, expectedBeats: cases.map(\.expected.count),
        load: isLoaded ? LoadMap.image(of: cases.map(\.core)) : nil, stalls: stalls, seed: seed,
        quietCycles: 10_000)
      return findings(result, stalls).map { "stalls \(stalls), seed \(seed): \($0)" }
    }
  }

  private func findings(_ result: SimulationResult, _ stalls: StallPattern) -> [String] {
    var findings: [String] = []
    if result.status != .finished { findings.append("\(result.status)") }
    // A run that was stopped has no records of the other streams to speak of.
    guard result.outputs.count == cases.count else { return findings }
    for (index, test) in cases.enumerated() {
      var expected = test.expected
      expected.port = port(expected.port, of: index)
      let parameters = test.core.parameters
        .filter { $0.value != .memory }
        .map { "\($0.name)=\($0.verilogLiteral)" }.joined(separator: " ")
      let core = "\(test.core.moduleName) \(parameters)"
      if let mismatch = result.outputs[index].beats.firstMismatch(from: expected) {
        findings.append("\(core): \(mismatch)")
      }
      guard result.status == .finished else { continue }
      let cycles = predictedCycles(of: index, stalls)
      for (way, actual, predicted) in [
        ("input", result.inputCycles[index], cycles.input),
        ("output", result.outputs[index].cycles, cycles.output),
      ] where actual != predicted {
        let beat = zip(actual, predicted).prefix { $0 == $1 }.count
        let cycles = [actual, predicted].map { beat < $0.count ? "in cycle \($0[beat])" : "never" }
        findings.append(
          "\(core): \(way) beat \(beat) moved \(cycles[0]); the handshake machine says \(cycles[1])"
        )
      }
    }
    return findings
  }

  /// The cycles of all transfers under the very stalls of the simulation.
  private func predictedCycles(
    of index: Int, _ stalls: StallPattern
  ) -> (input: [Int], output: [Int]) {
    let test = cases[index]
    var machine = test.core.handshake(mode: test.mode).machine()
    var source = stalls.sourceGate(index, seed: seed)
    var sink = stalls.sinkGate(index, seed: seed)
    var cycles: (input: [Int], output: [Int]) = ([], [])
    var isOffered = false
    for cycle in 0... {
      if cycles.input.count == test.input.count && cycles.output.count == test.expected.count
        || cycle == 1_000_000
      {
        break
      }
      let mayOffer = source.next() && cycles.input.count < test.input.count
      isOffered = isOffered || mayOffer
      let sinkIsReady = sink.next()
      let takes = isOffered && machine.ready(outputReady: sinkIsReady)
      let sends = machine.valid && sinkIsReady
      if takes { cycles.input.append(cycle) }
      if sends { cycles.output.append(cycle) }
      isOffered = isOffered && !takes
      machine.clock(input: takes, output: sends)
    }
    return cycles
  }

  private var inputs: [StreamBeats] {
    cases.enumerated().map { index, test in
      var input = test.input
      input.port = port(input.port, of: index)
      return input
    }
  }

  private func port(_ port: StreamPort, of index: Int) -> StreamPort {
    StreamPort(
      "c\(index)_\(port.name)", lanes: port.lanes, bitsPerLane: port.bitsPerLane,
      flags: port.flags)
  }

  /// All cores in one module, with the stream properties bound to each.
  private func design() -> SimulatedDesign {
    var ports = [
      "input wire clk_i", "input wire rst_i", "input wire [63:0] load_i",
      "output wire [31:0] load_o",
    ]
    var loaded = ["32'd0"]
    var instances: [String] = []
    var sources: [DesignFile] = []
    for (index, test) in cases.enumerated() {
      let core = test.core
      var connections = [".clk_i(clk_i)", ".rst_i(rst_i)"]
      if core.modes > 0 { connections.append(".mode_i(\(test.modeLiteral))") }
      for (streams, ways) in [
        (core.inputs, ("input", "output")), (core.outputs, ("output", "input")),
      ] {
        let (forward, back) = (ways.0.first ?? "i", ways.1.first ?? "o")
        for stream in streams {
          let name = "c\(index)_\(stream.name)"
          ports += [
            "\(ways.0) wire [\(stream.width - 1):0] \(name)_data_\(forward)",
            "\(ways.0) wire \(name)_valid_\(forward)", "\(ways.1) wire \(name)_ready_\(back)",
            "\(ways.0) wire \(name)_last_\(forward)",
          ]
          connections += [
            "data_\(forward)", "valid_\(forward)", "ready_\(back)", "last_\(forward)",
          ]
          .map { ".\(stream.name)_\($0)(\(name)_\($0))" }
        }
      }
      if core is any MemoryCore {
        connections += [".load_i(load_i)", ".load_o(c\(index)_loaded)"]
        instances.append("wire [31:0] c\(index)_loaded;")
        loaded.append("c\(index)_loaded")
      }
      let parameters = core.parameters.map { parameter in
        parameter.value == .memory
          ? ".\(parameter.name)(\"\(memoryFile(parameter.name, of: index))\")"
          : ".\(parameter.name)(\(parameter.verilogLiteral))"
      }
      instances.append(
        "\(core.moduleName) #(\(parameters.joined(separator: ", "))) u_\(index) "
          + "(\(connections.joined(separator: ", ")));")
      sources += core.files.map(edit).map { DesignFile($0.name, $0.text) }
      sources += core.memories.map { memory in
        var memory = memory
        if isLoaded { memory.words = memory.words.map { $0.map { _ in 0 } } }
        return DesignFile(memoryFile(memory.parameter, of: index), memory.hexadecimalText)
      }
    }
    sources += StreamProperties.files(for: Set(cases.map(\.core.moduleName)))
    let top = """
      module bench (
        \(ports.joined(separator: ",\n  "))
      );
        \(instances.joined(separator: "\n  "))
        assign load_o = \(loaded.joined(separator: " | "));
      endmodule

      """
    return SimulatedDesign(
      topModule: "bench", sources: [DesignFile("bench.v", top)] + sources, hasLoadBus: true,
      inputs: inputs.map(\.port),
      outputs: cases.enumerated().map { port($1.expected.port, of: $0) })
  }

  private func memoryFile(_ parameter: String, of index: Int) -> String {
    "c\(index)_\(parameter.lowercased()).mem"
  }
}

/// How far a bench goes, from the environment.
enum Effort {
  /// `RESBIN_EXHAUSTIVE=1`: every combination of the parameters, some minutes.
  static let isExhaustive = ProcessInfo.processInfo.environment["RESBIN_EXHAUSTIVE"] == "1"

  /// `RESBIN_SEED`, else one of this run; a finding prints it.
  static let seed: UInt64 =
    ProcessInfo.processInfo.environment["RESBIN_SEED"].flatMap { UInt64($0) }
    ?? .random(in: 0..<1_000_000)
}

extension StreamBeats {
  /// Beats of random lanes and flags; one in four has `last` set.
  static func random(
    _ port: StreamPort, beats: Int, using random: inout SeededRandom
  ) -> StreamBeats {
    var result = StreamBeats(port, reservingCapacity: beats)
    for _ in 0..<beats {
      let lanes = (0..<port.lanes).map { _ in
        Int(truncatingIfNeeded: random.next() >> UInt64(64 - min(64, port.bitsPerLane)))
      }
      let flags = port.flags > 0 ? Int(truncatingIfNeeded: random.next()) : 0
      result.append(lanes: lanes, last: random.next() >> 62 == 0, flags: flags)
    }
    return result
  }
}

extension RTLFile {
  /// The file with a macro defined above it.
  func defining(_ macro: String) -> RTLFile {
    var file = self
    file.text = "`define \(macro)\n\(text)"
    return file
  }
}

extension Array {
  /// Pieces of at most so many elements.
  func chunks(of count: Int) -> [[Element]] {
    stride(from: 0, to: self.count, by: count).map {
      Array(self[$0..<Swift.min($0 + count, self.count)])
    }
  }
}
