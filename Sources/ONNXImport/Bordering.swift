// SPDX-License-Identifier: Apache-2.0

import Modeling

/// Borders as nodes of their own: they merge into the layer behind them.
enum Bordering {
  /// A border of one value.
  static let pad: Rule = { (call, assembly) throws(Rejection) in
    let attributes = call.node.attributes
    let mode = try attributes.text("mode", default: "constant")
    guard mode == "constant" else {
      throw Rejection("attribute mode is \(mode); only constant is supported")
    }
    guard let value = call[0], var input = try call.windowed(&assembly) else { return nil }
    let rank = input.map.dimensions.count + 1
    var sizes: [Int]
    if let given = try call.axes("pads", input: 1) {
      sizes = given
    } else {
      throw Rejection("it has no pads")
    }
    if let input = call[3] {
      guard case .constant(let constant) = input, let given = constant.integers else {
        throw Rejection("its axes are \(input.description); integer constants are expected")
      }
      let axes = given.map { $0 < 0 ? $0 + rank : $0 }
      guard sizes.count == 2 * axes.count, Set(axes).count == axes.count,
        axes.allSatisfy({ (0..<rank).contains($0) })
      else { throw Rejection("its pads \(sizes) do not fit its axes \(given)") }
      var full = Array(repeating: 0, count: 2 * rank)
      for (index, axis) in axes.enumerated() {
        full[axis] = sizes[index]
        full[rank + axis] = sizes[axes.count + index]
      }
      sizes = full
    }
    guard sizes.count == 2 * rank else {
      throw Rejection("its pads are \(sizes); 2 for each of \(rank) axes are expected")
    }
    guard sizes.allSatisfy({ 0...GraphInput.mostValues ~= $0 }) else {
      throw Rejection("its pads are \(sizes); sizes from 0 are expected")
    }
    guard sizes[0] == 0, sizes[1] == 0, sizes[rank] == 0, sizes[rank + 1] == 0 else {
      throw Rejection("its pads are \(sizes); padding of height and width is supported")
    }
    let border = Border(
      top: sizes[2], bottom: sizes[rank + 2], left: sizes[3], right: sizes[rank + 3])
    guard !border.isEmpty else { return value }
    var constant = try attributes.real("value", default: 0)
    if let given = call[2] {
      guard case .constant(let number) = given, let single = number.uniform else {
        throw Rejection("its value is \(given.description); one number is expected")
      }
      constant = single
    }
    try input.add(border, value: constant)
    return .padded(Padded(map: input.map, border: input.border, value: input.value))
  }
}
