// SPDX-License-Identifier: Apache-2.0

import Cores
import Diagnostics
import Foundation

extension Simulator {
  /// Drives the inputs, takes the outputs and records what moved.
  ///
  /// - Parameters:
  ///   - inputs: The beats of each input, in port order.
  ///   - expectedBeats: The beats of each output, in port order, after which the run ends.
  ///   - expectedTapBeats: The beats of each tap, in order, that the run waits for too; empty: it does
  ///     not wait for taps.
  ///   - controls: Values of the design's controls.
  ///   - load: Words that are written into the memories, and read back, before the first beat; nil: the
  ///     memories stay as the files of the design have them.
  ///   - stalls: When the testbench makes the design wait.
  ///   - seed: The seed of the stalls and of state that no reset reaches.
  ///   - maximumCycles: The run is given up after so many cycles.
  ///   - quietCycles: The run is a deadlock when nothing moved for so many cycles.
  ///   - trace: Where to write an FST waveform; the design must be built with `trace`.
  ///   - progress: Called now and then with the images that have left the first output.
  /// - Returns: The records. Whatever the design does wrong is in `status`.
  /// - Throws: `Diagnostic` where the arguments do not fit the design or a file cannot be written;
  ///   `CancellationError` where the task was cancelled.
  public func run(
    inputs: [StreamBeats], expectedBeats: [Int], expectedTapBeats: [Int] = [],
    controls: [String: Int] = [:], load: [UInt32]? = nil, stalls: StallPattern = .none,
    seed: UInt64 = 1,
    maximumCycles: Int? = nil,
    quietCycles: Int = 1_000_000, trace: URL? = nil,
    progress: ((Int) -> Void)? = nil
  ) throws -> SimulationResult {
    try checkArguments(
      inputs: inputs, expectedBeats: expectedBeats, expectedTapBeats: expectedTapBeats,
      controls: controls, load: load, trace: trace)
    let scratch = try ScratchFolder()
    defer { scratch.remove() }
    let files = RunFiles(scratch.url.appendingPathComponent("bench", isDirectory: true))
    for file in design.sources where file.kind == .data { try file.write(in: scratch.url) }
    try files.write(inputs)

    var arguments = ["--folder", "bench", "--stalls", stalls.rawValue, "--seed", "\(seed)"]
    arguments += ["--quiet-cycles", "\(quietCycles)"]
    arguments += controls.sorted { $0.key < $1.key }.flatMap { ["--set", "\($0.key)=\($0.value)"] }
    arguments += expectedBeats.flatMap { ["--expect", "\($0)"] }
    arguments += expectedTapBeats.flatMap { ["--expect-tap", "\($0)"] }
    if let maximumCycles { arguments += ["--max-cycles", "\(maximumCycles)"] }
    if let load {
      let file = files.folder.appendingPathComponent("load.data")
      try load.map(\.littleEndian).withUnsafeBytes { try Data($0).write(to: file) }
      arguments += ["--load", "bench/load.data"]
    }
    if let trace { arguments += ["--trace", trace.standardizedFileURL.path] }

    if let trace {
      do {
        try Data().write(to: trace)
      } catch {
        throw Diagnostic(
          at: trace.path, "the waveform cannot be written: \(error.localizedDescription)",
          hint: "name a file in a folder that exists")
      }
    }

    let log = scratch.url.appendingPathComponent("bench/log.txt")
    var reported = 0
    let exit = try ChildProcess(
      executable: executable, arguments: arguments, directory: scratch.url, logFile: log
    ) { line in
      let words = line.split(separator: " ")
      guard words.first == "images", words.count > 1, let images = Int(words[1]) else { return }
      if images > reported { progress?(images) }
      reported = images
    }.run()
    return try files.result(of: design, exit: exit, inputs: inputs.count)
  }

  private func checkArguments(
    inputs: [StreamBeats], expectedBeats: [Int], expectedTapBeats: [Int],
    controls: [String: Int], load: [UInt32]?, trace: URL?
  ) throws {
    var collector = DiagnosticCollector()
    if inputs.map(\.port) != design.inputs {
      collector.error(
        at: design.topModule,
        "the inputs are \(names(inputs.map(\.port))); \(names(design.inputs)) were expected",
        hint: "give the beats of every input, in port order")
    }
    if expectedBeats.count != design.outputs.count {
      collector.error(
        at: design.topModule,
        "beats are expected of \(expectedBeats.count) outputs; the design has "
          + names(design.outputs),
        hint: "give one number for each output, in port order")
    }
    if !expectedTapBeats.isEmpty, expectedTapBeats.count != design.taps.count {
      collector.error(
        at: design.topModule,
        "beats are expected of \(expectedTapBeats.count) taps; the design has "
          + names(design.taps),
        hint: "give one number for each tap, in order, or none")
    }
    for name in controls.keys.sorted() where !design.controls.contains(name) {
      collector.error(
        at: design.topModule, "a value is given for '\(name)', which is no control of the design",
        hint: "name it in the design's `controls`")
    }
    if load != nil && !design.hasLoadBus {
      collector.error(
        at: design.topModule, "words are given for its memories, and it has no load bus",
        hint: "name it in the design: `hasLoadBus: true`")
    }
    if trace != nil && !design.trace {
      collector.error(
        at: design.topModule, "the model was built without tracing",
        hint: "build the design with `trace: true`")
    }
    try collector.throwIfErrors()
  }

  private func names(_ ports: [StreamPort]) -> String {
    ports.isEmpty
      ? "none" : ports.map { "\($0.name)[\($0.lanes)×\($0.bitsPerLane)]" }.joined(separator: ", ")
  }
}

/// The files between one run of the testbench and its caller; Sim/README.md describes them.
private struct RunFiles {
  let folder: URL

  init(_ folder: URL) {
    self.folder = folder
  }

  func write(_ inputs: [StreamBeats]) throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for (index, beats) in inputs.enumerated() {
      try Data(beats.bytes).write(to: url("source\(index).data"))
      // A Bool is one byte, 0 or 1.
      try beats.last.withUnsafeBytes { Data($0) }.write(to: url("source\(index).last"))
    }
  }

  func result(
    of design: SimulatedDesign, exit: ChildProcess.Exit, inputs: Int
  ) throws -> SimulationResult {
    let log = String(decoding: try tail(of: "log.txt", bytes: 1 << 16), as: UTF8.self)
    guard exit == .exited(0), let summary = try? bytes(of: "result.txt") else {
      let reason =
        switch exit {
        case .exited(let code): "exit code \(code)"
        case .killed(let signal): "signal \(signal)"
        }
      let end = log.split(separator: "\n").suffix(3).joined(separator: "\n")
      return SimulationResult(
        status: .crashed(end.isEmpty ? reason : "\(reason): \(end)"), inputCycles: [], outputs: [],
        taps: [], cycles: 0, log: log)
    }
    let (status, cycles) = Self.parse(String(decoding: summary, as: UTF8.self))
    return SimulationResult(
      status: status,
      inputCycles: try (0..<inputs).map { try self.cycles(of: "source\($0)") },
      outputs: try design.outputs.enumerated().map { try record("sink\($0.offset)", $0.element) },
      taps: try design.taps.enumerated().map { try record("tap\($0.offset)", $0.element) },
      cycles: cycles, log: log)
  }

  private static func parse(_ text: String) -> (SimulationStatus, cycles: Int) {
    let parts = text.split(separator: "\n", maxSplits: 4, omittingEmptySubsequences: false)
    func field(_ index: Int) -> Substring {
      parts.count > index ? parts[index].drop { $0 != " " }.dropFirst() : ""
    }
    let cycles = Int(field(1)) ?? 0
    let status: SimulationStatus =
      switch field(0) {
      case "finished": .finished
      case "extra_beat": .extraBeat(output: String(field(2)), cycle: cycles)
      case "deadlock": .deadlock(lastTransfer: Int(field(2)))
      case "timed_out": .timedOut(cycles: cycles)
      case "assertion_failed":
        .assertionFailed(parts.count > 4 ? String(parts[4]) : "", cycle: cycles)
      default: .crashed("unknown status '\(field(0))'")
      }
    return (status, cycles)
  }

  private func record(_ name: String, _ port: StreamPort) throws -> StreamRecord {
    StreamRecord(
      beats: StreamBeats(
        port, bytes: try bytes(of: name + ".data"),
        last: try bytes(of: name + ".last").map { $0 != 0 }),
      cycles: try cycles(of: name))
  }

  private func cycles(of name: String) throws -> [Int] {
    let bytes = try bytes(of: name + ".cycles")
    let count = bytes.count / 8
    return [Int](unsafeUninitializedCapacity: count) { buffer, initialized in
      bytes.withUnsafeBytes { UnsafeMutableRawBufferPointer(buffer).copyMemory(from: $0) }
      initialized = count
    }
  }

  private func bytes(of name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: url(name)))
  }

  private func tail(of name: String, bytes count: UInt64) throws -> Data {
    let file = try FileHandle(forReadingFrom: url(name))
    defer { try? file.close() }
    let end = try file.seekToEnd()
    try file.seek(toOffset: end > count ? end - count : 0)
    return try file.readToEnd() ?? Data()
  }

  private func url(_ name: String) -> URL {
    folder.appendingPathComponent(name)
  }
}
