// SPDX-License-Identifier: Apache-2.0

import Modeling

/// The attributes that convolutions and pools share.
struct WindowAttributes {
  var kernel: Extent
  var stride: Extent
  /// The border of the node itself.
  var own: Border

  /// - Parameters:
  ///   - kernel: that of the weights; a pool names its own.
  init(
    _ attributes: Attributes, kernel weights: Extent? = nil, on input: WindowedMap
  ) throws(Rejection) {
    let sizes = try attributes.integers("kernel_shape")
    let given = sizes.flatMap { $0.count == 2 ? Extent($0[0], $0[1]) : nil }
    guard let kernel = weights ?? given, sizes == nil || given == kernel else {
      throw Rejection(
        "attribute kernel_shape is \(sizes.map { "\($0)" } ?? "missing"); "
          + (weights.map { "[\($0.height), \($0.width)], as the weights have it, is expected" }
            ?? "[height, width] is expected"))
    }
    self.kernel = kernel
    let strides = try Self.pair("strides", of: attributes)
    self.stride = Extent(strides[0], strides[1])
    let dilations = try Self.pair("dilations", of: attributes)
    guard dilations == [1, 1] else {
      throw Rejection("attribute dilations is \(dilations); only [1, 1] is supported")
    }
    let most = GraphInput.mostValues
    guard 1...most ~= kernel.height, 1...most ~= kernel.width, 1...most ~= stride.height,
      1...most ~= stride.width
    else {
      throw Rejection("its window is \(kernel) with strides \(stride); sizes from 1 are expected")
    }
    self.own = Border()
    try setBorder(attributes, on: input.shape)
    if try attributes.integer("ceil_mode", default: 0) != 0 {
      let rest = (
        (input.shape.height + own.top + own.bottom - kernel.height) % stride.height,
        (input.shape.width + own.left + own.right - kernel.width) % stride.width
      )
      guard rest == (0, 0) else {
        throw Rejection(
          "attribute ceil_mode is 1 and the strides \(stride) leave a rest of "
            + "\(rest.0)×\(rest.1); only 0 is supported there",
          hint: "pad the map below and on the right instead")
      }
    }
  }

  private mutating func setBorder(
    _ attributes: Attributes, on shape: Shape
  ) throws(Rejection) {
    let mode = try attributes.text("auto_pad", default: "NOTSET")
    switch mode {
    case "NOTSET", "":
      let pads = try attributes.integers("pads") ?? [0, 0, 0, 0]
      guard pads.count == 4, pads.allSatisfy({ 0...GraphInput.mostValues ~= $0 }) else {
        throw Rejection(
          "attribute pads is \(pads); [top, left, bottom, right] from 0 on is expected")
      }
      own = Border(top: pads[0], bottom: pads[2], left: pads[1], right: pads[3])
    case "VALID":
      break
    case "SAME_UPPER", "SAME_LOWER":
      let window = Window(kernel, stride: stride, padding: .same, on: shape)
      own = Border(
        top: window.top, bottom: window.bottom, left: window.left, right: window.right)
      if mode == "SAME_LOWER" {
        (own.top, own.bottom) = (own.bottom, own.top)
        (own.left, own.right) = (own.right, own.left)
      }
    default:
      throw Rejection(
        "attribute auto_pad is \(mode); NOTSET, VALID, SAME_UPPER and SAME_LOWER are supported")
    }
  }

  /// The node's border round the one of its input.
  ///
  /// - Parameter own: the value of the node's border.
  func padding(own value: Double, of input: WindowedMap) throws(Rejection) -> Padding {
    var input = input
    try input.add(own, value: value)
    let border = input.border
    if border.isEmpty { return .none }
    return .border(
      top: border.top, bottom: border.bottom, left: border.left, right: border.right,
      value: input.value.isFinite ? input.value : 0)
  }

  private static func pair(
    _ name: String, of attributes: Attributes
  ) throws(Rejection) -> [Int] {
    let values = try attributes.integers(name) ?? [1, 1]
    guard values.count == 2 else {
      throw Rejection("attribute \(name) is \(values); [height, width] is expected")
    }
    return values
  }
}
