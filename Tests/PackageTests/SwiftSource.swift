// SPDX-License-Identifier: Apache-2.0

/// The text of a Swift file, without what is not code.
struct SwiftSource {
  /// Line by line: comments are gone, strings are empty, the code inside `\(…)` stays.
  let lines: [String]

  init(_ text: String) {
    var stripper = Stripper(text)
    stripper.code(until: nil)
    lines = stripper.result.split(separator: "\n", omittingEmptySubsequences: false)
      .map(String.init)
  }

  /// The modules that the file imports.
  var imports: [String] {
    lines.compactMap { line in
      var words = line.split(separator: " ").map(String.init)
      let modifiers = ["public", "package", "internal", "fileprivate", "private"]
      while let first = words.first, first.hasPrefix("@") || modifiers.contains(first) {
        words.removeFirst()
      }
      guard words.first == "import", words.count >= 2 else { return nil }
      let kinds = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
      let name = kinds.contains(words[1]) && words.count >= 3 ? words[2] : words[1]
      return name.split(separator: ".").first.map(String.init)
    }
  }

  /// Lines, from 1, with a force unwrap, `try!`, `as!` or an implicitly unwrapped type.
  var forcedLines: [Int] {
    lines.indices.filter { index in
      let characters = Array(lines[index])
      return characters.indices.dropFirst().contains { position in
        guard characters[position] == "!" else { return false }
        if position + 1 < characters.count, characters[position + 1] == "=" { return false }
        let before = characters[position - 1]
        return before.isLetter || before.isNumber || "_)]}>\"`?".contains(before)
      }
    }.map { $0 + 1 }
  }
}

/// Copies code and leaves comments and strings out.
private struct Stripper {
  private(set) var result = ""
  private let text: [Character]
  private var position = 0

  init(_ text: String) {
    self.text = Array(text)
  }

  /// Copies up to the bracket `end` that closes the code, or to the end of the file.
  mutating func code(until end: Character?) {
    var depth = 0
    while position < text.count {
      let character = text[position]
      if starts(with: "//") {
        while position < text.count, text[position] != "\n" { position += 1 }
        continue
      }
      if starts(with: "/*") {
        comment()
        continue
      }
      if let hashes = stringStart() {
        string(hashes)
        continue
      }
      if character == "(" { depth += 1 }
      if character == ")" {
        depth -= 1
        if end != nil, depth < 0 { return }
      }
      result.append(character)
      position += 1
    }
  }

  private mutating func comment() {
    var depth = 0
    while position < text.count {
      if starts(with: "/*") {
        depth += 1
        position += 2
      } else if starts(with: "*/") {
        depth -= 1
        position += 2
        if depth == 0 { return }
      } else {
        if text[position] == "\n" { result.append("\n") }
        position += 1
      }
    }
  }

  /// Hash marks before the quotes that stand here, or nil where no string begins.
  private func stringStart() -> Int? {
    var hashes = 0
    while position + hashes < text.count, text[position + hashes] == "#" { hashes += 1 }
    guard position + hashes < text.count, text[position + hashes] == "\"" else { return nil }
    return hashes
  }

  private mutating func string(_ hashes: Int) {
    position += hashes
    let marks = String(repeating: "#", count: hashes)
    let quotes = starts(with: "\"\"\"") ? "\"\"\"" : "\""
    position += quotes.count
    result.append("\"")
    while position < text.count {
      if starts(with: quotes + marks) {
        position += quotes.count + hashes
        break
      }
      if starts(with: "\\" + marks + "(") {
        position += 2 + hashes
        result.append("(")
        code(until: ")")
        result.append(")")
        position += 1
      } else if starts(with: "\\" + marks) {
        position += 1 + hashes
        if position < text.count, text[position] == "\n" { result.append("\n") }
        position += 1
      } else {
        if text[position] == "\n" { result.append("\n") }
        position += 1
      }
    }
    result.append("\"")
  }

  private func starts(with prefix: String) -> Bool {
    text[position...].starts(with: prefix)
  }
}
