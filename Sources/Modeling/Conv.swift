// SPDX-License-Identifier: Apache-2.0

import Diagnostics

/// A convolution with binary weights: a ``Dense`` layer at every position of a window.
///
///     y_o(p) = Σ_(ky, kx, c) w_o,c,ky,kx · x_c(p · stride + (ky, kx)) + bias_o
///
/// A weight row is α_o times −1, 0 and +1; 0 is an inactive weight. Rows of integers up to 15 are
/// weights of a few bits.
///
/// - Shape: height × width × channels of codes → positions × `filters` of real sums.
/// - Exactness: integers; α, bias and batch norm move into the thresholds that follow. A border of
///   value 0 around ±1 is three-valued, and exact.
/// - Hardware: RTL/rb_pad.v, RTL/rb_window.v or RTL/rb_line_buffer.v, RTL/rb_matrix_unit.v. Groups are
///   inactive weights: exact, in the cycles of a convolution without groups.
/// - Source: XNOR-Net, arXiv 1603.05279; FINN, arXiv 1612.07119.
public struct Conv: PrimitiveLayer, Equatable {
  public static let kind = "Conv"
  public static let naming = LayerNaming.numbered("conv")

  /// Output channels.
  public var filters: Int
  /// Rows and columns of the window, 1…11 each.
  public var kernel: Extent
  /// Rows and columns from one position to the next.
  public var stride: Extent
  /// What lies around the map.
  public var padding: Padding
  /// Parts of the channels, each seen by its part of the filters; 1 is the ordinary convolution,
  /// the number of channels a depthwise one.
  public var groups: Int
  public var name: String?

  public init(
    _ filters: Int, kernel: Extent = 3, stride: Extent = 1, padding: Padding = .none,
    groups: Int = 1, name: String? = nil
  ) {
    self.filters = filters
    self.kernel = kernel
    self.stride = stride
    self.padding = padding
    self.groups = groups
    self.name = name
  }

  /// The window on a map of `shape`.
  public func window(on shape: Shape) -> Window {
    Window(kernel, stride: stride, padding: padding, on: shape)
  }

  public func output(
    for input: Feature, at path: String, _ diagnostics: inout DiagnosticCollector
  ) -> Feature? {
    guard (1...Shape.most).contains(filters) else {
      diagnostics.error(at: path, "\(filters) filters; 1…\(Shape.most) are supported")
      return nil
    }
    guard case .code = input.values else {
      diagnostics.error(
        at: path,
        "the input is \(input.values == .index ? "a class index" : "real-valued"); "
          + "a binary layer takes residual codes",
        hint: "put `Sign()` or `ResidualSign(levels: 2)` before it")
      return nil
    }
    guard (1...11).contains(kernel.height), (1...11).contains(kernel.width) else {
      diagnostics.error(at: path, "the kernel is \(kernel); 1×1 to 11×11 are supported")
      return nil
    }
    guard groups >= 1, input.shape.channels % groups == 0, filters % groups == 0 else {
      diagnostics.error(
        at: path,
        "\(groups) groups do not divide \(input.shape.channels) channels and \(filters) filters")
      return nil
    }
    guard padding.value.isFinite else {
      diagnostics.error(at: path, "the padding is \(padding.value); a finite number is expected")
      return nil
    }
    return window(on: input.shape)
      .output(for: input.shape, channels: filters, at: path, &diagnostics)
      .map { Feature($0, .real) }
  }

  public func slots(for input: Feature) -> [ParameterSlot] {
    [
      ParameterSlot(
        "weight",
        shape: [filters, input.shape.channels / max(1, groups), kernel.height, kernel.width]),
      ParameterSlot("bias", shape: [filters], isRequired: false),
    ]
  }

  public func check(
    _ parameters: [String: Tensor], at path: String, _ diagnostics: inout DiagnosticCollector
  ) {
    checkWeights(parameters["weight"], at: path, &diagnostics)
  }
}
