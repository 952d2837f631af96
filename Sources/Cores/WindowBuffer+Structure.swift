// SPDX-License-Identifier: Apache-2.0

extension WindowBuffer {
  public var structure: CoreStructure {
    let passCount = levels / levelsPerBeat
    let tapCount = channelsOuter ? kernelWidth : kernelWidth * words
    let outerWords = channelsOuter ? words : 1
    let span = Self.span(
      width: width, words: words, kernelHeight: kernelHeight, kernelWidth: kernelWidth)
    // As in the file: how far reads and windows are apart.
    let tapStep = channelsOuter ? words : 1
    let rowStep = width * words - (tapCount - 1) * tapStep
    let back = (columns - 1) * strideX * words
    let nextColumn = columns > 1 ? strideX * words : 0
    let nextRow = rows > 1 ? strideY * width * words - back : 0
    let nextImage = (height - (rows - 1) * strideY) * width * words - back
    let mostRoom = depth + max(nextColumn, nextRow, nextImage) - span
    let room = counterWidth(mostRoom + 1)
    let ahead = counterWidth(max(mostRoom, tapStep, rowStep) + 1) + 1
    let address = max(1, counterWidth(depth))

    // A counter of one value is still there where it waits for another one.
    var counters = 0
    var waits = false
    for values in [tapCount, kernelHeight, outerWords, passCount, repeats] {
      counters += values > 1 || !waits ? counterWidth(values) : 1
      if values > 1 { waits = true }
    }
    counters += counterWidth(columns) + counterWidth(rows)
    let select = passCount > 1 ? counterWidth(passCount) : 0
    var structure = CoreStructure(
      parts: [
        .base: 1, .counterBit: counters + address, .adderBit: address + room + ahead,
        .selectedBit: passCount > 1 ? lanes * ((levels + 2) / 4) : 0,
      ],
      flipFlops: counters + 2 * address + room + ahead + 2 + select)
    structure.add(.ram(width: lanes * levels + flags, depth: depth))
    return structure
  }
}
