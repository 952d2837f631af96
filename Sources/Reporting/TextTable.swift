// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A table for the terminal: a head, rows, columns as wide as they need to be.
struct TextTable {
  var head: [String]
  /// Columns whose cells stand to the right.
  var numbers: Set<Int>
  var rows: [[String]] = []

  init(_ head: [String], numbers: Set<Int> = []) {
    self.head = head
    self.numbers = numbers
  }

  var text: String {
    let all = [head] + rows
    let widths = head.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
    return all.enumerated().map { index, row in
      let cells = row.indices.map { column in
        let space = String(repeating: " ", count: widths[column] - row[column].count)
        return numbers.contains(column) ? space + row[column] : row[column] + space
      }
      let line = "  " + cells.joined(separator: "  ")
      let rule =
        index == 0
        ? "\n  " + widths.map { String(repeating: "-", count: $0) }.joined(separator: "  ") : ""
      return trimmed(line) + rule
    }.joined(separator: "\n")
  }

  private func trimmed(_ line: String) -> String {
    var line = line
    while line.last == " " { line.removeLast() }
    return line
  }
}

extension Double {
  /// Two significant digits and a power of ten: `2.8e-04`.
  var short: String {
    if self == 0 { return "0" }
    return String(format: "%.1e", self)
  }

  /// Rounded to a whole number, with a comma after each three digits.
  var grouped: String {
    Int(exactly: rounded())?.grouped ?? "\(self)"
  }

  /// With so many digits after the point.
  func fixed(_ digits: Int) -> String {
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    guard isFinite, abs(self) * scale < 9e15 else { return "\(self)" }
    let scaled = Int((abs(self) * scale).rounded())
    let whole = scaled / Int(scale)
    let sign = self < 0 && scaled > 0 ? "-" : ""
    guard digits > 0 else { return "\(sign)\(whole)" }
    let rest = String(scaled % Int(scale))
    return "\(sign)\(whole)." + String(repeating: "0", count: digits - rest.count) + rest
  }
}

extension Int {
  /// With a comma after each three digits.
  var grouped: String {
    let digits = String(magnitude)
    var text = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { text += "," }
      text.append(digit)
    }
    return (self < 0 ? "-" : "") + text
  }
}
