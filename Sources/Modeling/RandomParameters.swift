// SPDX-License-Identifier: Apache-2.0

extension Network {
  /// Numbers in place of trained ones, to see what a network costs and how fast it is before it is
  /// trained: random weights, and batch norms that keep both signs of a code in use.
  ///
  /// - Throws: ``InvalidInput`` for layers that do not fit together.
  public func randomParameters(
    using random: inout some RandomNumberGenerator
  ) throws -> Parameters {
    let features = try features()
    var parameters = Parameters()
    // Values that are added up by the linear layer that came last.
    var inputs = 1.0
    for node in nodes {
      guard let source = node.inputs.first else { continue }
      for slot in node.layer.slots(for: features[source]) where slot.isRequired {
        let count = slot.shape.reduce(1, *)
        func values(_ range: ClosedRange<Double>) -> [Double] {
          (0..<count).map { _ in Double.random(in: range, using: &random) }
        }
        var numbers: [Double]
        switch slot.name {
        case "weight":
          inputs = Double(slot.shape.dropFirst().reduce(1, *))
          numbers = (0..<count).map { _ in Bool.random(using: &random) ? 1 : -1 }
        case "gammas": numbers = (0..<count).map { 0.8 / Double(1 << $0) }
        case "variance": numbers = values(inputs / 4...inputs)
        case "mean": numbers = values(-inputs.squareRoot() / 2...inputs.squareRoot() / 2)
        case "thresholds":
          let steps = slot.shape.last ?? 1
          numbers = (0..<count).map { (Double($0 % steps) - Double(steps - 1) / 2) / 2 }
        default: numbers = values(-1...1)
        }
        parameters[node.name, slot.name] = Tensor(shape: slot.shape, values: numbers)
      }
    }
    return parameters
  }
}
