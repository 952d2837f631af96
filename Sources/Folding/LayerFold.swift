// SPDX-License-Identifier: Apache-2.0

import Cores

/// How the levels of a code pass through a matrix unit.
public enum LevelSchedule: String, Codable, Sendable, CaseIterable {
  /// One after the other: M times the cycles, the popcount logic of one level.
  case series
  /// Side by side: M times the popcount logic, the cycles of one level.
  case parallel
}

/// How much of a linear layer is done in one cycle.
///
/// FINN calls units PE and lanes SIMD.
public struct LayerFold: Hashable, Codable, Sendable {
  /// Outputs computed side by side; divides the layer's outputs.
  public var units: Int
  /// Inputs taken in one beat; divides the layer's inputs, of a convolution its channels, or is all
  /// the inputs of a window.
  public var lanes: Int
  /// How the levels of the incoming code are scheduled.
  public var schedule: LevelSchedule
  /// What the weights are kept in.
  public var memory: MemoryKind
  /// Cycles of a popcount, 1 or 2, of a layer that does not add whole lanes: 1 is a cycle sooner and takes
  /// fewer flip-flops, 2 leaves a shorter path between registers. nil: as the width of the popcount and
  /// the memory ask for, see ``Cores/MatrixUnit/popcountCycles``.
  public var popcountCycles: Int?

  public init(
    units: Int, lanes: Int, schedule: LevelSchedule = .series, memory: MemoryKind = .automatic,
    popcountCycles: Int? = nil
  ) {
    self.units = units
    self.lanes = lanes
    self.schedule = schedule
    self.memory = memory
    self.popcountCycles = popcountCycles
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    units = try container.decode(Int.self, forKey: .units)
    lanes = try container.decode(Int.self, forKey: .lanes)
    schedule = try container.decode(LevelSchedule.self, forKey: .schedule)
    // Folders that were written before there was a choice have none.
    memory = try container.decodeIfPresent(MemoryKind.self, forKey: .memory) ?? .automatic
    popcountCycles = try container.decodeIfPresent(Int.self, forKey: .popcountCycles)
  }
}
