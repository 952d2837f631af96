// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import VerilogEmission

@Suite(.tags(.unit)) struct VerilogNameTests {
  @Test(arguments: [
    ("mnist", "mnist"), ("mnist-256x3-m2", "mnist_256x3_m2"), ("a b/c.d", "a_b_c_d"),
    ("_x9", "_x9"), ("Größe", "Gr__e"), ("модель", "______"), ("9x", "n9x"), ("", "n"),
    ("a$b", "a_b"), ("a\nb", "a_b"), ("٣", "_"), ("x²", "x_"), ("e\u{301}", "e_"),
  ])
  func everyNameBecomesAnIdentifier(name: String, identifier: String) {
    #expect(VerilogName.identifier(name) == identifier)
    #expect(VerilogName.topModule(name) == identifier)
  }

  /// Keywords of IEEE 1364-2005 and IEEE 1800-2017 that a network may well be called.
  @Test(arguments: [
    "module", "input", "reg", "table", "small", "medium", "large", "class", "final", "cross",
    "unique", "local", "static", "this", "new", "null", "soft", "strong", "global", "let", "do",
    "int", "bit", "byte", "string", "type", "var", "with", "rand", "super", "checker", "cover",
    "expect", "uwire", "wor", "always_ff", "s_until_with",
  ])
  func keywordsAreNoNames(keyword: String) {
    #expect(VerilogName.identifier(keyword) == keyword + "_")
    #expect(VerilogName.identifier(keyword.uppercased()) == keyword.uppercased())
    #expect(VerilogName.identifier(keyword + "_9") == keyword + "_9")
  }

  /// The file of the top module must not be that of a core, whatever the file system.
  @Test(arguments: [
    ("rb_fifo", "top_rb_fifo"), ("RB_FIFO", "top_RB_FIFO"), ("rb-fifo", "top_rb_fifo"),
    ("rb_", "top_rb_"), ("rbx", "rbx"), ("arb_fifo", "arb_fifo"),
  ])
  func theTopModuleIsNoCore(name: String, module: String) {
    #expect(VerilogName.topModule(name) == module)
  }
}
