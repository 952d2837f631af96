// SPDX-License-Identifier: Apache-2.0

import Cores
import Folding
import IntegerNetwork
import Modeling
import TestSupport
import Testing

@testable import Pipelines

@Suite(.tags(.unit)) struct FoldSearchTests {
  /// Every fold of a layer of `inputs` and `outputs`.
  private func folds(inputs: Int, outputs: Int) -> [LayerFold] {
    Fixture.divisors(of: outputs).flatMap { units in
      Fixture.divisors(of: inputs).flatMap { lanes in
        LevelSchedule.allCases.flatMap { schedule in
          (units * lanes == inputs * outputs ? [.automatic] : [.distributed, .block]).map {
            LayerFold(units: units, lanes: lanes, schedule: schedule, memory: $0)
          }
        }
      }
    }
  }

  /// Every network that can be made of the folds of the fixture's two layers.
  private func pipelines(_ graph: IntegerGraph) throws -> [Pipeline] {
    try folds(inputs: 12, outputs: 6).flatMap { first in
      try folds(inputs: 6, outputs: 4).compactMap { second in
        guard second.lanes % first.units == 0 || first.units % second.lanes == 0 else { return nil }
        return try Pipeline(
          FoldedNetwork(graph: graph, folds: ["fc1": first, "fc2": second]), isSketch: true)
      }
    }
  }

  @Test func theSmallestIsFoundOfAll() throws {
    let graph = try Fixture.graph(bits: 2, levels: 2)
    let all = try pipelines(graph)
    let device = Device.zc706
    var search = try FoldSearch(graph, on: device)
    for cycles in [1, 3, 8, 24, 1000] {
      let found = try search.smallest(cycles: cycles)
      let meeting = all.filter { $0.folding.interval <= cycles }
      let least = try #require(meeting.map { device.weight(of: $0.resources) }.min())
      #expect(
        device.weight(of: found.resources) == least, "\(cycles) cycles: \(found.folding.folds)")
      // What the search counted is what the pipeline takes.
      #expect(try Pipeline(found.folding).resources == found.resources)
    }
  }

  /// Of all that fit into a budget none is smaller; what fits into none is refused.
  @Test func aBudgetIsKept() throws {
    let graph = try Fixture.graph(bits: 2, levels: 2)
    let all = try pipelines(graph).filter { $0.folding.interval <= 12 }
    let device = Device.zc706
    var search = try FoldSearch(graph, on: device)
    let free = try search.smallest(cycles: 12)
    let fewest = try #require(all.map(\.resources.luts).min())
    for luts in [fewest, (fewest + free.resources.luts) / 2, free.resources.luts] {
      let budget = FoldBudget(luts: luts)
      let found = try search.smallest(cycles: 12, within: budget)
      #expect(found.resources.luts <= luts)
      #expect(found.folding.interval <= 12)
      let fitting = all.filter { $0.resources.luts <= luts }
      #expect(
        fitting.allSatisfy { device.weight(of: found.resources) <= device.weight(of: $0.resources) }
      )
    }
    #expect(
      printedError { try search.smallest(cycles: 12, within: FoldBudget(luts: fewest - 1)) } == """
        error: fold n: an image every 12 cycles takes an estimated \(fewest) LUTs \
        (\(fewest - 1) are allowed)
          hint: allow more, or ask for more cycles or fewer images a second
        """)
    let noBlocks = try search.smallest(cycles: 12, within: FoldBudget(ramb18s: 0))
    #expect(noBlocks.resources.ramb18s == 0)
  }

  /// The fastest of all that fit.
  @Test func theFastestWithinABudgetIsFound() throws {
    let graph = try Fixture.graph(bits: 2, levels: 2)
    let all = try pipelines(graph)
    var search = try FoldSearch(graph)
    for luts in [300, 500, 2000] {
      let budget = FoldBudget(luts: luts, ramb18s: 0)
      let fitting = all.filter { $0.resources.luts <= luts && $0.resources.ramb18s == 0 }
      let fewest = try #require(fitting.map(\.folding.interval).min())
      let found = try search.fastest(within: budget)
      #expect(found.folding.interval == fewest, "\(luts) LUTs")
      #expect(found.resources.luts <= luts)
    }
  }

  /// With a latency asked for it is reached, at the same pace, and nothing that was not changed could
  /// be cheaper still by a change of one layer.
  @Test func aLatencyIsReached() throws {
    let graph = try Fixture.graph(bits: 2, levels: 2)
    var search = try FoldSearch(graph)
    let free = try search.smallest(cycles: 24)
    let before = try Pipeline(free.folding).timing().latency
    for latency in [before, before - 3, before * 3 / 5] {
      let found = try search.quicker(free, latency: latency)
      let pipeline = try Pipeline(found.folding)
      #expect(pipeline.timing().latency <= latency)
      #expect(found.folding.interval <= 24)
      #expect(found.resources == pipeline.resources)
    }
    #expect(
      printedError { try search.quicker(free, latency: 3) }.contains(
        "cycles at the least that was found, the target is 3"))
  }

  @Test func aLayerByHandStays() throws {
    let graph = try Fixture.graph()
    let fold = LayerFold(units: 3, lanes: 4, schedule: .parallel, memory: .block)
    var search = try FoldSearch(graph, overrides: ["fc1": fold])
    let found = try search.smallest(cycles: 2)
    #expect(found.folding.folds["fc1"] == fold)
    #expect(try search.quicker(found, latency: 100).folding.folds["fc1"] == fold)
  }

  /// Devices: a part that has fewer block RAMs for its LUTs takes fewer of them.
  @Test func theDeviceWeighs() {
    for device in Device.all {
      #expect(device.weight(of: device.resources) == 3 * Double(device.resources.luts))
      #expect(device.budget.luts == device.resources.luts)
    }
    #expect(Set(Device.all.map(\.name)).count == Device.all.count)
  }
}
