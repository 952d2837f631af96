// SPDX-License-Identifier: Apache-2.0

import Cores

/// When the images of a pipeline come out, with a source that is always ready to send and a sink
/// that is always ready to take. Exact: the simulated hardware has the same cycles.
public struct PipelineTiming: Equatable, Codable, Sendable {
  /// Cycles from the transfer of an image's first beat in to that of its last beat out, the
  /// pipeline being empty.
  public var latency: Int
  /// Cycles between the ends of two images, once the pipeline is full.
  public var interval: Int
}

/// How full a queue gets.
public struct QueueFill: Equatable, Codable, Sendable {
  /// The stage that is the queue.
  public var stage: String
  /// Beats that it has room for.
  public var depth: Int
  /// The most beats that it holds at once.
  public var highWater: Int

  /// - Parameter queue: a stage whose core is a ``FIFO``.
  public init(of queue: Stage, highWater: Int) {
    stage = queue.name
    depth = (queue.core as? FIFO)?.depth ?? 0
    self.highWater = highWater
  }
}

extension Pipeline {
  /// Latency and interval from the handshakes of the cores, in mode `mode`; nil: the last one.
  public func timing(mode: Int? = nil) -> PipelineTiming {
    rhythm(mode: mode).timing
  }

  /// Latency and interval, and how full the queues get until the rhythm is settled; from then on
  /// everything repeats. Exact without stalls.
  public func rhythm(mode: Int? = nil) -> (timing: PipelineTiming, queues: [QueueFill]) {
    // The rhythm is settled when the machines are as they were an image or more before. Where
    // buffers fill up slowly, the interval is that of the slowest stage long before that: each
    // window buffer, or line buffer with its queue, holds parts of two images at most.
    let most =
      6
      + 2
      * stages.count {
        switch $0.core.handshake {
        case .window, .lines: true
        case .fifo, .pipeline, .widthUp, .widthDown, .pad: false
        }
      }
    var run = PipelineRun(self, mode: mode)
    var completions: [Int] = []
    var states: [[HandshakeMachine]] = []
    while completions.count < most {
      completions.append(run.nextCompletion())
      if let before = states.lastIndex(of: run.machines) {
        let timing = PipelineTiming(
          latency: completions[0],
          interval: (completions[states.count] - completions[before]) / (states.count - before))
        return (timing, run.queues)
      }
      states.append(run.machines)
    }
    let timing = PipelineTiming(
      latency: completions[0], interval: completions[most - 1] - completions[most - 2])
    return (timing, run.queues)
  }

  /// Cycles from the first beat of an image in to its last beat out, the pipeline being empty.
  func latency() -> Int {
    completions(images: 1)[0]
  }

  /// The stages that are queues, in stream order. Registers are not counted among them.
  public var queueStages: [Int] {
    stages.indices.filter { stages[$0].core is FIFO }
  }

  /// The cycle in which the last beat of each of the first `images` images leaves, counted from
  /// the transfer of the very first beat in.
  public func completions(images: Int, mode: Int? = nil) -> [Int] {
    var run = PipelineRun(self, images: images, mode: mode)
    return (0..<images).map { _ in run.nextCompletion() }
  }

  /// How full the queues get while `images` images pass, without stalls.
  public func queues(images: Int, mode: Int? = nil) -> [QueueFill] {
    var run = PipelineRun(self, images: images, mode: mode)
    for _ in 0..<images { _ = run.nextCompletion() }
    return run.queues
  }
}

/// Steps the handshake machine of each core, one cycle at a time.
private struct PipelineRun {
  private(set) var machines: [HandshakeMachine]
  /// How full the queues were at most.
  private(set) var queues: [QueueFill]
  /// Their stages.
  private let queueStages: [Int]
  /// Stage → the stage that feeds it; nil: from outside.
  private let sources: [Int?]
  private let outputBeats: Int
  private var beatsToSend: Int
  private var beatsReceived = 0
  private var cycle = 0
  /// The cycle of the very first transfer in; a border above the first image leaves before it.
  private var start: Int?
  /// What each stage's output sees in this cycle: the ready of the stage that reads it.
  private var ready: [Bool]
  private var valid: [Bool]

  /// - Parameter images: how many are sent; nil: no end of them.
  init(_ pipeline: Pipeline, images: Int? = nil, mode: Int? = nil) {
    let mode = mode ?? pipeline.folding.graph.modes - 1
    machines = pipeline.stages.map { $0.core.handshake(mode: mode).machine() }
    sources = pipeline.stages.indices.map(pipeline.source)
    queueStages = pipeline.queueStages
    queues = queueStages.map { QueueFill(of: pipeline.stages[$0], highWater: 0) }
    outputBeats = pipeline.outputBeats
    beatsToSend = images.map { $0 * pipeline.inputBeats } ?? .max
    ready = Array(repeating: true, count: machines.count)
    valid = Array(repeating: false, count: machines.count)
  }

  /// The cycle in which the last beat of the next image leaves.
  mutating func nextCompletion() -> Int {
    while true {
      cycle += 1
      if step() {
        beatsReceived += 1
        if beatsReceived % outputBeats == 0 { return cycle - 1 - (start ?? 0) }
      }
    }
  }

  /// One cycle; true when a beat leaves.
  private mutating func step() -> Bool {
    var sourceReady = true
    for index in machines.indices.reversed() {
      let inputReady = machines[index].ready(outputReady: ready[index])
      valid[index] = machines[index].valid
      if let source = sources[index] {
        ready[source] = inputReady
      } else {
        sourceReady = inputReady
      }
    }
    let sends = beatsToSend > 0 && sourceReady
    for index in machines.indices {
      let input = sources[index].map { valid[$0] && ready[$0] } ?? sends
      machines[index].clock(input: input, output: valid[index] && ready[index])
    }
    for (queue, stage) in queueStages.enumerated() {
      queues[queue].highWater = max(queues[queue].highWater, machines[stage].beatsQueued)
    }
    if sends {
      beatsToSend -= 1
      start = start ?? cycle - 1
    }
    return valid.last ?? sends
  }
}
