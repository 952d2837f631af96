// SPDX-License-Identifier: Apache-2.0

import Cores

/// Prints a ``VerilogModule``: the same tree gives the same bytes.
struct VerilogPrinter {
  private var lines: [String] = []

  /// The file that holds `module`.
  static func print(_ module: VerilogModule) -> String {
    var printer = VerilogPrinter()
    printer.file(module)
    return printer.lines.joined(separator: "\n") + "\n"
  }

  private mutating func file(_ module: VerilogModule) {
    lines.append("// SPDX-License-Identifier: Apache-2.0")
    lines.append("//")
    lines += module.header.map(comment)
    lines += ["", "`default_nettype none", "", "module \(module.name) ("]
    let widths = module.ports.map { range($0.width) }
    let longest = widths.map(\.count).max() ?? 0
    for (index, port) in module.ports.enumerated() {
      let direction = port.direction == .input ? "input  wire" : "output wire"
      let width = longest == 0 ? "" : widths[index].padded(to: longest) + " "
      let comma = index == module.ports.count - 1 ? "" : ","
      lines.append("  \(direction) \(width)\(port.name)\(comma)")
    }
    lines.append(");")
    for item in module.items {
      // A comment belongs to what follows it.
      if !isAfterComment { lines.append("") }
      print(item)
    }
    lines += ["", "endmodule", "", "`default_nettype wire"]
  }

  private var isAfterComment: Bool {
    lines.last?.hasPrefix("  //") ?? false
  }

  private mutating func print(_ item: VerilogModule.Item) {
    switch item {
    case .comment(let text):
      lines += text.map { "  " + comment($0) }
    case .wires(let wires):
      let longest = wires.map { range($0.width).count }.max() ?? 0
      for wire in wires {
        let width = longest == 0 ? "" : range(wire.width).padded(to: longest) + " "
        lines.append("  wire \(width)\(wire.name);")
      }
    case .assigns(let assigns):
      let longest = assigns.map(\.target.count).max() ?? 0
      for assign in assigns {
        lines.append(
          "  assign \(assign.target.padded(to: longest)) = \(text(assign.value));")
      }
    case .instance(let instance):
      print(instance)
    }
  }

  private mutating func print(_ instance: VerilogModule.Instance) {
    if instance.parameters.isEmpty {
      lines.append("  \(instance.module) \(instance.name) (")
    } else {
      lines.append("  \(instance.module) #(")
      print(instance.parameters)
      lines.append("  ) \(instance.name) (")
    }
    print(instance.connections.map { (name: $0.port, value: $0.value) })
    lines.append("  );")
  }

  private mutating func print(
    _ bindings: [(name: String, value: VerilogModule.Expression)]
  ) {
    let longest = bindings.map(\.name.count).max() ?? 0
    for (index, binding) in bindings.enumerated() {
      let comma = index == bindings.count - 1 ? "" : ","
      lines.append(
        "    .\(binding.name.padded(to: longest)) (\(text(binding.value)))\(comma)")
    }
  }

  /// A line of a comment: a user's name may hold anything, a line of Verilog is ASCII. What tools read
  /// as an order to them does not come first.
  private func comment(_ text: String) -> String {
    let line = String(
      text.unicodeScalars.map { (" "..."~").contains($0) ? Character($0) : "?" })
    let first = line.lowercased().drop { !$0.isLetter }
    let isOrder = Self.orders.contains { first.hasPrefix($0) }
    return line.isEmpty ? "//" : isOrder ? "// - \(line)" : "// \(line)"
  }

  /// How comments begin that tools obey.
  private static let orders = [
    "verilator", "synthesis", "synopsys", "pragma", "translate", "xilinx", "cadence", "exemplar",
    "altera", "rtl_synthesis", "vcs", "verific", "coverage",
  ]

  private func range(_ width: Int) -> String {
    width == 1 ? "" : "[\(width - 1):0]"
  }

  private func text(_ expression: VerilogModule.Expression) -> String {
    switch expression {
    case .name(let name): name
    case .slice(let name, let high, let low):
      high == low ? "\(name)[\(low)]" : "\(name)[\(high):\(low)]"
    case .not(let value): "!\(text(value))"
    case .both(let left, let right): "\(text(left)) && \(text(right))"
    case .anyOf(let parts): parts.map(text).joined(separator: " | ")
    case .concatenation(let parts): "{\(parts.map(text).joined(separator: ", "))}"
    case .unread(let parts): "&{\((["1'd0"] + parts.map(text)).joined(separator: ", "))}"
    case .integer(let value): "\(value)"
    case .sized(let width, let limbs): "\(width)'h\(hexadecimal(limbs, width: width))"
    case .string(let text): "\"\(text)\""
    }
  }
}

extension String {
  fileprivate func padded(to count: Int) -> String {
    self + String(repeating: " ", count: Swift.max(0, count - self.count))
  }
}
