// SPDX-License-Identifier: Apache-2.0

/// What a user reads when `body` fails: the text of its error, or "no error".
public func printedError<Result>(_ body: () throws -> Result) -> String {
  do {
    _ = try body()
    return "no error"
  } catch {
    return "\(error)"
  }
}
