// SPDX-License-Identifier: Apache-2.0

import GoldenModel
import Modeling
import TestSupport
import Testing

@testable import IntegerNetwork

/// Weights of a few bits as planes of signs.
@Suite(.tags(.unit)) struct WeightPlanesTests {
  private func popcount(_ rows: [[Double]]) throws -> MaskedPopcount {
    var weights = IntegerWeights()
    for (index, row) in rows.enumerated() {
      try weights.append(columns: row.count, row: index, at: "here") { row[$0] }
    }
    return weights.popcount(window: nil)
  }

  /// Σ_k h_k · v_k of every weight.
  private func integers(_ popcount: MaskedPopcount) -> [[Int]] {
    (0..<popcount.outputs).map { output in
      (0..<popcount.inputs).map { input in
        popcount.scales.enumerated().reduce(0) { sum, plane in
          let row = plane.offset * popcount.outputs + output
          guard popcount.mask?[row, input] ?? true else { return sum }
          return sum + (popcount.weights[row, input] ? plane.element : -plane.element)
        }
      }
    }
  }

  /// Every row of two integers.
  @Test func planesAddUpToTheIntegers() throws {
    for first in -15...15 {
      for second in -15...15 where first != 0 || second != 0 {
        let popcount = try popcount([[Double(first), Double(second), 1]])
        #expect(integers(popcount) == [[first, second, 1]])
        #expect((popcount.mask == nil) == (first % 2 != 0 && second % 2 != 0))
      }
    }
  }

  @Test func planesAreNoMoreThanTheLargestNeeds() throws {
    #expect(try popcount([[0.5, -0.5]]).scales == [1])
    #expect(try popcount([[0.5, 0]]).scales == [1])
    #expect(try popcount([[3, 1]]).scales == [2, 1])
    #expect(try popcount([[1, 0], [5, 1]]).scales == [4, 2, 1])
    #expect(try popcount([[1, 1], [15, 1]]).scales == [8, 4, 2, 1])
    // 2 and 4 are 1 and 2 times a scale of 2.
    #expect(try popcount([[2, 4]]).scales == [2, 1])
  }

  /// Rows of different sizes share the planes, each in its own scale.
  @Test func rowsShareThePlanes() throws {
    let popcount = try popcount([[0.25, -0.25, 0.25], [1.5, -0.5, 0.5], [7, 3, -1]])
    #expect(integers(popcount) == [[1, -1, 1], [3, -1, 1], [7, 3, -1]])
    #expect(popcount.mask == nil)
    #expect(popcount.limits(for: .unsigned(bits: 2)) == [63, 63, 63])
  }

  @Test func turningAnOutputTurnsEveryWeight() throws {
    for rows in [[[3.0, -2, 0], [1, 1, -1]], [[3, -1, 1], [-3, 1, 1]]] {
      var popcount = try popcount(rows)
      let before = integers(popcount)
      popcount.flip(output: 1)
      #expect(integers(popcount) == [before[0], before[1].map { -$0 }])
    }
  }

  @Test func aRowOfZerosHasNoWeights() throws {
    let popcount = try popcount([[0, 0], [1, -1]])
    #expect(popcount.reach(of: 0) == 0)
    #expect(popcount.reach(of: 1) == 2)
    #expect(integers(popcount) == [[0, 0], [1, -1]])
  }
}
