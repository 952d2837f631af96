// SPDX-License-Identifier: Apache-2.0

import Modeling
import TestSupport
import Testing

@testable import ONNXImport

/// Convolutions, pools and borders, in every form that exporters write.
@Suite(.tags(.unit)) struct ConvolutionTests {
  /// 3 channels of 8×6 pixels, −1…1 → `rest` → output
  private func model(_ rest: (inout ModelBuilder, String) -> String) -> ModelBuilder {
    var model = ModelBuilder(input: [3, 8, 6], type: .float)
    model.node("Mul", "double", "image", model.constant("two", 2))
    let x = model.node("Sub", "x", "double", model.constant("one", 1))
    model.output(rest(&model, x))
    return model
  }

  private func layers(
    _ rest: (inout ModelBuilder, String) -> String
  ) throws -> [any PrimitiveLayer] {
    try model(rest).imported().network.nodes.dropFirst().map(\.layer)
  }

  /// The one layer behind the input.
  private func conv(_ attributes: [String: Attribute]) throws -> Conv? {
    try layers { model, x in model.conv("c1", x, 4, 3, attributes: attributes) }.first as? Conv
  }

  @Test func aConvolutionKeepsItsWeightsAndName() throws {
    let trained = try model { model, x in
      model.node(
        "Conv", "/features/0/Conv", x, model.constant("w", [2, 3, 1, 1], [1, -1, 0, 2, -2, 2]),
        model.constant("b", [2], [5, 6]))
    }.imported()
    #expect(trained.network.nodes.map(\.name) == ["image", "features_0"])
    #expect(trained.network.nodes[1].layer as? Conv == Conv(2, kernel: 1))
    #expect(
      trained.parameters.tensors == [
        "features_0.weight": Tensor(shape: [2, 3, 1, 1], values: [1, -1, 0, 2, -2, 2]),
        "features_0.bias": Tensor([5, 6]),
      ])
  }

  @Test(
    arguments: [
      ([:], .none), (["pads": [1, 1, 1, 1]], .all(1)),
      (["pads": [0, 1, 2, 1]], .border(top: 0, bottom: 2, left: 1, right: 1, value: 0)),
      (["auto_pad": .text("VALID"), "kernel_shape": [3, 3]], .none),
      (["auto_pad": .text("SAME_UPPER")], .all(1)), (["auto_pad": .text("NOTSET")], .none),
    ] as [([String: Attribute], Padding)])
  func bordersAreTaken(attributes: [String: Attribute], padding: Padding) throws {
    #expect(try conv(attributes) == Conv(4, kernel: 3, padding: padding))
  }

  @Test func theOddRowIsWhereTheAttributeSays() throws {
    let strides: Attribute = [2, 2]
    #expect(
      try conv(["strides": strides, "auto_pad": .text("SAME_UPPER")])
        == Conv(
          4, kernel: 3, stride: 2,
          padding: .border(top: 0, bottom: 1, left: 0, right: 1, value: 0)))
    #expect(
      try conv(["strides": strides, "auto_pad": .text("SAME_LOWER")])
        == Conv(
          4, kernel: 3, stride: 2,
          padding: .border(top: 1, bottom: 0, left: 1, right: 0, value: 0)))
  }

  @Test func groupsAreTaken() throws {
    let layers = try layers { model, x in
      model.node(
        "Conv", "c", x, model.constant("w", [6, 1, 2, 1], Array(repeating: 1, count: 12)),
        attributes: ["group": 3, "strides": [2, 1]])
    }
    #expect(
      layers.first as? Conv
        == Conv(6, kernel: Extent(2, 1), stride: Extent(2, 1), groups: 3))
  }

  @Test(
    arguments: [
      (["dilations": [2, 2]], "attribute dilations is [2, 2]; only [1, 1] is supported"),
      (["strides": [2]], "attribute strides is [2]; [height, width] is expected"),
      (["strides": [0, 1]], "its window is 3×3 with strides 0×1; sizes from 1 are expected"),
      (
        ["pads": [1, 1]],
        "attribute pads is [1, 1]; [top, left, bottom, right] from 0 on is expected"
      ),
      (
        ["pads": [0, 0, -1, 0]],
        "attribute pads is [0, 0, -1, 0]; [top, left, bottom, right] from 0 on is expected"
      ),
      (
        ["kernel_shape": [5, 5]],
        "attribute kernel_shape is [5, 5]; [3, 3], as the weights have it, is expected"
      ),
      (["group": 2], "its weights [4, 3, 3, 3] in 2 groups do not fit 3 channels"),
      (
        ["auto_pad": .text("FULL")],
        "attribute auto_pad is FULL; NOTSET, VALID, SAME_UPPER and SAME_LOWER are supported"
      ),
      (["auto_pad": 1], "attribute auto_pad is not a text"),
      (
        ["pads": [3, 0, 0, 0]],
        "the padding is 3, 0, 0, 0 (top, bottom, left, right); it must be less than the 3×3 "
          + "kernel, and not negative\n  hint: the input is a 8×6×3 map"
      ),
    ] as [([String: Attribute], String)])
  func otherConvolutionsAreRefused(attributes: [String: Attribute], message: String) throws {
    let complaint = try model { model, x in
      model.conv("c1", x, 4, 3, attributes: attributes)
    }.complaint()
    #expect(complaint == "error: model.onnx: node 'c1' (Conv): \(message)")
  }

  @Test func theInputMustBeAMapOfCodes() throws {
    #expect(
      try model { model, x in model.conv("c2", model.conv("c1", x, 4, 3), 2, 4) }.complaint() == """
        error: model.onnx: node 'c2' (Conv): its input is a real map; pixels, a sign or a \
        quantizer are expected, as a binary layer takes codes of a few bits
          hint: binarise the activations before this node
        """)
    #expect(
      try model { model, x in model.conv("c", model.node("Flatten", "f", x), 4, 3) }.complaint()
        == """
        error: model.onnx: node 'c' (Conv): its input has axes [N] + [values] of sizes [144]; \
        [channels, height, width] is expected
          hint: put it before the node that flattens the map
        """)
    #expect(
      try model { model, x in
        model.node("Conv", "c", x, model.constant("w", [1, 3, 3], Array(repeating: 1, count: 9)))
      }.complaint() == """
        error: model.onnx: node 'c' (Conv): its weights have shape [1, 3, 3]; [filters, channels, \
        height, width] is expected
        """)
  }

  @Test func aNetworkOfBlocksIsRead() throws {
    let trained = try model { model, x in
      var x = model.conv("c1", x, 4, 3, attributes: ["pads": [1, 1, 1, 1]])
      x = model.batchNorm("n1", x, 4)
      x = model.residualSign("s1", x, [0.5, 0.25])
      x = model.node(
        "MaxPool", "p1", x, attributes: ["kernel_shape": [2, 2], "strides": [2, 2]])
      x = model.conv("c2", x, 5, 4)
      x = model.residualSign("s2", x, [1])
      x = model.node("Flatten", "flat", x)
      return model.dense("fc", x, 10, 3)
    }.imported()
    #expect(
      trained.network.nodes.map(\.name) == [
        "image", "c1", "n1", "s1", "p1", "c2", "s2", "c2_flatten", "fc",
      ])
    #expect(trained.network.nodes[4].layer as? MaxPool == MaxPool(2))
    #expect(trained.network.nodes[7].layer as? Flatten == Flatten(.channelsFirst))
    #expect(try trained.network.features().last?.shape == .vector(3))
  }

  // MARK: Pools

  /// 3 channels of 8×6 signs → pool
  private func pool(_ type: String, _ attributes: [String: Attribute]) -> ModelBuilder {
    model { model, x in
      let sums = model.conv("c1", x, 3, 3, attributes: ["pads": [1, 1, 1, 1]])
      let signs = model.residualSign("s", sums, [1])
      return model.node(type, "p", signs, attributes: attributes)
    }
  }

  @Test func poolsTakeTheAttributesOfTheirWindow() throws {
    let max =
      try pool(
        "MaxPool",
        ["kernel_shape": [3, 2], "strides": [1, 2], "pads": [1, 0, 0, 1], "ceil_mode": 0]
      ).imported().network.nodes.last?.layer as? MaxPool
    #expect(
      max
        == MaxPool(
          Extent(3, 2), stride: Extent(1, 2),
          padding: .border(top: 1, bottom: 0, left: 0, right: 1, value: 0)))
    let average =
      try pool(
        "AveragePool", ["kernel_shape": [2, 2], "pads": [1, 1, 1, 1], "count_include_pad": 1]
      ).imported().network.nodes.last?.layer as? AveragePool
    #expect(average == AveragePool(2, stride: 1, padding: .all(1)))
    // Nothing is left over: ceil_mode changes nothing.
    let whole =
      try pool(
        "AveragePool", ["kernel_shape": [2, 2], "strides": [2, 2], "ceil_mode": 1]
      ).imported().network.nodes.last?.layer as? AveragePool
    #expect(whole == AveragePool(2))
  }

  @Test(
    arguments: [
      ("MaxPool", [:], "attribute kernel_shape is missing; [height, width] is expected"),
      (
        "MaxPool", ["kernel_shape": [2, 2], "storage_order": 1],
        "attribute storage_order is 1; only 0 is supported"
      ),
      (
        "MaxPool", ["kernel_shape": [3, 3], "strides": [2, 2], "ceil_mode": 1],
        "attribute ceil_mode is 1 and the strides 2×2 leave a rest of 1×1; only 0 is supported "
          + "there\n  hint: pad the map below and on the right instead"
      ),
      (
        "MaxPool", ["kernel_shape": [9, 9]],
        "the 9×9 kernel does not fit into the 8×6 map\n  hint: the input is a 8×6×3 map"
      ),
      (
        "AveragePool", ["kernel_shape": [2, 2], "pads": [1, 1, 1, 1]],
        "attribute count_include_pad is 0, so that the border does not count; 1, or no padding, "
          + "is supported"
      ),
    ] as [(String, [String: Attribute], String)])
  func otherPoolsAreRefused(
    type: String, attributes: [String: Attribute], message: String
  ) throws {
    #expect(
      try pool(type, attributes).complaint()
        == "error: model.onnx: node 'p' (\(type)): \(message)")
  }

  @Test func theLargestOfFallingPixelsIsRefused() throws {
    let complaint = try model { model, x in
      let turned = model.node("Neg", "n", x)
      let pooled = model.node("MaxPool", "p", turned, attributes: ["kernel_shape": [2, 2]])
      return model.conv("c", pooled, 2, 3)
    }.complaint()
    #expect(
      complaint == """
        error: model.onnx: node 'p' (MaxPool): the values of the pixels fall where the pixels \
        rise; the largest value would be the least pixel
          hint: negate after the pool
        """)
  }

  @Test(arguments: [
    "GlobalAveragePool", "ReduceMean 2 3", "ReduceMean -1 -2", "ReduceMean 2 3 dropped",
    "ReduceMean input",
  ]) func everyMeanOfAMapIsTaken(spelling: String) throws {
    let trained = try model { model, x in
      let sums = model.conv("c1", x, 4, 3)
      let signs = model.residualSign("s", sums, [1])
      var pooled: String
      if spelling == "GlobalAveragePool" {
        pooled = model.node("GlobalAveragePool", "p", signs)
      } else if spelling == "ReduceMean input" {
        pooled = model.node("ReduceMean", "p", signs, model.integers("axes", [2, 3]))
      } else {
        let axes = spelling.split(separator: " ").compactMap { Int64($0) }
        pooled = model.node(
          "ReduceMean", "p", signs,
          attributes: [
            "axes": .integers(axes), "keepdims": spelling.hasSuffix("dropped") ? 0 : 1,
          ])
      }
      if !spelling.hasSuffix("dropped") { pooled = model.node("Flatten", "f", pooled) }
      pooled = model.batchNorm("n", pooled, 4)
      return model.dense("fc", model.residualSign("s2", pooled, [1]), 4, 2)
    }.imported()
    #expect(trained.network.nodes.map(\.name) == ["image", "c1", "s", "p", "n", "s2", "fc"])
    #expect(trained.network.nodes[3].layer is GlobalAveragePool)
  }

  @Test(arguments: [[1], [0, 2, 3], [2], [1, 2, 3], [7]] as [[Int64]])
  func otherMeansAreRefused(axes: [Int64]) throws {
    let complaint = try model { model, x in
      model.node("ReduceMean", "m", x, attributes: ["axes": .integers(axes)])
    }.complaint()
    #expect(
      complaint == "error: model.onnx: node 'm' (ReduceMean): "
        + (axes == [7]
          ? "axis 7 does not exist; there are 4"
          : "its axes are \(axes) of [N] + [channels, height, width]; the mean over height and "
            + "width is supported"))
  }

  // MARK: Borders as nodes

  @Test(arguments: ["attributes", "inputs", "axes"])
  func aPadMergesIntoTheConvolutionBehindIt(spelling: String) throws {
    let layers = try layers { model, x in
      let padded: String
      switch spelling {
      case "attributes":
        padded = model.node(
          "Pad", "pad", x,
          attributes: [
            "mode": .text("constant"), "pads": [0, 0, 1, 2, 0, 0, 0, 1], "value": -1.0,
          ])
      case "inputs":
        padded = model.node(
          "Pad", "pad", x, model.integers("pads", [0, 0, 1, 2, 0, 0, 0, 1]),
          model.constant("value", -1))
      default:
        padded = model.node(
          "Pad", "pad", x, model.integers("pads", [2, 1, 1, 0]), model.constant("value", -1),
          model.integers("axes", [-1, 2]))
      }
      return model.conv("c", padded, 4, 3)
    }
    #expect(
      layers.first as? Conv
        == Conv(
          4, kernel: 3,
          padding: .border(top: 1, bottom: 0, left: 2, right: 1, value: -1)))
  }

  @Test func bordersOfOneValueAddUp() throws {
    let layers = try layers { model, x in
      let once = model.node(
        "Pad", "a", x, model.integers("p1", [0, 0, 1, 0, 0, 0, 0, 0]))
      let twice = model.node(
        "Pad", "b", once, model.integers("p2", [0, 0, 0, 0, 0, 0, 1, 0]))
      return model.conv("c", twice, 4, 3, attributes: ["pads": [0, 1, 0, 1]])
    }
    #expect(layers.first as? Conv == Conv(4, kernel: 3, padding: .all(1)))
    let nothing = try self.layers { model, x in
      model.conv(
        "c", model.node("Pad", "a", x, model.integers("p", .init(repeating: 0, count: 8))), 4, 3)
    }
    #expect(nothing.first as? Conv == Conv(4, kernel: 3))
  }

  @Test(
    arguments: [
      (
        ["mode": .text("reflect")], [0, 0, 1, 1, 0, 0, 1, 1],
        "attribute mode is reflect; only constant is supported"
      ),
      (
        [:], [0, 0, -1, 0, 0, 0, 0, 0],
        "its pads are [0, 0, -1, 0, 0, 0, 0, 0]; sizes from 0 are expected"
      ),
      (
        [:], [0, 1, 0, 0, 0, 0, 0, 0],
        "its pads are [0, 1, 0, 0, 0, 0, 0, 0]; padding of height and width is supported"
      ),
      ([:], [1, 1], "its pads are [1, 1]; 2 for each of 4 axes are expected"),
      (
        [:], [0, 0, .max, 0, 0, 0, .max, 0],
        "its pads are [0, 0, \(Int.max), 0, 0, 0, \(Int.max), 0]; sizes from 0 are expected"
      ),
    ] as [([String: Attribute], [Int64], String)])
  func otherPadsAreRefused(
    attributes: [String: Attribute], pads: [Int64], message: String
  ) throws {
    let complaint = try model { model, x in
      model.conv(
        "c", model.node("Pad", "pad", x, model.integers("p", pads), attributes: attributes), 4, 3)
    }.complaint()
    #expect(complaint == "error: model.onnx: node 'pad' (Pad): \(message)")
  }

  @Test func whatABorderCannotEnterIsRefused() throws {
    let pads: [Int64] = [0, 0, 1, 1, 0, 0, 1, 1]
    func padded(
      _ value: Float, _ rest: (inout ModelBuilder, String) -> String
    ) throws -> String {
      try model { model, x in
        rest(
          &model,
          model.node("Pad", "pad", x, model.integers("p", pads), model.constant("v", value)))
      }.complaint()
    }
    #expect(
      try padded(1) { $0.conv("c", $1, 4, 3, attributes: ["pads": [1, 1, 1, 1]]) } == """
        error: model.onnx: node 'c' (Conv): it adds a border of 0.0 to one of 1.0; borders of one \
        value are supported
        """)
    #expect(
      try padded(0) { $0.node("MaxPool", "m", $1, attributes: ["kernel_shape": [2, 2]]) } == """
        error: model.onnx: node 'm' (MaxPool): the border of 0.0 before it could be the largest \
        value; a border that never is, is supported
          hint: pad with -inf, or in this node
        """)
    #expect(
      try padded(-.infinity) { model, x in
        model.node("MaxPool", "m", x, attributes: ["kernel_shape": [2, 2]])
      } == "imported: [\"image\", \"m\"]")
    #expect(
      try padded(0) { $0.node("Mul", "m", $1, "two") }.hasPrefix(
        "error: model.onnx: node 'm' (Mul): its input is a map with a border and a FLOAT []"))
  }

  // MARK: Orders of axes

  @Test(arguments: [false, true])
  func theOrderOfAFlattenedMapIsThatOfItsAxes(isTransposed: Bool) throws {
    let layers = try layers { model, x in
      var x = model.residualSign("s", model.conv("c1", x, 4, 3), [1])
      if isTransposed { x = model.node("Transpose", "t", x, attributes: ["perm": [0, 2, 3, 1]]) }
      x = model.node("Reshape", "r", x, model.integers("shape", [0, -1]))
      return model.dense("fc", x, 96, 2)
    }
    #expect(
      layers[2] as? Flatten == Flatten(isTransposed ? .channelsLast : .channelsFirst))
  }

  @Test func arithmeticFollowsTheChannels() throws {
    let trained = try model { model, x in
      var x = model.conv("c1", x, 2, 3)
      x = model.node("Mul", "m", x, model.constant("k", [2, 1, 1], [2, 4]))
      x = model.node("Transpose", "t", x, attributes: ["perm": [0, 2, 3, 1]])
      x = model.node("Add", "a", x, model.constant("b", [2], [1, 3]))
      x = model.node("Transpose", "u", x, attributes: ["perm": [0, 3, 1, 2]])
      x = model.node("Sub", "n", x, model.constant("d", [1, 2, 1, 1], [5, 5.5]))
      return model.conv("c2", model.residualSign("s", x, [1]), 1, 2)
    }.imported()
    #expect(trained.network.nodes.map(\.name) == ["image", "c1", "s", "c2"])
    #expect(trained.parameters["c1.bias"] == Tensor([-4, -2.5]))
    #expect(trained.parameters["c1.weight"]?.values.prefix(2) == [-2, 2])
    #expect(trained.parameters["c1.weight"]?.values.last == 4)
  }

  @Test func aTransposedMapEntersNoConvolution() throws {
    #expect(
      try model { model, x in
        let signs = model.residualSign("s", model.conv("c1", x, 4, 3), [1])
        let turned = model.node("Transpose", "t", signs, attributes: ["perm": [0, 1, 3, 2]])
        return model.conv("c2", turned, 2, 4)
      }.complaint() == """
        error: model.onnx: node 'c2' (Conv): its input has axes [N] + [channels, width, height] \
        of sizes [4, 4, 6]; [channels, height, width] is expected
          hint: put a Transpose to NCHW before it
        """)
    #expect(
      try model { model, x in
        model.node("Transpose", "t", x, attributes: ["perm": [1, 0, 2, 3]])
      }.complaint() == """
        error: model.onnx: node 't' (Transpose): attribute perm is [1, 0, 2, 3]; the batch must \
        stay the first axis
        """)
    #expect(
      try model { model, x in
        let turned = model.node("Transpose", "t", x, attributes: ["perm": [0, 1, 3, 2]])
        return model.dense("fc", model.node("Flatten", "f", turned), 144, 2)
      }.complaint() == """
        error: model.onnx: node 'f' (Flatten): it turns [N] + [3, 6, 8] into [N] + [144], its \
        axes being [channels, width, height]; [channels, height, width] and [height, width, \
        channels] can be flattened
        """)
  }

  @Test func anInputWithItsChannelsLastIsTurned() throws {
    var model = ModelBuilder(input: [8, 6, 3], type: .float)
    model.node("Transpose", "t", "image", attributes: ["perm": [0, 3, 1, 2]])
    model.output(model.conv("c", "t", 2, 3))
    let network = try model.imported().network
    #expect(network.input?.shape == Shape(height: 8, width: 6, channels: 3))
    #expect(network.nodes.count == 2)
  }

  @Test(arguments: [nil, 1] as [Int64?])
  func aViewOfTheBatchIsAFlatten(batch: Int64?) throws {
    var model = ModelBuilder(input: [1, 2, 2])
    model.proto.graph.input = [
      ModelBuilder.declaration(
        "image", .uint8, batch: batch == nil ? "N" : nil, (batch.map { [$0] } ?? []) + [1, 2, 2])
    ]
    model.node("Shape", "shape", "image")
    model.constant("zero", 0)
    model.proto.graph.initializer[0] = ONNXTensorProto.with {
      $0.name = "zero"
      $0.dataType = ElementType.int64.rawValue
      $0.int64Data = [0]
    }
    model.node("Gather", "batch", "shape", "zero", attributes: ["axis": 0])
    model.node("Unsqueeze", "first", "batch", model.integers("axes", [0]))
    model.node("Concat", "target", "first", model.integers("rest", [-1]), attributes: ["axis": 0])
    model.node("Reshape", "flat", "image", "target")
    model.output(model.dense("fc", "flat", 4, 2))
    #expect(try model.imported().network.nodes.map(\.name) == ["image", "image_flatten", "fc"])
  }

  // MARK: Clips

  @Test(
    arguments: [
      ([-1, 1], [1], true), ([-1, 1], [0.5, 0.25], true), ([-0.5, 1], [0.5, 0.25], false),
      ([0, 1], [1], false), ([-1, 0], [1], true), ([-1, -0.5], [1], false),
    ] as [([Float], [Float], Bool)])
  func aClipThatHoldsTheThresholdsIsDropped(
    limits: [Float], gammas: [Float], isTaken: Bool
  ) throws {
    let model = model { model, x in
      let sums = model.conv("c1", x, 2, 3)
      let clipped = model.node(
        "Clip", "clip", sums, model.constant("low", limits[0]), model.constant("high", limits[1]))
      let pooled = model.node("MaxPool", "p", clipped, attributes: ["kernel_shape": [2, 2]])
      return model.conv("c2", model.residualSign("s", pooled, gammas), 1, 2)
    }
    if isTaken {
      #expect(try model.imported().network.nodes.map(\.name) == ["image", "c1", "p", "s", "c2"])
    } else {
      #expect(
        try model.complaint().hasPrefix(
          "error: model.onnx: node 'c2' (Conv): its values are clipped to "), "\(limits)")
    }
  }

  @Test func aClipOfAnythingElseIsRefused() throws {
    #expect(
      try model { model, x in
        model.conv("c2", model.node("Relu", "r", model.conv("c1", x, 4, 3)), 2, 4)
      }.complaint() == """
        error: model.onnx: node 'c2' (Conv): its input is a clipped map and a FLOAT [2, 4, 3, 3] \
        constant; a map with constant weights, plus a constant bias, is supported
          hint: a clip is supported directly before a sign or a quantizer that it does not change
        """)
  }
}
