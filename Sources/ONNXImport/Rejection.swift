// SPDX-License-Identifier: Apache-2.0

import Diagnostics

/// Why a node or an initializer cannot be imported; becomes a ``Diagnostic`` at the place where it
/// is caught.
struct Rejection: Error, Equatable {
  var message: String
  var hint: String?

  init(_ message: String, hint: String? = nil) {
    self.message = message
    self.hint = hint
  }

  func diagnostic(at path: String) -> Diagnostic {
    Diagnostic(.error, at: path, message, hint: hint)
  }
}
