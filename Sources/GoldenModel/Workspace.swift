// SPDX-License-Identifier: Apache-2.0

import IntegerNetwork
import Modeling
import PopcountKernels

/// The memory for one image on its way through a graph, allocated once: nothing is allocated while
/// an image runs.
package final class Workspace {
  private let plan: Plan
  private let nodes: [NodeValues]
  /// The windows of a row of positions: [position][level][word], or [position][byte].
  private let windows: Buffer<UInt64>
  /// Where the sums of each position of a row start.
  private let bases: UnsafeMutableBufferPointer<UnsafePointer<Int64>?>
  /// The codes of two pixels.
  let pixels: Buffer<UInt64>

  init(_ plan: Plan) {
    self.plan = plan
    let graph = plan.graph
    nodes = graph.nodes.indices.map {
      NodeValues(
        graph.nodes[$0].shape, levels: graph.code(of: $0)?.levels ?? 0,
        hasBytes: graph.nodes[$0].operation.sendsBytes)
    }
    var (windowBytes, columns) = (0, 1)
    for step in plan.steps {
      guard case .popcount(let popcount) = step, let places = popcount.places else { continue }
      columns = max(columns, places.columns.count)
      windowBytes = max(windowBytes, places.columns.count * popcount.bytesPerPosition)
    }
    windows = Buffer((windowBytes + 7) / 8)
    bases = .allocate(capacity: columns)
    bases.initialize(repeating: nil)
    pixels = Buffer(2 * 8 * (nodes.map(\.pixelWords).max() ?? 0))
  }

  package convenience init(_ graph: IntegerGraph) {
    self.init(Plan(graph))
  }

  deinit {
    bases.deallocate()
  }

  /// The values of a node for the image that ran last, in stream order.
  package func values(of node: Int) -> [Int] {
    nodes[node].values
  }

  /// How many codes of some nodes differ from those of another workspace.
  func differingCodes(from other: Workspace, nodes indices: [Int]) -> Int {
    indices.reduce(0) { $0 + nodes[$1].differingCodes(from: other.nodes[$1]) }
  }

  /// Computes the values of every node.
  ///
  /// - Parameter bytes: as many as the network takes.
  func run(_ bytes: UnsafeBufferPointer<UInt8>) {
    load(bytes)
    for index in plan.steps.indices.dropFirst() { compute(index) }
  }

  /// Takes an image in.
  package func load(_ bytes: UnsafeBufferPointer<UInt8>) {
    let image = nodes[0].bytes.start
    _ = UnsafeMutableBufferPointer(start: image, count: bytes.count).update(from: bytes)
    pack(0)
  }

  /// Makes planes of the bytes of a node where they are read.
  private func pack(_ index: Int) {
    guard plan.packed.contains(index) else { return }
    let node = nodes[index]
    resbin_pack(
      plan.instructions, node.bytes.start, node.shape.count, node.levels, node.planes, node.words)
  }

  /// Computes the values of one node from those of its input.
  package func compute(_ index: Int) {
    let result = nodes[index]
    let source = nodes[plan.graph.nodes[index].inputs.first ?? 0]
    switch plan.steps[index] {
    case .input:
      break
    case .lookup(let table):
      table.withUnsafeBufferPointer { table in
        for position in 0..<source.shape.count {
          result.bytes.start[position] = table[Int(source.bytes.start[position])]
        }
      }
      pack(index)
    case .popcount(let popcount):
      sum(popcount, from: source, into: result)
    case .maxPool(let places) where result.levels > 0:
      poolCodes(places, from: source, into: result)
    case .maxPool(let places):
      poolNumbers(places, from: source, into: result) { max($0, $1) }
    case .sumPool(let places, let border):
      if source.levels > 0 {
        addCodes(places, border: border, code: code(of: index), from: source, into: result)
      } else {
        poolNumbers(places, from: source, into: result) { $0 + $1 }
      }
    case .encode(let tree):
      var thresholds = tree.thresholds
      for pixel in 0..<source.pixels {
        resbin_encode(
          plan.instructions, &thresholds, source.numbers + pixel * source.stride, pixels.start)
        result.write(pixel: pixel, from: pixels.start)
      }
    case .rescale(let map):
      for pixel in 0..<source.pixels {
        for channel in 0..<source.shape.channels {
          let position = pixel * source.stride + channel
          result.numbers[position] =
            Int64(map.multipliers[channel]) * source.numbers[position]
            + Int64(map.offsets[channel])
        }
      }
    case .add:
      let other = nodes[plan.graph.nodes[index].inputs[1]]
      for position in 0..<source.pixels * source.stride {
        result.numbers[position] = source.numbers[position] + other.numbers[position]
      }
    case .argMax:
      let scores = UnsafeBufferPointer(start: source.numbers, count: source.shape.count)
      result.numbers[0] = Int64(argMax(scores))
    }
  }

  /// The code that enters a node.
  private func code(of index: Int) -> ResidualCode {
    plan.graph.code(of: plan.graph.nodes[index].inputs[0]) ?? ResidualCode(weights: [])
  }

  // MARK: Sums

  private func sum(
    _ popcount: PreparedPopcount, from source: NodeValues, into result: NodeValues
  ) {
    guard let places = popcount.places else {
      bases[0] = popcount.base(row: 0, column: 0)
      switch popcount.form {
      case .bits(var weights):
        resbin_sum_bits(
          plan.instructions, &weights, source.planes, 1, bases.baseAddress, result.numbers)
      case .bytes(var weights):
        resbin_sum_bytes(
          plan.instructions, &weights, source.bytes.start, 1, bases.baseAddress, result.numbers)
      }
      return
    }
    let positions = places.columns.count
    for (index, row) in places.rows.enumerated() {
      for column in 0..<positions { bases[column] = popcount.base(row: index, column: column) }
      let sums = result.numbers + index * positions * result.stride
      switch popcount.form {
      case .bits(var weights):
        gather(popcount, places, row, words: weights.words, from: source)
        resbin_sum_bits(
          plan.instructions, &weights, windows.start, positions, bases.baseAddress, sums)
      case .bytes(var weights):
        let values = UnsafeMutableRawPointer(windows.start).assumingMemoryBound(to: UInt8.self)
        gather(
          popcount, places, row, bytes: popcount.bytesPerPosition, from: source, into: values)
        resbin_sum_bytes(
          plan.instructions, &weights, values, positions, bases.baseAddress, sums)
      }
    }
  }

  /// The planes of the windows of a row of positions.
  private func gather(
    _ popcount: PreparedPopcount, _ places: WindowPlaces, _ row: WindowPlaces.Place, words: Int,
    from source: NodeValues
  ) {
    let border = popcount.borderPlanes.start
    let borderWords = popcount.borderPlanes.count / source.levels
    var window = windows.start
    for column in places.columns {
      for level in 0..<source.levels {
        let plane = source.planes + level * source.words
        var bit = 0
        places.forEachRun(row, column) { first, count in
          if let first {
            resbin_copy_bits(window, bit, plane, first, count)
          } else {
            resbin_copy_bits(window, bit, border + level * borderWords, 0, count)
          }
          bit += count
        }
        window += words
      }
    }
  }

  /// The bytes of the windows of a row of positions.
  private func gather(
    _ popcount: PreparedPopcount, _ places: WindowPlaces, _ row: WindowPlaces.Place, bytes: Int,
    from source: NodeValues, into windows: UnsafeMutablePointer<UInt8>
  ) {
    var window = windows
    for column in places.columns {
      var next = window
      places.forEachRun(row, column) { first, count in
        if let first {
          next.update(from: source.bytes.start + first, count: count)
        } else {
          next.update(repeating: UInt8(popcount.border), count: count)
        }
        next += count
      }
      window += bytes
    }
  }
}
