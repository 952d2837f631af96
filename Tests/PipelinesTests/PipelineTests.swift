// SPDX-License-Identifier: Apache-2.0

import Cores
import GoldenModel
import Modeling
import TestSupport
import Testing

@testable import Folding
@testable import IntegerNetwork
@testable import Pipelines

@Suite(.tags(.unit)) struct PipelineTests {
  private func pipeline(
    _ fc1: LayerFold, _ fc2: LayerFold, bits: Int = 1, levels: Int = 2
  ) throws -> Pipeline {
    try Pipeline(
      Fixture.graph(bits: bits, levels: levels).folded(overrides: ["fc1": fc1, "fc2": fc2]))
  }

  private func layout(_ pipeline: Pipeline) -> [String] {
    pipeline.stages.map { stage in
      "\(stage.name): \(stage.core.moduleName) → \(stage.output.lanes) × \(stage.output.bitsPerLane)"
    }
  }

  // MARK: Layout

  @Test func levelsInSeriesPassThroughABuffer() throws {
    let pipeline = try pipeline(
      LayerFold(units: 2, lanes: 4), LayerFold(units: 4, lanes: 6, schedule: .series))
    #expect(
      layout(pipeline) == [
        "fc1_buffer: rb_window → 4 × 1",
        "fc1_matrix: rb_matrix_unit → 2 × 4",
        "sign1: rb_residual_encoder → 2 × 2",
        "fc2_width: rb_width_up → 6 × 2",
        "fc2_buffer: rb_window → 6 × 1",
        "fc2_matrix: rb_matrix_unit → 4 × \(sumWidth(of: pipeline, "fc2"))",
        "scores: rb_score → 4 × \(scoreWidth(of: pipeline))",
        "class_core: rb_arg_max → 1 × 2",
        "class: rb_stream_register → 1 × 2",
      ])
  }

  @Test func levelsInParallelNeedNone() throws {
    let pipeline = try pipeline(
      LayerFold(units: 6, lanes: 12), LayerFold(units: 4, lanes: 3, schedule: .parallel))
    #expect(
      layout(pipeline) == [
        "fc1_register: rb_stream_register → 12 × 1",
        "fc1_matrix: rb_matrix_unit → 6 × 4",
        "sign1: rb_residual_encoder → 6 × 2",
        "fc2_width: rb_width_down → 3 × 2",
        "fc2_register: rb_stream_register → 3 × 2",
        "fc2_matrix: rb_matrix_unit → 4 × \(sumWidth(of: pipeline, "fc2"))",
        "scores: rb_score → 4 × \(scoreWidth(of: pipeline))",
        "class_core: rb_arg_max → 1 × 2",
        "class: rb_stream_register → 1 × 2",
      ])
  }

  /// The same sums in either schedule: M times the cycles, or M times the bits a beat.
  @Test(arguments: 2...4) func schedulesTradeCyclesForWidth(levels: Int) throws {
    let fold = LayerFold(units: 1, lanes: 1)
    let series = try pipeline(
      fold, LayerFold(units: 2, lanes: 3, schedule: .series), levels: levels)
    let parallel = try pipeline(
      fold, LayerFold(units: 2, lanes: 3, schedule: .parallel), levels: levels)
    let buffers = try [series, parallel].map { try #require($0.stage("fc2_buffer")) }
    #expect(buffers[0].output.bitsPerLane == 1)
    #expect(buffers[1].output.bitsPerLane == levels)
    #expect(buffers[0].cycles == levels * buffers[1].cycles)
    let matrices = try [series, parallel].map { try #require($0.stage("fc2_matrix")) }
    #expect(matrices[0].output == matrices[1].output)
    #expect(matrices[0].carries == matrices[1].carries)
    #expect(matrices[0].core.memories == matrices[1].core.memories)
    #expect(layout(series).count == layout(parallel).count)
  }

  @Test func everyStageReadsTheOneBefore() throws {
    let pipeline = try pipeline(LayerFold(units: 2, lanes: 4), LayerFold(units: 1, lanes: 2))
    for (index, stage) in pipeline.stages.enumerated() {
      #expect(stage.sources == [index == 0 ? .outside : .stage(index - 1)])
    }
    #expect(pipeline.output.name == "class")
    #expect(pipeline.input.name == "input")
    #expect(pipeline.outputBeats == 1)
  }

  /// A layer that is called like a stage of another does not take its name.
  @Test func stagesHaveOneNameEach() throws {
    let network = Network("n", input: .vector(4)) {
      Dense(4, name: "fc")
      Sign(name: "fc2_matrix")
      Dense(4, name: "fc2")
      Sign(name: "fc_buffer_core")
      Dense(2, name: "fc_buffer")
    }
    let ones = { (rows: Int) in
      Tensor(shape: [rows, 4], values: Array(repeating: 1, count: rows * 4))
    }
    let graph = try network.lowered(
      with: Parameters([
        "fc.weight": ones(4), "fc2.weight": ones(4), "fc_buffer.weight": ones(2),
      ]))
    let pipeline = try Pipeline(graph.folded(to: .cycles(1000)))
    let names = pipeline.stages.map(\.name)
    #expect(Set(names).count == names.count, "\(names)")
    #expect(names.contains("fc2_matrix_2"))
  }

  // MARK: Joints

  @Test(arguments: 0..<40 as Range<UInt64>) func everyJointFits(seed: UInt64) throws {
    var random = SeededRandom(seed: 2000 + seed)
    let pipeline = try Pipeline(Fixture.randomFolding(using: &random))
    let graph = pipeline.folding.graph
    for (index, stage) in pipeline.stages.enumerated() {
      let port = pipeline.stream(pipeline.stages[index].sources[0])
      let input = try #require(stage.core.inputs.first)
      #expect(input.width == port.width, "seed \(seed), \(stage.name)")
      #expect(stage.core.inputs.count == 1)
      #expect(stage.core.outputs.count == 1)
      for memory in stage.core.memories {
        #expect(memory.words.allSatisfy { $0.count == (memory.width + 63) / 64 })
      }
      guard let carries = stage.carries else { continue }
      let count = graph.nodes[carries.node].shape.count
      #expect(count % stage.output.lanes == 0, "seed \(seed), \(stage.name)")
    }
    #expect(pipeline.inputBeats * pipeline.input.lanes == graph.nodes[0].shape.count)
    #expect(
      pipeline.outputBeats * pipeline.output.lanes == graph.nodes[graph.output].shape.count)
    // Every node but the input has one joint, in the order of the graph.
    #expect(pipeline.stages.compactMap { $0.carries?.node } == Array(1..<graph.nodes.count))
  }

  /// No lane is too narrow: what the golden model computes can be read back from the lanes.
  @Test(arguments: 0..<40 as Range<UInt64>) func lanesHoldEveryValue(seed: UInt64) throws {
    var random = SeededRandom(seed: 2100 + seed)
    let trained = RandomNetwork.make(using: &random)
    let graph = try trained.network.lowered(with: trained.parameters)
    let pipeline = try Pipeline(graph.folded(to: .cycles(64)))
    let golden = GoldenExecutor(graph)
    for _ in 0..<5 {
      let trace = golden.trace(RandomNetwork.image(for: trained.network, using: &random))
      for stage in pipeline.stages {
        guard let carries = stage.carries else { continue }
        let bits = stage.output.bitsPerLane
        let values = trace[carries.node]
        let readBack = values.indices.map { channel in
          read(
            carries.lane(values[channel], channel: channel, bits: bits, mode: 0), carries,
            channel, bits,
            graph.nodes[carries.node])
        }
        #expect(readBack == values, "seed \(seed), \(stage.name)")
      }
    }
  }

  /// What a lane means, from the words of ``CarriedValues`` alone.
  private func read(
    _ lane: UInt64, _ carries: CarriedValues, _ channel: Int, _ bits: Int, _ node: IntegerGraph.Node
  ) -> Int {
    switch carries.encodings[0] {
    case .code(let unusedLevels):
      return Int(lane) >> unusedLevels
    case .sum(let sums):
      return (sums.isDoubled ? 1 : 2) * Int(lane) - sums.offsets[channel]
    case .direct:
      if case .score = node.operation, lane >> UInt64(bits - 1) == 1 {
        return Int(lane) - 1 << bits
      }
      return Int(lane)
    }
  }

  private func sumWidth(of pipeline: Pipeline, _ layer: String) -> Int {
    // Sums 0 … offset, and a threshold that none reaches.
    guard case .sum(let sums)? = pipeline.stage("\(layer)_matrix")?.carries?.encodings[0]
    else { return 0 }
    return String((sums.offsets.max() ?? 0) + 1, radix: 2).count
  }

  private func scoreWidth(of pipeline: Pipeline) -> Int {
    pipeline.stage("scores")?.output.bitsPerLane ?? 0
  }

  // MARK: What has no pipeline

  private func graph(_ nodes: [IntegerGraph.Node]) -> IntegerGraph {
    IntegerGraph(name: "n", nodes: nodes, lowering: LoweringReport())
  }

  private let input = IntegerGraph.Node(
    name: "in", operation: .input(.unsigned(bits: 1)), inputs: [], shape: .vector(4))

  private func dense(_ name: String, from source: Int) -> IntegerGraph.Node {
    let popcount = MaskedPopcount(weights: BitMatrix(rows: 4, columns: 4), mask: nil)
    return IntegerGraph.Node(
      name: name, operation: .popcount(popcount), inputs: [source], shape: .vector(4))
  }

  @Test func whatNothingReadsIsAnError() {
    let graph = graph([input, dense("a", from: 0), dense("b", from: 0)])
    #expect(
      printedError { try Pipeline(graph.folded()) } == """
        error: n.a: nothing reads its result
          hint: leave the layer out, or make it the last
        """)
  }

  @Test func theInputIsReadByALinearLayer() {
    #expect(
      printedError { try Pipeline(graph([input]).folded()) } == """
        error: n: the input is not read by a linear layer or a pool
          hint: put `Dense` or `Conv` after the input
        """)
  }

  @Test func aLayerHasAFold() {
    let sign = IntegerGraph.Node(
      name: "s",
      operation: .encode(
        ThresholdTree(code: .unsigned(bits: 1), thresholds: Array(repeating: [0], count: 4))),
      inputs: [1], shape: .vector(4))
    let graph = graph([input, dense("a", from: 0), sign, dense("b", from: 2)])
    let folding = FoldedNetwork(graph: graph, folds: ["a": LayerFold(units: 1, lanes: 1)])
    #expect(printedError { try Pipeline(folding) } == "error: n.b: the layer has no fold")
  }
}
