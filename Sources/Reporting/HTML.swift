// SPDX-License-Identifier: Apache-2.0

/// A piece of a page: elements and text, in the order in which they are printed.
indirect enum HTML {
  case text(String)
  case element(String, [(name: String, value: String)], [HTML])

  /// An element with text inside.
  static func tag(_ name: String, _ text: String, class style: String? = nil) -> HTML {
    tag(name, class: style, [.text(text)])
  }

  /// An element with others inside.
  static func tag(_ name: String, class style: String? = nil, _ children: [HTML]) -> HTML {
    .element(name, style.map { [(name: "class", value: $0)] } ?? [], children)
  }

  /// A table; the cells of `numbers` stand to the right.
  static func table(_ head: [String], numbers: Set<Int> = [], rows: [[HTML]]) -> HTML {
    func row(_ cells: [HTML], _ name: String) -> HTML {
      .tag(
        "tr",
        cells.enumerated().map { .tag(name, class: numbers.contains($0) ? "n" : nil, [$1]) })
    }
    let table = HTML.tag(
      "table",
      [
        .tag("thead", [row(head.map(HTML.text), "th")]),
        .tag("tbody", rows.map { row($0, "td") }),
      ])
    return .tag("div", class: "scroll", [table])
  }

  /// The text of the page.
  var string: String {
    switch self {
    case .text(let text):
      return Self.escaped(text)
    case .element(let name, let attributes, let children):
      let list = attributes.map { " \($0.name)=\"\(Self.escaped($0.value))\"" }.joined()
      let content = children.map(\.string).joined()
      let isBlock = Self.blocks.contains(name)
      return "<\(name)\(list)>\(content)</\(name)>" + (isBlock ? "\n" : "")
    }
  }

  private static let blocks: Set<String> = [
    "div", "h1", "h2", "li", "main", "ol", "p", "section", "table", "tbody", "thead", "tr", "ul",
  ]

  /// Text as it stands in HTML and in SVG.
  static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
      .replacing("\"", with: "&quot;")
  }
}
