// SPDX-License-Identifier: Apache-2.0

import Diagnostics
import Modeling
import TestSupport

/// What the checks say about a network without parameters: errors, or "no error".
func shapeError(_ network: Network) -> String {
  printedError { try network.features() }
}

/// What the checks say about a network with parameters: errors, or warnings, or nothing.
func findings(_ network: Network, _ parameters: Parameters) -> String {
  do {
    return try network.check(parameters).map(\.description).joined(separator: "\n")
  } catch {
    return "\(error)"
  }
}

/// A layer without an input rule of its own, to stand where a layer is out of place.
extension Network {
  /// One bit a value, then `layers`.
  static func of(_ layers: any Layer..., input: Input = .vector(2)) -> Network {
    Network("n", input: input) { layers }
  }
}

extension Parameters {
  /// `fc.weight` of ones.
  static func ones(rows: Int, columns: Int) -> Parameters {
    Parameters([
      "fc.weight": Tensor(
        shape: [rows, columns], values: Array(repeating: 1, count: rows * columns))
    ])
  }
}
