// SPDX-License-Identifier: Apache-2.0

import Cores
import Diagnostics
import Foundation
import Hashing
import TestSupport
import Testing

@testable import Simulation

@Suite(.tags(.unit))
struct ToolchainTests {
  @Test func aMissingSimulatorSaysWhatToInstall() {
    #expect {
      try Toolchain.find(searchPath: "/nonexistent:/dev").get()
    } throws: { error in
      """
      error: verilator: not found on PATH; it simulates the generated Verilog
        hint: apt-get install verilator (5.006 or later)
      """ == "\(error)"
    }
  }

  @Test func aMissingCompilerSaysWhatToInstall() throws {
    let folder = temporaryFile()
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let tool = folder.appendingPathComponent("verilator")
    try Data("#!/bin/sh\n".utf8).write(to: tool)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: tool.path)
    #expect {
      try Toolchain.find(searchPath: folder.path).get()
    } throws: { error in
      """
      error: clang++: neither clang++ nor g++ found on PATH; one compiles the simulated model
        hint: apt-get install clang (or g++)
      """ == "\(error)"
    }
  }

  @Test func theCacheFolderFollowsTheEnvironment() {
    func folder(_ environment: [String: String]) -> String {
      BuildCache(environment: environment).folder.path
    }
    #expect(folder(["RESBIN_CACHE": "/a", "XDG_CACHE_HOME": "/b"]) == "/a")
    #expect(folder(["RESBIN_CACHE": "", "XDG_CACHE_HOME": "/b"]) == "/b/resbin")
    #expect(folder([:]).hasSuffix("/.cache/resbin"))
  }

  @Test func namesAreMangledAsVerilatorDoes() {
    #expect(ModelBinding.mangled("conv2_window") == "conv2_window")
    #expect(ModelBinding.mangled("a__b") == "a___05Fb")
    #expect(ModelBinding.mangled("a___b") == "a___05F_b")
    #expect(ModelBinding.mangled("a____b") == "a___05F___05Fb")
  }

  @Test func headersGiveTheWidthsOfPortsAndNets() {
    let header = """
          VL_IN8(&in_valid_i,0,0);
          VL_OUTW(&out_data_o,199,0,7);
          VL_IN64(data,32,0);
          CData/*0:0*/ toy__DOT__mid_valid;
          VlWide<7>/*199:0*/ toy__DOT__mid_data;
          VlUnpacked<CData/*7:0*/, 4> toy__DOT__memory;
          void __Vconfigure(bool first);
      """
    let widths = ModelBinding.widths(in: header)
    #expect(widths["in_valid_i"] == 1)
    #expect(widths["out_data_o"] == 200)
    #expect(widths["data"] == 33)
    #expect(widths["toy__DOT__mid_valid"] == 1)
    #expect(widths["toy__DOT__mid_data"] == 200)
  }

  @Test func parametersAreVerilogLiterals() {
    func literal(_ value: CoreParameter.Value) -> String {
      CoreParameter("THRESHOLDS_FILE", value).verilogLiteral
    }
    #expect(literal(.integer(-12)) == "-12")
    #expect(literal(.packed([1, 2, 3], elementWidth: 4)) == "12'h321")
    #expect(literal(.packed([-1, 0], elementWidth: 5)) == "10'h01f")
    #expect(literal(.packed([1, 0, 0, 0, 1], elementWidth: 16)) == "80'h00010000000000000001")
    #expect(literal(.memory) == "\"thresholds_file.mem\"")
  }

  @Test func memoriesAreHexadecimalWords() {
    let memory = MemoryImage(parameter: "P", width: 70, words: [[0xAB, 0x2A], [1, 0]])
    #expect(memory.hexadecimalText == "2a00000000000000ab\n000000000000000001\n")
    let narrow = MemoryImage(parameter: "P", width: 3, words: [[5], [0]])
    #expect(narrow.hexadecimalText == "5\n0\n")
  }

  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
  ])
  func digestsAreThoseOfTheStandard(text: String, digest: String) {
    #expect(SHA256.hexDigest(of: text) == digest)
  }

  @Test func digestsOfEveryLengthAreThoseOfOnePiece() {
    for length in 0..<200 {
      let bytes = (0..<length).map { UInt8($0) }
      var whole = SHA256()
      whole.update(bytes)
      var pieces = SHA256()
      pieces.update(Array(bytes[..<(length / 3)]))
      pieces.update(Array(bytes[(length / 3)...]))
      #expect(whole.finalize() == pieces.finalize(), "\(length) bytes")
    }
  }
}
