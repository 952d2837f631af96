// SPDX-License-Identifier: Apache-2.0

import Modeling

/// How an ONNX tensor holds a map: which of its axes are the map's channels, rows and columns.
///
/// Transpose, Reshape and Flatten change the layout and nothing else; a layer of the network asks
/// for the one that it can take.
struct Layout: Hashable {
  /// What an axis of the tensor runs over.
  enum Axis: Hashable {
    case channel
    case row
    case column
    /// All values of the map.
    case flat(Flatten.Order)

    var name: String {
      switch self {
      case .channel: "channels"
      case .row: "height"
      case .column: "width"
      case .flat: "values"
      }
    }
  }

  /// The map.
  var shape: Shape
  /// Sizes of the tensor without the batch.
  var dimensions: [Int]
  /// One for each size; nil for a size of 1 that stands for nothing.
  var axes: [Axis?]

  init(shape: Shape, dimensions: [Int], axes: [Axis?]) {
    self.shape = shape
    self.dimensions = dimensions
    self.axes = axes
  }

  /// [channels, height, width], as convolutions and pools make them.
  static func image(_ shape: Shape) -> Layout {
    Layout(
      shape: shape, dimensions: [shape.channels, shape.height, shape.width],
      axes: [.channel, .row, .column])
  }

  /// [channels]
  static func vector(_ channels: Int) -> Layout {
    Layout(shape: .vector(channels), dimensions: [channels], axes: [.channel])
  }

  /// The axes longer than 1.
  private var longAxes: [Int] { dimensions.indices.filter { dimensions[$0] != 1 } }

  /// Which axis holds the channels.
  var channelAxis: Int? { axes.firstIndex(of: .channel) }

  /// True where the channels are the first axis behind the batch.
  var isChannelsFirst: Bool {
    guard let size = dimensions.first, size == shape.channels else { return false }
    return axes[0] == .channel || size == 1
  }

  /// True for [channels, height, width] of the map.
  var isImage: Bool {
    guard dimensions == [shape.channels, shape.height, shape.width] else { return false }
    return zip(axes, [Axis.channel, .row, .column]).enumerated().allSatisfy {
      dimensions[$0] == 1 || $1.0 == $1.1
    }
  }

  /// The order of the values, when all are on one axis; nil where that is the map's own.
  var flatOrder: Flatten.Order? {
    guard !shape.isVector else { return nil }
    for case .flat(let order) in axes { return order }
    return dimensions.count == 1 ? .channelsFirst : nil
  }

  /// The layout with the same values in axes of other sizes; nil when it is none.
  ///
  /// - Parameter new: sizes of the same product.
  func reshaped(to new: [Int]) -> Layout? {
    var result = self
    result.dimensions = new
    result.axes = new.map { _ in nil }
    let old = longAxes
    let long = new.indices.filter { new[$0] != 1 }
    if old.map({ dimensions[$0] }) == long.map({ new[$0] }) {
      for (from, to) in zip(old, long) { result.axes[to] = axes[from] }
      if shape.isVector, let axis = long.first { result.axes[axis] = .channel }
      return result
    }
    guard long.count == 1, let order = valueOrder else { return nil }
    result.axes[long[0]] = .flat(order)
    return result
  }

  /// The layout with its axes in another order; the batch is no part of it.
  func transposed(_ order: [Int]) -> Layout {
    Layout(
      shape: shape, dimensions: order.map { dimensions[$0] }, axes: order.map { axes[$0] })
  }

  /// The order in which the axes enumerate the values; nil when it is neither that of PyTorch nor
  /// that of the stream.
  private var valueOrder: Flatten.Order? {
    let names = longAxes.map { axes[$0] }
    func isPart(of order: [Axis]) -> Bool {
      var rest = order[...]
      return names.allSatisfy { name in
        guard let position = rest.firstIndex(where: { $0 == name }) else { return false }
        rest = rest[(position + 1)...]
        return true
      }
    }
    if isPart(of: [.channel, .row, .column]) { return .channelsFirst }
    return isPart(of: [.row, .column, .channel]) ? .channelsLast : nil
  }

  /// `[height, width, channels]`
  var names: String {
    "[\(axes.map { $0?.name ?? "1" }.joined(separator: ", "))]"
  }
}
