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
  public let stages: [Stage]
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
    case .input, .lookup, .popcount, .maxPool, .sumPool, .encode: .codes
    }
  }

  /// An estimate of what all stages take of an XC7 device.
  public var resources: Resources {
    stages.map(\.core.resources).sum()
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
  }

  /// The port that feeds stage `index`.
  public func port(feeding index: Int) -> StreamPort {
    switch stages[index].source {
    case .outside: input
    case .stage(let source): stages[source].output
    }
  }

  /// The stage that feeds stage `index`; nil: the stream that enters.
  public func source(of index: Int) -> Int? {
    if case .stage(let source) = stages[index].source { source } else { nil }
  }

  /// Both ends of each stream must agree on lanes and bits.
  private func checkJoints() throws {
    var diagnostics = DiagnosticCollector()
    for (index, stage) in stages.enumerated() {
      let from = port(feeding: index)
      for to in stage.core.inputs where to.width != from.width {
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
