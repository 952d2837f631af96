// SPDX-License-Identifier: Apache-2.0

import Cores
import Pipelines

extension Pipeline {
  /// The module that joins the stages.
  func topModule(_ name: String) -> VerilogModule {
    var items: [VerilogModule.Item] = []
    for index in stages.indices.dropLast() {
      items.append(.wires(wires(of: stages[index])))
    }
    for index in stages.indices {
      items.append(.comment(["\(stages[index].name): \(summary(of: index))"]))
      items.append(.instance(instance(index)))
    }
    return VerilogModule(header: header, name: name, ports: ports, items: items)
  }

  private var header: [String] {
    var lines = [
      "\(folding.graph.name): \(stream(input)) -> \(stream(output)).",
      "",
    ]
    lines += stages.indices.map { "  \(stages[$0].name): \(summary(of: $0))" }
    lines += [
      "",
      "Streams: RTL cores of ResBin, data/valid/ready/last, last on the last beat of an image.",
      "Generated; memory images (*.mem) are read by name from the simulator's working folder.",
    ]
    return lines
  }

  private func stream(_ port: StreamPort) -> String {
    "\(port.name) (\(port.lanes) x \(port.bitsPerLane) bits a beat)"
  }

  private func summary(of index: Int) -> String {
    let stage = stages[index]
    return "\(stage.core.moduleName), \(stage.cycles) cycles an image"
  }

  private var ports: [VerilogModule.Port] {
    [
      VerilogModule.Port(direction: .input, width: 1, name: "clk_i"),
      VerilogModule.Port(direction: .input, width: 1, name: "rst_i"),
    ]
      + streamPorts(input, forward: .input, back: .output, from: "_i", to: "_o")
      + streamPorts(output, forward: .output, back: .input, from: "_o", to: "_i")
  }

  private func streamPorts(
    _ port: StreamPort, forward: VerilogModule.Port.Direction,
    back: VerilogModule.Port.Direction, from: String, to: String
  ) -> [VerilogModule.Port] {
    [
      VerilogModule.Port(direction: forward, width: port.width, name: "\(port.name)_data\(from)"),
      VerilogModule.Port(direction: forward, width: 1, name: "\(port.name)_valid\(from)"),
      VerilogModule.Port(direction: back, width: 1, name: "\(port.name)_ready\(to)"),
      VerilogModule.Port(direction: forward, width: 1, name: "\(port.name)_last\(from)"),
    ]
  }

  private func wires(of stage: Stage) -> [VerilogModule.Wire] {
    [
      VerilogModule.Wire(width: stage.output.width, name: "\(stage.name)_data"),
      VerilogModule.Wire(width: 1, name: "\(stage.name)_valid"),
      VerilogModule.Wire(width: 1, name: "\(stage.name)_ready"),
      VerilogModule.Wire(width: 1, name: "\(stage.name)_last"),
    ]
  }

  private func instance(_ index: Int) -> VerilogModule.Instance {
    let stage = stages[index]
    var connections: [(port: String, value: VerilogModule.Expression)] = [
      (port: "clk_i", value: .name("clk_i")), (port: "rst_i", value: .name("rst_i")),
    ]
    for port in stage.core.inputs {
      // Nets from outside have the direction of the module's port.
      let (net, from, to) =
        switch stage.source {
        case .outside: (input.name, "_i", "_o")
        case .stage(let source): (stages[source].name, "", "")
        }
      connections += [
        (port: "\(port.name)_data_i", value: .name("\(net)_data\(from)")),
        (port: "\(port.name)_valid_i", value: .name("\(net)_valid\(from)")),
        (port: "\(port.name)_ready_o", value: .name("\(net)_ready\(to)")),
        (port: "\(port.name)_last_i", value: .name("\(net)_last\(from)")),
      ]
    }
    for port in stage.core.outputs {
      let isLast = index == stages.count - 1
      let (from, to) = isLast ? ("_o", "_i") : ("", "")
      connections += [
        (port: "\(port.name)_data_o", value: .name("\(stage.name)_data\(from)")),
        (port: "\(port.name)_valid_o", value: .name("\(stage.name)_valid\(from)")),
        (port: "\(port.name)_ready_i", value: .name("\(stage.name)_ready\(to)")),
        (port: "\(port.name)_last_o", value: .name("\(stage.name)_last\(from)")),
      ]
    }
    return VerilogModule.Instance(
      module: stage.core.moduleName, name: "u_\(stage.name)", parameters: parameters(of: stage),
      connections: connections)
  }

  private func parameters(
    of stage: Stage
  ) -> [(name: String, value: VerilogModule.Expression)] {
    stage.core.parameters.map { parameter in
      switch parameter.value {
      case .integer(let value):
        return (parameter.name, .integer(value))
      case .packed(let elements, let elementWidth):
        var limbs = Array(repeating: UInt64(0), count: (elements.count * elementWidth + 63) / 64)
        for (index, element) in elements.enumerated() {
          for bit in 0..<elementWidth where element >> bit & 1 == 1 {
            let position = index * elementWidth + bit
            limbs[position >> 6] |= 1 << UInt64(position & 63)
          }
        }
        return (
          parameter.name, .sized(width: elements.count * elementWidth, limbs: limbs)
        )
      case .memory:
        let memory = stage.core.memories.first { $0.parameter == parameter.name }
        return (parameter.name, .string(memory?.fileName(of: stage) ?? ""))
      }
    }
  }
}
