// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// How neurons of constant weights are counted together, block by block: what rb_shared_counts.v is
/// told of their weights.
///
/// Lanes on which the same neurons of a block differ from its first one are a class, and a class is
/// counted once for the whole block.
struct SharedCounts: Equatable {
  /// A few neurons.
  struct Block: Equatable {
    /// The lanes, class by class.
    var lanes: [Int]
    /// The weights of the first neuron on them.
    var weights: [Bool]
    /// Lanes of each class; bit n − 1 of its number says that neuron n differs from the first one.
    var sizes: [Int]

    /// Of which the lanes have 2^(neurons − 1) classes.
    var neurons: Int { counterWidth(sizes.count) + 1 }
  }

  /// Synapses in a beat.
  var lanes: Int
  /// The most neurons of a block; no block has two fewer.
  var neurons: Int
  var blocks: [Block]

  /// - Parameter weight: Whether the weight of a unit on a lane is +1.
  init(lanes: Int, units: Int, neurons: Int, weight: (_ unit: Int, _ lane: Int) -> Bool) {
    self.lanes = lanes
    let split = Self.split(units, by: neurons)
    self.neurons = split.neurons
    var first = 0
    blocks = (0..<split.full + split.others).map { index in
      let neurons = index < split.full ? split.neurons : split.neurons - 1
      var classes = Array(repeating: [Int](), count: 1 << (neurons - 1))
      for lane in 0..<lanes {
        let sign = weight(first, lane)
        var number = 0
        for unit in 1..<max(1, neurons) where weight(first + unit, lane) != sign {
          number |= 1 << (unit - 1)
        }
        classes[number].append(lane)
      }
      defer { first += neurons }
      let order = classes.flatMap(\.self)
      return Block(
        lanes: order, weights: order.map { weight(first, $0) }, sizes: classes.map(\.count))
    }
  }

  /// `units` in as few blocks of at most so many neurons, as even as they can be: `full` blocks of
  /// `neurons`, and `others` of one fewer.
  static func split(_ units: Int, by most: Int) -> (neurons: Int, full: Int, others: Int) {
    let blocks = (units + most - 1) / most
    let neurons = (units + blocks - 1) / blocks
    let full = units - blocks * (neurons - 1)
    return (neurons, full, blocks - full)
  }

  /// What popcounts over random weights take, always the same ones: for estimates, which are wanted
  /// before there are weights.
  ///
  /// - Parameter width: Bits of a count.
  static func structure(lanes: Int, units: Int, neurons: Int, width: Int) -> CoreStructure {
    var sum = CoreStructure()
    let split = split(units, by: neurons)
    for (blocks, neurons) in [(split.full, split.neurons), (split.others, split.neurons - 1)]
    where blocks > 0 {
      let drawn = drawnBlocks(lanes: lanes, neurons: neurons, width: width)
      sum.parts.merge(
        drawn.parts.mapValues { ($0 * blocks + draws / 2) / draws }, uniquingKeysWith: +)
      sum.flipFlops += (drawn.flipFlops * blocks + draws / 2) / draws
    }
    return sum
  }

  /// Blocks that are drawn for the mean.
  private static let draws = 16

  /// What was drawn before: a search of folds asks for the same thousands of times.
  private static let known = Mutex<[[Int]: CoreStructure]>([:])

  /// All drawn blocks of `neurons` neurons together.
  private static func drawnBlocks(lanes: Int, neurons: Int, width: Int) -> CoreStructure {
    let shape = [lanes, neurons, width]
    if let sum = known.withLock({ $0[shape] }) { return sum }
    // Knuth's generator, of which the highest bit is the best.
    var state: UInt64 = 1
    var sum = CoreStructure()
    for _ in 0..<draws {
      let weights = (0..<neurons * lanes).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state >> 63 == 1
      }
      SharedCounts(lanes: lanes, units: neurons, neurons: neurons) { weights[$0 * lanes + $1] }
        .add(to: &sum, width: width)
    }
    known.withLock { $0[shape] = sum }
    return sum
  }

  /// Neurons of a block: of those whose longest path is within `limit` nanoseconds, by the estimates,
  /// the number that takes the fewest LUTs; where none is, of those with the shortest path. 0 where a
  /// neuron is better counted alone.
  static func neuronsOfBlock(
    lanes: Int, units: Int, limit: Double = LogicPath.usualLimit
  ) -> Int {
    guard lanes >= 12 && units > 1 else { return 0 }
    let choices = (2...5).map { neurons in
      let structure = structure(
        lanes: lanes, units: units, neurons: neurons, width: counterWidth(lanes + 1))
      let path = longestPath(lanes: lanes, units: units, neurons: neurons)
      return (
        neurons: neurons, luts: structure.luts(in: "rb_matrix_unit"),
        excess: max(0, path.nanoseconds - limit)
      )
    }
    let best = choices.min { ($0.excess, $0.luts) < ($1.excess, $1.luts) }
    return best.map { split(units, by: $0.neurons).neurons } ?? 0
  }

  /// The longest path of popcounts, in two cycles: of the classes, measured by their lanes, and of the sums
  /// of classes, by neurons. Some blocks may have a neuron fewer than the others, and so larger classes.
  static func longestPath(lanes: Int, units: Int, neurons: Int) -> LogicPath {
    let split = split(units, by: neurons)
    let (neurons, fewest) = (split.neurons, split.neurons - (split.others > 0 ? 1 : 0))
    let largest = (lanes + (1 << (fewest - 1)) - 1) >> (fewest - 1)
    let count = counts.first { largest <= $0.lanes } ?? counts[counts.count - 1]
    let sum = sums.first { neurons <= $0.neurons && lanes <= $0.lanes }
    return .longer(count.path, sum?.path ?? count.path)
  }

  /// Popcounts of classes of so many lanes.
  private static let counts: [(lanes: Int, path: LogicPath)] = [
    (8, LogicPath(levels: 3, nanoseconds: 2.2)), (16, LogicPath(levels: 5, nanoseconds: 3.1)),
    (32, LogicPath(levels: 7, nanoseconds: 3.6)), (72, LogicPath(levels: 9, nanoseconds: 4.4)),
    (128, LogicPath(levels: 11, nanoseconds: 5.1)),
    (256, LogicPath(levels: 11, nanoseconds: 5.4)), (.max, LogicPath(levels: 13, nanoseconds: 6)),
  ]

  /// Sums of the classes of blocks of so many neurons over so many lanes.
  private static let sums: [(neurons: Int, lanes: Int, path: LogicPath)] = [
    (2, .max, LogicPath(levels: 2, nanoseconds: 2.1)),
    (3, .max, LogicPath(levels: 5, nanoseconds: 2.9)),
    (4, 144, LogicPath(levels: 8, nanoseconds: 3.9)),
    (4, .max, LogicPath(levels: 8, nanoseconds: 4.4)),
    (.max, .max, LogicPath(levels: 11, nanoseconds: 5.9)),
  ]

  var parameters: [CoreParameter] {
    let width = counterWidth(lanes + 1)
    let order = blocks.flatMap { block in
      zip(block.lanes, block.weights).map { $0 | ($1 ? 1 << width : 0) }
    }
    let sizes = blocks.flatMap { block in
      block.sizes + Array(repeating: 0, count: 1 << (neurons - 1) - block.sizes.count)
    }
    return [
      CoreParameter("SHARED_BLOCKS", blocks.count), CoreParameter("SHARED_NEURONS", neurons),
      CoreParameter("SHARED_ORDER", .packed(order, elementWidth: width + 1)),
      CoreParameter("SHARED_SIZES", .packed(sizes, elementWidth: width)),
    ]
  }

  /// Adds what it is made of.
  private func add(to structure: inout CoreStructure, width: Int) {
    for block in blocks {
      var (differentBits, totalBits, registers) = (0, block.neurons * width, width)
      // The largest numbers.
      var sums = zip(block.sizes, constants(of: block)).map { size, constant in
        let largest = constant < 0 ? 1 << width - 1 : size + constant
        if size > 0 { registers += min(width, counterWidth(largest + 1)) }
        return largest
      }
      // Sums of classes: for each other neuron of those where it differs, and of all.
      while sums.count > 1 {
        let half = sums.count / 2
        var different = Array(sums[half...])
        registers += min(width - 1, counterWidth(different.reduce(1, +)))
        while different.count > 1 {
          different = stride(from: 0, to: different.count, by: 2).map {
            differentBits += adderBits(different[$0], different[$0 + 1], width)
            return different[$0] + different[$0 + 1]
          }
        }
        sums = (0..<half).map {
          totalBits += adderBits(sums[$0], sums[$0 + half], width)
          return sums[$0] + sums[$0 + half]
        }
      }
      structure.parts[.sharedLane, default: 0] += lanes
      structure.parts[.differentBit, default: 0] += differentBits
      structure.parts[.sharedTotalBit, default: 0] += totalBits
      structure.flipFlops += registers
    }
  }

  /// Bits of an adder of numbers up to these; there is none of 0.
  private func adderBits(_ left: Int, _ right: Int, _ width: Int) -> Int {
    left == 0 || right == 0 ? 0 : min(width, counterWidth(max(left, right) + 1))
  }

  /// What rb_shared_counts.v adds to each class.
  private func constants(of block: Block) -> [Int] {
    let differences = (1..<block.neurons).map { neuron in
      block.sizes.indices.reduce(0) {
        $1 >> (neuron - 1) & 1 == 1 ? $0 + block.sizes[$1] : $0
      }
    }
    let most = differences.max() ?? 0
    var constants = Array(repeating: 0, count: block.sizes.count)
    constants[0] = most
    for (index, difference) in differences.enumerated() {
      constants[1 << index] = (most - difference) / 2
      constants[0] -= (most - difference) / 2
    }
    return constants
  }
}
