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
    let (timing, queues, _) = settledRhythm(mode: mode)
    return (timing, queues)
  }

  /// The same, and whether it was seen to repeat.
  ///
  /// - Parameter last: the stage whose output is the last that is looked at, with a reader that is
  ///   always ready; nil: that of the pipeline.
  func settledRhythm(
    mode: Int? = nil, through last: Int? = nil
  ) -> (timing: PipelineTiming, queues: [QueueFill], isPeriodic: Bool) {
    // The rhythm is settled when the machines are as they were an image or more before. Where
    // buffers fill up slowly, the interval is that of the slowest stage long before that: each
    // window buffer, or line buffer with its queue, holds parts of two images at most.
    let most =
      6
      + 2
      * stages.count {
        switch $0.core.handshake {
        case .window, .lines: true
        case .fifo, .pipeline, .widthUp, .widthDown, .pad, .fork, .join: false
        }
      }
    var run = PipelineRun(self, mode: mode, through: last)
    var completions: [Int] = []
    var states: [[HandshakeMachine]] = []
    while completions.count < most {
      completions.append(run.nextCompletion())
      if let before = states.lastIndex(of: run.machines) {
        let timing = PipelineTiming(
          latency: completions[0],
          interval: (completions[states.count] - completions[before]) / (states.count - before))
        return (timing, run.queues, true)
      }
      states.append(run.machines)
    }
    let timing = PipelineTiming(
      latency: completions[0], interval: completions[most - 1] - completions[most - 2])
    return (timing, run.queues, false)
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

  /// What each queue before a join must have room for, whatever stalls: stage → beats.
  ///
  /// Counted with queues that are never full and a source that waits with each beat until all stands
  /// still. Where a queue is full and the join waits for its other input, as much was taken as had come
  /// there when all stood still before; and at most what is there when all stands still again has come to
  /// the queue. An image after another brings the same. Why nothing waits for ever in queues as deep is argued
  /// in Docs/explanation/flow.md.
  func roomBeforeJoins() -> [Int: Int] {
    guard let last = stages.lastIndex(where: { $0.sources.count > 1 }) else { return [:] }
    var run = PipelineRun(self, through: last)
    let arrivals = run.arrivals(beats: inputBeats)
    var room: [Int: Int] = [:]
    for join in stages where join.sources.count > 1 {
      let queues = queueStages.filter { join.sources.contains(.stage($0)) }
      for (queue, other) in zip(queues, queues.reversed()) {
        room[queue] = zip(arrivals.dropFirst(), arrivals).reduce(0) { room, arrivals in
          max(room, (arrivals.0[queue] ?? 0) - (arrivals.1[other] ?? 0))
        }
      }
    }
    return room
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
  /// Stage → what feeds each of its inputs.
  private let feeds: [(first: Feed, second: Feed?, isAlone: Bool)]
  private let outputBeats: Int
  /// Cycles after which what is in a stage has come out, or stays.
  private let patience: Int
  private var beatsToSend: Int
  private var beatsReceived = 0
  private var cycle = 0
  /// The cycle of the very first transfer in; a border above the first image leaves before it.
  private var start: Int?
  /// What each stage's outputs see in this cycle: the ready of the stages that read them, output k in
  /// bit k.
  private var ready: [UInt64]
  private var valid: [UInt64]

  /// An output that feeds an input.
  private struct Feed {
    /// −1: the stream that enters.
    var stage: Int
    /// Its bit among those of the stage.
    var bit: UInt64

    init(_ source: Stage.Source) {
      switch source {
      case .outside: (stage, bit) = (-1, 1)
      case .stage(let index, let output): (stage, bit) = (index, 1 << UInt64(output))
      }
    }
  }

  /// - Parameters:
  ///   - images: how many are sent; nil: no end of them.
  ///   - last: the last stage that runs; nil: that of the pipeline.
  init(_ pipeline: Pipeline, images: Int? = nil, mode: Int? = nil, through last: Int? = nil) {
    let mode = mode ?? pipeline.folding.graph.modes - 1
    let stages = pipeline.stages[...(last ?? pipeline.stages.count - 1)]
    machines = stages.map { $0.core.handshake(mode: mode).machine() }
    feeds = stages.map { stage in
      let feeds = stage.sources.map { Feed($0) }
      let first = feeds[0]
      let isOnlyReader =
        first.stage < 0 || pipeline.stages[first.stage].core.outputs.count == 1
      return (
        first, feeds.count > 1 ? feeds[1] : nil,
        feeds.count == 1 && stage.core.outputs.count == 1 && isOnlyReader
      )
    }
    queueStages = pipeline.queueStages.filter { $0 < stages.count }
    queues = queueStages.map { QueueFill(of: pipeline.stages[$0], highWater: 0) }
    outputBeats =
      stages.last?.carries.map {
        pipeline.folding.graph.nodes[$0.node].shape.count / (stages.last?.output.lanes ?? 1)
      } ?? pipeline.outputBeats
    patience =
      2
      + (stages.map {
        if case .pipeline(let depth, _) = $0.core.handshake(mode: mode) { depth } else { 2 }
      }.max() ?? 0)
    beatsToSend = images.map { $0 * pipeline.inputBeats } ?? .max
    // Outputs that no stage here reads are always taken.
    ready = Array(repeating: .max, count: machines.count)
    valid = Array(repeating: 0, count: machines.count)
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

  /// Stage of a queue → the beats that have come to it, when all stands still: before, and after each of
  /// `beats` beats that the source sends.
  mutating func arrivals(beats: Int) -> [[Int: Int]] {
    var taken = Array(repeating: 0, count: queueStages.count)
    return (0...beats).map { beat in
      beatsToSend = min(beat, 1)
      settle(&taken)
      let arrived = zip(queueStages, taken).map { ($0, machines[$0].beatsQueued + $1) }
      return Dictionary(uniqueKeysWithValues: arrived)
    }
  }

  /// Runs until nothing moves, neither between stages nor inside of one; counts what is taken from queues.
  private mutating func settle(_ taken: inout [Int]) {
    var still = 0
    while still < patience {
      let unsent = beatsToSend
      _ = step()
      var moves = beatsToSend != unsent
      for stage in machines.indices where valid[stage] & ready[stage] != 0 { moves = true }
      still = moves ? 0 : still + 1
      for (queue, stage) in queueStages.enumerated() where valid[stage] & ready[stage] & 1 == 1 {
        taken[queue] += 1
      }
    }
  }

  /// One cycle; true when a beat leaves.
  private mutating func step() -> Bool {
    let offers = beatsToSend > 0
    var sourceReady = false
    for index in machines.indices.reversed() {
      let feed = feeds[index]
      if feed.isAlone {
        // Nearly all: one stream in, one out, of a core of that kind.
        let isReady = machines[index].ready(outputReady: ready[index] & 1 == 1)
        valid[index] = machines[index].valid ? 1 : 0
        if feed.first.stage < 0 {
          sourceReady = isReady
        } else {
          ready[feed.first.stage] = isReady ? 1 : 0
        }
        continue
      }
      valid[index] = machines[index].validOutputs
      var offered: UInt64 = 1
      if let second = feed.second {
        offered =
          (isOffered(feed.first, offers) ? 1 : 0) | (isOffered(second, offers) ? 2 : 0)
      }
      let inputs = machines[index].readyInputs(valid: offered, ready: ready[index])
      setReady(feed.first, inputs & 1 == 1, &sourceReady)
      if let second = feed.second { setReady(second, inputs & 2 == 2, &sourceReady) }
    }
    let sends = offers && sourceReady
    for index in machines.indices {
      let feed = feeds[index]
      if feed.isAlone {
        let input =
          feed.first.stage < 0 ? sends : valid[feed.first.stage] & ready[feed.first.stage] == 1
        machines[index].clock(input: input, output: valid[index] & ready[index] == 1)
        continue
      }
      var inputs: UInt64 = moves(feed.first, sends) ? 1 : 0
      if let second = feed.second, moves(second, sends) { inputs |= 2 }
      machines[index].clock(inputs: inputs, outputs: valid[index] & ready[index])
    }
    for (queue, stage) in queueStages.enumerated() {
      queues[queue].highWater = max(queues[queue].highWater, machines[stage].beatsQueued)
    }
    if sends {
      beatsToSend -= 1
      start = start ?? cycle - 1
    }
    return valid.last.map { $0 & 1 == 1 } ?? sends
  }

  /// `valid` of what feeds an input; of a stage before the one that asks, whose turn is yet to come.
  private func isOffered(_ feed: Feed, _ outside: Bool) -> Bool {
    feed.stage < 0 ? outside : machines[feed.stage].validOutputs & feed.bit != 0
  }

  private mutating func setReady(_ feed: Feed, _ isReady: Bool, _ sourceReady: inout Bool) {
    if feed.stage < 0 {
      sourceReady = isReady
    } else if isReady {
      ready[feed.stage] |= feed.bit
    } else {
      ready[feed.stage] &= ~feed.bit
    }
  }

  /// Whether a beat goes from an output into the input that it feeds.
  private func moves(_ feed: Feed, _ outside: Bool) -> Bool {
    feed.stage < 0 ? outside : valid[feed.stage] & ready[feed.stage] & feed.bit != 0
  }
}
