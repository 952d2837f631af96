// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Curves over a common logarithmic axis, panel above panel: an SVG picture.
struct Plot {
  /// One curve.
  struct Curve {
    var name: String
    var points: [(x: Double, y: Double)]
  }

  /// Curves with one y axis.
  struct Panel {
    var title: String
    /// Whether equal distances are equal factors; values of 0 then stand on the floor.
    var isLogarithmic = true
    var curves: [Curve]
  }

  var title: String
  var xTitle: String
  var panels: [Panel]

  private static let size = (width: 640.0, panel: 240.0)
  private static let margin = (left: 80.0, right: 20.0, top: 34.0, bottom: 44.0)
  private static let colors = ["#1b6ca8", "#d1495b", "#3a7d44", "#8f5fbf", "#c77800", "#444444"]

  var svg: String {
    let x = Axis(panels.flatMap(\.curves).flatMap(\.points).map(\.x))
    let height = Self.size.panel * Double(panels.count) + 40
    var lines = [
      """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Self.size.width.fixed(0)) \
      \(height.fixed(0))" font-family="sans-serif" font-size="12">
      """,
      "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>",
      text(title, x: Self.size.width / 2, y: 20, anchor: "middle", more: " font-size=\"14\""),
    ]
    for (index, panel) in panels.enumerated() {
      let top = Self.size.panel * Double(index) + Self.margin.top
      lines += draw(panel, x: x, top: top, isFirst: index == 0)
    }
    lines.append(
      text(xTitle, x: Self.size.width / 2, y: height - 12, anchor: "middle"))
    return (lines + ["</svg>"]).joined(separator: "\n") + "\n"
  }

  private func draw(_ panel: Panel, x: Axis, top: Double, isFirst: Bool) -> [String] {
    let y = Axis(
      panel.curves.flatMap(\.points).map(\.y), isLogarithmic: panel.isLogarithmic)
    let left = Self.margin.left
    let right = Self.size.width - Self.margin.right
    let bottom = top + Self.size.panel - Self.margin.bottom
    func place(_ point: (x: Double, y: Double)) -> (x: Double, y: Double) {
      (left + x.share(point.x) * (right - left), bottom - y.share(point.y) * (bottom - top))
    }
    var lines: [String] = []
    for tick in x.ticks {
      let at = left + x.share(tick) * (right - left)
      lines.append(line(at, top, at, bottom))
      lines.append(text(label(tick), x: at, y: bottom + 16, anchor: "middle"))
    }
    for tick in y.ticks {
      let at = bottom - y.share(tick) * (bottom - top)
      lines.append(line(left, at, right, at))
      lines.append(text(label(tick), x: left - 6, y: at + 4, anchor: "end"))
    }
    lines.append(
      text(
        panel.title, x: 18, y: (top + bottom) / 2, anchor: "middle",
        more: " transform=\"rotate(-90 18 \(((top + bottom) / 2).fixed(1)))\""))
    for (index, curve) in panel.curves.enumerated() {
      let color = Self.colors[index % Self.colors.count]
      let places = curve.points.map(place)
      let path = places.map { "\($0.x.fixed(1)),\($0.y.fixed(1))" }.joined(separator: " ")
      lines.append(
        "<polyline points=\"\(path)\" fill=\"none\" stroke=\"\(color)\" stroke-width=\"1.5\"/>")
      lines += places.map {
        "<circle cx=\"\($0.x.fixed(1))\" cy=\"\($0.y.fixed(1))\" r=\"2.5\" fill=\"\(color)\"/>"
      }
      if isFirst {
        lines.append(
          text(
            curve.name, x: left + 10, y: top + 16 + 16 * Double(index), anchor: "start",
            more: " fill=\"\(color)\""))
      }
    }
    return lines
  }

  private func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double) -> String {
    """
    <line x1="\(x1.fixed(1))" y1="\(y1.fixed(1))" x2="\(x2.fixed(1))" y2="\(y2.fixed(1))" \
    stroke="#ddd"/>
    """
  }

  private func text(
    _ string: String, x: Double, y: Double, anchor: String, more: String = ""
  ) -> String {
    """
    <text x="\(x.fixed(1))" y="\(y.fixed(1))" text-anchor="\(anchor)"\(more)>\
    \(HTML.escaped(string))</text>
    """
  }

  private func label(_ value: Double) -> String {
    value >= 1e6 ? "\((value / 1e6).grouped) M" : value.grouped
  }
}

/// Places on an axis.
private struct Axis {
  private let isLogarithmic: Bool
  private let low: Double
  private let high: Double

  init(_ values: [Double], isLogarithmic: Bool = true) {
    self.isLogarithmic = isLogarithmic
    let positive = values.filter { $0 > 0 && $0.isFinite }
    let most = (positive.max() ?? 10) * 1.1
    low = isLogarithmic ? (positive.min() ?? 1) / 1.1 : 0
    high = max(most, low * 1.5)
  }

  /// Where a value stands, 0…1.
  func share(_ value: Double) -> Double {
    guard value > low else { return 0 }
    return isLogarithmic ? log(value / low) / log(high / low) : (value - low) / (high - low)
  }

  /// 1, 2 and 5 times powers of ten, the powers alone where there are many; or some five steps of
  /// such a size.
  var ticks: [Double] {
    guard isLogarithmic else {
      let power = pow(10, log10(high / 5).rounded(.down))
      let step = [1, 2, 5, 10].map { $0 * power }.first { high / $0 <= 6 } ?? high
      return (0...6).map { Double($0) * step }.filter { $0 <= high }
    }
    let powers = Int(log10(low).rounded(.down))...Int(log10(high).rounded(.up))
    let steps: [Double] = powers.count > 4 ? [1] : [1, 2, 5]
    return powers.flatMap { power in steps.map { $0 * pow(10, Double(power)) } }
      .filter { $0 >= low && $0 <= high }
  }
}
