// SPDX-License-Identifier: Apache-2.0

import Modeling
import TestSupport
import Testing

@testable import ONNXImport

/// Residual signs, in every form that exporters write.
@Suite(.tags(.unit)) struct ResidualSignPatternTests {
  /// pixels → fc, 2 sums → `sign` → fc2 → output
  private func model(_ sign: (inout ModelBuilder) -> String) -> ModelBuilder {
    var model = ModelBuilder()
    let x = model.scaledPixels()
    model.node("MatMul", "fc", x, model.constant("w", [4, 2], [1, -1, 1, 1, 0, -1, -1, 1]))
    for (name, value) in [("zero", 0), ("one", 1), ("minus", -1)] as [(String, Float)] {
      model.constant(name, value)
    }
    let codes = sign(&model)
    model.output(model.dense("fc2", codes, 2, 2))
    return model
  }

  private func sign(
    _ build: (inout ModelBuilder) -> String
  ) throws -> (layer: ResidualSign, gammas: [Double], trained: TrainedNetwork) {
    let trained = try model(build).imported()
    let node = try #require(trained.network.nodes.first { $0.layer is ResidualSign })
    return (
      try #require(node.layer as? ResidualSign),
      try #require(trained.parameters[node.name, "gammas"]?.values), trained
    )
  }

  @Test(arguments: 1...4) func everyNumberOfLevelsIsFound(levels: Int) throws {
    let gammas = [0.5, 0.25, 0.125, 0.0625].prefix(levels).map { Float($0) }
    let sign = try sign { $0.residualSign("s", "fc", gammas) }
    #expect(sign.layer == ResidualSign(levels: levels, zero: .positive))
    #expect(sign.gammas == gammas.map(Double.init))
    #expect(
      sign.trained.network.nodes.map(\.name) == ["image", "image_flatten", "fc", "s", "fc2"])
  }

  @Test func fiveLevelsAreTooMany() throws {
    let complaint = try model { $0.residualSign("s", "fc", [16, 8, 4, 2, 1]) }.complaint()
    #expect(
      complaint
        == "error: model.onnx: node 's_sum5' (Add): 5 residual levels; 1…4 are supported")
  }

  @Test(
    arguments: [
      ("GreaterOrEqual fc zero", "one minus", ZeroRule.positive, "GreaterOrEqual"),
      ("Greater fc zero", "one minus", .negative, "Greater"),
      ("Less fc zero", "minus one", .positive, "Less"),
      ("LessOrEqual fc zero", "minus one", .negative, "LessOrEqual"),
      ("LessOrEqual zero fc", "one minus", .positive, "LessOrEqual, 0 first"),
      ("Less zero fc", "one minus", .negative, "Less, 0 first"),
      ("Not Less fc zero", "one minus", .positive, "Not(Less)"),
      ("Not LessOrEqual fc zero", "one minus", .negative, "Not(LessOrEqual)"),
      ("Not GreaterOrEqual fc zero", "minus one", .positive, "Not(GreaterOrEqual)"),
    ] as [(String, String, ZeroRule, String)])
  func everyComparisonHasItsRuleForZero(
    comparison: String, branches: String, zero: ZeroRule, spelling: String
  ) throws {
    let sign = try sign { model in
      var words = comparison.split(separator: " ").map(String.init)
      let isNegated = words[0] == "Not"
      if isNegated { words.removeFirst() }
      var bit = model.node(words[0], "s_bit", words[1], words[2])
      if isNegated { bit = model.node("Not", "s_not", bit) }
      let values = branches.split(separator: " ").map(String.init)
      return model.node("Where", "s_term", bit, values[0], values[1])
    }
    #expect(sign.layer == ResidualSign(levels: 1, zero: zero))
    #expect(sign.gammas == [1])
    let value = zero == .positive ? "+1" : "−1"
    #expect(
      sign.trained.remarks.map(\.description) == [
        "note: model.onnx: sign(0) = \(value) (\(spelling)) in s"
      ])
  }

  @Test func layersOfOneRuleShareARemark() throws {
    var model = ModelBuilder.small()
    let x = model.residualSign("fc2_sign", "fc2_norm", [1])
    model.node("Greater", "last_bit", model.dense("fc3", x, 2, 2), "zero")
    model.constant("one", 1)
    model.constant("minus", -1)
    model.node("Where", "last_term", "last_bit", "one", "minus")
    model.proto.graph.output = []
    model.output(model.dense("fc4", "last_term", 2, 2))
    #expect(
      try model.imported().remarks.map(\.description) == [
        "note: model.onnx: sign(0) = +1 (GreaterOrEqual) in fc1_sign, fc2_sign",
        "note: model.onnx: sign(0) = −1 (Greater) in last",
      ])
  }

  @Test func gammaMayMultiplyTheSign() throws {
    let sign = try sign { model in
      model.node("GreaterOrEqual", "bit", "fc", "zero")
      model.node("Where", "unit", "bit", "one", "minus")
      return model.node("Mul", "term", model.constant("gamma", [1], [0.1]), "unit")
    }
    #expect(sign.gammas == [Double(Float(0.1))])
  }

  @Test func aBitMayBeCastAndMoved() throws {
    let sign = try sign { model in
      model.node("Greater", "bit", "fc", "zero")
      model.node("Cast", "unit", "bit", attributes: ["to": 1])
      model.node("Mul", "double", "unit", model.constant("two", 2))
      return model.node("Sub", "sign", "double", "one")
    }
    #expect(sign.gammas == [1])
    #expect(sign.layer.zero == .negative)
  }

  @Test func theBranchesMayBeIntegersThatAreCast() throws {
    let sign = try sign { model in
      model.bytes("plus8", [], [1])
      model.bytes("minus8", [], [-1])
      model.node("GreaterOrEqual", "bit", "fc", "zero")
      model.node("Where", "unit", "bit", "plus8", "minus8")
      return model.node("Cast", "sign", "unit", attributes: ["to": 1])
    }
    #expect(sign.gammas == [1])
  }

  @Test func theOrderOfSumsAndDifferencesIsFree() throws {
    let sign = try sign { model in
      for (level, gamma) in [(1, 0.5), (2, 0.25), (3, 0.125)] as [(Int, Float)] {
        model.constant("g\(level)", gamma)
        model.node("Neg", "n\(level)", "g\(level)")
      }
      model.node("GreaterOrEqual", "c1", "fc", "zero")
      model.node("Where", "e1", "c1", "g1", "n1")
      model.node("Sub", "r2", "fc", "e1")
      model.node("Less", "c2", "r2", "zero")
      model.node("Where", "e2", "c2", "n2", "g2")
      model.node("Add", "e12", "e2", "e1")
      model.node("Sub", "r3", "fc", "e12")
      model.node("LessOrEqual", "c3", "zero", "r3")
      model.node("Where", "e3", "c3", "g3", "n3")
      model.node("Add", "e23", "e2", "e3")
      return model.node("Add", "all", "e23", "e1")
    }
    #expect(sign.layer == ResidualSign(levels: 3, zero: .positive))
    #expect(sign.gammas == [0.5, 0.25, 0.125])
    #expect(sign.trained.network.nodes.map(\.name)[3] == "fc_sign")
  }

  @Test func aSignMayBeUsedTwice() throws {
    var model = ModelBuilder.small()
    model.node("Identity", "again", "fc1_sign_sum2")
    model.node("Identity", "more", "again")
    model.proto.graph.node.removeAll { $0.name == "fc2" }
    model.node("MatMul", "fc2", "more", "fc2_weight")
    #expect(try model.imported().network.nodes.count == 7)
  }

  @Test func aThresholdMovesIntoTheLayerBefore() throws {
    let sign = try sign { model in
      model.node("Greater", "bit", "fc", model.constant("t", [2], [0.5, -3]))
      return model.node("Where", "sign", "bit", "one", "minus")
    }
    #expect(sign.trained.parameters["fc.bias"]?.values == [-0.5, 3])
    #expect(sign.layer == ResidualSign(levels: 1, zero: .negative))
  }

  // MARK: What is refused

  private func complaint(_ sign: (inout ModelBuilder) -> String) throws -> String {
    try model(sign).complaint().replacing("error: model.onnx: node ", with: "")
  }

  @Test func theThreeValuedSignIsRefused() throws {
    #expect(
      try complaint { $0.node("Sign", "s", "fc") } == """
        's' (Sign): ONNX's Sign has three values, as sign(0) = 0; a binary activation has two
          hint: export Where(GreaterOrEqual(x, 0), 1, -1): torch.where(x >= 0, 1.0, -1.0)
        """)
  }

  @Test func aGammaForEachChannelIsRefused() throws {
    #expect(
      try complaint { model in
        model.node("GreaterOrEqual", "bit", "fc", "zero")
        model.node("Neg", "n", model.constant("g", [2], [0.5, 0.25]))
        return model.node("Where", "s", "bit", "g", "n")
      } == """
        's' (Where): it chooses between a FLOAT [2] constant and a FLOAT [2] constant; one number \
        γ for all channels is expected
          hint: scale the channels in the batch norm before, and the weights after it
        """)
  }

  @Test func valuesThatAreNotSymmetricAreRefused() throws {
    #expect(
      try complaint { model in
        model.node("GreaterOrEqual", "bit", "fc", "zero")
        return model.node("Where", "s", "bit", "one", "zero")
      } == """
        'fc2' (MatMul): level 1 is 1.0 or 0.0; +γ and −γ are expected
          hint: for bits 0 and 1 use 2·b − 1, and change the weights and bias that follow
        """)
    #expect(
      try complaint { model in
        model.node("GreaterOrEqual", "bit", "fc", "zero")
        return model.node("Where", "s", "bit", "minus", "one")
      } == """
        'fc2' (MatMul): level 1 is -1.0 for the positive sign; a gamma is at least 0
          hint: swap the branches of Where, or negate the weights before it
        """)
  }

  @Test func levelsMustFollowEachOther() throws {
    func levels(_ rest: @escaping (inout ModelBuilder) -> String) throws -> String {
      try complaint { model in
        model.residualSign("s", "fc", [0.5, 0.25, 0.125])
        return rest(&model)
      }
    }
    #expect(
      try levels { $0.node("Add", "x", "s_term1", "s_term3") }
        == "'fc2' (MatMul): level 3 stands where level 2 is expected; a residual sign has every "
        + "level once")
    #expect(
      try levels { $0.node("Identity", "x", "s_term2") }
        == "'fc2' (MatMul): level 2 stands where level 1 is expected; a residual sign has every "
        + "level once")
    #expect(
      try levels { $0.node("Add", "x", "s_term1", "s_term1") }
        == "'fc2' (MatMul): level 1 stands where level 2 is expected; a residual sign has every "
        + "level once")
    #expect(
      try levels { model in
        model.node("Mul", "other", "s_term1", model.constant("two", 2))
        return model.node("Add", "x", "other", "s_term2")
      }
        == "'fc2' (MatMul): level 2 is the sign of what remains after ±0.5; the levels before it "
        + "are ±1.0")
    #expect(
      try levels { model in
        model.node("Greater", "bit", "s_residual2", "zero")
        model.node("Where", "e2", "bit", "one", "minus")
        return model.node("Add", "x", "s_term1", "e2")
      }
        == "'fc2' (MatMul): level 2 counts zero as negative, level 1 as positive; one rule for all "
        + "levels is expected")
  }

  @Test func aResidualIsOfOneMap() throws {
    #expect(
      try complaint { model in
        model.node("Neg", "other", "fc")
        model.residualSign("s", "fc", [0.5])
        model.node("Sub", "r", "other", "s_term1")
        model.node("GreaterOrEqual", "bit", "r", "zero")
        return model.node("Where", "x", "bit", "one", "minus")
      } == """
        'r' (Sub): it subtracts the sign of another map; a residual is a map minus its own signs
          hint: subtract a threshold from the map before the sign and the residual are made
        """)
    #expect(
      try complaint { model in
        model.node("Neg", "other", "fc")
        model.residualSign("s", "fc", [0.5])
        model.residualSign("t", "other", [0.5])
        return model.node("Add", "x", "s_term1", "t_term1")
      } == "'x' (Add): it adds the signs of two maps; joins are not supported")
  }

  @Test func laterLevelsCompareWithZero() throws {
    #expect(
      try complaint { model in
        model.residualSign("s", "fc", [0.5, 0.25])
        model.node("GreaterOrEqual", "bit", "s_residual2", "one")
        return model.node("Where", "x", "bit", "one", "minus")
      } == """
        'bit' (GreaterOrEqual): level 2 compares with a FLOAT [] constant; every level after the \
        first compares with 0
        """)
  }

  @Test func aResidualIsNoInputOfALayer() throws {
    #expect(
      try complaint { model in
        model.residualSign("s", "fc", [0.5, 0.25])
        return "s_residual2"
      } == """
        'fc2' (MatMul): its input is a residual and a FLOAT [2, 2] constant; a vector times \
        constant weights is supported
        """)
    #expect(
      try complaint { $0.node("GreaterOrEqual", "bit", "fc", "zero") } == """
        'fc2' (MatMul): its input is the result of a comparison and a FLOAT [2, 2] constant; a \
        vector times constant weights is supported
        """)
  }

  @Test func gammasAreCheckedByTheNetwork() throws {
    #expect(
      try model { $0.residualSign("s", "fc", [0]) }.complaint()
        == "error: model.onnx: net.layers[2] (ResidualSign): every gamma is 0; the layer's output "
        + "would always be 0")
    let trained = try model { $0.residualSign("s", "fc", [0.25, 0.5]) }.imported()
    #expect(
      trained.remarks.last?.description == """
        warning: model.onnx: net.layers[2] (ResidualSign): gamma 2 (0.5) is larger than gamma 1 \
        (0.25); residual levels are expected to decrease
          hint: train with gammas that decrease by construction
        """)
  }
}
