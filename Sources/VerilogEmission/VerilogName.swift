// SPDX-License-Identifier: Apache-2.0

/// Identifiers of the emitted Verilog, from the user's names.
enum VerilogName {
  /// `name` with everything but ASCII letters, digits and `_` replaced, never a keyword, never
  /// beginning with a digit.
  static func identifier(_ name: String) -> String {
    var text = String(
      name.unicodeScalars.map { scalar in
        let isWord =
          scalar.isASCII
          && (scalar.properties.isAlphabetic || ("0"..."9").contains(Character(scalar)))
        return isWord ? Character(scalar) : "_"
      })
    if text.first.map({ $0.isNumber }) ?? true { text = "n" + text }
    return keywords.contains(text) ? text + "_" : text
  }

  /// The name of the top module; never that of a core.
  static func topModule(_ network: String) -> String {
    let name = identifier(network)
    return name.hasPrefix("rb_") ? "top_" + name : name
  }

  /// IEEE 1364-2005, and the words that SystemVerilog tools also reserve and that a network might
  /// be called.
  private static let keywords: Set<String> = Set(
    """
    always and assign automatic begin buf bufif0 bufif1 case casex casez cell cmos config deassign
    default defparam design disable edge else end endcase endconfig endfunction endgenerate
    endmodule endprimitive endspecify endtable endtask event for force forever fork function
    generate genvar highz0 highz1 if ifnone incdir include initial inout input instance integer
    join large liblist library localparam macromodule medium module nand negedge nmos nor
    noshowcancelled not notif0 notif1 or output parameter pmos posedge primitive pull0 pull1
    pulldown pullup pulsestyle_ondetect pulsestyle_onevent rcmos real realtime reg release repeat
    rnmos rpmos rtran rtranif0 rtranif1 scalared showcancelled signed small specify specparam
    strong0 strong1 supply0 supply1 table task time tran tranif0 tranif1 tri tri0 tri1 triand
    trior trireg unsigned use uwire vectored wait wand weak0 weak1 while wire wor xnor xor
    bit byte class logic int interface package program property sequence string struct type union
    void
    """.split(whereSeparator: { $0 == " " || $0 == "\n" }).map(String.init))
}
