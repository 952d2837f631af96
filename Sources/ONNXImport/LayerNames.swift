// SPDX-License-Identifier: Apache-2.0

import Modeling

/// Names of layers from the names in a file: letters, digits and _, each once.
struct LayerNames {
  private var taken: Set<String> = []
  /// The next number to try for a name.
  private var numbers: [String: Int] = [:]

  /// The name, or the name with the first number that makes it new.
  mutating func unused(_ name: String) -> String {
    var candidate = name
    while !taken.insert(candidate).inserted {
      let number = numbers[name, default: 2]
      numbers[name] = number + 1
      candidate = "\(name)_\(number)"
    }
    return candidate
  }

  /// The layer's name in a node's name: `fc1` for `fc1` and for `/fc1/MatMul`, nil for `MatMul_3`.
  static func layer(_ node: ONNXNode) -> String? {
    var parts = node.name.split(separator: "/").map(String.init)
    if let last = parts.last, isAutomatic(last, type: node.type) { parts.removeLast() }
    return cleaned(parts.joined(separator: "_"))
  }

  /// The layer's name in a parameter's name: `fc1` for `fc1.weight`.
  static func stem(_ parameter: String) -> String? {
    guard !parameter.contains("::"), let dot = parameter.lastIndex(of: ".") else { return nil }
    return cleaned(String(parameter[..<dot]))
  }

  /// What the names of the nodes of one layer have in common, up to a separator: `fc1_sign` for
  /// `fc1_sign_bit1` and `fc1_sign_sum2`.
  static func common(_ names: [String]) -> String? {
    guard var prefix = names.first.map({ Array($0) }), names.count > 1 else { return nil }
    for name in names.dropFirst() {
      prefix = Array(zip(prefix, name).prefix { $0 == $1 }.map(\.0))
    }
    guard let end = prefix.lastIndex(where: { "_./".contains($0) }) else { return nil }
    let name = cleaned(String(prefix[..<end]))
    // A prefix that exporters give every node names no layer.
    return name == "node" ? nil : name
  }

  /// `MatMul`, `MatMul_3`, `node_MatMul_3`
  private static func isAutomatic(_ name: String, type: String) -> Bool {
    let parts = name.split(separator: "_").filter { Int($0) == nil }
    return parts.last.map(String.init) == type && parts.dropLast().allSatisfy { $0 == "node" }
      || name.hasPrefix("node_")
  }

  /// Letters, digits and single _, or nil when nothing is left.
  static func cleaned(_ name: String) -> String? {
    let words = name.split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
    let result = words.joined(separator: "_")
    guard let first = result.first else { return nil }
    return first.isNumber ? "layer_\(result)" : result
  }
}
