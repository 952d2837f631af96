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
  /// The beats of each input, in port order.
  var inputs: [StreamBeats]
  /// The beats of each output, in port order.
  var expected: [StreamBeats]

  /// A core with one stream in and one out.
  ///
  /// - Parameters:
  ///   - mode: The core's mode; nil: the last one.
  ///   - input: The beats that go in.
  ///   - oracle: Adds to its second argument the beats that must come out.
  init(
    _ core: any Core, mode: Int? = nil, _ input: StreamBeats,
    oracle: (StreamBeats, inout StreamBeats) -> Void
  ) {
    self.init(core, mode: mode, inputs: [input]) { oracle($0[0], &$1[0]) }
  }

  /// - Parameters:
  ///   - mode: The core's mode; nil: the last one.
  ///   - inputs: The beats that go into each input.
  ///   - oracle: Adds to its second argument the beats that must come out of each output.
  init(
    _ core: any Core, mode: Int? = nil, inputs: [StreamBeats],
    oracle: ([StreamBeats], inout [StreamBeats]) -> Void
  ) {
    self.core = core
    self.mode = mode ?? max(0, core.modes - 1)
    self.inputs = inputs
    expected = core.outputs.map { StreamBeats($0) }
    oracle(inputs, &expected)
  }

  /// What the core's port `mode_i` is tied to.
  fileprivate var modeLiteral: String {
    let width = max(1, Int.bitWidth - max(0, core.modes - 1).leadingZeroBitCount)
    return "\(width)'d\(mode)"
  }
}

/// Simulates cores side by side, each with streams of its own, one or several on a side, and compares beats with the oracle
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
        inputs: inputs, expectedBeats: cases.flatMap { $0.expected.map(\.count) },
        load: isLoaded ? LoadMap.image(of: cases.map(\.core)) : nil, stalls: stalls, seed: seed,
        quietCycles: 10_000)
      return findings(result, stalls).map { "stalls \(stalls), seed \(seed): \($0)" }
    }
  }

  private func findings(_ result: SimulationResult, _ stalls: StallPattern) -> [String] {
    var findings: [String] = []
    if result.status != .finished { findings.append("\(result.status)") }
    // A run that was stopped has no records of the other streams to speak of.
    guard result.outputs.count == cases.reduce(0, { $0 + $1.expected.count }) else {
      return findings
    }
    for (index, test) in cases.enumerated() {
      let parameters = test.core.parameters
        .filter { $0.value != .memory }
        .map { "\($0.name)=\($0.verilogLiteral)" }.joined(separator: " ")
      let core = "\(test.core.moduleName) \(parameters)"
      let (inputs, outputs) = streams(of: index)
      for (output, expected) in zip(result.outputs[outputs], test.expected) {
        var expected = expected
        expected.port = port(expected.port, of: index)
        if let mismatch = output.beats.firstMismatch(from: expected) {
          findings.append("\(core): \(mismatch)")
        }
      }
      guard result.status == .finished else { continue }
      let cycles = predictedCycles(of: index, stalls)
      let ports = test.core.inputs + test.core.outputs
      let moved = result.inputCycles[inputs] + result.outputs[outputs].map(\.cycles)
      for (port, (actual, predicted)) in zip(ports, zip(moved, cycles.inputs + cycles.outputs))
      where actual != predicted {
        let beat = zip(actual, predicted).prefix { $0 == $1 }.count
        let cycles = [actual, predicted].map { beat < $0.count ? "in cycle \($0[beat])" : "never" }
        findings.append(
          "\(core): beat \(beat) of '\(port.name)' moved \(cycles[0]); the handshake machine says "
            + cycles[1])
      }
    }
    return findings
  }

  /// The places of a case's streams among those of all cases.
  private func streams(of index: Int) -> (inputs: Range<Int>, outputs: Range<Int>) {
    let before = cases[..<index]
    let input = before.reduce(0) { $0 + $1.inputs.count }
    let output = before.reduce(0) { $0 + $1.expected.count }
    return (
      input..<input + cases[index].inputs.count, output..<output + cases[index].expected.count
    )
  }

  /// The cycles of all transfers of each stream under the very stalls of the simulation.
  private func predictedCycles(
    of index: Int, _ stalls: StallPattern
  ) -> (inputs: [[Int]], outputs: [[Int]]) {
    let test = cases[index]
    let places = streams(of: index)
    var machine = test.core.handshake(mode: test.mode).machine()
    var sources = places.inputs.map { stalls.sourceGate($0, seed: seed) }
    var sinks = places.outputs.map { stalls.sinkGate($0, seed: seed) }
    var inputs: [[Int]] = test.inputs.map { _ in [] }
    var outputs: [[Int]] = test.expected.map { _ in [] }
    var offered: UInt64 = 0
    for cycle in 0..<1_000_000 {
      if inputs.map(\.count) == test.inputs.map(\.count)
        && outputs.map(\.count) == test.expected.map(\.count)
      {
        break
      }
      for stream in sources.indices {
        let mayOffer = sources[stream].next() && inputs[stream].count < test.inputs[stream].count
        if mayOffer { offered |= 1 << UInt64(stream) }
      }
      var ready: UInt64 = 0
      for stream in sinks.indices where sinks[stream].next() { ready |= 1 << UInt64(stream) }
      let taken = offered & machine.readyInputs(valid: offered, ready: ready)
      let sent = ready & machine.validOutputs
      for stream in inputs.indices where taken >> UInt64(stream) & 1 == 1 {
        inputs[stream].append(cycle)
      }
      for stream in outputs.indices where sent >> UInt64(stream) & 1 == 1 {
        outputs[stream].append(cycle)
      }
      offered &= ~taken
      machine.clock(inputs: taken, outputs: sent)
    }
    return (inputs, outputs)
  }

  private var inputs: [StreamBeats] {
    cases.enumerated().flatMap { index, test in
      test.inputs.map { input in
        var input = input
        input.port = port(input.port, of: index)
        return input
      }
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
      outputs: cases.enumerated().flatMap { index, test in
        test.expected.map { port($0.port, of: index) }
      })
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
