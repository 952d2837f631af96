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
    let cycles = popcountCycles

    var structure = CoreStructure(parts: [.base: 1, .counterBit: places])
    structure.flipFlops += places + lanes * levelsPerBeat + 2 + (isPadded ? 1 : 0) + flags
    structure.add(.rom(width: units * lanes, depth: depth, memory))
    if mask != nil { structure.add(.rom(width: units * lanes, depth: depth, memory)) }
    structure.flipFlops += cycles * (1 + flags + (isPadded ? 1 : 0)) + 1
    structure.flipFlops += counters * (countWidth + total)
    structure.parts[.totalBit] = isRunning ? counters * total : 0
    structure.addDelay(cycles: 1 + cycles + (isDirect ? 0 : 2))

    let tree = usesAdderTree ? CounterTree(lanes: lanes, levels: levels) : CounterTree(lanes: lanes)
    structure.parts[.synapseCounter] = counters * tree.threes
    structure.parts[.maskedSynapse] = mask == nil ? 0 : counters * lanes
    structure.parts[.counterOfSix] = counters * tree.sixes
    structure.parts[.summedBit] = counters * tree.summedBits
    structure.parts[.sumBit] = counters * tree.sumBits
    if cycles == 2 { structure.flipFlops += counters * tree.halfBits }
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
    guard weightLevels * passes == 1 else { return usesAdderTree ? 1 : levelsPerBeat }
    if usesAdderTree { return gammas.last.map { $0 & ($0 - 1) == 0 } ?? true ? 0 : 1 }
    return gammas.count { $0 & ($0 - 1) != 0 }
  }
}
