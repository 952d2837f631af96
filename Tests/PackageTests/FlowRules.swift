// SPDX-License-Identifier: Apache-2.0

/// The one-way flow of the rooms, and what a room must not know.
enum FlowRules {
  /// Every room, in the order of the flow. A room imports rooms before it only; a new one is added
  /// here with the design in mind.
  static let rooms = [
    "Diagnostics", "CZlib", "CPNG", "Hashing", "Datasets", "Modeling", "ONNXImport",
    "IntegerNetwork",
    "PopcountKernels", "GoldenModel", "Cores", "Folding", "Pipelines", "VerilogEmission",
    "Packaging",
    "Simulation", "Verification", "Reporting", "ResBin", "ResBinCommand",
  ]

  private static let networks: Set = [
    "Modeling", "ONNXImport", "IntegerNetwork", "GoldenModel", "Folding", "Pipelines",
  ]
  private static let hardware: Set = [
    "Cores", "Folding", "Pipelines", "VerilogEmission", "Simulation", "Verification",
  ]

  /// Room → what it must not reach, by however many steps.
  private static let secrets: [String: Set<String>] = [
    "Modeling": hardware, "ONNXImport": hardware, "IntegerNetwork": hardware,
    "GoldenModel": hardware,
    "Cores": networks,
    "Simulation": networks.union(["VerilogEmission"]),
  ]

  /// Room → what it must not import itself.
  private static let strangers: [String: Set<String>] = [
    "VerilogEmission": ["Modeling", "ONNXImport", "IntegerNetwork", "GoldenModel", "Simulation"],
    "Folding": ["Modeling", "ONNXImport", "GoldenModel"],
    "Packaging": ["Modeling", "ONNXImport", "IntegerNetwork", "GoldenModel", "Pipelines"],
  ]

  /// What is wrong with a package, a sentence each.
  static func violations(in package: PackageDescription) -> [String] {
    let targets = package.targets.filter(\.isRoom)
    var violations: [String] = []
    for name in rooms where !targets.contains(where: { $0.name == name }) {
      violations.append("the room '\(name)' is in the flow and not in the package")
    }
    for target in targets {
      guard let position = rooms.firstIndex(of: target.name) else {
        violations.append("the target '\(target.name)' has no place in the flow")
        continue
      }
      for dependency in target.targets {
        guard let other = rooms.firstIndex(of: dependency) else {
          violations.append("'\(target.name)' imports '\(dependency)', which is no room")
          continue
        }
        if other >= position {
          violations.append("'\(target.name)' imports '\(dependency)', which comes after it")
        }
        if strangers[target.name, default: []].contains(dependency) {
          violations.append("'\(target.name)' imports '\(dependency)', which it must not know")
        }
      }
      let known = package.reachable(from: target.name)
      for secret in secrets[target.name, default: []].intersection(known).sorted() {
        violations.append("'\(target.name)' reaches '\(secret)', which it must not know")
      }
    }
    return violations
  }

  /// Whether the package declares its rooms in the order of the flow, as its comment says.
  static func isInOrder(_ package: PackageDescription) -> Bool {
    package.targets.map(\.name).filter(rooms.contains) == rooms
  }
}
