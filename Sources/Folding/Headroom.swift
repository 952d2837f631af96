// SPDX-License-Identifier: Apache-2.0

import Diagnostics
import IntegerNetwork

/// What models that are loaded at run time may need, whatever the one needs that is built in.
public struct Headroom: Equatable, Codable, Sendable {
  /// Bits of an integer that stands for a gamma.
  public var gammaBits: Int
  /// Bits of a score multiplier, with its sign.
  public var scoreBits: Int
  /// Linear layers whose gammas stay as they are: they read whole numbers, pixels or what a uniform
  /// quantizer makes.
  public var fixedGammas: [String]

  /// For networks like `graph`, lowered with `options`.
  public init(for graph: IntegerGraph, options: LoweringOptions = LoweringOptions()) {
    gammaBits = options.gammaBits
    scoreBits = options.scoreBits
    fixedGammas = graph.linearLayers.filter {
      graph.sendsWholeNumbers(graph.nodes[$0.index].inputs[0])
    }.map(\.name)
  }
}

extension IntegerGraph {
  /// Whether node `index` sends whole numbers: pixels, bits, or the codes of a uniform quantizer. A
  /// residual sign whose integer gammas are powers of two counts only if its real gammas halve exactly,
  /// too: trained ones do not.
  fileprivate func sendsWholeNumbers(_ index: Int) -> Bool {
    switch nodes[index].operation {
    case .maxPool:
      return sendsWholeNumbers(nodes[index].inputs[0])
    case .encode(let tree):
      let trained = lowering.codes.first { $0.layer == nodes[index].name }?.gammas ?? []
      let halves = zip(trained, trained.dropFirst()).allSatisfy { $0 == 2 * $1 }
      return tree.code == .unsigned(bits: tree.code.levels) && halves
    case .input, .lookup, .popcount, .sumPool, .rescale, .add, .score, .argMax:
      return true
    }
  }
}

extension Headroom {
  /// - Throws: ``Diagnostic`` for numbers of bits that no hardware is built for, and for skip connections:
  ///   how large the maps of another model are that are added is not known.
  package func check(for graph: IntegerGraph) throws {
    guard !graph.hasJoins else {
      throw Diagnostic(
        at: graph.name, "the network has skip connections; it cannot be reloaded",
        hint: "generate it without `--reloadable`")
    }
    guard (1...20).contains(gammaBits), (2...20).contains(scoreBits) else {
      throw Diagnostic(
        at: graph.name,
        "memories with room for gammas of \(gammaBits) bits and score multipliers of \(scoreBits); "
          + "1…20 and 2…20 are supported")
    }
  }
}
