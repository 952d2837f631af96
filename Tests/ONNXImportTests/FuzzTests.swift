// SPDX-License-Identifier: Apache-2.0

import Diagnostics
import Foundation
import Modeling
import TestSupport
import Testing

@testable import ONNXImport

/// Damaged files: whatever the bytes are, the import ends with a network or with `InvalidInput`.
@Suite(.tags(.unit)) struct FuzzTests {
  /// Imports; every error but `InvalidInput` passes on.
  @discardableResult
  private func isImported(_ bytes: [UInt8]) throws -> Bool {
    do {
      _ = try TrainedNetwork(onnx: bytes, name: "damaged.onnx")
      return true
    } catch let invalid as InvalidInput {
      #expect(invalid.diagnostics.contains { $0.severity == .error })
      return false
    }
  }

  @Test func filesThatEndTooEarlyAreRefused() throws {
    let bytes = try ModelBuilder.small().bytes
    for end in stride(from: 0, to: bytes.count, by: 4) {
      #expect(try !isImported(Array(bytes[..<end])), "\(end) of \(bytes.count) bytes")
    }
  }

  @Test func aTrainedModelThatEndsTooEarlyIsRefused() throws {
    let model = URL(filePath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Models/mnist-256x3-m3.onnx")
    let bytes = try Array(Data(contentsOf: model))
    // All of the short structures at both ends, and samples of the weights between them.
    let ends =
      Array(stride(from: 0, to: bytes.count, by: 4099))
      + Array(stride(from: 0, to: 16384, by: 64))
      + Array(stride(from: bytes.count - 8192, to: bytes.count - 512, by: 64))
    for end in ends { #expect(try !isImported(Array(bytes[..<end])), "\(end) bytes") }
  }

  @Test(arguments: 0..<8) func flippedBytesDoNoHarm(seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    let bytes = try (seed % 2 == 0 ? ModelBuilder.small() : Self.convolutional).bytes
    for _ in 0..<150 {
      var damaged = bytes
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        let position = Int.random(in: damaged.indices, using: &random)
        damaged[position] = UInt8.random(in: 0...255, using: &random)
      }
      try isImported(damaged)
    }
  }

  @Test(arguments: 0..<2) func movedAndRepeatedPiecesDoNoHarm(seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    let bytes = try ModelBuilder.small().bytes
    for _ in 0..<100 {
      var damaged = bytes
      let start = Int.random(in: damaged.indices, using: &random)
      let piece = damaged[start..<min(start + 40, damaged.count)]
      damaged.insert(
        contentsOf: Array(piece), at: Int.random(in: damaged.indices, using: &random))
      try isImported(damaged)
    }
  }

  @Test(arguments: 0..<2) func randomBytesAreRefused(seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    for count in 0..<200 {
      try isImported((0..<count).map { _ in UInt8.random(in: 0...255, using: &random) })
    }
  }

  private static let dense = ModelBuilder.small(gammas: [0.5, 0.25, 0.125])

  /// One of each of the operators on maps.
  private static var convolutional: ModelBuilder {
    var model = ModelBuilder(input: [2, 6, 5], type: .float)
    model.constant("epsilon", 0.5)
    var x = model.quantizer(
      "Quant", "q0", "image", [1 / 255, 0, 8], attributes: ["signed": 0, "narrow": 0])
    x = model.node("Pad", "pad", x, model.integers("pads", [0, 0, 1, 1, 0, 0, 1, 1]))
    x = model.conv("c1", x, 3, 2)
    x = model.batchNorm("n1", x, 3)
    x = model.node("Relu", "relu", x)
    x = model.node("MaxPool", "p1", x, attributes: ["kernel_shape": [2, 1]])
    x = model.quantizer(
      "Quant", "q1", x, [0.5, 0, 2], attributes: ["signed": 0, "narrow": 0])
    x = model.conv("c2", x, 2, 3, kernel: 2, attributes: ["auto_pad": .text("SAME_UPPER")])
    x = model.quantizer("BipolarQuant", "q2", x, [0.5])
    x = model.node("AveragePool", "p2", x, attributes: ["kernel_shape": [2, 2]])
    x = model.quantizer("Trunc", "q3", x, [0.25, 0, 6, 2])
    x = model.node("Transpose", "t", x, attributes: ["perm": [0, 2, 3, 1]])
    x = model.node("Reshape", "r", x, model.integers("shape", [0, -1]))
    model.output(model.dense("fc", x, 32, 2))
    return model
  }

  @Test func theWholeGraphsAreImported() throws {
    #expect(try isImported(Self.dense.bytes))
    let complaint = try Self.convolutional.complaint()
    #expect(try isImported(Self.convolutional.bytes), "\(complaint)")
  }

  /// Whole but senseless graphs: every operator on every kind of value, with random attributes.
  @Test(arguments: 0..<8) func senselessGraphsDoNoHarm(seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    let types = Operator.table.keys.sorted()
    let sizes: [Int64] = [-1, 0, 1, 2, 3, 4, 1 << 31, .max, .min]
    let attributes = [
      "axis", "keepdims", "to", "axes", "perm", "allowzero", "transB", "transA", "alpha", "value",
      "value_ints", "value_int", "epsilon", "kernel_shape", "strides", "pads", "dilations", "group",
      "auto_pad", "ceil_mode", "count_include_pad", "mode", "start", "end", "min", "max", "signed",
      "narrow", "rounding_mode", "out_scale", "out_bias", "data_layout",
    ]
    for _ in 0..<60 {
      var model = Bool.random(using: &random) ? Self.dense : Self.convolutional
      for number in 0..<4 {
        let shape = (0..<Int.random(in: 0...3, using: &random)).map { _ in
          sizes.randomElement(using: &random) ?? 1
        }
        let count = Int.random(in: 0...4, using: &random)
        model.constant("c\(number)", shape, Array(repeating: 1, count: count))
        model.integers(
          "i\(number)",
          (0..<count).map { _ in sizes.randomElement(using: &random) ?? 1 })
      }
      var names =
        model.proto.graph.node.map(\.name) + model.proto.graph.initializer.map(\.name) + ["image"]
      for number in 0..<8 {
        var node = ONNXNodeProto()
        node.opType = types.randomElement(using: &random) ?? ""
        let arity = Operator.table[node.opType]?.inputs ?? 1...1
        node.input = (0..<Int.random(in: arity, using: &random)).map { _ in
          names.suffix(Bool.random(using: &random) ? 6 : 60).randomElement(using: &random) ?? ""
        }
        node.output = ["x\(number)"]
        if Int.random(in: 0..<3, using: &random) > 0 {
          let size = sizes.randomElement(using: &random) ?? 1
          let value: Attribute =
            [
              .integer(size), .integers([1, 0]), .integers([size]), .real(1.5), .integer(1),
              .integer(1), .tensor(ModelBuilder.tensor("", [size], floats: [1])),
              .integers([size, 1]), .integers([0, 3, 1, 2]), .integers([1, 1, size, 1]),
              .text("SAME_UPPER"), .text("FLOOR"), .text(""),
            ].randomElement(using: &random) ?? 1
          let name = attributes.randomElement(using: &random) ?? ""
          if Operator.table[node.opType]?.attributes.contains(name) == true {
            node.attribute = [value.proto(named: name)]
          }
        }
        model.proto.graph.node.append(node)
        names.append("x\(number)")
      }
      model.proto.graph.output = []
      model.output("x7")
      try isImported(model.bytes)
    }
  }
}
