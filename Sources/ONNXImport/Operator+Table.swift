// SPDX-License-Identifier: Apache-2.0

import Foundation

extension Operator {
  /// Every operator that can be read, by its name in the file.
  static let table: [String: Operator] = [
    // Layers.
    "MatMul": Operator(
      2...2, accepts: "a vector times constant weights", [LinearLayers.matMul]),
    "Gemm": Operator(
      2...3, attributes: ["alpha", "beta", "transA", "transB"],
      accepts: "a vector times constant weights, plus a constant bias", [LinearLayers.gemm]),
    "Conv": Operator(
      2...3,
      attributes: ["auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"],
      accepts: "a map with constant weights, plus a constant bias,", [Convolution.conv]),
    "MaxPool": Operator(
      1...1,
      attributes: [
        "auto_pad", "ceil_mode", "dilations", "kernel_shape", "pads", "storage_order", "strides",
      ], accepts: "a map", [Pooling.maxPool]),
    "AveragePool": Operator(
      1...1,
      attributes: [
        "auto_pad", "ceil_mode", "count_include_pad", "dilations", "kernel_shape", "pads",
        "strides",
      ], accepts: "a map", [Pooling.averagePool]),
    "GlobalAveragePool": Operator(
      1...1, accepts: "a map without a border", [Pooling.globalAveragePool]),
    "ReduceMean": Operator(
      1...2, attributes: ["axes", "keepdims", "noop_with_empty_axes"], accepts: "a map",
      [Pooling.reduceMean]),
    "Pad": Operator(
      1...4, attributes: ["mode", "pads", "value"], accepts: "a map", [Bordering.pad]),
    "BatchNormalization": Operator(
      5...5, attributes: ["epsilon", "momentum", "training_mode", "spatial"],
      accepts: "the real map that a linear layer makes", [Normalization.batchNorm]),
    "ArgMax": Operator(
      1...1, attributes: ["axis", "keepdims", "select_last_index"],
      accepts: "a vector of real scores", [Classification.argMax]),

    // Arithmetic: constants, pixels, the parts of a batch norm and of a residual sign.
    "Add": arithmetic(
      +, PixelScaling.add,
      [Quantization.scaling { (1, $1) }, ResidualSignPattern.sum, Normalization.add]),
    "Sub": arithmetic(
      -, PixelScaling.subtract,
      [
        Quantization.scaling { isFirst, constant in isFirst ? (1, -constant) : nil },
        ResidualSignPattern.subtract, Normalization.subtract,
      ]),
    "Mul": arithmetic(
      *, PixelScaling.multiply, [Quantization.scaling { ($1, 0) }, Normalization.multiply]),
    "Div": arithmetic(
      /, PixelScaling.divide,
      [
        Quantization.scaling { isFirst, constant in isFirst ? (1 / constant, 0) : nil },
        Normalization.divide,
      ]),
    "Neg": Operator(
      1...1, accepts: "a constant, pixels, a real map or one residual level",
      [
        ConstantFolding.unary { -$0 }, PixelScaling.negate, ResidualSignPattern.negate,
        Normalization.negate,
      ]),

    "Clip": Operator(
      1...3, attributes: ["min", "max"],
      accepts: "a constant, pixels, or a real map before a sign or a quantizer",
      [Clipping.clip]),
    "Relu": Operator(
      1...1, accepts: "a constant, pixels, or a real map before a quantizer", [Clipping.relu]),
    "Round": mapping { $0.rounded(.toNearestOrEven) },
    "Floor": mapping { $0.rounded(.down) },
    "Ceil": mapping { $0.rounded(.up) },
    "Abs": mapping(abs),

    // Signs.
    "GreaterOrEqual": comparison(.greaterOrEqual),
    "Greater": comparison(.greater),
    "LessOrEqual": comparison(.lessOrEqual),
    "Less": comparison(.less),
    "Not": Operator(
      1...1, accepts: "a comparison", [ConstantFolding.not, SignComparison.not]),
    "Where": Operator(
      3...3, accepts: "a comparison that chooses between two constants",
      [ConstantFolding.where, ResidualSignPattern.choose]),

    // Quantizers of QONNX, FINN and Brevitas.
    "Quant": Operator(
      4...4, attributes: ["signed", "narrow", "rounding_mode"],
      accepts: "a constant, pixels or a real map", [Quantization.quant]),
    "IntQuant": Operator(
      4...4, attributes: ["signed", "narrow", "rounding_mode"],
      accepts: "a constant, pixels or a real map", [Quantization.quant]),
    "BipolarQuant": Operator(
      2...2, accepts: "a constant, pixels or a real map", [Quantization.bipolarQuant]),
    "MultiThreshold": Operator(
      2...2, attributes: ["data_layout", "out_bias", "out_dtype", "out_scale"],
      accepts: "pixels or a real map with constant thresholds", [Quantization.multiThreshold]),
    "Trunc": Operator(
      5...6, attributes: ["narrow", "rounding_mode", "signed"],
      accepts: "a real map with constant scales", [Quantization.trunc]),

    // Constants only.
    "Constant": Operator(
      0...0, attributes: ["value", "value_float", "value_floats", "value_int", "value_ints"],
      accepts: "a tensor or a number", [ConstantFolding.constant]),
    "Sqrt": Operator(
      1...1, accepts: "a constant", [ConstantFolding.unary { $0.squareRoot() }]),
    "Pow": Operator(
      2...2, accepts: "a constant",
      [ConstantFolding.binary { $1 == 0.5 ? $0.squareRoot() : pow($0, $1) }]),
    "Reciprocal": Operator(1...1, accepts: "a constant", [ConstantFolding.unary { 1 / $0 }]),
    "Gather": Operator(
      2...2, attributes: ["axis"], accepts: "a constant", [ShapeArithmetic.gather]),
    "Concat": Operator(
      1...64, attributes: ["axis"], accepts: "constants", [ShapeArithmetic.concat]),
    "ConstantOfShape": Operator(
      1...1, attributes: ["value"], accepts: "a constant shape",
      [ShapeArithmetic.constantOfShape]),
    "Slice": Operator(
      1...5, attributes: ["axes", "starts", "ends"], accepts: "a constant",
      [ShapeArithmetic.slice]),
    "Sign": Operator(
      1...1, accepts: "a constant, as ONNX's Sign has three values (sign(0) = 0),",
      [ConstantFolding.unary { $0 > 0 ? 1 : $0 < 0 ? -1 : $0 }, Classification.threeValuedSign]),
    "DequantizeLinear": Operator(
      2...3, attributes: ["axis"], accepts: "pixels or a constant with one scale",
      [ConstantFolding.dequantize, PixelScaling.dequantize]),

    // Types and shapes.
    "Cast": Operator(
      1...1, attributes: ["to", "saturate"], accepts: "a constant, pixels, a map or a comparison",
      [
        ConstantFolding.cast, PixelScaling.cast, ResidualSignPattern.cast,
        ResidualSignPattern.castLevel, Normalization.cast,
      ]),
    "Identity": Operator(1...1, accepts: "any value", [ConstantFolding.identity]),
    "Flatten": shaping(1...1, attributes: ["axis"], Reshaping.flatten),
    "Reshape": shaping(2...2, attributes: ["allowzero"], Reshaping.reshape),
    "Squeeze": shaping(1...2, attributes: ["axes"], Reshaping.squeeze),
    "Unsqueeze": shaping(1...2, attributes: ["axes"], Reshaping.unsqueeze),
    "Transpose": Operator(
      1...1, attributes: ["perm"], accepts: "a constant, pixels or a map",
      [Reshaping.transpose]),
    "Shape": Operator(
      1...1, attributes: ["start", "end"], accepts: "a constant, pixels or a map",
      [ShapeArithmetic.shape]),
  ]

  /// Where the quantizers come from; each has its own name for the same operators.
  static let quantizerDomains: Set<String> = [
    "qonnx.custom_op.general", "finn.custom_op.general", "onnx.brevitas",
  ]

  /// The operators of those domains.
  static let quantizers: Set<String> = [
    "BipolarQuant", "IntQuant", "MultiThreshold", "Quant", "Trunc",
  ]

  /// What to do instead of operators that files often have.
  static let advice: [String: String] = [
    "Softmax": "leave it out: the largest score stays the largest",
    "LogSoftmax": "leave it out: the largest score stays the largest",
    "Dropout": "export the model in evaluation mode: model.eval()",
  ]

  private static func arithmetic(
    _ operation: @escaping @Sendable (Double, Double) -> Double, _ pixels: @escaping Rule,
    _ others: [Rule]
  ) -> Operator {
    Operator(
      2...2,
      accepts: "a constant with a constant, pixels, a real map or one residual level, and the "
        + "levels of one residual sign,",
      [ConstantFolding.binary(operation), pixels, ResidualSignPattern.binary(operation)] + others)
  }

  /// An operation on each element of a constant or of the pixels.
  private static func mapping(_ operation: @escaping @Sendable (Double) -> Double) -> Operator {
    Operator(
      1...1, accepts: "a constant or pixels",
      [ConstantFolding.unary(operation), PixelScaling.unary(operation)])
  }

  private static func comparison(_ relation: Relation) -> Operator {
    Operator(
      2...2, accepts: "a real map or pixels with a constant",
      [
        ConstantFolding.comparison { relation.holds($0, $1) }, SignComparison.compare(relation),
      ])
  }

  private static func shaping(
    _ inputs: ClosedRange<Int>, attributes: Set<String>, _ rule: @escaping Rule
  ) -> Operator {
    Operator(inputs, attributes: attributes, accepts: "a constant, pixels or a map", [rule])
  }
}
