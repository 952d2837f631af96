// SPDX-License-Identifier: Apache-2.0

import Cores
import IntegerNetwork
import Modeling

/// Where streams fork and join: skip connections.
extension PipelineBuilder {
  /// Gives each of `readers` readers of node `index` a stream of its own.
  mutating func fork(_ index: Int, readers: Int) {
    guard readers > 1, var source = carriers[index]?.first else { return }
    let node = graph.nodes[index]
    let port = port(of: source)
    var branches: [Stage.Source] = []
    for _ in 1..<readers {
      let forked = append(
        "\(node.name)_fork", layer: node.name,
        Fork(lanes: port.lanes, bitsPerLane: port.bitsPerLane), from: [source],
        cycles: node.shape.count / port.lanes)
      guard case .stage(let stage, _) = forked else { return }
      branches.append(forked)
      source = .stage(stage, output: 1)
    }
    carriers[index] = branches + [source]
  }

  /// Sums of another step, unsigned as all sums are: nothing of what they can be is below 0.
  mutating func addRescaling(_ index: Int, _ map: AffineScore) {
    let node = graph.nodes[index]
    let (source, units, groups, sums) = sums(for: index)
    let result = SumLanes(offsets: graph.sumLimits(of: index), isDoubled: true)
    let banks = sums.map { sums in
      // s = step · lane − offset, so A·s + C + limit = step·A · lane + (C + limit − A·offset)
      Score.Bank(
        multipliers: map.multipliers.map { sums.step * $0 },
        offsets: map.offsets.indices.map {
          map.offsets[$0] + result.offsets[$0] - map.multipliers[$0] * sums.offsets[$0]
        })
    }
    let multiplier = banks.flatMap(\.multipliers).map { abs($0) }.max() ?? 0
    finish(
      node.name, layer: node.name,
      Score(
        units: units, sumWidth: port(of: source).bitsPerLane,
        multiplierWidth: 1 + width(of: multiplier),
        scoreWidth: result.width, groups: groups, banks: banks, layer: node.name),
      from: [source], cycles: node.shape.pixels * groups,
      carries: CarriedValues(node: index, encodings: sums.map { _ in .sum(result) }))
  }

  /// [width adapter] → queue, of each branch → sums.
  mutating func addJoin(_ index: Int) {
    let node = graph.nodes[index]
    let lanes = folding.lanes(of: index)
    let beats = node.shape.count / lanes
    var branches: [(source: Stage.Source, sums: [SumLanes])] = []
    for (position, input) in node.inputs.enumerated() {
      let source = adapt(
        take(input), to: lanes, layer: "\(node.name)_in\(position)", beats: beats)
      let port = port(of: source)
      // How deep it must be is known when all stages are there.
      let queue = append(
        "\(node.name)_queue\(position)", layer: node.name,
        FIFO(lanes: lanes, bitsPerLane: port.bitsPerLane, depth: 2), from: [source], cycles: beats)
      branches.append((queue, sums(of: input)))
    }
    let (first, second) = (branches[0], branches[1])
    let sums = zip(first.sums, second.sums).map { first, second in
      SumLanes(
        offsets: zip(first.offsets, second.offsets).map { $0 + $1 },
        isDoubled: first.isDoubled || second.isDoubled)
    }
    // Lanes of step 2 beside those of step 1.
    func shift(_ branch: [SumLanes]) -> Int {
      zip(branch, sums).contains { $0.isDoubled != $1.isDoubled } ? 1 : 0
    }
    let core = Cores.Add(
      lanes: lanes, in0Width: port(of: first.source).bitsPerLane,
      in1Width: port(of: second.source).bitsPerLane, sumWidth: sums.map(\.width).max() ?? 1,
      in0Shift: shift(first.sums), in1Shift: shift(second.sums))
    finish(
      node.name, layer: node.name, core, from: [first.source, second.source], cycles: beats,
      carries: CarriedValues(node: index, encodings: sums.map { .sum($0) }))
  }
}
