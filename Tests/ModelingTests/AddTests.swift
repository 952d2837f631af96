// SPDX-License-Identifier: Apache-2.0

import Modeling
import TestSupport
import Testing

@Suite(.tags(.unit)) struct AddTests {
  private func features(_ layers: any Layer...) throws -> [Feature] {
    try Network("n", input: .image(4, 4, channels: 3)) { layers }.features()
  }

  @Test func aShortcutAddsItsInput() throws {
    let network = Network("n", input: .image(4, 4, channels: 3)) {
      Conv(6, kernel: 1)
      Shortcut {
        ResidualSign(levels: 2)
        Conv(6, kernel: 3, padding: .same)
        BatchNorm()
      }
      ResidualSign(levels: 1)
    }
    #expect(
      network.nodes.map(\.name) == [
        "image", "conv1", "conv1_sign", "conv2", "conv2_norm", "add1", "add1_sign",
      ])
    #expect(network.nodes.map(\.inputs) == [[], [0], [1], [2], [3], [4, 1], [5]])
    let features = try network.features()
    #expect(features[5] == Feature(Shape(height: 4, width: 4, channels: 6), .real))
    #expect(features[6] == Feature(Shape(height: 4, width: 4, channels: 6), .code(levels: 1)))
  }

  @Test func aShortcutMayHaveLayers() throws {
    let network = Network("n", input: .image(4, 4, channels: 3)) {
      Shortcut(name: "join") {
        Conv(6, kernel: 3, padding: .same)
        Shortcut {
          ResidualSign(levels: 2)
          Conv(6, kernel: 1)
        }
      } through: {
        Conv(6, kernel: 1)
      }
    }
    #expect(
      network.nodes.map(\.name) == [
        "image", "conv1", "conv1_sign", "conv2", "add1", "conv3", "join",
      ])
    #expect(network.nodes.map(\.inputs) == [[], [0], [1], [2], [3, 1], [0], [4, 5]])
    #expect(try network.features()[6].values == .real)
  }

  @Test func codesAreAddedAsWhatTheyAreWorth() throws {
    let image = Feature(Shape(height: 4, width: 4, channels: 3), .real)
    #expect(try features(Shortcut { ResidualSignOfConv() }).last == image)
    #expect(try features(Shortcut {}).last == image)
  }

  /// Three filters and a sign of them.
  private struct ResidualSignOfConv: Block {
    var body: [any Layer] {
      Conv(3, kernel: 1)
      ResidualSign(levels: 2)
    }
  }

  @Test func bothMapsHaveOneSize() {
    #expect(
      shapeError(Network("n", input: .image(4, 4, channels: 3)) { Shortcut { Conv(5, kernel: 3) } })
        == """
        error: n.layers[1] (Add): the maps that enter are 2×2×5 and 4×4×3; they must have the same size
          hint: change the layers of one branch, or put a convolution of 1×1 into the other with \
        `Shortcut { … } through: { … }`
        """)
  }

  @Test func aClassIsNotAdded() {
    let network = Network("n", input: .vector(3)) {
      Shortcut {
        Dense(3)
        ArgMax()
      }
    }
    #expect(
      shapeError(network) == """
        error: n.layers[2] (Add): a class index enters; maps of sums or codes are expected
          hint: put `ArgMax()` last
        """)
  }

  @Test func twoNodesEnter() {
    let network = Network(
      name: "n",
      nodes: [
        Network.Node(name: "input", layer: Input.vector(2), inputs: []),
        Network.Node(name: "sum", layer: Add(), inputs: [0]),
      ])
    #expect(
      shapeError(network) == """
        error: n.layers[0] (Add): inputs are nodes [0]; 2 earlier nodes are expected
        """)
  }
}
