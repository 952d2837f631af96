// SPDX-License-Identifier: Apache-2.0

/// What a memory of constant words is made of.
public enum MemoryKind: String, Codable, Sendable, CaseIterable {
  /// The synthesis tool decides.
  case automatic
  /// LUTs: tables.
  case distributed
  /// Block RAM.
  case block

  /// The parameter `MEMORY` of rb_rom.v.
  var parameter: Int {
    switch self {
    case .automatic: 0
    case .distributed: 1
    case .block: 2
    }
  }
}
