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

  /// The pipeline of another network of this shape on this hardware: only the words of memories differ.
  ///
  /// - Throws: ``Diagnostic`` or ``InvalidInput`` when memories are read only, or with each layer that
  ///   needs other hardware.
  public func loading(_ graph: IntegerGraph) throws -> Pipeline {
    guard let headroom = folding.headroom else {
      throw Diagnostic(
        at: folding.graph.name, "the memories of the design are read only",
        hint: "generate it with `--reloadable`")
    }
    let loaded = try Pipeline(
      FoldedNetwork(
        graph: graph.renamed(like: folding.graph), folds: folding.folds, headroom: headroom,
        logicDelay: folding.logicDelay))
    try loaded.checkHardware(like: self, of: graph.name)
    return loaded
  }

  /// - Throws: ``InvalidInput`` with each stage whose hardware is not that of `other`.
  private func checkHardware(like other: Pipeline, of network: String) throws {
    var diagnostics = DiagnosticCollector()
    for (stage, like) in zip(stages, other.stages) {
      if stage.core.moduleName != like.core.moduleName {
        diagnostics.error(
          at: "\(network).\(stage.layer)",
          "it needs a \(stage.core.moduleName) where the design has a \(like.core.moduleName)")
      }
      for (needed, found) in zip(stage.core.parameters, like.core.parameters) where needed != found
      {
        diagnostics.error(
          at: "\(network).\(stage.layer)",
          "it needs \(needed.text); the \(stage.core.moduleName) of the design has \(found.text)",
          hint: "generate a design for this model")
      }
    }
    if stages.count != other.stages.count {
      diagnostics.error(
        at: network, "it needs \(stages.count) stages; the design has \(other.stages.count)")
    }
    try diagnostics.throwIfErrors()
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
