// SPDX-License-Identifier: Apache-2.0

import IntegerNetwork
import Modeling
import PopcountKernels

/// A graph made ready to run: everything that no image changes, in the order of the kernels.
struct Plan: Sendable {
  let graph: IntegerGraph
  let instructions: resbin_instructions
  /// What each node needs to run.
  let steps: [Step]
  /// The nodes whose planes are read besides their bytes.
  let packed: Set<Int>

  /// What a node needs to run.
  enum Step: Sendable {
    case input
    case lookup([UInt8])
    case popcount(PreparedPopcount)
    case maxPool(WindowPlaces)
    case sumPool(WindowPlaces, border: Int)
    case encode(PreparedThresholds)
    case rescale(AffineScore)
    case add
    case argMax
  }

  init(_ graph: IntegerGraph, instructions: resbin_instructions = resbin_best) {
    self.graph = graph
    self.instructions = resbin_available(instructions)
    var packed: Set<Int> = []
    steps = graph.nodes.map { node in
      let source = node.inputs.first ?? 0
      let shape = graph.nodes[source].shape
      let code = graph.code(of: source) ?? ResidualCode(weights: [])
      var readsBytes = false
      let hasBytes = graph.nodes[source].operation.sendsBytes
      defer { if hasBytes, !readsBytes { packed.insert(source) } }
      switch node.operation {
      case .input:
        readsBytes = true
        return .input
      case .lookup(let table):
        readsBytes = true
        // Every byte has an entry, whatever the bits of the code.
        let rest = Array(repeating: UInt8(0), count: 256 - table.entries.count)
        return .lookup(table.entries.map { UInt8($0) } + rest)
      case .popcount(let popcount):
        let prepared = PreparedPopcount(popcount, code: code, shape: shape, hasBytes: hasBytes)
        if case .bytes = prepared.form { readsBytes = true }
        return .popcount(prepared)
      case .maxPool(let window):
        return .maxPool(WindowPlaces(window, on: shape))
      case .sumPool(let pool):
        var border = 0
        if case .code(let value) = pool.border { border = code.value(of: value) }
        return .sumPool(WindowPlaces(pool.window, on: shape), border: border)
      case .encode(let tree):
        return .encode(PreparedThresholds(tree))
      case .score(let map), .rescale(let map):
        return .rescale(map)
      case .add:
        return .add
      case .argMax:
        return .argMax
      }
    }
    self.packed = packed
  }
}

extension IntegerGraph.Operation {
  /// Whether codes are kept as bytes: those of an image, and of a table.
  var sendsBytes: Bool {
    switch self {
    case .input, .lookup: true
    case .popcount, .maxPool, .sumPool, .encode, .rescale, .add, .score, .argMax: false
    }
  }
}

/// Thresholds, node of the tree by node, channel beside channel.
final class PreparedThresholds: @unchecked Sendable {
  let thresholds: resbin_thresholds
  private let values: Buffer<Int64>
  private let falling: Buffer<UInt64>

  init(_ tree: ThresholdTree) {
    let channels = tree.thresholds.count
    let blocks = (channels + resbin_block - 1) / resbin_block
    let stride = blocks * resbin_block
    let nodes = 1 << tree.code.levels - 1
    values = Buffer(nodes * stride)
    falling = Buffer((blocks + 7) / 8)
    for node in 0..<nodes {
      for channel in 0..<stride {
        values.start[node * stride + channel] =
          channel < channels ? Int64(tree.thresholds[channel][node]) : .max
      }
    }
    for channel in tree.falling.indices where tree.falling[channel] {
      falling.start[channel / 64] |= 1 << UInt64(channel % 64)
    }
    thresholds = resbin_thresholds(
      values: values.start, falling: falling.start, blocks: blocks, levels: tree.code.levels)
  }
}
