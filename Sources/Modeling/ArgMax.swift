// SPDX-License-Identifier: Apache-2.0

import Diagnostics

/// The index of the largest score; of equal scores, the first.
///
/// - Shape: vector of reals → one index.
/// - Exactness: compares the fixed-point scores.
/// - Hardware: RTL/rb_arg_max.v.
public struct ArgMax: PrimitiveLayer, Equatable {
  public static let kind = "ArgMax"
  public static let naming = LayerNaming.numbered("class")

  public var name: String?

  public init(name: String? = "class") {
    self.name = name
  }

  public func output(
    for input: Feature, at path: String, _ diagnostics: inout DiagnosticCollector
  ) -> Feature? {
    guard input.values == .real, input.shape.isVector else {
      diagnostics.error(
        at: path, "the input is \(input); a vector of real scores is expected",
        hint: "put it after the last `Dense` or `BatchNorm`")
      return nil
    }
    return Feature(.vector(1), .index)
  }
}
