// SPDX-License-Identifier: Apache-2.0

import Cores
import Diagnostics
import Folding
import IntegerNetwork

extension IntegerGraph {
  /// Folds every linear layer so that all together take the least and meet the target; layers in
  /// `overrides` as they say.
  ///
  /// What is least: LUTs, block RAMs and multipliers, a block RAM and a multiplier weighed by how many
  /// LUTs the device has for each (``Device``). All are estimates (``Core/resources``).
  /// Every combination of units, lanes, level schedule and weight memory is considered, layer after
  /// layer (dynamic programming over the lanes of the streams between layers), so without a budget
  /// the result is a minimum of the estimate. Where no fold of a layer meets the target, the
  /// fastest is taken. Within a budget, of each stream width at most
  /// ``FoldSearch/alternatives`` combinations are kept.
  ///
  /// - Throws: ``InvalidInput`` for overrides that do not fit, ``Diagnostic`` for a graph that has no
  ///   pipeline, or when nothing that meets the target fits into the budget.
  public func folded(
    to target: FoldTarget = .cycles(1024), within budget: FoldBudget = FoldBudget(),
    on device: Device = .zc706, overrides: [String: LayerFold] = [:],
    headroom: Headroom? = nil
  ) throws -> FoldedNetwork {
    var search = try FoldSearch(self, on: device, overrides: overrides, headroom: headroom)
    return try search.smallest(cycles: max(1, target.cycles), within: budget).folding
  }
}

/// Finds folds. It remembers what it has counted, for the next target.
public struct FoldSearch {
  /// A network's fold, and what it takes.
  public struct Solution: Sendable {
    /// The fold.
    public var folding: FoldedNetwork
    /// An estimate of what it takes.
    public var resources: Resources

    fileprivate init(folding: FoldedNetwork, resources: Resources) {
      self.folding = folding
      self.resources = resources
    }

    fileprivate init(_ change: FoldSearch.Change) {
      self.init(folding: change.pipeline.folding, resources: change.resources)
    }
  }

  /// Combinations that are kept of each stream width where there is a budget.
  static let alternatives = 64

  private let graph: IntegerGraph
  private let device: Device
  private let headroom: Headroom?
  private let logicDelay: Double?
  private var layers: [SearchedLayer]

  /// - Parameters:
  ///   - levels: Search as if every encoder made codes of so many levels. What is found then is for its
  ///     figures alone: it has no thresholds. nil: the network as it is.
  ///   - headroom: For models that are loaded at run time; nil: memories are read only.
  ///   - logicDelay: Nanoseconds of cells between registers that cores are cut to; nil:
  ///     ``Cores/LogicPath/usualLimit``.
  /// - Throws: ``InvalidInput`` for overrides that do not fit.
  public init(
    _ graph: IntegerGraph, levels: Int? = nil, on device: Device = .zc706,
    overrides: [String: LayerFold] = [:], headroom: Headroom? = nil, logicDelay: Double? = nil
  ) throws {
    let graph = levels.map(graph.sketched) ?? graph
    try graph.check(overrides)
    try headroom?.check(for: graph)
    self.graph = graph
    self.device = device
    self.headroom = headroom
    self.logicDelay = logicDelay
    let linear = graph.linearLayers
    layers = linear.enumerated().map { position, layer in
      let end = position + 1 < linear.count ? linear[position + 1].index : graph.nodes.count
      return SearchedLayer(
        graph: graph, headroom: headroom, logicDelay: logicDelay, layer: layer,
        nodes: layer.index..<end, fixed: overrides[layer.name])
    }
  }

  /// The smallest fold of which no layer and no pool needs more than `cycles` cycles for an image,
  /// or the nearest to it. Where the levels in use are chosen at run time, none needs more than m/M of
  /// that with m of M levels.
  ///
  /// - Throws: ``Diagnostic`` when no such fold fits into the budget.
  public mutating func smallest(
    cycles: Int, within budget: FoldBudget = FoldBudget()
  ) throws -> Solution {
    let ends = try combinations(cycles: cycles, within: budget)
    // What depends on the whole, such as the width of the input, is counted at the end.
    var nearest: Resources?
    for end in ends.sorted(by: { $0.rank(on: device) < $1.rank(on: device) }) {
      let found = try solution(end)
      let excess = budget.excess(of: found.resources)
      if excess <= 1 { return found }
      if nearest.map({ excess < budget.excess(of: $0) }) ?? true { nearest = found.resources }
    }
    throw exceeded(budget, by: nearest ?? Resources(), cycles: cycles)
  }

  /// The fold with the fewest cycles that fits into the budget.
  ///
  /// - Throws: ``Diagnostic`` when none does.
  public mutating func fastest(within budget: FoldBudget) throws -> Solution {
    var slow = layers.map(\.slowestCycles).max() ?? 1
    var best = try smallest(cycles: slow, within: budget)
    var fast = 1
    while fast < slow {
      let middle = fast + (slow - fast) / 2
      if let found = try? smallest(cycles: middle, within: budget), found.folding.interval <= middle
      {
        best = found
        slow = max(fast, found.folding.interval)
        if slow == fast { break }
        slow = min(slow, middle)
      } else {
        fast = middle + 1
      }
    }
    return best
  }

  /// Folds from the smallest to the fastest, each of which is smaller than all that are as fast.
  ///
  /// Targets are a quarter apart; those that do not fit into the budget, or that no fold meets, end it.
  public mutating func front(within budget: FoldBudget = FoldBudget()) throws -> [Solution] {
    var found: [Solution] = []
    var cycles = layers.map(\.slowestCycles).max() ?? 1
    while cycles > 0 {
      guard let solution = try? smallest(cycles: cycles, within: budget),
        solution.folding.interval <= cycles
      else { break }
      found.append(solution)
      cycles = min(solution.folding.interval - 1, solution.folding.interval * 4 / 5)
    }
    // Asked for less speed, a search may have found no smaller one.
    var least = Double.infinity
    return found.reversed().filter { solution in
      defer { least = min(least, device.weight(of: solution.resources)) }
      return device.weight(of: solution.resources) < least
    }.reversed()
  }

  /// A fold like `solution` with at most `latency` cycles from the first beat of an image to its
  /// result. One layer after the other is changed, each time that which gains most cycles for what
  /// it costs; then, as long as the latency holds, that which saves most. Layers keep the cycles for
  /// an image that `solution` has at most.
  ///
  /// - Throws: ``Diagnostic`` when the changes end before the latency or the budget is reached.
  public mutating func quicker(
    _ solution: Solution, latency: Int, within budget: FoldBudget = FoldBudget()
  ) throws -> Solution {
    var best = solution
    var reached = try Pipeline(best.folding, isSketch: true).latency()
    while reached > latency {
      var step: (change: Change, latency: Int, price: Double)?
      for change in try changes(of: best, keeping: solution) {
        let cost = device.weight(of: change.resources) - device.weight(of: best.resources)
        // Even if it reached the target it would be dearer: no need to run it.
        if let step, cost > step.price * Double(reached - latency) { continue }
        let cycles = change.pipeline.latency()
        guard cycles < reached else { continue }
        // Beyond the target nothing is gained.
        let price = max(cost, 0) / Double(reached - max(cycles, latency))
        if step.map({ price < $0.price }) ?? true { step = (change, cycles, price) }
      }
      guard let step else {
        throw Diagnostic(
          at: "fold \(graph.name)",
          "the latency is \(reached) cycles at the least that was found, the target is \(latency)",
          hint: "allow more time, or ask for more images a second")
      }
      (best, reached) = (Solution(step.change), step.latency)
    }
    while true {
      func rank(_ resources: Resources) -> (Double, Double) {
        (max(1, budget.excess(of: resources)), device.weight(of: resources))
      }
      let savings = try changes(of: best, keeping: solution)
        .filter { rank($0.resources) < rank(best.resources) }
        .sorted { rank($0.resources) < rank($1.resources) }
      guard let saving = savings.first(where: { $0.pipeline.latency() <= latency }) else { break }
      best = Solution(saving)
    }
    guard budget.excess(of: best.resources) <= 1 else {
      throw exceeded(budget, by: best.resources, cycles: best.folding.interval, latency: latency)
    }
    return best
  }

  /// What a change of one layer leads to.
  fileprivate struct Change {
    var pipeline: Pipeline
    var resources: Resources
  }

  /// Every change of one layer that leaves the whole as fast as `first` and fits the layers beside it.
  private func changes(of solution: Solution, keeping first: Solution) throws -> [Change] {
    let slowest = (interval: first.folding.interval, pace: pace(of: first.folding))
    return try layers.flatMap { layer in
      try layer.folds.compactMap { fold -> Change? in
        var folds = solution.folding.folds
        guard folds.updateValue(fold, forKey: layer.layer.name) != fold else { return nil }
        let folding = folded(folds)
        guard fits(folding), folding.interval <= slowest.interval, pace(of: folding) <= slowest.pace
        else { return nil }
        let pipeline = try Pipeline(folding, isSketch: true)
        return Change(pipeline: pipeline, resources: pipeline.resources)
      }
    }
  }

  private func folded(_ folds: [String: LayerFold]) -> FoldedNetwork {
    FoldedNetwork(graph: graph, folds: folds, headroom: headroom, logicDelay: logicDelay)
  }

  /// The most cycles that count against a target.
  private func pace(of folding: FoldedNetwork) -> Int {
    layers.map { layer in folding.folds[layer.layer.name].map(layer.pace(of:)) ?? 0 }.max() ?? 0
  }

  /// Whether a width adapter joins all layers.
  private func fits(_ folding: FoldedNetwork) -> Bool {
    layers.allSatisfy { searched in
      let before = graph.lanesBefore(searched.layer.index, folding.folds)
      return folding.folds[searched.layer.name].map { searched.layer.fits($0.lanes, before) }
        ?? true
    }
  }

  private func solution(_ combination: Combination) throws -> Solution {
    var folds: [String: LayerFold] = [:]
    for (layer, fold) in zip(layers, combination.folds) { folds[layer.layer.name] = fold }
    let folding = folded(folds)
    // A network that is no pipeline has no figures; laying it out says why.
    let resources = try? Pipeline(folding, isSketch: true).resources
    return Solution(folding: folding, resources: resources ?? combination.resources)
  }

  /// The best folds of all layers, by the units of the last.
  private mutating func combinations(
    cycles: Int, within budget: FoldBudget
  ) throws -> [Combination] {
    // First the folds that meet the target. Where they do not fit together, all.
    for meetsTarget in [true, false] {
      var ends: [Int?: [Combination]] = [:]
      for position in layers.indices {
        var next: [Int?: [Combination]] = [:]
        let candidates = try layers[position].candidates(cycles: cycles, onlyMeeting: meetsTarget)
        let starts =
          position == 0
          ? [graph.lanesBefore(layers[0].layer.index, [:]): [Combination()]] : ends
        for (before, combinations) in starts {
          for candidate in candidates
          where layers[position].layer.fits(candidate.fold.lanes, before) {
            let joint = layers[position].joint(from: before, to: candidate.fold)
            for combination in combinations {
              next[candidate.fold.units, default: []].append(
                combination.followed(by: candidate, joint: joint, excess: candidate.cycles - cycles)
              )
            }
          }
        }
        ends = next.mapValues { thinned($0, within: budget) }
      }
      if !ends.isEmpty { return ends.values.flatMap { $0 } }
    }
    return [Combination()]
  }

  /// What is worth being continued: without a budget the best; else nothing that another is better
  /// than in everything.
  private func thinned(_ combinations: [Combination], within budget: FoldBudget) -> [Combination] {
    let sorted = combinations.sorted { $0.rank(on: device) < $1.rank(on: device) }
    guard !budget.isUnlimited, let first = sorted.first else { return Array(sorted.prefix(1)) }
    var kept: [Combination] = []
    for combination in sorted
    where combination.excess == first.excess
      && !kept.contains(where: { $0.resources.isAtMost(combination.resources) })
    {
      kept.append(combination)
    }
    guard kept.count > Self.alternatives else { return kept }
    // The best and, spread over the whole range, some with fewer and fewer LUTs.
    let byLUTs = kept.sorted { $0.resources.luts < $1.resources.luts }
    let step = Double(byLUTs.count - 1) / Double(Self.alternatives - 1)
    return [first] + (0..<Self.alternatives).map { byLUTs[Int((Double($0) * step).rounded())] }
  }

  private func exceeded(
    _ budget: FoldBudget, by resources: Resources, cycles: Int, latency: Int? = nil
  ) -> Diagnostic {
    func figure(_ used: Int, _ limit: Int?, _ name: String, unit: Double = 1) -> String? {
      func number(_ count: Int) -> String {
        let value = Double(count) / unit
        return value == value.rounded() ? "\(Int(value))" : "\(value)"
      }
      return limit.flatMap {
        used > $0 ? "\(number(used)) \(name) (\(number($0)) are allowed)" : nil
      }
    }
    let figures = [
      figure(resources.luts, budget.luts, "LUTs"),
      figure(resources.ramb18s, budget.ramb18s, "block RAMs", unit: 2),
      figure(resources.dsps, budget.dsps, "multipliers"),
    ].compactMap { $0 }
    return Diagnostic(
      at: "fold \(graph.name)",
      "an image every \(cycles) cycles"
        + (latency.map { " with a latency of \($0)" } ?? "")
        + " takes an estimated \(figures.joined(separator: ", "))",
      hint: "allow more, or ask for more cycles or fewer images a second")
  }
}

/// A fold of a layer with what it takes, the joint with the layer before left out.
private struct Candidate {
  var fold: LayerFold
  var cycles: Int
  var resources: Resources
}

/// Folds of the first layers.
private struct Combination {
  var folds: [LayerFold] = []
  var resources = Resources()
  /// Cycles beyond the target, of the worst.
  var excess = 0

  func followed(by candidate: Candidate, joint: Resources, excess more: Int) -> Combination {
    Combination(
      folds: folds + [candidate.fold], resources: resources + candidate.resources + joint,
      excess: max(excess, more))
  }

  /// The lesser, the better.
  func rank(on device: Device) -> (Int, Double) {
    (max(0, excess), device.weight(of: resources))
  }
}

/// A linear layer and what follows it up to the next.
private struct SearchedLayer {
  let graph: IntegerGraph
  let headroom: Headroom?
  let logicDelay: Double?
  let layer: LinearLayer
  let nodes: Range<Int>
  let fixed: LayerFold?
  /// Levels of the codes that enter, in each mode.
  private let levelsInModes: [Int]
  /// What a fold takes: the matrix unit and all before it.
  private var bodies: [LayerFold: Resources] = [:]
  /// What follows a matrix unit of so many units.
  private var tails: [Int: Resources] = [:]

  init(
    graph: IntegerGraph, headroom: Headroom?, logicDelay: Double?, layer: LinearLayer,
    nodes: Range<Int>, fixed: LayerFold?
  ) {
    self.graph = graph
    self.headroom = headroom
    self.logicDelay = logicDelay
    self.layer = layer
    self.nodes = nodes
    self.fixed = fixed
    let source = graph.nodes[layer.index].inputs[0]
    levelsInModes = (0..<graph.modes).map {
      graph.inMode($0).code(of: source)?.levels ?? layer.levels
    }
  }

  /// Cycles of a fold that count against a target: with m of M levels in use M/m times those of the
  /// layer and the pools behind it, so that the whole needs m/M of the time.
  func pace(of fold: LayerFold) -> Int {
    let pools = poolCycles(units: fold.units)
    return levelsInModes.enumerated().map { mode, levels in
      var layer = layer
      layer.levels = levels
      return (max(layer.cycles(fold), pools) * levelsInModes.count + mode) / (mode + 1)
    }.max() ?? 0
  }

  /// Cycles of the slowest fold.
  var slowestCycles: Int {
    pace(of: fixed ?? LayerFold(units: 1, lanes: 1))
  }

  /// Every fold that it can have.
  var folds: [LayerFold] {
    if let fixed { return [fixed] }
    let schedules: [LevelSchedule] = layer.levels > 1 ? [.series, .parallel] : [.series]
    return layer.units.flatMap { units in
      layer.lanes.flatMap { lanes in
        // One word is no memory.
        let words =
          layer.popcount.inputs / lanes * (layer.popcount.outputs / units)
          * layer.popcount.scales.count
        let memories: [MemoryKind] = words > 1 ? [.distributed, .block] : [.automatic]
        return schedules.flatMap { schedule in
          memories.map { LayerFold(units: units, lanes: lanes, schedule: schedule, memory: $0) }
        }
      }
    }
  }

  /// The folds of a layer: those that meet the target, or where there is none the fastest; or all.
  mutating func candidates(cycles: Int, onlyMeeting: Bool) throws -> [Candidate] {
    let all = folds.map { (fold: $0, cycles: pace(of: $0)) }
    let limit = onlyMeeting ? max(cycles, all.map(\.cycles).min() ?? cycles) : Int.max
    var candidates: [Candidate] = []
    for (fold, cycles) in all where cycles <= limit {
      candidates.append(Candidate(fold: fold, cycles: cycles, resources: try resources(of: fold)))
    }
    return candidates
  }

  private mutating func resources(of fold: LayerFold) throws -> Resources {
    if let body = bodies[fold], let tail = tails[fold.units] { return body + tail }
    let folding = FoldedNetwork(
      graph: graph, folds: [layer.name: fold], headroom: headroom, logicDelay: logicDelay)
    var builder = PipelineBuilder(folding, isSketch: true)
    let known = tails[fold.units]
    try builder.run(
      nodes: known == nil ? nodes : nodes.lowerBound..<nodes.lowerBound + 1,
      lanes: layer.streamLanes(fold.lanes))
    let matrix = builder.stages.firstIndex { $0.core is MatrixUnit } ?? 0
    let body = builder.stages[...matrix].map(\.core.resources).sum()
    let tail = known ?? builder.stages[(matrix + 1)...].map(\.core.resources).sum()
    bodies[fold] = body
    tails[fold.units] = tail
    return body + tail
  }

  /// Cycles of the slowest pool behind a matrix unit of so many units.
  private func poolCycles(units: Int) -> Int {
    guard nodes.count > 1 else { return 0 }
    let folding = FoldedNetwork(
      graph: graph, folds: [layer.name: LayerFold(units: units, lanes: 1)])
    return nodes.dropFirst().compactMap { folding.cycles(of: $0) }.max() ?? 0
  }

  /// The width adapter between a stream of `before` lanes and a fold.
  func joint(from before: Int?, to fold: LayerFold) -> Resources {
    let lanes = layer.streamLanes(fold.lanes)
    guard let before, before != lanes else { return Resources() }
    return before < lanes
      ? WidthUp(lanes: before, bitsPerLane: layer.levels, ratio: lanes / before).resources
      : WidthDown(lanes: lanes, bitsPerLane: layer.levels, ratio: before / lanes).resources
  }
}

extension IntegerGraph {
  /// The same with codes of `levels` levels from every encoder, each worth about half of that before
  /// it, and no thresholds.
  fileprivate func sketched(levels: Int) -> IntegerGraph {
    var graph = self
    for index in nodes.indices {
      guard case .encode(let tree) = nodes[index].operation else { continue }
      // 8 bits, as trained γs have them, and no powers of two.
      let code = ResidualCode(weights: levels == 1 ? [1] : (0..<levels).map { 181 >> $0 })
      graph.nodes[index].operation = .encode(
        ThresholdTree(code: code, thresholds: [], falling: tree.falling))
    }
    return graph
  }
}

extension Resources {
  /// Whether nothing is more than in `other`.
  fileprivate func isAtMost(_ other: Resources) -> Bool {
    luts <= other.luts && ramb18s <= other.ramb18s && dsps <= other.dsps
  }
}
