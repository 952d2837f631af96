// SPDX-License-Identifier: Apache-2.0

import Modeling

/// What a window moves over: a map and the border that Pad gave it.
struct WindowedMap {
  var map: Map
  var border = Border()
  var value = 0.0

  /// The shape with the border.
  var shape: Shape {
    Shape(
      height: map.layout.shape.height + border.top + border.bottom,
      width: map.layout.shape.width + border.left + border.right, channels: map.channels)
  }

  /// Adds rows and columns of one value.
  mutating func add(_ more: Border, value new: Double) throws(Rejection) {
    guard border.isEmpty || more.isEmpty || value == new else {
      throw Rejection(
        "it adds a border of \(new) to one of \(value); borders of one value are supported")
    }
    if !more.isEmpty { value = new }
    border = Border(
      top: border.top + more.top, bottom: border.bottom + more.bottom,
      left: border.left + more.left, right: border.right + more.right)
    guard shape.height <= GraphInput.mostValues, shape.width <= GraphInput.mostValues else {
      throw Rejection("its border makes the map \(shape); that is too large")
    }
  }
}

extension Call {
  /// The first input as something that a window can move over.
  func windowed(_ assembly: inout Assembly) throws(Rejection) -> WindowedMap? {
    let result: WindowedMap
    switch self[0] {
    case .padded(let padded):
      result = WindowedMap(map: padded.map, border: padded.border, value: padded.value)
    case .clipped(let clipped) where node.type == "MaxPool":
      result = WindowedMap(map: clipped.map)
    default:
      guard let value = self[0], let map = try assembly.map(of: value) else { return nil }
      result = WindowedMap(map: map)
    }
    let layout = result.map.layout
    guard layout.isImage else {
      throw Rejection(
        "its input has axes [N] + \(layout.names) of sizes \(layout.dimensions); "
          + "[channels, height, width] is expected",
        hint: layout.dimensions.count == 3
          ? "put a Transpose to NCHW before it" : "put it before the node that flattens the map")
    }
    return result
  }
}

extension Assembly {
  /// The output of a stage as [channels, height, width].
  func image(_ stage: Int) -> Map {
    map(stage, .image(stages[stage].feature.shape))
  }
}
