// SPDX-License-Identifier: Apache-2.0

/// A Verilog module as a tree: named things only, in the order in which they are printed.
struct VerilogModule {
  /// Comment lines above the module.
  var header: [String]
  var name: String
  var ports: [Port]
  var items: [Item]

  /// A port of the module.
  struct Port {
    enum Direction: String { case input, output }
    var direction: Direction
    /// Bits; 1 prints no range.
    var width: Int
    var name: String
  }

  /// Something inside the module.
  enum Item {
    /// Lines of a comment.
    case comment([String])
    /// Wires that belong together.
    case wires([Wire])
    /// Continuous assignments that belong together.
    case assigns([Assign])
    /// An instance of another module.
    case instance(Instance)
  }

  /// A wire.
  struct Wire {
    var width: Int
    var name: String
  }

  /// `assign target = value;`
  struct Assign {
    var target: String
    var value: Expression
  }

  /// An instance, with named connections only.
  struct Instance {
    var module: String
    var name: String
    var parameters: [(name: String, value: Expression)]
    var connections: [(port: String, value: Expression)]
  }

  /// What a parameter or port can be given.
  indirect enum Expression {
    case name(String)
    case integer(Int)
    /// `name[high:low]`, or `name[low]` when both are the same.
    case slice(String, high: Int, low: Int)
    /// `!value`
    case not(Expression)
    /// `left && right`
    case both(Expression, Expression)
    /// `a | b | …`, bit by bit.
    case anyOf([Expression])
    /// `{a, b, …}`, the first one highest.
    case concatenation([Expression])
    /// `&{1'd0, a, b, …}`: says of bits that nothing reads them.
    case unread([Expression])
    /// A constant with a width, in hexadecimal; limbs of 64 bits, least significant first.
    case sized(width: Int, limbs: [UInt64])
    case string(String)
  }
}
