// SPDX-License-Identifier: Apache-2.0

import Modeling

extension RandomNetwork {
  /// Convolutions with skip connections round them: of reals, of codes, through layers of their own,
  /// round nothing, one inside the other; then pools, a sign, dense layers or nothing.
  ///
  /// - Parameter exact: batch norms are factors of two and shifts by eighths, and gammas powers of two, so that doubles compute the
  ///   layers' equations without rounding, and gammas and maps become integers exactly.
  public static func shortcuts(
    using random: inout SeededRandom, exact: Bool = false
  ) -> TrainedNetwork {
    var maker = ShortcutNetworkMaker(random: random)
    let trained = maker.network(exact: exact)
    random = maker.random
    return trained
  }
}

private struct ShortcutNetworkMaker {
  var random: SeededRandom

  mutating func network(exact: Bool) -> TrainedNetwork {
    var input = Input.image(
      number(2...7), number(2...7), channels: number(1...3), bits: [1, 2, 8][number(0...2)])
    if exact {
      input.scale = 0.25
      input.offset = -0.25 * Double(number(0...(1 << input.bits) - 1))
    }
    var channels = [1, 2, 4, 6][number(0...3)]
    // Of a map of one row or column no stride of two is left.
    var mayShrink = min(input.shape.height, input.shape.width) > 3
    let epsilon = exact ? 0 : 1e-5
    func norm() -> BatchNorm { BatchNorm(epsilon: epsilon) }
    var layers: [any Layer] = []
    if chance(8) {
      // The image itself is added.
      channels = input.shape.channels
      layers.append(Shortcut { Conv(channels, kernel: 3, padding: .same) })
    } else {
      layers.append(Conv(channels, kernel: Extent([1, 3][number(0...1)]), padding: .same))
      if !chance(4) { layers.append(norm()) }
    }
    for _ in 0..<number(1...3) {
      let (levels, kernel) = (number(1...3), [1, 2, 3][number(0...2)])
      switch number(0...6) {
      case 0, 1:
        layers.append(
          Shortcut {
            ResidualSign(levels: levels)
            Conv(channels, kernel: Extent(kernel), padding: .same)
            norm()
          })
      case 2:
        let stride = mayShrink ? number(1...2) : 1
        if stride > 1 { mayShrink = false }
        channels = [1, 2, 4, 6, 9][number(0...4)]
        let isNormalised = chance(2)
        layers.append(
          Shortcut {
            ResidualSign(levels: levels)
            Conv(channels, kernel: 3, stride: Extent(stride), padding: .same)
            if isNormalised { norm() }
          } through: {
            ResidualSign(levels: 1)
            Conv(channels, kernel: 1, stride: Extent(stride), padding: .same)
            norm()
          })
      case 3:
        // Codes are added to what is made of them.
        layers.append(ResidualSign(levels: levels))
        layers.append(
          Shortcut {
            Conv(channels, kernel: Extent(kernel), padding: .same)
            norm()
          })
      case 4:
        layers.append(
          Shortcut {
            ResidualSign(levels: levels)
            Conv(channels, kernel: Extent(kernel), padding: .same)
            norm()
            ResidualSign(levels: 2)
            Conv(channels, kernel: 3, padding: .same)
            norm()
          })
      case 5:
        layers.append(
          Shortcut {
            Shortcut {
              ResidualSign(levels: levels)
              Conv(channels, kernel: Extent(kernel), padding: .same)
            }
            ResidualSign(levels: 2)
            Conv(channels, kernel: 1)
            norm()
          })
      default:
        layers.append(Shortcut {})
      }
    }
    switch number(0...5) {
    case 0: break
    case 1: layers.append(ResidualSign(levels: 2))
    case 2: layers.append(MaxPool(2, stride: 1, padding: .same))
    case 3:
      layers += [ResidualSign(levels: 2), Flatten(), Dense(number(1...6)), ArgMax()] as [any Layer]
    case 4:
      layers += [norm(), Sign(), MaxPool(2, stride: 1, padding: .same)] as [any Layer]
    default: layers.append(GlobalAveragePool())
    }
    let network = Network("shortcuts", input: input) { layers }
    return TrainedNetwork(network: network, parameters: parameters(of: network, exact: exact))
  }

  private mutating func parameters(of network: Network, exact: Bool) -> Parameters {
    guard var parameters = try? network.randomParameters(using: &random) else {
      return Parameters()
    }
    guard exact else { return parameters }
    for name in parameters.tensors.keys.sorted() {
      guard let tensor = parameters.tensors[name] else { continue }
      let values = tensor.values.map { _ -> Double in
        let few = Double(number(-16...16)) / 8
        switch name.split(separator: ".").last {
        case "scale": return [0.5, 1, 2, -1, -0.5, 0][number(0...5)]
        case "variance": return [0.25, 1, 4][number(0...2)]
        default: return few
        }
      }
      switch name.split(separator: ".").last {
      case "weight": continue
      case "gammas":
        parameters.tensors[name] = Tensor(
          tensor.values.indices.map { 2 / Double(1 << $0) })
      default: parameters.tensors[name] = Tensor(shape: tensor.shape, values: values)
      }
    }
    return parameters
  }

  private mutating func number(_ range: ClosedRange<Int>) -> Int {
    .random(in: range, using: &random)
  }

  private mutating func chance(_ sides: Int) -> Bool { number(1...sides) == 1 }
}
