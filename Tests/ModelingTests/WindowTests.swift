// SPDX-License-Identifier: Apache-2.0

import Modeling
import TestSupport
import Testing

@Suite(.tags(.unit)) struct WindowTests {
  /// Positions by moving a rectangle step by step, for every small window.
  @Test(arguments: 1...6) func positionsAreThoseThatFit(size: Int) {
    for kernel in 1...5 {
      for stride in 1...4 {
        for top in 0..<kernel {
          for bottom in 0..<kernel where top + size + bottom >= kernel {
            let window = Window(
              Extent(kernel, 1), stride: Extent(stride, 1), top: top, bottom: bottom)
            var count = 0
            var row = -top
            while row + kernel <= size + bottom {
              count += 1
              row += stride
            }
            let shape = Shape(height: size, width: 1, channels: 1)
            #expect(window.problem(on: shape) == nil)
            #expect(window.positions(on: shape) == Extent(count, 1))
          }
        }
      }
    }
  }

  /// ⌈size / stride⌉ positions, the least border that gives them, the odd value behind the map.
  @Test(arguments: 1...9) func samePadding(size: Int) {
    for kernel in 1...5 {
      for stride in 1...4 {
        let shape = Shape(height: 1, width: size, channels: 1)
        let window = Window(Extent(1, kernel), stride: Extent(1, stride), padding: .same, on: shape)
        // A window that is less than its stride may leave values behind.
        #expect(window.right == window.left || window.right == window.left + 1)
        #expect(window.positions(on: shape).width == (size + stride - 1) / stride)
        if window.isPadded {
          let border = window.left + window.right - 1
          #expect(
            (size + border - kernel) / stride + 1 < (size + stride - 1) / stride
              || size + border < kernel)
        }
      }
    }
  }

  private func error(_ layer: any Layer, height: Int = 5, width: Int = 5) -> String {
    shapeError(.of(layer, input: .image(height, width, channels: 2, bits: 1)))
  }

  @Test func aKernelFits() {
    #expect(
      error(Conv(3, kernel: 3), height: 2) == """
        error: n.layers[0] (Conv): the 3×3 kernel does not fit into the 2×5 map
          hint: the input is a 2×5×2 map
        """)
    #expect(error(Conv(3, kernel: 3, padding: .same), height: 2) == "no error")
    #expect(
      error(
        Conv(
          3, kernel: Extent(4, 1), padding: .border(top: 1, bottom: 0, left: 0, right: 0, value: 0)),
        height: 2)
          == """
          error: n.layers[0] (Conv): the 4×1 kernel does not fit into the 3×5 map with its padding
            hint: the input is a 2×5×2 map
          """)
  }

  @Test(arguments: [0, -2, .min, .max, 1 << 25]) func stridesAreSizes(stride: Int) {
    for padding in [Padding.none, .same] {
      for layer in [
        Conv(3, kernel: 1, stride: Extent(stride, 1), padding: padding),
        MaxPool(1, stride: Extent(stride, 1), padding: padding),
        AveragePool(1, stride: Extent(stride, 1), padding: padding),
      ] as [any Layer] {
        #expect(error(layer).contains("the stride is \(stride)×1; sizes from 1 are expected"))
      }
    }
  }

  @Test(arguments: [0, -1, .min, .max]) func poolsHaveSizes(size: Int) {
    for padding in [Padding.none, .same] {
      #expect(
        error(MaxPool(Extent(1, size), stride: 2, padding: padding))
          .contains("the kernel is 1×\(size); sizes from 1 are expected"))
    }
  }

  @Test(arguments: [3, -1, .max, .min]) func aBorderIsLessThanTheKernel(size: Int) {
    #expect(
      error(Conv(3, padding: .border(top: 0, bottom: size, left: 1, right: 2, value: 0))) == """
        error: n.layers[0] (Conv): the padding is 0, \(size), 1, 2 (top, bottom, left, right); it \
        must be less than the 3×3 kernel, and not negative
          hint: the input is a 5×5×2 map
        """)
  }

  @Test func resultsHaveALimit() {
    #expect(
      error(Conv(1 << 24, kernel: 1)) == """
        error: n.layers[0] (Conv): 5×5 positions of 16777216 values are more than 16777216 values
          hint: the input is a 5×5×2 map
        """)
    let side = 1 << 24
    let pool = MaxPool(Extent(side, side), stride: 1, padding: .all(side - 1))
    #expect(error(pool).contains("positions of 2 values are more than 16777216 values"))
  }

  @Test func windowsPrintWhatIsSpecial() {
    #expect("\(Window(3))" == "3×3")
    #expect("\(Window(Extent(2, 3), stride: Extent(1, 2)))" == "2×3 stride 1×2")
    #expect("\(Window(3, top: 1, left: 2))" == "3×3 padding 1, 0, 2, 0")
  }
}
