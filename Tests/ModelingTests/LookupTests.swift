// SPDX-License-Identifier: Apache-2.0

import Modeling
import TestSupport
import Testing

@Suite(.tags(.unit)) struct LookupTests {
  private func lookup(
    _ table: [Int], bits: Int = 3, scale: Double = 1, offset: Double = 0
  ) -> Lookup {
    Lookup(table, bits: bits, scale: scale, offset: offset)
  }

  private func error(_ lookup: Lookup) -> String {
    shapeError(.of(lookup, Dense(1), input: .vector(2, bits: 2)))
  }

  @Test func codesBecomeOthers() throws {
    let network = Network.of(lookup([7, 0, 3, 3]), input: .vector(2, bits: 2))
    #expect(try network.features()[1] == Feature(.vector(2), .code(levels: 3)))
    #expect(network.nodes[1].name == "input_lookup")
    #expect(try network.check(Parameters()).isEmpty)
  }

  @Test(arguments: [[], [1, 2, 3], [0, 0, 0, 0, 0]]) func eachCodeHasAnEntry(table: [Int]) {
    #expect(
      error(lookup(table)) == "error: n.layers[0] (Lookup): the table has \(table.count) entries; "
        + "4 are expected for codes of 2 bits")
  }

  @Test(arguments: [(8, 3), (-1, 3), (2, 1), (256, 8)]) func entriesHaveTheirBits(
    entry: Int, bits: Int
  ) {
    #expect(
      error(lookup([0, entry, 0, 0], bits: bits))
        == "error: n.layers[0] (Lookup): table[1] is \(entry); an entry of \(bits) "
        + "bit\(bits == 1 ? "" : "s"), 0…\((1 << bits) - 1), is expected")
  }

  @Test(arguments: [0, 9, -1, 64]) func bitsHaveLimits(bits: Int) {
    #expect(
      error(lookup([0, 0, 0, 0], bits: bits))
        == "error: n.layers[0] (Lookup): \(bits) bits an entry; 1…8 are supported")
  }

  @Test(
    arguments: [(0, 0), (-1, 0), (.nan, 0), (.infinity, 0), (1, .nan), (1, 0x1p128)]
      as [(Double, Double)])
  func scaleAndOffsetAreNumbers(scale: Double, offset: Double) {
    #expect(
      error(lookup([0, 1, 2, 3], scale: scale, offset: offset)) == """
        error: n.layers[0] (Lookup): scale \(scale) and offset \(offset); numbers of float32's \
        range are expected, the scale positive
        """)
  }

  @Test func sumsHaveNoTable() {
    #expect(
      shapeError(.of(Dense(1), lookup([0, 0, 0, 0]))) == """
        error: n.layers[1] (Lookup): the input is real sums; the codes of the network's input are \
        expected
          hint: put it directly behind the input
        """)
    #expect(
      shapeError(.of(Dense(2), ArgMax(), lookup([0]))).contains("the input is a class index; "))
  }
}
