// SPDX-License-Identifier: Apache-2.0

/// What a circuit takes of an XC7 device, as Yosys counts it before placement.
///
/// - Note: an estimate, made of a core's structure and of ``LUTCoefficients``; the CSV file
///   Docs/Budgets/cores.csv says how far it is off.
public struct Resources: Equatable, Codable, Sendable {
  /// Look-up tables of up to 6 inputs, those that are memory among them.
  public var luts: Int
  /// Flip-flops outside of block RAMs and DSP blocks.
  public var flipFlops: Int
  /// Halves of a block RAM, 18 Kibit each; a RAMB36 is two of them.
  public var ramb18s: Int
  /// Multipliers (DSP48E1).
  public var dsps: Int

  public init(luts: Int = 0, flipFlops: Int = 0, ramb18s: Int = 0, dsps: Int = 0) {
    self.luts = luts
    self.flipFlops = flipFlops
    self.ramb18s = ramb18s
    self.dsps = dsps
  }

  /// Block RAMs of 36 Kibit; a half where one RAMB18 is left over.
  public var ramb36s: Double { Double(ramb18s) / 2 }

  public static func + (left: Resources, right: Resources) -> Resources {
    Resources(
      luts: left.luts + right.luts, flipFlops: left.flipFlops + right.flipFlops,
      ramb18s: left.ramb18s + right.ramb18s, dsps: left.dsps + right.dsps)
  }
}

extension Sequence<Resources> {
  /// All of them together.
  public func sum() -> Resources {
    reduce(Resources(), +)
  }
}

/// What a core is built of, as its parameters say it: from this its ``Resources`` are counted.
public struct CoreStructure: Equatable, Sendable {
  /// What takes LUTs, and how often it is there; ``LUTCoefficients`` says what one of it takes.
  public var parts: [LUTPart: Int]
  /// Registers outside of block RAMs and DSP blocks.
  public var flipFlops: Int
  /// LUTs that hold memory, of which the number is known.
  public var memoryLUTs: Int
  /// Halves of a block RAM.
  public var ramb18s: Int
  /// Multipliers.
  public var dsps: Int

  public init(
    parts: [LUTPart: Int] = [:], flipFlops: Int = 0, memoryLUTs: Int = 0, ramb18s: Int = 0,
    dsps: Int = 0
  ) {
    self.parts = parts
    self.flipFlops = flipFlops
    self.memoryLUTs = memoryLUTs
    self.ramb18s = ramb18s
    self.dsps = dsps
  }

  /// LUTs in the core `module`, those of memories among them.
  func luts(in module: String) -> Int {
    let logic = parts.reduce(0) { sum, part in
      sum + Double(part.value) * LUTCoefficients.luts(of: part.key, in: module)
    }
    return memoryLUTs + Int(logic.rounded())
  }

  /// Adds a memory that is read through a register.
  mutating func add(_ memory: MemoryFit) {
    memoryLUTs += memory.luts
    ramb18s += memory.ramb18s
    flipFlops += memory.flipFlops
  }
}

/// A kind of logic that takes LUTs.
public enum LUTPart: String, CaseIterable, Sendable {
  /// What is there once in a core: its handshake.
  case base
  /// A bit of a counter, with its end and its return to 0.
  case counterBit
  /// A bit of an adder that does more than count: sums, addresses, comparisons.
  case adderBit
  /// A LUT of a comparison with a number that never changes.
  case constantComparison
  /// A bit that is chosen out of two or a few.
  case selectedBit
  /// A sum or a carry of three synapses, with their XNORs.
  case synapseCounter
  /// A synapse that a mask may silence.
  case maskedSynapse
  /// A bit of a counter of up to 6 bits.
  case counterOfSix
  /// A bit that a sum of several numbers takes in, beyond those of its result.
  case summedBit
  /// A bit of the last addition of such a sum.
  case sumBit
  /// A lane that is counted once for a block of neurons.
  case sharedLane
  /// A bit of an adder of the lanes on which a neuron differs from the first one of its block.
  case differentBit
  /// A bit of an adder of all lanes of a block, or of what each neuron takes off.
  case sharedTotalBit
  /// A bit of a running total.
  case totalBit
  /// A bit of a product or of a sum of products, outside of a DSP block.
  case productBit
}

extension Core {
  /// An estimate of what the module takes of an XC7 device: ``structure`` × ``LUTCoefficients``.
  public var resources: Resources {
    let structure = structure
    return Resources(
      luts: structure.luts(in: moduleName), flipFlops: structure.flipFlops,
      ramb18s: structure.ramb18s, dsps: structure.dsps)
  }
}

/// Bits of a counter that takes so many values: none where there is one.
func counterWidth(_ values: Int) -> Int {
  values > 1 ? Int.bitWidth - (values - 1).leadingZeroBitCount : 0
}
