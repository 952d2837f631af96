// SPDX-License-Identifier: Apache-2.0

import Diagnostics
import Modeling
import TestSupport
import Testing

/// The network of layers: how the DSL builds it, and its own rules.
@Suite(.tags(.unit)) struct NetworkTests {
  struct BinaryBlock: Block {
    var width: Int
    var normalised = true
    var body: [any Layer] {
      Dense(width)
      if normalised { BatchNorm() }
      ResidualSign(levels: 2)
    }
  }

  private func names(_ network: Network) -> [String] {
    network.nodes.map(\.name)
  }

  // MARK: The DSL

  @Test func loopsBlocksAndConditionsBuildAChain() throws {
    let last = true
    let network = Network("mlp", input: .image(4, 4, bits: 8)) {
      Flatten(.channelsFirst)
      for width in [8, 6] { BinaryBlock(width: width) }
      BinaryBlock(width: 5, normalised: false)
      if last {
        Dense(3)
        BatchNorm()
      } else {
        Sign()
      }
      ArgMax()
    }
    #expect(
      names(network) == [
        "image", "image_flatten", "dense1", "dense1_norm", "dense1_sign", "dense2", "dense2_norm",
        "dense2_sign", "dense3", "dense3_sign", "dense4", "dense4_norm", "class",
      ])
    #expect(network.nodes.map(\.inputs) == [[]] + (0..<12).map { [$0] })
    #expect(network.output == 12)
    #expect(network.input == .image(4, 4, bits: 8))
    #expect(
      try network.features().map(\.description) == [
        "4×4×1, 8 levels", "16, 8 levels", "8, real", "8, real", "8, 2 levels", "6, real",
        "6, real", "6, 2 levels", "5, real", "5, 2 levels", "3, real", "3, real", "class index",
      ])
  }

  @Test func theOtherBranchBuildsTheOtherLayers() {
    let last = false
    let network = Network("n", input: .vector(2)) {
      Dense(3)
      if last { ArgMax() } else { Sign() }
    }
    #expect(names(network) == ["input", "dense1", "dense1_sign"])
  }

  @Test func listsOfLayersAreSpliced() {
    let tail: [any Layer] = [Dense(3), Sign()]
    let network = Network("n", input: .vector(2)) {
      tail
      Dense(2)
    }
    #expect(names(network) == ["input", "dense1", "dense1_sign", "dense2"])
  }

  @Test func blocksHoldBlocks() {
    struct Twice: Block {
      var body: [any Layer] {
        BinaryBlock(width: 4)
        BinaryBlock(width: 3)
      }
    }
    let network = Network("n", input: .vector(2)) { Twice() }
    #expect(
      names(network) == [
        "input", "dense1", "dense1_norm", "dense1_sign", "dense2", "dense2_norm", "dense2_sign",
      ])
  }

  // MARK: Names

  @Test func givenNamesStay() {
    let network = Network.of(
      Dense(3, name: "fc"), BatchNorm(name: "bn"), Sign(name: "act"), Dense(2), BatchNorm())
    #expect(names(network) == ["input", "fc", "bn", "act", "dense2", "dense2_norm"])
  }

  @Test func anInputWithoutANameIsNumbered() {
    let network = Network(
      "n", input: Input(.vector(2), bits: 1, scale: 2, offset: -1, name: nil)
    ) { Dense(1) }
    #expect(names(network) == ["input1", "dense1"])
  }

  @Test func severalLayersOfAKindBehindOneAreNumbered() {
    let network = Network("n", input: .image(8, 8)) {
      Conv(2)
      MaxPool(2)
      Sign()
      MaxPool(2)
      MaxPool(1)
      Dense(1)
      Sign()
    }
    #expect(
      names(network) == [
        "image", "conv1", "conv1_pool", "conv1_sign", "conv1_pool2", "conv1_pool3", "dense1",
        "dense1_sign",
      ])
  }

  @Test func aNameIsTakenOnce() {
    #expect(
      shapeError(.of(Dense(3, name: "fc"), Sign(), Dense(2, name: "fc"))) == """
        error: n.layers[2] (Dense): the name 'fc' is taken by another layer
          hint: give each layer its own `name:`
        """)
  }

  @Test(arguments: [
    ("fc 1", "fc_1"), ("1st", "layer1st"), ("", "layer"), ("größe", "gr__e"), ("a.b", "a_b"),
    ("a/b", "a_b"), ("a\nb", "a_b"), ("x;y", "x_y"), ("é", "_"),
  ])
  func aNameIsAnIdentifier(name: String, hint: String) {
    #expect(
      shapeError(.of(Dense(3, name: name))) == """
        error: n.layers[0] (Dense): the name '\(name)' is not an identifier; letters, digits and \
        '_' are expected, no digit first
          hint: name it '\(hint)'
        """)
  }

  @Test(arguments: ["a", "_", "A9_", "module", "x__y", "Z"])
  func identifiersAreNames(name: String) {
    #expect(shapeError(.of(Dense(3, name: name))) == "no error")
  }

  // MARK: The graph

  @Test func aNetworkHasLayers() {
    #expect(
      shapeError(.of()) == """
        error: n: the network has no layers
          hint: add at least `Dense(10)`
        """)
  }

  @Test func aNetworkBeginsWithItsInput() {
    let message = "error: n: the first node is not an `Input`"
    #expect(shapeError(Network(name: "n", nodes: [])) == message)
    let dense = Network.Node(name: "fc", layer: Dense(2), inputs: [])
    #expect(shapeError(Network(name: "n", nodes: [dense])) == message)
    #expect(findings(Network(name: "n", nodes: [dense]), Parameters()) == message)
  }

  @Test func aNetworkHasOneInput() {
    #expect(
      shapeError(.of(Dense(2), Input.vector(3))) == """
        error: n.layers[1] (Input): the name 'input' is taken by another layer
          hint: give each layer its own `name:`
        error: n.layers[1] (Input): a second `Input`; a network has one
        """)
  }

  @Test(arguments: [[], [1], [2], [0, 0], [-1], [99]])
  func aLayerReadsOneEarlierNode(inputs: [Int]) {
    let network = Network(
      name: "n",
      nodes: [
        Network.Node(name: "input", layer: Input.vector(2), inputs: []),
        Network.Node(name: "fc", layer: Dense(2), inputs: inputs),
      ])
    let message =
      "error: n.layers[0] (Dense): inputs are nodes \(inputs); one earlier node is expected"
    #expect(shapeError(network) == message)
    #expect(findings(network, .ones(rows: 2, columns: 2)).contains(message))
  }

  @Test func theInputReadsNothing() {
    let network = Network(
      name: "n",
      nodes: [
        Network.Node(name: "input", layer: Input.vector(2), inputs: [1]),
        Network.Node(name: "fc", layer: Dense(2), inputs: [0]),
      ])
    let message = "error: n.input: inputs are nodes [1]; none is expected"
    #expect(shapeError(network) == message)
    #expect(findings(network, .ones(rows: 2, columns: 2)) == message)
  }

  @Test func aTypeThatIsNoLayerIsNamed() {
    struct Mystery: Layer {}
    #expect(
      shapeError(.of(Mystery(), Dense(2))) == """
        error: n.layers[0] (Layer): 'Mystery' is neither a primitive layer nor a block
          hint: conform it to `Block` and give it a `body`
        """)
  }

  @Test func everyErrorIsReportedAndNoneThatFollows() {
    #expect(
      shapeError(.of(Dense(0), BatchNorm(), Sign(), Dense(3, name: "a b"))) == """
        error: n.layers[0] (Dense): 0 outputs; at least 1 is expected
        error: n.layers[3] (Dense): the name 'a b' is not an identifier; letters, digits and '_' \
        are expected, no digit first
          hint: name it 'a_b'
        """)
  }
}
