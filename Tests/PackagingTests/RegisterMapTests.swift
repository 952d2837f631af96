// SPDX-License-Identifier: Apache-2.0

import Cores
import Foundation
import Packaging
import TestSupport
import Testing

@Suite(.tags(.unit)) struct RegisterMapTests {
  private var control: String {
    AcceleratorCores.files.first { $0.name == "rb_axi_control.v" }?.text ?? ""
  }

  @Test func theVerilogHasTheSameRegisters() {
    let expression = /localparam \[11:0\] REG_(?<name>\w+) *= 12'h(?<offset>[0-9A-F]+);/
    let verilog = control.matches(of: expression).map {
      "\($0.output.name) \(Int($0.output.offset, radix: 16) ?? -1)"
    }
    #expect(verilog == RegisterMap.registers.map { "\($0.name) \($0.offset)" })
    #expect(control.contains("ID      = 32'h5253424E"))
    let version = RegisterMap.version
    #expect(control.contains("VERSION = 32'h000\(version.major)000\(version.minor)"))
  }

  /// The header of the core lists the fields of the registers that have some.
  @Test func registersDoNotOverlap() {
    var next = 0
    for register in RegisterMap.registers {
      #expect(register.offset >= next && register.offset % 4 == 0, "\(register.name)")
      next = register.offset + 4 * register.count
      var used: UInt32 = 0
      for field in register.fields {
        #expect(used & field.mask == 0, "\(register.name).\(field.name)")
        used |= field.mask
      }
    }
    #expect(next <= RegisterMap.bytes)
  }

  @Test func masks() {
    let version = RegisterMap.registers.first { $0.name == "VERSION" }
    #expect(version?.fields.map(\.mask) == [0xFFFF_0000, 0x0000_FFFF])
    let control = RegisterMap.registers.first { $0.name == "CONTROL" }
    #expect(control?.fields.map(\.mask) == [1, 2, 4, 8, 16])
  }

  /// `RECORD_SNAPSHOTS=1` writes the table of the page anew.
  @Test func theReferenceIsUpToDate() throws {
    let page = TestData.repository.appending(path: "Docs/reference/registers.md")
    let text = try String(contentsOf: page, encoding: .utf8)
    let parts = text.components(separatedBy: "<!-- registers -->\n")
    try #require(parts.count == 3)
    if ProcessInfo.processInfo.environment["RECORD_SNAPSHOTS"] == "1" {
      let recorded = [parts[0], RegisterMap.markdown, parts[2]]
      try Data(recorded.joined(separator: "<!-- registers -->\n").utf8).write(to: page)
    }
    let difference = Snapshot.difference(committed: parts[1], now: RegisterMap.markdown)
    #expect(difference == nil, "if that is meant, record with RECORD_SNAPSHOTS=1")
  }
}
