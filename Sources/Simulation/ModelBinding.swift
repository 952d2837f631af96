// SPDX-License-Identifier: Apache-2.0

import Cores
import Diagnostics

/// Binds the streams of a design to the testbench: the C++ that knows the model's ports, the
/// Verilator configuration that keeps the tapped nets, and the check of both against what Verilator
/// made of the design.
struct ModelBinding {
  var design: SimulatedDesign

  /// Keeps the tapped nets, under the name that `source` gives them. Verilator looks for its own
  /// spelling of names here, and says nothing where it finds none.
  var verilatorConfiguration: String {
    let module = Self.mangled(design.topModule)
    var lines = ["`verilator_config", "inline -module \"\(module)\""]
    for tap in design.taps {
      for wire in ["data", "valid", "ready", "last"] {
        let net = Self.mangled("\(tap.name)_\(wire)")
        lines.append("public_flat_rd -module \"\(module)\" -var \"\(net)\"")
      }
    }
    return lines.map { $0 + "\n" }.joined()
  }

  /// The C++ that gives the testbench the model and its streams.
  var source: String {
    var lines = [
      "// Generated: the streams of the model.", "#include \"Vtop.h\"",
      "#include \"Vtop___024root.h\"",
    ]
    if design.trace { lines.append("#include \"verilated_fst_c.h\"") }
    lines += [
      "#include \"stream_bench.h\"",
      "namespace bench {",
      "namespace {",
      "struct TopModel final : Model {",
      "  explicit TopModel(VerilatedContext& context) : top(&context) {",
      "    clock = &top.clk_i;",
      "    reset = &top.rst_i;",
    ]
    if design.hasLoadBus { lines += ["    load = &top.load_i;", "    loaded = &top.load_o;"] }
    lines += design.controls.map {
      "    controls.push_back({\"\($0)\", &top.\(Self.mangled($0))});"
    }
    lines += design.inputs.map { binding("sources", $0, prefix: "top.", inwards: true) }
    lines += design.outputs.map { binding("sinks", $0, prefix: "top.", inwards: false) }
    let scope = "top.rootp->" + Self.mangled(design.topModule) + "__DOT__"
    lines += design.taps.map { tap in
      let wires = ["data", "valid", "ready", "last"]
      return binding("taps", tap, wires: wires.map { scope + Self.mangled("\(tap.name)_\($0)") })
    }
    lines += [
      "  }",
      "  void eval() override { top.eval(); }",
      "  void finalize() override { top.final(); }",
    ]
    if design.trace {
      lines += [
        "  bool openTrace(const char* path) override {",
        "    top.trace(&file, 99);",
        "    file.open(path);",
        "    return file.isOpen();",
        "  }",
        "  void dumpTrace(uint64_t time) override { file.dump(time); }",
        "  void closeTrace() override { file.close(); }",
        "  VerilatedFstC file;",
      ]
    } else {
      lines += [
        "  bool openTrace(const char*) override { return false; }",
        "  void dumpTrace(uint64_t) override {}",
        "  void closeTrace() override {}",
      ]
    }
    lines += [
      "  Vtop top;",
      "};",
      "}  // namespace",
      "std::unique_ptr<Model> makeModel(VerilatedContext& context) {",
    ]
    if design.trace { lines.append("  context.traceEverOn(true);") }
    lines += [
      "  return std::make_unique<TopModel>(context);",
      "}",
      "}  // namespace bench",
    ]
    return lines.map { $0 + "\n" }.joined()
  }

  private func binding(
    _ list: String, _ port: StreamPort, prefix: String, inwards: Bool
  ) -> String {
    let wires = Self.portSuffixes(inwards: inwards).map {
      prefix + Self.mangled("\(port.name)_\($0)")
    }
    return binding(list, port, wires: wires)
  }

  private func binding(_ list: String, _ port: StreamPort, wires: [String]) -> String {
    let pointers = wires.map { "&\($0)" }.joined(separator: ", ")
    return "    \(list).push_back({\"\(port.name)\", \(port.width), \(pointers)});"
  }

  /// Data, valid, ready and last as port names.
  private static func portSuffixes(inwards: Bool) -> [String] {
    inwards
      ? ["data_i", "valid_i", "ready_o", "last_i"] : ["data_o", "valid_o", "ready_i", "last_o"]
  }

  /// A Verilog name as Verilator writes it in C++: the second of two underscores is spelt out.
  static func mangled(_ name: String) -> String {
    var result = ""
    var previous: Character?
    for character in name {
      if character == "_" && previous == "_" {
        result += "__05F"
        previous = nil
      } else {
        result.append(character)
        previous = character
      }
    }
    return result
  }

  /// Compares the streams with the ports and nets of the verilated model.
  ///
  /// - Parameters:
  ///   - topHeader: `Vtop.h`.
  ///   - rootHeader: `Vtop___024root.h`.
  /// - Throws: `InvalidInput` with every port that is missing or has another width.
  func check(topHeader: String, rootHeader: String) throws {
    var collector = DiagnosticCollector()
    let ports = Self.widths(in: topHeader)
    let nets = Self.widths(in: rootHeader)

    func expect(_ name: String, _ width: Int, in found: [String: Int], _ kind: String) {
      guard let actual = found[Self.mangled(name)] else {
        collector.error(
          at: design.topModule, "the module has no \(kind) '\(name)'",
          hint: "a stream has data, valid, ready and last; compare its name with the module")
        return
      }
      if actual != width {
        collector.error(
          at: design.topModule,
          "\(kind) '\(name)' has \(actual) bits; the stream needs \(width)",
          hint: "compare the lanes and the bits per lane of the stream with the module")
      }
    }
    for name in ["clk_i", "rst_i"] { expect(name, 1, in: ports, "port") }
    if design.hasLoadBus {
      expect("load_i", 64, in: ports, "port")
      expect("load_o", 32, in: ports, "port")
    }
    for name in design.controls {
      guard let width = ports[Self.mangled(name)], width <= 8 else {
        collector.error(
          at: design.topModule, "the module has no port '\(name)' of at most 8 bits",
          hint: "compare the controls with the module")
        continue
      }
    }
    for (streams, inwards) in [(design.inputs, true), (design.outputs, false)] {
      for stream in streams {
        for suffix in Self.portSuffixes(inwards: inwards) {
          let width = suffix.hasPrefix("data") ? stream.width : 1
          expect("\(stream.name)_\(suffix)", width, in: ports, "port")
        }
      }
    }
    let scope = Self.mangled(design.topModule) + "__DOT__"
    let scoped = nets.reduce(into: [String: Int]()) { result, net in
      if net.key.hasPrefix(scope) { result[String(net.key.dropFirst(scope.count))] = net.value }
    }
    for tap in design.taps {
      for wire in ["data", "valid", "ready", "last"] {
        expect("\(tap.name)_\(wire)", wire == "data" ? tap.width : 1, in: scoped, "net")
      }
    }
    try collector.throwIfErrors()
  }

  /// The declarations of a header Verilator wrote: name to width.
  ///
  /// Ports are `VL_IN8(&name,7,0)` or `VL_INW(&name,199,0,7)`; nets `QData/*32:0*/ name;` or
  /// `VlWide<7>/*199:0*/ name;`.
  static func widths(in header: String) -> [String: Int] {
    var result: [String: Int] = [:]
    for line in header.split(separator: "\n") {
      let text = line.drop { $0 == " " }
      if text.hasPrefix("VL_IN") || text.hasPrefix("VL_OUT") {
        let fields = text.drop { $0 != "(" }.dropFirst().prefix { $0 != ")" }
          .split(separator: ",")
        guard fields.count >= 3, let high = Int(fields[1]), let low = Int(fields[2]) else {
          continue
        }
        result[String(fields[0].drop { $0 == "&" })] = high - low + 1
      } else if let open = text.firstRange(of: "/*"),
        let close = text.firstRange(of: "*/ ")
      {
        let range = text[open.upperBound..<close.lowerBound].split(separator: ":")
        guard range.count == 2, let high = Int(range[0]), let low = Int(range[1]) else { continue }
        result[String(text[close.upperBound...].prefix { $0 != ";" })] = high - low + 1
      }
    }
    return result
  }
}
