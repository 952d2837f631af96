// SPDX-License-Identifier: Apache-2.0

import Diagnostics

/// The output of a graph that is read.
struct GraphOutput {
  var name: String
  /// Whether it is the one that is read when none is asked for.
  var isFirst: Bool
  /// The other outputs, where none was asked for.
  private var passedOver: [String]

  /// The output of this name, or the first one for nil.
  ///
  /// - Throws: ``Rejection`` when there is no such output, or none at all.
  init(_ asked: String?, of outputs: [String]) throws(Rejection) {
    guard let first = outputs.first else {
      throw Rejection("the graph has 0 outputs; one is expected")
    }
    let name = asked ?? first
    guard outputs.contains(name) else {
      let isOnly = outputs.count == 1
      throw Rejection(
        "the graph has no output '\(name)'; its output\(isOnly ? " is" : "s are") "
          + quoted(outputs),
        hint: isOnly
          ? "leave `--model-output` out"
          : "choose one of them with `--model-output`; without it '\(first)' is read")
    }
    self.name = name
    isFirst = name == first
    passedOver = asked == nil ? Array(outputs.dropFirst()) : []
  }

  /// Says which output is read, where there are several and none was asked for.
  func remark(in file: String) -> Diagnostic? {
    guard !passedOver.isEmpty else { return nil }
    return Diagnostic(
      .note, at: "\(file): output '\(name)'",
      "the first of \(passedOver.count + 1) outputs is read; "
        + "choose another with `--model-output`: \(quoted(passedOver))")
  }
}
