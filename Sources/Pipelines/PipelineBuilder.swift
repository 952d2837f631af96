// SPDX-License-Identifier: Apache-2.0

import Cores
import Diagnostics
import Folding
import IntegerNetwork
import Modeling

/// Lays out the stages of a folded network, node by node.
struct PipelineBuilder {
  let folding: FoldedNetwork
  var stages: [Stage] = []
  var input = StreamPort("input", lanes: 1, bitsPerLane: 1)
  /// Node of the integer network → where its values can be had, once for each reader that has not
  /// taken them yet.
  var carriers: [Int: [Stage.Source]] = [:]
  /// Node of the integer network → how its stream carries its values.
  private var carried: [Int: CarriedValues] = [:]

  /// Whether weights and thresholds are left out: enough for resources and timing.
  private let isSketch: Bool

  var graph: IntegerGraph { folding.graph }
  /// The network in each of its modes; the last is that of all levels.
  private let graphs: [IntegerGraph]

  init(_ folding: FoldedNetwork, isSketch: Bool = false) {
    self.folding = folding
    self.isSketch = isSketch
    graphs = (0..<folding.graph.modes).map { folding.graph.inMode($0) }
  }

  mutating func run() throws {
    for index in graph.nodes.indices { try add(index) }
    addOutputRegister()
    placeMemories()
  }

  /// The stages of linear layer `nodes.lowerBound` and of what follows it, fed by a stream of so many
  /// lanes, which the layer takes as it is.
  mutating func run(nodes: Range<Int>, lanes: Int) throws {
    let source = graph.nodes[nodes.lowerBound].inputs.first
    if let source, let code = graph.code(of: source) {
      input = StreamPort(graph.nodes[source].name, lanes: lanes, bitsPerLane: code.levels)
      carriers[source] = [.outside]
    }
    for index in nodes { try add(index) }
    if nodes.upperBound == graph.nodes.count { addOutputRegister() }
    placeMemories()
  }

  /// Gives memories that can be written at run time their places on the load bus: they cost more.
  private mutating func placeMemories() {
    guard folding.headroom != nil else { return }
    var cores = stages.map(\.core)
    LoadMap.place(&cores)
    for index in stages.indices { stages[index].core = cores[index] }
  }

  private mutating func add(_ index: Int) throws {
    let node = graph.nodes[index]
    let readers = graph.readers(of: index)
    guard readers > 0 || index == graph.output else {
      throw Diagnostic(
        at: "\(graph.name).\(node.name)", "nothing reads its result",
        hint: "leave the layer out, or make it the last")
    }
    switch node.operation {
    case .input(let code):
      try addInput(index, code: code)
    case .lookup(let table):
      addLookup(index, table)
    case .popcount(let popcount):
      try addMatrix(index, popcount)
    case .maxPool(let window):
      addMaxPool(index, window)
    case .sumPool(let pool):
      addSumPool(index, pool)
    case .encode(let tree):
      addEncoder(index, tree)
    case .rescale(let map):
      addRescaling(index, map)
    case .add:
      addJoin(index)
    case .score(let score):
      addScore(index, score)
    case .argMax:
      addArgMax(index)
    }
    fork(index, readers: readers)
  }

  /// The stream that the next reader of node `index` reads.
  mutating func take(_ index: Int) -> Stage.Source {
    if let source = carriers[index]?.first {
      carriers[index]?.removeFirst()
      return source
    }
    // A part of a pipeline is laid out, and the node lies outside of it.
    let lanes = folding.folds.first?.value.units ?? 1
    let limits = graph.sumLimits(of: index)
    let sums = SumLanes(offsets: limits, isDoubled: true)
    carried[index] = CarriedValues(node: index, encodings: graphs.map { _ in .sum(sums) })
    return append(
      "\(graph.nodes[index].name)_outside", layer: graph.nodes[index].name,
      StreamRegister(lanes: lanes, bitsPerLane: graph.code(of: index)?.levels ?? sums.width),
      from: [.outside], cycles: 1)
  }

  /// Nothing outside depends on how the last core passes `ready` on. The register takes the last
  /// layer's name, since it is what the outside sees.
  private mutating func addOutputRegister() {
    guard let last = stages.last else { return }
    stages[stages.count - 1].name = unusedName("\(last.name)_core", of: last.core)
    let beats = last.carries.map { graph.nodes[$0.node].shape.count / last.output.lanes }
    append(
      last.name, layer: last.layer,
      StreamRegister(lanes: last.output.lanes, bitsPerLane: last.output.bitsPerLane),
      from: [.stage(stages.count - 1)], cycles: beats ?? 1, carries: last.carries)
    stages[stages.count - 2].carries = nil
  }

  private mutating func addInput(_ index: Int, code: ResidualCode) throws {
    guard let reader = graph.inputReaders.first, folding.cycles(of: reader) != nil else {
      throw Diagnostic(
        at: graph.name, "the input is not read by a linear layer or a pool",
        hint: "put `Dense` or `Conv` after the input")
    }
    input = StreamPort(
      graph.nodes[index].name, lanes: folding.inputLanes, bitsPerLane: code.levels)
    carriers[index] = [.outside]
  }

  /// The table, as wide as the stream that enters.
  private mutating func addLookup(_ index: Int, _ table: CodeTable) {
    let node = graph.nodes[index]
    finish(
      node.name, layer: node.name,
      LookupTable(
        lanes: input.lanes, bits: input.bitsPerLane, entryBits: table.code.levels,
        entries: table.entries, layer: node.name),
      from: [take(node.inputs[0])], cycles: node.shape.count / input.lanes,
      carries: CarriedValues(node: index, encodings: graphs.map { _ in .direct }))
  }

  /// [width adapter] → [border] → [window buffer, line buffer or register] → matrix unit.
  private mutating func addMatrix(_ index: Int, _ popcount: MaskedPopcount) throws {
    let node = graph.nodes[index]
    let name = node.name
    guard let fold = folding.fold(of: index), let code = graph.code(of: node.inputs[0]) else {
      throw Diagnostic(at: "\(graph.name).\(name)", "the layer has no fold")
    }
    // A dense layer reads its map as one pixel.
    let map =
      popcount.window == nil ? Shape.vector(popcount.inputs) : graph.nodes[node.inputs[0]].shape
    let window = popcount.window ?? MapWindow(Window(1))
    let words = popcount.inputs / fold.lanes
    let groups = popcount.outputs / fold.units
    let positions = node.shape.pixels
    let levelsPerBeat = fold.schedule == .series ? 1 : code.levels
    let repeats = groups * popcount.scales.count
    let passes = repeats * (code.levels / levelsPerBeat)
    let codes = codes(of: node.inputs[0])
    let modes = levelsPerBeat == 1 && codes.contains { $0.levels != code.levels } ? graphs.count : 1

    var source = take(node.inputs[0])
    let lanes = min(fold.lanes, map.channels)
    source = adapt(source, to: lanes, layer: name, beats: map.count / lanes)
    source = addBorder(window, round: map, levels: code.levels, layer: name, from: source)
    if fold.lanes > lanes {
      source = addLines(
        window.window, on: map, levels: code.levels, levelsPerBeat: levelsPerBeat,
        repeats: repeats, modes: modes, layer: name, from: source)
    } else if passes > 1 || window.window != Window(1) {
      source = addWindow(
        window.window, on: map, levels: code.levels, levelsPerBeat: levelsPerBeat,
        repeats: repeats, modes: modes, layer: name, from: source,
        cycles: positions * words * passes)
    } else {
      source = append(
        "\(name)_register", layer: name,
        StreamRegister(lanes: fold.lanes, bitsPerLane: code.levels),
        from: [source], cycles: positions * words)
    }
    let sums = codes.map {
      SumLanes(offsets: popcount.limits(for: $0), isDoubled: window.hasAbsentValues)
    }
    let gammas = codes.map { code in
      popcount.scales.flatMap { scale in code.weights.map { scale * $0 } }
    }
    let room = room(for: popcount, named: name, codes: codes, isDoubled: window.hasAbsentValues)
    var matrix = MatrixUnit(
      lanes: fold.lanes, units: fold.units, levelsPerBeat: levelsPerBeat, words: words,
      groups: groups, weightLevels: popcount.scales.count,
      gammas: gammas[gammas.count - 1],
      gammasOfFewerLevels: Set(gammas).count == 1 ? [] : gammas.dropLast(),
      isPadded: window.hasAbsentValues, sumWidth: max(sums.map(\.width).max() ?? 1, room.sumWidth),
      widestGammas: room.gammas, memory: fold.memory,
      weights: image("WEIGHTS_FILE", popcount, popcount.weights, fold, layer: name),
      mask: popcount.mask.map { image("MASK_FILE", popcount, $0, fold, layer: name) })
    if let limit = folding.logicDelay { matrix.cut(to: limit) }
    if let cycles = fold.popcountCycles, !matrix.usesAdderTree {
      matrix.popcountCycles = cycles
      if cycles == 1 { matrix.popcountParts = 1 }
    }
    finish(
      "\(name)_matrix", layer: name, matrix, from: [source], cycles: positions * words * passes,
      carries: CarriedValues(node: index, encodings: sums.map { .sum($0) }))
  }

  /// Bits of a sum that any weights and gammas have room in, and the largest gammas that can be loaded,
  /// nil where they are logic; 0 bits where nothing can.
  private func room(
    for popcount: MaskedPopcount, named name: String, codes: [ResidualCode], isDoubled: Bool
  ) -> (sumWidth: Int, gammas: [Int]?) {
    guard let headroom = folding.headroom, var widest = codes.last else { return (0, nil) }
    var gammas: [Int]?
    if !headroom.fixedGammas.contains(name) {
      let gamma = codes.flatMap(\.weights).reduce(1 << headroom.gammaBits - 1, max)
      widest.weights = widest.weights.map { max($0, gamma) }
      gammas = popcount.scales.flatMap { scale in widest.weights.map { scale * $0 } }
    }
    let limits = popcount.largestLimits(for: widest)
    return (SumLanes(offsets: limits, isDoubled: isDoubled).width, gammas)
  }

  /// What node `index` sends, in each mode.
  private func codes(of index: Int) -> [ResidualCode] { graphs.compactMap { $0.code(of: index) } }

  /// The stream of a map with the border of `window`, where it has one.
  private mutating func addBorder(
    _ window: MapWindow, round map: Shape, levels: Int, layer: String, from source: Stage.Source
  ) -> Stage.Source {
    guard window.window.isPadded else { return source }
    let lanes = port(of: source).lanes
    let padded = window.window.padded(map)
    var code: Int?
    if case .code(let value) = window.border { code = value }
    return append(
      "\(layer)_border", layer: layer,
      Pad(
        lanes: lanes, bitsPerLane: levels, words: map.channels / lanes, height: map.height,
        width: map.width, top: window.window.top, bottom: window.window.bottom,
        left: window.window.left, right: window.window.right, padding: code),
      from: [source], cycles: padded.count / lanes)
  }

  /// A buffer that sends what the window sees of the map and its border.
  ///
  /// Beside the span of a window, from its first to its last value in the stream, it has room for
  /// as many more values, so that the first windows of the next image arrive while the last ones
  /// are sent; where strides skip more than that, for what is skipped: a source at a steady pace
  /// goes on while a row of windows is sent.
  private mutating func addWindow(
    _ window: Window, on map: Shape, levels: Int, levelsPerBeat: Int, repeats: Int,
    modes: Int = 1, channelsOuter: Bool = false, layer: String, from source: Stage.Source,
    cycles: Int
  ) -> Stage.Source {
    let port = port(of: source)
    let padded = window.padded(map)
    let words = map.channels / port.lanes
    let span = WindowBuffer.span(
      width: padded.width, words: words, kernelHeight: window.kernel.height,
      kernelWidth: window.kernel.width)
    // From the last window of a row to the first one of the next row.
    let positions = window.positions(on: map)
    let rows = positions.height > 1 ? window.stride.height : padded.height
    let columns = padded.width - (positions.width - 1) * window.stride.width
    let skipped = ((rows - 1) * padded.width + columns) * words
    let buffer = WindowBuffer(
      lanes: port.lanes, levels: levels, levelsPerBeat: levelsPerBeat, flags: port.flags,
      words: words, height: padded.height, width: padded.width,
      kernelHeight: window.kernel.height, kernelWidth: window.kernel.width,
      strideY: window.stride.height, strideX: window.stride.width, repeats: repeats,
      channelsOuter: channelsOuter, depth: span + max(span, skipped), modes: modes)
    return append("\(layer)_buffer", layer: layer, buffer, from: [source], cycles: cycles)
  }

  /// A queue and the buffer that sends whole windows of the map and its border.
  ///
  /// The line buffer takes pixels fast where they complete no window, and none while it sends one.
  /// The queue evens that out for a source at a steady pace: it has room for the rows above the
  /// first window, or for those from a row of windows to the next one. It also cuts `ready`, which
  /// the line buffer passes through.
  private mutating func addLines(
    _ window: Window, on map: Shape, levels: Int, levelsPerBeat: Int, repeats: Int, modes: Int,
    layer: String, from source: Stage.Source
  ) -> Stage.Source {
    let padded = window.padded(map)
    let rows = min(padded.height, max(window.kernel.height - 1, window.stride.height))
    let queue = append(
      "\(layer)_queue", layer: layer,
      FIFO(lanes: map.channels, bitsPerLane: levels, depth: max(2, rows * padded.width)),
      from: [source], cycles: padded.pixels)
    let buffer = LineBuffer(
      lanes: map.channels, levels: levels, levelsPerBeat: levelsPerBeat, height: padded.height,
      width: padded.width, kernelHeight: window.kernel.height, kernelWidth: window.kernel.width,
      strideY: window.stride.height, strideX: window.stride.width, repeats: repeats, modes: modes)
    return append("\(layer)_buffer", layer: layer, buffer, from: [queue], cycles: buffer.cycles)
  }

  /// [border] → window buffer → maximum of the window's values, channel by channel.
  private mutating func addMaxPool(_ index: Int, _ window: Window) {
    let node = graph.nodes[index]
    let map = graph.nodes[node.inputs[0]].shape
    var source = take(node.inputs[0])
    let encodings = encodings(of: node.inputs[0])
    let port = port(of: source)
    let words = map.channels / port.lanes
    let positions = node.shape.pixels
    // The least code and the least sum are 0 on the wire.
    source = addBorder(
      MapWindow(window, border: .code(0)), round: map, levels: port.bitsPerLane,
      layer: node.name, from: source)
    source = addWindow(
      window, on: map, levels: port.bitsPerLane, levelsPerBeat: port.bitsPerLane, repeats: 1,
      channelsOuter: true, layer: node.name, from: source,
      cycles: positions * words * window.taps)
    finish(
      node.name, layer: node.name,
      MaxPoolUnit(lanes: port.lanes, bits: port.bitsPerLane, taps: window.taps),
      from: [source], cycles: positions * words * window.taps,
      carries: CarriedValues(node: index, encodings: encodings))
  }

  /// [border] → window buffer → sum of the window's values, channel by channel.
  private mutating func addSumPool(_ index: Int, _ pool: MapWindow) {
    let node = graph.nodes[index]
    let map = graph.nodes[node.inputs[0]].shape
    var source = take(node.inputs[0])
    let port = port(of: source)
    let words = map.channels / port.lanes
    let positions = node.shape.pixels
    let gammas: [[Int]]
    let sums: [SumLanes]
    if graph.code(of: node.inputs[0]) != nil {
      gammas = codes(of: node.inputs[0]).map(\.weights)
      sums = graphs.map {
        SumLanes(offsets: $0.sumLimits(of: index), isDoubled: pool.hasAbsentValues)
      }
    } else {
      gammas = [(0..<port.bitsPerLane).reversed().map { 1 << $0 }]
      sums = self.sums(of: node.inputs[0]).map {
        var lanes = $0
        lanes.offsets = lanes.offsets.map { $0 * pool.window.taps }
        return lanes
      }
    }
    source = addBorder(
      pool, round: map, levels: port.bitsPerLane, layer: node.name, from: source)
    source = addWindow(
      pool.window, on: map, levels: port.bitsPerLane, levelsPerBeat: port.bitsPerLane,
      repeats: 1, channelsOuter: true, layer: node.name, from: source,
      cycles: positions * words * pool.window.taps)
    finish(
      node.name, layer: node.name,
      SumPoolUnit(
        lanes: port.lanes, taps: pool.window.taps, gammas: gammas[gammas.count - 1],
        gammasOfFewerLevels: Set(gammas).count == 1 ? [] : gammas.dropLast(),
        isPadded: pool.hasAbsentValues,
        sumWidth: graph.code(of: node.inputs[0]) == nil ? nil : sums.map(\.width).max()),
      from: [source], cycles: positions * words * pool.window.taps,
      carries: CarriedValues(node: index, encodings: sums.map { .sum($0) }))
  }

  private func image(
    _ parameter: String, _ popcount: MaskedPopcount, _ bits: BitMatrix, _ fold: LayerFold,
    layer: String
  ) -> MemoryImage {
    if isSketch {
      return MemoryImage(parameter: parameter, width: fold.units * fold.lanes, words: [])
    }
    return MatrixUnit.memoryImage(
      parameter: parameter, layer: layer, lanes: fold.lanes, units: fold.units,
      words: popcount.inputs / fold.lanes, groups: popcount.outputs / fold.units,
      weightLevels: popcount.scales.count
    ) { neuron, plane in bits.row(plane * popcount.outputs + neuron) }
  }

  /// The port that a source is.
  func port(of source: Stage.Source) -> StreamPort {
    switch source {
    case .outside: input
    case .stage(let index, let output): stages[index].core.outputs[output]
    }
  }

  /// How the stream of node `index` carries its values, in each mode.
  private func encodings(of index: Int) -> [CarriedValues.Encoding] {
    carried[index]?.encodings ?? graphs.map { _ in .direct }
  }

  /// How the stream of node `index` carries sums, in each mode.
  func sums(of index: Int) -> [SumLanes] {
    encodings(of: index).map {
      if case .sum(let sums) = $0 { sums } else { SumLanes(offsets: [], isDoubled: false) }
    }
  }

  /// Joins `source` to a reader with so many lanes. Two adapters are only needed behind a join, of whose
  /// lanes the search of folds knows too little.
  mutating func adapt(
    _ source: Stage.Source, to lanes: Int, layer: String, beats: Int
  ) -> Stage.Source {
    let port = port(of: source)
    let common = (1...lanes).last { lanes % $0 == 0 && port.lanes % $0 == 0 } ?? 1
    if common < min(lanes, port.lanes) {
      let narrow = adapt(source, to: common, layer: layer, beats: beats * lanes / common)
      return adapt(narrow, to: lanes, layer: layer, beats: beats)
    }
    if port.lanes < lanes {
      return append(
        "\(layer)_width", layer: layer,
        WidthUp(lanes: port.lanes, bitsPerLane: port.bitsPerLane, ratio: lanes / port.lanes),
        from: [source], cycles: beats * (lanes / port.lanes))
    } else if port.lanes > lanes {
      return append(
        "\(layer)_width", layer: layer,
        WidthDown(lanes: lanes, bitsPerLane: port.bitsPerLane, ratio: port.lanes / lanes),
        from: [source], cycles: beats)
    }
    return source
  }

  private mutating func addEncoder(_ index: Int, _ tree: ThresholdTree) {
    let node = graph.nodes[index]
    let (source, units, groups, sums) = sums(for: index)
    let trees = graphs.map {
      if case .encode(let tree) = $0.nodes[index].operation { tree } else { tree }
    }
    let banks = zip(trees, sums).map { tree, sums in
      ResidualEncoder.Bank(
        thresholds: (isSketch ? [] : tree.thresholds).enumerated().map { channel, thresholds in
          thresholds.map { max(0, sums.threshold($0, channel: channel)) }
        }, falling: tree.falling)
    }
    let core = ResidualEncoder(
      units: units, levels: tree.code.levels, sumWidth: port(of: source).bitsPerLane,
      groups: groups, banks: banks, mayFall: folding.headroom != nil, layer: node.name)
    finish(
      node.name, layer: node.name, core, from: [source],
      cycles: node.shape.pixels * groups,
      carries: CarriedValues(
        node: index,
        encodings: trees.map { .code(unusedLevels: tree.code.levels - $0.code.levels) }))
  }

  private mutating func addScore(_ index: Int, _ score: AffineScore) {
    let node = graph.nodes[index]
    let (source, units, groups, sums) = sums(for: index)
    var largest = 0
    let banks = zip(graphs, sums).map { graph, sums in
      var score = score
      if case .score(let own) = graph.nodes[index].operation { score = own }
      // s = step · lane − offset, so A·s + C = step·A · lane + (C − A·offset)
      let constants = score.offsets.indices.map {
        score.offsets[$0] - score.multipliers[$0] * sums.offsets[$0]
      }
      for channel in score.offsets.indices {
        let reach = abs(score.multipliers[channel]) * sums.offsets[channel]
        largest = max(largest, reach + abs(score.offsets[channel]), abs(constants[channel]))
      }
      return Score.Bank(multipliers: score.multipliers.map { sums.step * $0 }, offsets: constants)
    }
    let sumWidth = port(of: source).bitsPerLane
    var multiplier = banks.flatMap(\.multipliers).map { abs($0) }.max() ?? 0
    if let headroom = folding.headroom {
      // A product of what there may be at most, and an offset as large.
      multiplier = max(multiplier, (sums.first?.step ?? 1) * (1 << (headroom.scoreBits - 1) - 1))
      largest = max(largest, multiplier << (sumWidth + 1))
    }
    let core = Score(
      units: units, sumWidth: sumWidth, multiplierWidth: 1 + width(of: multiplier),
      scoreWidth: 1 + width(of: largest), groups: groups, banks: banks, layer: node.name)
    finish(
      node.name, layer: node.name, core, from: [source],
      cycles: node.shape.pixels * groups,
      carries: CarriedValues(node: index, encodings: graphs.map { _ in .direct }))
  }

  private mutating func addArgMax(_ index: Int) {
    let source = take(graph.nodes[index].inputs[0])
    let port = port(of: source)
    let count = graph.nodes[graph.nodes[index].inputs[0]].shape.count
    var core = ArgMax(
      units: port.lanes, scoreWidth: port.bitsPerLane, groups: count / port.lanes,
      indexWidth: width(of: count - 1))
    if let limit = folding.logicDelay { core.cut(to: limit) }
    finish(
      graph.nodes[index].name, layer: graph.nodes[index].name, core, from: [source],
      cycles: count / port.lanes,
      carries: CarriedValues(node: index, encodings: graphs.map { _ in .direct }))
  }

  /// What a reader of sums needs to know of the stage before it.
  mutating func sums(
    for index: Int
  ) -> (source: Stage.Source, units: Int, groups: Int, sums: [SumLanes]) {
    let before = graph.nodes[index].inputs[0]
    let source = take(before)
    let sums = sums(of: before)
    let units = port(of: source).lanes
    return (source, units, (sums.first?.offsets.count ?? 0) / units, sums)
  }

  /// Adds the stage whose output carries the values of the node that `carries` names.
  mutating func finish(
    _ name: String, layer: String, _ core: any Core, from sources: [Stage.Source], cycles: Int,
    carries: CarriedValues
  ) {
    carriers[carries.node] = [
      append(name, layer: layer, core, from: sources, cycles: cycles, carries: carries)
    ]
    carried[carries.node] = carries
  }

  /// Adds a stage and returns where its first output is.
  @discardableResult
  mutating func append(
    _ name: String, layer: String, _ core: any Core, from sources: [Stage.Source],
    cycles: Int, carries: CarriedValues? = nil
  ) -> Stage.Source {
    stages.append(
      Stage(
        name: unusedName(name, of: core), layer: layer, core: core, sources: sources,
        cycles: cycles, carries: carries))
    return .stage(stages.count - 1)
  }

  /// A name of which no stage is called, nor the streams that leave it.
  private func unusedName(_ name: String, of core: any Core) -> String {
    let names = Set(stages.flatMap { [$0.name] + $0.core.outputStreams(of: $0.name) })
    var candidate = name
    var number = 2
    while !names.isDisjoint(with: [candidate] + core.outputStreams(of: candidate)) {
      candidate = "\(name)_\(number)"
      number += 1
    }
    return candidate
  }
}

extension Core {
  /// The names of the streams that leave a stage of this core which is called `name`.
  func outputStreams(of name: String) -> [String] {
    outputs.count == 1 ? [name] : outputs.map { "\(name)_\($0.name)" }
  }
}

/// Bits of an unsigned number; at least 1.
func width(of number: Int) -> Int {
  max(1, Int.bitWidth - number.leadingZeroBitCount)
}
