// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A JSON object as it was printed.
struct JSON {
  private let object: [String: Any]

  init(_ text: String) throws {
    let value = try JSONSerialization.jsonObject(with: Data(text.utf8))
    guard let object = value as? [String: Any] else {
      throw CocoaError(.propertyListReadCorrupt)
    }
    self.object = object
  }

  /// The value of a key path such as `mismatch.layer`.
  func value<Value>(_ path: String, as type: Value.Type = Value.self) -> Value? {
    var value: Any? = object
    for key in path.split(separator: ".") {
      value = (value as? [String: Any])?[String(key)]
    }
    return value as? Value
  }

  /// The paths of all keys: `layers[].name`. Names of the user's (layers, parameters) are left out.
  var keys: Set<String> {
    var keys: Set<String> = []
    Self.collect(object, at: "", &keys)
    return keys
  }

  /// Whether a value is null.
  var hasNull: Bool { Self.hasNull(object) }

  /// Objects whose keys are names of the user's, or of a core's.
  private static let dictionaries: Set = [
    "manifest.folds", "manifest.stages[].parameters", "curves[].points[].folds",
  ]

  private static func collect(
    _ value: Any, at path: String, isEntry: Bool = false, _ keys: inout Set<String>
  ) {
    if let list = value as? [Any] {
      for element in list where element is [String: Any] {
        collect(element, at: path + "[]", &keys)
      }
    }
    guard let object = value as? [String: Any] else { return }
    if dictionaries.contains(path), !isEntry {
      for value in object.values { collect(value, at: path, isEntry: true, &keys) }
      return
    }
    for (key, value) in object {
      let path = path.isEmpty ? key : "\(path).\(key)"
      keys.insert(path)
      collect(value, at: path, &keys)
    }
  }

  private static func hasNull(_ value: Any) -> Bool {
    switch value {
    case let list as [Any]: list.contains(where: hasNull)
    case let object as [String: Any]: object.values.contains(where: hasNull)
    default: value is NSNull
    }
  }
}
