// SPDX-License-Identifier: Apache-2.0

import Cores
import Diagnostics
import Folding
import IntegerNetwork

/// A folded network as stream stages, joined by matching streams.
public struct Pipeline: Sendable {
  /// What it implements.
  public let folding: FoldedNetwork
  /// In stream order: a stage reads only stages before it.
  public private(set) var stages: [Stage]
  /// The stream that enters.
  public let input: StreamPort

  /// The stream that leaves.
  public var output: StreamPort {
    stages.last.map { StreamPort($0.name, like: $0.output) } ?? input
  }

  /// Beats of one image on the input stream.
  public var inputBeats: Int {
    folding.graph.nodes[0].shape.count / input.lanes
  }

  /// Beats of one image on the output stream.
  public var outputBeats: Int {
    folding.graph.nodes[folding.graph.output].shape.count / output.lanes
  }

  /// What the values are that leave.
  public var outputKind: OutputKind {
    switch folding.graph.nodes[folding.graph.output].operation {
    case .score: .scores
    case .argMax: .index
    case .input, .lookup, .popcount, .maxPool, .sumPool, .encode, .rescale, .add: .codes
    }
  }

  /// An estimate of what all stages take of an XC7 device.
  public var resources: Resources {
    stages.map(\.core.resources).sum()
  }

  /// An estimate of the longest way between registers, of all stages.
  public var longestPath: LogicPath {
    stages.map(\.core.longestPath).longest() ?? LogicPath(levels: 0, nanoseconds: 0)
  }

  /// Nanoseconds of cells between registers that the cores are cut to, where they can be.
  public var logicDelay: Double { folding.logicDelay ?? LogicPath.usualLimit }

  /// A warning where a stage has a longer path than the cores are cut to: the longest of them.
  public var pathWarning: Diagnostic? {
    let slow = stages.filter { $0.core.longestPath.nanoseconds > logicDelay }
    guard
      let worst = slow.max(by: {
        $0.core.longestPath.nanoseconds < $1.core.longestPath.nanoseconds
      })
    else { return nil }
    let path = worst.core.longestPath
    let others = slow.count - 1
    return Diagnostic(
      .warning, at: "fold \(folding.graph.name).\(worst.layer)",
      "stage '\(worst.name)' (\(worst.core.moduleName)) has an estimated \(path.text) between registers, "
        + "the limit is \(logicDelay) ns"
        + (others == 0
          ? "" : "; \(others) other stage\(others == 1 ? " is" : "s are") above it, too"),
      hint: pathHint(for: worst) + "`--logic-delay \(path.nanosecondsText)`")
  }

  private func pathHint(for stage: Stage) -> String {
    guard let matrix = stage.core as? MatrixUnit else { return "such a core is not cut: allow " }
    if matrix.isShared {
      return
        "its neurons share counts, which is not cut further: give the layer fewer units, or allow "
    }
    if folding.folds[stage.layer]?.popcountCycles != nil && !matrix.usesAdderTree {
      return "leave the layer's `popcount` out, or allow "
    }
    let memory = matrix.readsBlockRAM ? " or weights without block RAM" : ""
    return "it is not cut further: give the layer fewer lanes\(memory), or allow "
  }

  /// Lays out the stages of `folding` and checks every joint.
  ///
  /// - Throws: ``Diagnostic`` for a graph that has no pipeline yet.
  public init(_ folding: FoldedNetwork) throws {
    try self.init(folding, isSketch: false)
  }

  /// - Parameter isSketch: Whether weights and thresholds are left out: enough for resources and timing.
  init(_ folding: FoldedNetwork, isSketch: Bool) throws {
    var builder = PipelineBuilder(folding, isSketch: isSketch)
    try builder.run()
    self.folding = folding
    stages = builder.stages
    input = builder.input
    try checkJoints()
    sizeQueues()
  }

  /// The stream of a source, under the name that its nets have: the stage's, with the port's where the
  /// stage has several outputs.
  public func stream(_ source: Stage.Source) -> StreamPort {
    switch source {
    case .outside:
      return input
    case .stage(let index, let output):
      let stage = stages[index]
      return StreamPort(
        stage.core.outputStreams(of: stage.name)[output], like: stage.core.outputs[output])
    }
  }

  /// Gives each queue before a join the depth that it needs.
  ///
  /// Where a stream forks, one branch has more beats inside than the other before its next result; the
  /// queues of the other hold what has come meanwhile. So that nothing comes to a halt under any stalls
  /// they have ``roomBeforeJoins()``. So that nothing waits for them where nothing stalls they have room for
  /// one beat more than the most that they hold then: found join by join, by running all before it with
  /// queues that are never full and a reader that is always ready, until the rhythm is settled.
  private mutating func sizeQueues() {
    let joins = stages.indices.filter { stages[$0].sources.count > 1 }
    guard !joins.isEmpty else { return }
    func queues(before join: Int) -> [Int] {
      queueStages.filter { stages[join].sources.contains(.stage($0)) }
    }
    for queue in joins.flatMap(queues) { setDepth(of: queue, Int.max) }
    let room = roomBeforeJoins()
    for join in joins {
      let queues = queues(before: join)
      let (_, fills, isPeriodic) = settledRhythm(through: join)
      for queue in queues {
        let mark = fills.first { $0.stage == stages[queue].name }?.highWater ?? 0
        setDepth(of: queue, max(2, room[queue] ?? 0, isPeriodic ? mark + 1 : 2 * mark))
      }
    }
  }

  private mutating func setDepth(of queue: Int, _ depth: Int) {
    guard var core = stages[queue].core as? FIFO else { return }
    core.depth = depth
    stages[queue].core = core
  }

  /// Both ends of each stream must agree on lanes and bits.
  private func checkJoints() throws {
    var diagnostics = DiagnosticCollector()
    for stage in stages {
      for (to, source) in zip(stage.core.inputs, stage.sources) {
        let from = stream(source)
        guard to.width != from.width else { continue }
        diagnostics.error(
          at: "\(folding.graph.name).\(stage.name)",
          "the stream that feeds it has \(from.lanes) lanes of \(from.bitsPerLane) bits, "
            + "it takes \(to.lanes) lanes of \(to.bitsPerLane) bits")
      }
    }
    try diagnostics.throwIfErrors()
  }
}

/// What the values are that leave a pipeline.
public enum OutputKind: String, Codable, Sendable {
  /// Signed numbers, one a class.
  case scores
  /// The index of the largest score, unsigned.
  case index
  /// Unsigned codes or sums.
  case codes
}

extension Stage {
  /// The core's only output.
  public var output: StreamPort { core.outputs[0] }
}

extension StreamPort {
  /// A port of the same lanes and flags under another name.
  public init(_ name: String, like other: StreamPort) {
    self.init(
      name, lanes: other.lanes, bitsPerLane: other.bitsPerLane, flags: other.flags)
  }
}
