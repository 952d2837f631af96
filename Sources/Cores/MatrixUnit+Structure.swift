// SPDX-License-Identifier: Apache-2.0

extension MatrixUnit {
  public var structure: CoreStructure {
    let passes = levels / levelsPerBeat
    let terms = weightLevels * passes
    let depth = groups * weightLevels * words
    let counts = usesAdderTree ? 1 : levelsPerBeat
    let counters = units * counts
    let largestCount = lanes * (usesAdderTree ? 1 << levels - 1 : 1)
    let countWidth = min(counterWidth(largestCount + 1), sumWidth)
    let vectorWidth = counterWidth((isPadded ? 2 : 1) * largestCount * words + 1)
    let totalWidth = isDirect ? sumWidth : min(sumWidth, vectorWidth)
    // Nothing is added up where a beat is all of a total.
    let isRunning = (isDirect ? words * passes : words) > 1
    var total = isRunning ? totalWidth : min(totalWidth, countWidth + (isPadded ? 1 : 0))
    // Doubled, and an absent beat adds an even number: the lowest bit is always 0.
    if isPadded && mask == nil && largestCount.isMultiple(of: 2) { total -= 1 }
    let places =
      counterWidth(depth) + counterWidth(words)
      + max(counterWidth(passes), words > 1 ? 1 : 0)
    let flags = (isRunning ? 1 : 0) + (usesHorner && words > 1 ? 1 : 0) + (isRunning ? 1 : 0)
    let cycles = countingCycles

    var structure = CoreStructure(parts: [.base: 1, .counterBit: places])
    structure.flipFlops += places + lanes * levelsPerBeat + 2 + (isPadded ? 1 : 0) + flags
    addMemory(to: &structure, width: units * lanes, depth: depth, memory)
    if mask != nil { addMemory(to: &structure, width: units * lanes, depth: depth, memory) }
    if let gammaMemory { addMemory(to: &structure, width: gammaMemory.width, depth: modes) }
    structure.flipFlops += cycles * (1 + flags + (isPadded ? 1 : 0)) + 1
    structure.flipFlops += counters * (countWidth + total)
    structure.parts[.totalBit] = isRunning ? counters * total : 0
    structure.flipFlops += 1 + cycles + (isDirect ? 0 : 2)

    // The last part has fewer lanes where they do not divide.
    let partLanes = (lanes + popcountParts - 1) / popcountParts
    let parts = stride(from: 0, to: lanes, by: partLanes).map { min(partLanes, lanes - $0) }
    let trees = (isShared ? [] : parts).map {
      usesAdderTree ? CounterTree(lanes: $0, levels: levels) : CounterTree(lanes: $0)
    }
    if isShared {
      let shared = SharedCounts.structure(
        lanes: lanes, units: units, neurons: sharedNeurons, width: countWidth)
      for (part, count) in shared.parts { structure.parts[part] = counts * count }
      structure.flipFlops += counts * shared.flipFlops
    }
    // That a beat ends a total is a register too, behind one with a reset.
    if !isRunning && cycles > 1 { structure.flipFlops += cycles }
    func overParts(_ value: (CounterTree) -> Int) -> Int {
      counters * trees.map(value).reduce(0, +)
    }
    structure.parts[.synapseCounter] = overParts(\.threes)
    structure.parts[.maskedSynapse] = mask == nil ? 0 : counters * lanes
    structure.parts[.counterOfSix] = overParts(\.sixes)
    structure.parts[.summedBit] = overParts(\.summedBits)
    structure.parts[.sumBit] = overParts(\.sumBits)
    if popcountCycles == 2 { structure.flipFlops += overParts(\.halfBits) }
    if parts.count > 1 && !isShared {
      // A part's number is registered, and the sums of four but the last. A lane alone has no carry.
      let width = counterWidth(partLanes * (usesAdderTree ? 1 << levels - 1 : 1) + 1)
      var widths = parts.map { usesAdderTree && $0 == 1 ? levels : width }
      structure.flipFlops += counters * widths.reduce(0, +)
      while widths.count > 4 {
        widths = stride(from: 0, to: widths.count, by: 4).map { first in
          let four = widths[first..<min(first + 4, widths.count)]
          return min((four.max() ?? 0) + [0, 1, 2, 2][four.count - 1], countWidth)
        }
        structure.flipFlops += counters * widths.reduce(0, +)
      }
      structure.parts[.adderBit] = counters * (parts.count - 1) * (width + 1)
    }
    if isPadded { structure.parts[.selectedBit] = counters * total }

    if !isDirect {
      structure.flipFlops += 2 + counterWidth(terms) + (terms > 1 ? 2 : 0)
      // A DSP block has the register of its product, and adds up the products of one multiplier.
      let multiplied = multipliedProducts
      let addsInside = terms > 1 && counts == 1 && multiplied == 1
      structure.dsps = units * multiplied
      structure.flipFlops += units * (counts - multiplied + (addsInside ? 0 : 1)) * sumWidth
      structure.parts[.productBit] =
        units * sumWidth * (max(0, counts - 2) + (terms > 1 && !addsInside ? 1 : 0))
    }
    return structure
  }

  /// Products of a unit that take a DSP block: those by a γ that is no power of two.
  private var multipliedProducts: Int {
    let passes = levels / levelsPerBeat
    guard weightLevels * passes == 1, modes == 1, widestGammas == nil else {
      return usesAdderTree ? 1 : levelsPerBeat
    }
    if usesAdderTree { return gammas.last.map { $0 & ($0 - 1) == 0 } ?? true ? 0 : 1 }
    return gammas.count { $0 & ($0 - 1) != 0 }
  }
}
