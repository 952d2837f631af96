// SPDX-License-Identifier: Apache-2.0

import Cores
import Diagnostics
import Folding
import IntegerNetwork

extension Pipeline {
  /// What the memories hold, as 32-bit words at their addresses on the load bus; 0 where none is. Empty
  /// where they are read only.
  public var loadImage: [UInt32] { LoadMap.image(of: stages.map(\.core)) }

  /// Words of ``loadImage``.
  public var loadWords: Int { LoadMap.words(of: stages.map(\.core)) }
}

extension FoldedNetwork {
  /// The pipeline of another network of this shape on the hardware of this one: only the words of
  /// memories differ.
  ///
  /// - Throws: ``Diagnostic`` or ``InvalidInput`` when memories are read only, or with each layer that
  ///   needs other hardware.
  public func loading(_ graph: IntegerGraph) throws -> Pipeline {
    guard headroom != nil else {
      throw Diagnostic(
        at: self.graph.name, "the memories of the design are read only",
        hint: "generate it with `--reloadable`")
    }
    let loaded = try Pipeline(
      FoldedNetwork(graph: graph.renamed(like: self.graph), folds: folds, headroom: headroom))
    let built = try Pipeline(self, isSketch: true)
    var diagnostics = DiagnosticCollector()
    for (stage, other) in zip(loaded.stages, built.stages) {
      if stage.core.moduleName != other.core.moduleName {
        diagnostics.error(
          at: "\(graph.name).\(stage.layer)",
          "it needs a \(stage.core.moduleName) where the design has a \(other.core.moduleName)")
      }
      for (needed, found) in zip(stage.core.parameters, other.core.parameters)
      where needed != found && !needed.name.hasSuffix("_BASE") {
        diagnostics.error(
          at: "\(graph.name).\(stage.layer)",
          "it needs \(needed.text); the \(stage.core.moduleName) of the design has \(found.text)",
          hint: "generate a design for this model")
      }
    }
    if loaded.stages.count != built.stages.count {
      diagnostics.error(
        at: graph.name,
        "it needs \(loaded.stages.count) stages; the design has \(built.stages.count)")
    }
    try diagnostics.throwIfErrors()
    return loaded
  }
}

extension CoreParameter {
  /// Name and value.
  fileprivate var text: String {
    switch value {
    case .integer(let value): "\(name) \(value)"
    case .packed(let values, _): "\(name) \(values)"
    case .memory: name
    }
  }
}
