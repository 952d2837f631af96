// SPDX-License-Identifier: Apache-2.0

/// One thing that is wrong, or that deserves attention: where it is, what is there, what was
/// expected, and what to do about it.
///
/// Printed like a compiler's message:
///
///     error: cnv.layers[3] (MaxPool): pool size 2 does not divide the 5×5 input
///       hint: use a 3×3 convolution with `padding: .same` before it
public struct Diagnostic: Error, Equatable, Sendable, CustomStringConvertible {
  /// How much it matters.
  public enum Severity: String, Sendable, Codable {
    case error, warning, note
  }

  /// How much it matters.
  public var severity: Severity
  /// Where: a file, a layer, an option. Empty when the message says it all.
  public var path: String
  /// A lower-case sentence that quotes values and gives both numbers of a mismatch.
  public var message: String
  /// Facts that explain the message.
  public var notes: [String]
  /// What to do; can be pasted.
  public var hint: String?

  public init(
    _ severity: Severity = .error, at path: String = "", _ message: String,
    notes: [String] = [], hint: String? = nil
  ) {
    self.severity = severity
    self.path = path
    self.message = message
    self.notes = notes
    self.hint = hint
  }

  public var description: String {
    var lines = ["\(severity.rawValue): \(path.isEmpty ? "" : path + ": ")\(message)"]
    lines += notes.map { "  note: \($0)" }
    if let hint { lines.append("  hint: \(hint)") }
    return lines.joined(separator: "\n")
  }
}

/// The errors of one pass, all of them, in the order in which they were found.
public struct InvalidInput: Error, Equatable, Sendable, CustomStringConvertible {
  /// At least one of these is an error.
  public var diagnostics: [Diagnostic]

  public init(_ diagnostics: [Diagnostic]) {
    self.diagnostics = diagnostics
  }

  public var description: String {
    diagnostics.map(\.description).joined(separator: "\n")
  }
}

/// Collects the diagnostics of a pass, so that a user sees every error at once.
public struct DiagnosticCollector: Sendable {
  /// What was collected so far.
  public private(set) var diagnostics: [Diagnostic] = []

  public init() {}

  /// True once an error was collected.
  public var hasErrors: Bool {
    diagnostics.contains { $0.severity == .error }
  }

  /// Adds one diagnostic.
  public mutating func add(_ diagnostic: Diagnostic) {
    diagnostics.append(diagnostic)
  }

  /// Adds an error.
  public mutating func error(
    at path: String = "", _ message: String, notes: [String] = [], hint: String? = nil
  ) {
    add(Diagnostic(.error, at: path, message, notes: notes, hint: hint))
  }

  /// Adds a warning.
  public mutating func warning(
    at path: String = "", _ message: String, notes: [String] = [], hint: String? = nil
  ) {
    add(Diagnostic(.warning, at: path, message, notes: notes, hint: hint))
  }

  /// Ends the pass here if it found an error.
  ///
  /// - Throws: ``InvalidInput`` with everything that was collected.
  public func throwIfErrors() throws {
    if hasErrors { throw InvalidInput(diagnostics) }
  }
}
