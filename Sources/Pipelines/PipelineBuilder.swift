// SPDX-License-Identifier: Apache-2.0

import Cores
import Diagnostics
import Folding
import IntegerNetwork

/// Lays out the stages of a folded network, node by node.
struct PipelineBuilder {
  let folding: FoldedNetwork
  var stages: [Stage] = []
  var input = StreamPort("input", lanes: 1, bitsPerLane: 1)
  /// Node of the integer network → the stage whose output carries its values.
  private var carriers: [Int: Stage.Source] = [:]

  private var graph: IntegerGraph { folding.graph }

  init(_ folding: FoldedNetwork) {
    self.folding = folding
  }

  mutating func run() throws {
    for index in graph.nodes.indices {
      let node = graph.nodes[index]
      let consumers = graph.consumers(of: index)
      guard consumers.count <= 1 else {
        throw Diagnostic(
          at: "\(graph.name).\(node.name)",
          "its result is read by \(consumers.count) layers; a pipeline forks not yet",
          hint: "give each reader its own copy of the layer")
      }
      switch node.operation {
      case .input(let code):
        try addInput(index, code: code, consumer: consumers.first)
      case .popcount(let popcount):
        try addMatrix(index, popcount)
      case .maxPool, .sumPool:
        throw Diagnostic(at: "\(graph.name).\(node.name)", "pooling has no pipeline yet")
      case .encode(let tree):
        addEncoder(index, tree)
      case .score(let score):
        addScore(index, score)
      case .argMax:
        addArgMax(index)
      }
    }
    addOutputRegister()
  }

  /// Nothing outside depends on how the last core passes `ready` on. The register takes the last
  /// layer's name, since it is what the outside sees.
  private mutating func addOutputRegister() {
    guard let last = stages.last else { return }
    stages[stages.count - 1].name = unusedName("\(last.name)_core")
    let beats = last.carries.map { graph.nodes[$0.node].shape.count / last.output.lanes }
    append(
      last.name, layer: last.layer,
      StreamRegister(lanes: last.output.lanes, bitsPerLane: last.output.bitsPerLane),
      cycles: beats ?? 1, carries: last.carries)
    stages[stages.count - 2].carries = nil
  }

  private mutating func addInput(_ index: Int, code: ResidualCode, consumer: Int?) throws {
    guard let consumer, folding.fold(of: consumer) != nil else {
      throw Diagnostic(
        at: graph.name, "the input is not read by a linear layer",
        hint: "put `Dense` after the input")
    }
    input = StreamPort(
      graph.nodes[index].name, lanes: folding.inputLanes, bitsPerLane: code.levels)
    carriers[index] = .outside
  }

  /// [width adapter] → [window buffer or register] → matrix unit.
  private mutating func addMatrix(_ index: Int, _ popcount: MaskedPopcount) throws {
    let name = graph.nodes[index].name
    guard let fold = folding.fold(of: index),
      let code = graph.code(of: graph.nodes[index].inputs[0])
    else { throw Diagnostic(at: "\(graph.name).\(name)", "the layer has no fold") }
    var source = carriers[graph.nodes[index].inputs[0]] ?? .outside
    let words = popcount.inputs / fold.lanes
    let groups = popcount.outputs / fold.units
    let levelsPerBeat = fold.schedule == .series ? 1 : code.levels
    let passes = groups * (code.levels / levelsPerBeat)

    source = adapt(source, to: fold.lanes, layer: name, words: words)
    if passes > 1 {
      source = append(
        "\(name)_buffer", layer: name,
        WindowBuffer(
          lanes: fold.lanes, levels: code.levels, levelsPerBeat: levelsPerBeat, words: words,
          repeats: groups, depth: 2 * words),
        from: source, cycles: words * passes)
    } else {
      source = append(
        "\(name)_register", layer: name,
        StreamRegister(lanes: fold.lanes, bitsPerLane: code.levels), from: source, cycles: words)
    }
    let offsets = popcount.limits(for: code)
    let matrix = MatrixUnit(
      lanes: fold.lanes, units: fold.units, levelsPerBeat: levelsPerBeat, words: words,
      groups: groups, gammas: code.weights, sumWidth: width(of: (offsets.max() ?? 0) + 1),
      weights: image("WEIGHTS_FILE", popcount.weights, fold, layer: name),
      mask: popcount.mask.map { image("MASK_FILE", $0, fold, layer: name) })
    carriers[index] = append(
      "\(name)_matrix", layer: name, matrix, from: source, cycles: words * passes,
      carries: CarriedValues(node: index, encoding: .popcount(offsets: offsets)))
  }

  private func image(
    _ parameter: String, _ bits: BitMatrix, _ fold: LayerFold, layer: String
  ) -> MemoryImage {
    MatrixUnit.memoryImage(
      parameter: parameter, layer: layer, lanes: fold.lanes, units: fold.units,
      words: bits.columns / fold.lanes, groups: bits.rows / fold.units, row: bits.row)
  }

  /// Joins `source` to a reader with so many lanes.
  private mutating func adapt(
    _ source: Stage.Source, to lanes: Int, layer: String, words: Int
  ) -> Stage.Source {
    let port =
      switch source {
      case .outside: input
      case .stage(let index): stages[index].output
      }
    if port.lanes < lanes {
      return append(
        "\(layer)_width", layer: layer,
        WidthUp(lanes: port.lanes, bitsPerLane: port.bitsPerLane, ratio: lanes / port.lanes),
        from: source, cycles: words * (lanes / port.lanes))
    } else if port.lanes > lanes {
      return append(
        "\(layer)_width", layer: layer,
        WidthDown(lanes: lanes, bitsPerLane: port.bitsPerLane, ratio: port.lanes / lanes),
        from: source, cycles: words)
    }
    return source
  }

  private mutating func addEncoder(_ index: Int, _ tree: ThresholdTree) {
    let (source, units, groups, offsets) = sums(for: index)
    // s ≥ T  ⟺  (s + offset) / 2 ≥ ⌈(T + offset) / 2⌉
    let thresholds = tree.thresholds.enumerated().map { channel, thresholds in
      thresholds.map { max(0, ceilingHalf($0 + offsets[channel])) }
    }
    let core = ResidualEncoder(
      units: units, levels: tree.code.levels, sumWidth: width(of: (offsets.max() ?? 0) + 1),
      groups: groups, thresholds: thresholds, layer: graph.nodes[index].name)
    carriers[index] = append(
      graph.nodes[index].name, layer: graph.nodes[index].name, core, from: source,
      cycles: groups, carries: CarriedValues(node: index, encoding: .direct))
  }

  private mutating func addScore(_ index: Int, _ score: AffineScore) {
    let (source, units, groups, offsets) = sums(for: index)
    // A·s + C = 2A·(s + offset)/2 + (C − A·offset)
    let multipliers = score.multipliers.map { 2 * $0 }
    let constants = score.offsets.indices.map {
      score.offsets[$0] - score.multipliers[$0] * offsets[$0]
    }
    let largest = score.offsets.indices.map { channel in
      let reach = abs(score.multipliers[channel]) * offsets[channel]
      return max(reach + abs(score.offsets[channel]), abs(constants[channel]))
    }.max()
    let core = Score(
      units: units, sumWidth: width(of: (offsets.max() ?? 0) + 1),
      multiplierWidth: 1 + width(of: multipliers.map { abs($0) }.max() ?? 0),
      scoreWidth: 1 + width(of: largest ?? 0), groups: groups, multipliers: multipliers,
      offsets: constants, layer: graph.nodes[index].name)
    carriers[index] = append(
      graph.nodes[index].name, layer: graph.nodes[index].name, core, from: source,
      cycles: groups, carries: CarriedValues(node: index, encoding: .direct))
  }

  private mutating func addArgMax(_ index: Int) {
    let source = carriers[graph.nodes[index].inputs[0]] ?? .outside
    guard case .stage(let before) = source else { return }
    let port = stages[before].output
    let count = graph.nodes[graph.nodes[index].inputs[0]].shape.count
    let core = ArgMax(
      units: port.lanes, scoreWidth: port.bitsPerLane, groups: count / port.lanes,
      indexWidth: width(of: count - 1))
    carriers[index] = append(
      graph.nodes[index].name, layer: graph.nodes[index].name, core, from: source,
      cycles: count / port.lanes, carries: CarriedValues(node: index, encoding: .direct))
  }

  /// What a reader of sums needs to know of the matrix unit before it.
  private func sums(
    for index: Int
  ) -> (source: Stage.Source, units: Int, groups: Int, offsets: [Int]) {
    let source = carriers[graph.nodes[index].inputs[0]] ?? .outside
    guard case .stage(let before) = source,
      case .popcount(let offsets)? = stages[before].carries?.encoding
    else { return (source, 1, 1, []) }
    let units = stages[before].output.lanes
    return (source, units, offsets.count / units, offsets)
  }

  /// Adds a stage and returns where its output is.
  @discardableResult
  private mutating func append(
    _ name: String, layer: String, _ core: any Core, from source: Stage.Source? = nil,
    cycles: Int, carries: CarriedValues? = nil
  ) -> Stage.Source {
    stages.append(
      Stage(
        name: unusedName(name), layer: layer, core: core,
        source: source ?? .stage(stages.count - 1), cycles: cycles, carries: carries))
    return .stage(stages.count - 1)
  }

  private func unusedName(_ name: String) -> String {
    let names = Set(stages.map(\.name))
    var candidate = name
    var number = 2
    while names.contains(candidate) {
      candidate = "\(name)_\(number)"
      number += 1
    }
    return candidate
  }
}

/// Bits of an unsigned number; at least 1.
func width(of number: Int) -> Int {
  max(1, Int.bitWidth - number.leadingZeroBitCount)
}

/// ⌈number / 2⌉, for negative numbers too.
private func ceilingHalf(_ number: Int) -> Int {
  (number + 1) >> 1
}
