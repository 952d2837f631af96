// SPDX-License-Identifier: Apache-2.0

import Cores
import TestSupport
import Testing

@testable import VerilogEmission

@Suite(.tags(.unit)) struct VerilogPrinterTests {
  @Test func everyKindOfItemIsPrinted() {
    let module = VerilogModule(
      header: ["a: a test.", "", "Second ünit."], name: "a",
      ports: [
        .init(direction: .input, width: 1, name: "clk_i"),
        .init(direction: .output, width: 12, name: "data_o"),
      ],
      items: [
        .wires([.init(width: 12, name: "data"), .init(width: 1, name: "valid")]),
        .assigns([
          .init(target: "data_o", value: .name("data")), .init(target: "valid", value: .integer(1)),
        ]),
        .comment(["what it is for"]),
        .instance(
          .init(
            module: "b", name: "u_b",
            parameters: [
              (name: "WIDTH", value: .integer(12)),
              (name: "A", value: .sized(width: 70, limbs: [0xFEDC_BA98_7654_3210, 0x2A])),
              (name: "FILE", value: .string("b.mem")),
            ], connections: [(port: "clk_i", value: .name("clk_i"))])),
        .instance(
          .init(
            module: "c", name: "u_c", parameters: [],
            connections: [
              (port: "d_i", value: .name("data")), (port: "valid_o", value: .name("valid")),
            ])),
      ])
    #expect(
      VerilogPrinter.print(module) == """
        // SPDX-License-Identifier: Apache-2.0
        //
        // a: a test.
        //
        // Second ?nit.

        `default_nettype none

        module a (
          input  wire        clk_i,
          output wire [11:0] data_o
        );

          wire [11:0] data;
          wire        valid;

          assign data_o = data;
          assign valid  = 1;

          // what it is for
          b #(
            .WIDTH (12),
            .A     (70'h2afedcba9876543210),
            .FILE  ("b.mem")
          ) u_b (
            .clk_i (clk_i)
          );

          c u_c (
            .d_i     (data),
            .valid_o (valid)
          );

        endmodule

        `default_nettype wire

        """)
  }

  @Test(arguments: [
    (1, "1"), (4, "f"), (5, "1f"), (8, "ff"), (63, "7fffffffffffffff"), (64, "ffffffffffffffff"),
    (65, "1ffffffffffffffff"), (68, "fffffffffffffffff"),
    (130, "3" + String(repeating: "f", count: 32)),
  ])
  func numbersHaveAllTheirDigits(width: Int, ones: String) {
    let limbs = (0..<(width + 63) / 64).map { limb -> UInt64 in
      let bits = min(64, width - limb * 64)
      return bits == 64 ? .max : 1 << UInt64(bits) - 1
    }
    #expect(hexadecimal(limbs, width: width) == ones)
    let zeros = String(repeating: "0", count: (width + 3) / 4)
    #expect(hexadecimal(limbs.map { _ in 0 }, width: width) == zeros)
    // Limbs that are not there are zero.
    #expect(hexadecimal([], width: width) == zeros)
  }
}
