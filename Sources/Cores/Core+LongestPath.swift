// SPDX-License-Identifier: Apache-2.0

// The longest paths of the cores that are not cut further, from Docs/Budgets/cores.csv. CostTableTests compares.

extension Core {
  /// A handshake and a choice of data.
  public var longestPath: LogicPath { LogicPath(levels: 2, nanoseconds: 1.5) }

  /// The word of a block RAM goes through no more than a choice.
  fileprivate func startsInBlockRAM(_ path: LogicPath) -> LogicPath {
    structure.ramb18s > 0 ? .longer(path, LogicPath(levels: 1, nanoseconds: 2.6)) : path
  }
}

extension StreamRegister {
  public var longestPath: LogicPath { LogicPath(levels: 1, nanoseconds: 1) }
}

extension FIFO {
  /// Counters of places, then what is written and read.
  public var longestPath: LogicPath {
    startsInBlockRAM(LogicPath(levels: 3, nanoseconds: 2.3))
  }
}

extension WidthDown {
  public var longestPath: LogicPath {
    ratio > 2
      ? LogicPath(levels: 2, nanoseconds: 1.7) : LogicPath(levels: 1, nanoseconds: 1.2)
  }
}

extension Pad {
  public var longestPath: LogicPath { LogicPath(levels: 3, nanoseconds: 2.2) }
}

extension LineBuffer {
  public var longestPath: LogicPath {
    startsInBlockRAM(LogicPath(levels: 2, nanoseconds: 1.8))
  }
}

extension WindowBuffer {
  /// Addresses that end in another place than at a power of two are compared before they move on.
  public var longestPath: LogicPath {
    depth & (depth - 1) == 0
      ? LogicPath(levels: 3, nanoseconds: 2.7) : LogicPath(levels: 5, nanoseconds: 3.4)
  }
}

extension ResidualEncoder {
  /// A comparison in a carry chain, with a threshold straight from its memory.
  public var longestPath: LogicPath {
    let path =
      levels > 1
      ? LogicPath(levels: 3, nanoseconds: 2.1) : LogicPath(levels: 2, nanoseconds: 1.7)
    return structure.ramb18s > 0 ? path + .blockRAM : path
  }
}

extension LookupTable {
  public var longestPath: LogicPath { LogicPath(levels: 1, nanoseconds: 0.9) }
}

extension SumPoolUnit {
  public var longestPath: LogicPath { LogicPath(levels: 2, nanoseconds: 1.6) }
}

extension Score {
  /// Counters; without a table the product is not behind a register of the multiplier.
  public var longestPath: LogicPath {
    groups > 1
      ? LogicPath(levels: 2, nanoseconds: 1.8) : LogicPath(levels: 1, nanoseconds: 3.4)
  }
}

extension Fork {
  /// Who has the beat, and the enables of its register.
  public var longestPath: LogicPath { LogicPath(levels: 1, nanoseconds: 0.9) }
}

extension Add {
  /// A carry chain.
  public var longestPath: LogicPath {
    LogicPath(levels: 2, nanoseconds: 0.95 + 0.026 * Double(sumWidth))
  }
}
