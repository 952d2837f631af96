// SPDX-License-Identifier: Apache-2.0

/// The targets that a Package.swift declares, read from its text: asking SwiftPM would wait for the
/// build lock.
struct PackageDescription {
  /// In the order of the file.
  var targets: [Target] = []

  /// One target.
  struct Target: Equatable {
    /// The word before the bracket: `target`, `systemLibrary`, `executableTarget`, `testTarget`.
    var kind: String
    var name: String
    /// Where it lies, if not where SwiftPM looks first.
    var path: String?
    /// Targets that it depends on.
    var targets: [String] = []
    /// Products of other packages that it depends on.
    var products: [String] = []

    /// Its folder.
    var folder: String { path ?? (kind == "testTarget" ? "Tests/\(name)" : "Sources/\(name)") }
    /// Whether it is a room, not a test, a help for tests or an example.
    var isRoom: Bool { folder.hasPrefix("Sources/") }
  }

  /// What is wrong with a text that cannot be read; never a reason to skip a check.
  struct Unreadable: Error, Equatable, CustomStringConvertible {
    var description: String
  }

  /// Reads the text of a Package.swift.
  init(_ text: String) throws {
    guard let start = text.range(of: "let package = ") else {
      throw Unreadable(description: "there is no 'let package ='")
    }
    var reader = SyntaxReader(text[start.upperBound...])
    guard case .call("Package", let arguments) = try reader.expression(),
      case .array(let elements)? = arguments.first(where: { $0.label == "targets" })?.value
    else { throw Unreadable(description: "there is no Package(targets: […])") }
    targets = try elements.map(Self.target)
  }

  /// Everything that the target `name` reaches through its dependencies.
  func reachable(from name: String) -> Set<String> {
    var found: Set<String> = []
    var open = [name]
    while let next = open.popLast() {
      for target in targets where target.name == next {
        for dependency in target.targets where found.insert(dependency).inserted {
          open.append(dependency)
        }
      }
    }
    return found
  }

  private static func target(_ expression: Syntax) throws -> Target {
    guard case .call(let kind, let arguments) = expression,
      [".target", ".systemLibrary", ".executableTarget", ".testTarget"].contains(kind),
      case .string(let name)? = arguments.first(where: { $0.label == "name" })?.value
    else { throw Unreadable(description: "a target is declared as \(expression)") }
    var target = Target(kind: String(kind.dropFirst()), name: name)
    if case .string(let path)? = arguments.first(where: { $0.label == "path" })?.value {
      target.path = path
    }
    switch arguments.first(where: { $0.label == "dependencies" })?.value {
    case nil: break
    case .array(let elements)?:
      for element in elements {
        switch element {
        case .string(let name): target.targets.append(name)
        case .call(".product", let arguments):
          guard case .string(let name)? = arguments.first(where: { $0.label == "name" })?.value
          else { throw Unreadable(description: "'\(name)' depends on \(element)") }
          target.products.append(name)
        default: throw Unreadable(description: "'\(name)' depends on \(element)")
        }
      }
    case let other?: throw Unreadable(description: "'\(name)' depends on \(other)")
    }
    return target
  }
}

/// As much of Swift's expressions as a package description uses.
indirect enum Syntax: Equatable {
  case string(String)
  /// A name or a number.
  case word(String)
  case array([Syntax])
  case call(String, [Argument])

  struct Argument: Equatable {
    var label: String?
    var value: Syntax
  }
}

/// Reads one expression after the other.
struct SyntaxReader {
  private var text: Substring

  init(_ text: Substring) {
    self.text = text
  }

  mutating func expression() throws -> Syntax {
    skipSpace()
    switch text.first {
    case "\"":
      text.removeFirst()
      let string = text.prefix { $0 != "\"" }
      guard !string.contains("\\"), !string.contains("\n") else { throw unreadable() }
      text = text.dropFirst(string.count + 1)
      return .string(String(string))
    case "[":
      text.removeFirst()
      return .array(try elements(until: "]").map(\.value))
    default:
      let word = text.prefix { $0.isLetter || $0.isNumber || $0 == "." || $0 == "_" }
      guard !word.isEmpty else { throw unreadable() }
      text = text.dropFirst(word.count)
      skipSpace()
      guard text.first == "(" else { return .word(String(word)) }
      text.removeFirst()
      return .call(String(word), try elements(until: ")"))
    }
  }

  private mutating func elements(until end: Character) throws -> [Syntax.Argument] {
    var elements: [Syntax.Argument] = []
    while true {
      skipSpace()
      if text.first == end { break }
      var value = try expression()
      var label: String?
      skipSpace()
      if text.first == ":", case .word(let word) = value {
        text.removeFirst()
        label = word
        value = try expression()
      }
      elements.append(Syntax.Argument(label: label, value: value))
      skipSpace()
      if text.first == "," {
        text.removeFirst()
      } else if text.first != end {
        throw unreadable()
      }
    }
    text.removeFirst()
    return elements
  }

  private mutating func skipSpace() {
    while true {
      text = text.drop { $0.isWhitespace }
      guard text.hasPrefix("//") else { return }
      text = text.drop { $0 != "\n" }
    }
  }

  private func unreadable() -> PackageDescription.Unreadable {
    .init(description: "cannot read from '\(text.prefix(40))' on")
  }
}
