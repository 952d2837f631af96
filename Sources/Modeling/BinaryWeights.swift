// SPDX-License-Identifier: Apache-2.0

import Diagnostics

/// A row of weights as integers times one positive scale: binary (±1), with zeros (inactive), or of
/// a few bits.
package struct IntegerRow: Equatable, Sendable {
  /// The largest integer.
  package static let limit = 15

  /// What 1 means.
  package var scale: Double
  /// −15…15.
  package var integers: [Int]

  /// The integers of `values`, or the position of the first that fits no common scale.
  ///
  /// - Exactness: a value may differ from scale · integer by its own float32 rounding (2^-22 of
  ///   it), as a source's product of scale and integer does; a scale that occurs itself is exact.
  package static func of(_ values: ArraySlice<Double>) -> Result<IntegerRow, Misfit> {
    var least = Double.infinity
    for value in values where value != 0 { least = min(least, value.magnitude) }
    guard least < .infinity else {
      return .success(IntegerRow(scale: 0, integers: Array(repeating: 0, count: values.count)))
    }
    var misfit = values.startIndex
    for part in 1...limit {
      let scale = least / Double(part)
      func integer(_ value: Double) -> Int? {
        let quotient = value / scale
        guard quotient.magnitude < Double(limit) + 0.5 else { return nil }
        let rounded = quotient.rounded()
        guard abs(quotient - rounded) <= abs(rounded) * 0x1p-22 else { return nil }
        return Int(rounded)
      }
      if let index = values.indices.first(where: { integer(values[$0]) == nil }) {
        if part == 1 { misfit = index }
        continue
      }
      return .success(
        IntegerRow(scale: scale, integers: values.map { integer($0) ?? 0 }))
    }
    return .failure(Misfit(position: misfit - values.startIndex, least: least))
  }

  /// Where a row does not fit.
  package struct Misfit: Error, Equatable {
    package var position: Int
    package var least: Double
  }
}

/// Checks that every row of a weight tensor holds integers times one scale.
func checkWeights(
  _ weight: Tensor?, at path: String, _ diagnostics: inout DiagnosticCollector
) {
  guard let weight, let rows = weight.shape.first, rows > 0 else { return }
  let columns = weight.values.count / rows
  for row in 0..<rows {
    guard
      case .failure(let misfit) =
        IntegerRow.of(weight.values[row * columns..<(row + 1) * columns])
    else { continue }
    let value = weight.values[row * columns + misfit.position]
    diagnostics.error(
      at: path,
      "weight[\(row), \(misfit.position)] has magnitude \(abs(value)), others of that row "
        + "\(misfit.least); a row holds −α, 0 and +α, or integers up to \(IntegerRow.limit) "
        + "times α, only",
      hint: "binarise the weights before the export")
    return
  }
}
