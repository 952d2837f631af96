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
  }

  /// Synapses in a beat.
  var lanes: Int
  /// Neurons of a block; the last one may have fewer.
  var neurons: Int
  var blocks: [Block]

  /// - Parameter weight: Whether the weight of a unit on a lane is +1.
  init(lanes: Int, units: Int, neurons: Int, weight: (_ unit: Int, _ lane: Int) -> Bool) {
    self.lanes = lanes
    self.neurons = neurons
    blocks = stride(from: 0, to: units, by: neurons).map { first in
      var classes = Array(repeating: [Int](), count: 1 << (neurons - 1))
      for lane in 0..<lanes {
        let sign = weight(first, lane)
        var number = 0
        for unit in first + 1..<max(first + 1, min(units, first + neurons))
        where weight(unit, lane) != sign {
          number |= 1 << (unit - first - 1)
        }
        classes[number].append(lane)
      }
      let order = classes.flatMap(\.self)
      return Block(
        lanes: order, weights: order.map { weight(first, $0) }, sizes: classes.map(\.count))
    }
  }

  /// What popcounts over random weights take, always the same ones: for estimates, which are wanted
  /// before there are weights. The mean of several draws where there are few blocks.
  ///
  /// - Parameter width: Bits of a count.
  static func structure(lanes: Int, units: Int, neurons: Int, width: Int) -> CoreStructure {
    let shape = [lanes, units, neurons, width]
    if let known = known.withLock({ $0[shape] }) { return known }
    let structure = countedStructure(lanes: lanes, units: units, neurons: neurons, width: width)
    known.withLock { $0[shape] = structure }
    return structure
  }

  /// What was counted before: a search of folds asks for the same thousands of times.
  private static let known = Mutex<[[Int]: CoreStructure]>([:])

  private static func countedStructure(
    lanes: Int, units: Int, neurons: Int, width: Int
  ) -> CoreStructure {
    // Knuth's generator, of which the highest bit is the best.
    var state: UInt64 = 1
    var sum = CoreStructure()
    let draws = max(1, 64 * neurons / units)
    for _ in 0..<draws {
      let weights = (0..<units * lanes).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state >> 63 == 1
      }
      SharedCounts(lanes: lanes, units: units, neurons: neurons) { weights[$0 * lanes + $1] }
        .add(to: &sum, width: width, units: units)
    }
    return CoreStructure(
      parts: sum.parts.mapValues { ($0 + draws / 2) / draws },
      flipFlops: (sum.flipFlops + draws / 2) / draws)
  }

  /// Neurons of a block, by the LUTs that were measured; 0 where a neuron is better counted alone.
  ///
  /// - Parameter limit: the most; five take less than four over 200 lanes, but 5.7 ns of logic.
  static func neuronsOfBlock(lanes: Int, units: Int, most limit: Int = 4) -> Int {
    let best = lanes < 12 ? 0 : lanes < 24 ? 2 : lanes < 80 ? 3 : lanes < 200 ? 4 : 5
    let most = min(best, limit)
    guard units > 1 && most > 0 else { return 0 }
    // No block has two fewer than another.
    let blocks = (units + most - 1) / most
    return (units + blocks - 1) / blocks
  }

  var parameters: [CoreParameter] {
    let width = counterWidth(lanes + 1)
    let order = blocks.flatMap { block in
      zip(block.lanes, block.weights).map { $0 | ($1 ? 1 << width : 0) }
    }
    return [
      CoreParameter("SHARED_BLOCKS", blocks.count), CoreParameter("SHARED_NEURONS", neurons),
      CoreParameter("SHARED_ORDER", .packed(order, elementWidth: width + 1)),
      CoreParameter("SHARED_SIZES", .packed(blocks.flatMap(\.sizes), elementWidth: width)),
    ]
  }

  /// Adds what it is made of.
  private func add(to structure: inout CoreStructure, width: Int, units: Int) {
    for (index, block) in blocks.enumerated() {
      let inUse = min(neurons, units - index * neurons)
      var (differentBits, totalBits, registers) = (0, inUse * width, width)
      // The largest numbers.
      var sums = zip(block.sizes, constants(of: block)).map { size, constant in
        let largest = constant < 0 ? 1 << width - 1 : size + constant
        if size > 0 { registers += min(width, counterWidth(largest + 1)) }
        return largest
      }
      // Sums of classes: for each other neuron of those where it differs, and of all.
      for neuron in (1..<neurons).reversed() {
        let half = sums.count / 2
        if neuron < inUse {
          var different = Array(sums[half...])
          registers += min(width - 1, counterWidth(different.reduce(1, +)))
          while different.count > 1 {
            different = stride(from: 0, to: different.count, by: 2).map {
              differentBits += adderBits(different[$0], different[$0 + 1], width)
              return different[$0] + different[$0 + 1]
            }
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
    let differences = (1..<neurons).map { neuron in
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
