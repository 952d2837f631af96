// SPDX-License-Identifier: Apache-2.0

import Cores

/// The registers of an accelerator: one table, from which the C header and the reference are written. A
/// test compares it with `RTL/rb_axi_control.v`.
public struct RegisterMap: Sendable {
  /// A register of 32 bits.
  public struct Register: Sendable {
    /// `UPPER_SNAKE`.
    public var name: String
    /// Bytes from the first register.
    public var offset: Int
    /// Who may change it.
    public var access: Access
    /// What it holds, in a sentence.
    public var text: String
    /// Parts of it; empty: it is one number.
    public var fields: [Field] = []
    /// How many follow one another under this name.
    public var count = 1
    /// The value it always has.
    public var constant: UInt32?
  }

  /// Who may change a register.
  public enum Access: String, Sendable {
    case readOnly = "RO"
    case readWrite = "RW"
    /// Writing a 1 clears a bit.
    case writeOneToClear = "W1C"
  }

  /// Bits of a register.
  public struct Field: Sendable {
    public var name: String
    public var bits: ClosedRange<Int>
    public var text: String

    init(_ name: String, _ bits: ClosedRange<Int>, _ text: String) {
      self.name = name
      self.bits = bits
      self.text = text
    }

    init(_ name: String, _ bit: Int, _ text: String) {
      self.init(name, bit...bit, text)
    }

    /// Ones where the field is.
    public var mask: UInt32 {
      (UInt32.max >> UInt32(31 - bits.upperBound + bits.lowerBound)) << UInt32(bits.lowerBound)
    }
  }

  /// Bytes of the address space.
  public static let bytes = 0x1000
  /// Queues that can have a mark; further ones have none.
  public static let mostQueues = AcceleratorCores.mostMarks
  /// Version of this map: a driver accepts another minor, not another major.
  public static let version = (major: 1, minor: 2)

  private static let interrupts = [
    Field("DONE", 0, "a result packet has left"),
    Field("ERROR", 1, "a bit of ERRORS was set"),
  ]

  /// In the order of their offsets.
  public static let registers: [Register] =
    [
      Register(
        name: "ID", offset: 0x000, access: .readOnly, text: "`RSBN`: an accelerator of ResBin",
        constant: 0x5253_424E),
      Register(
        name: "VERSION", offset: 0x004, access: .readOnly, text: "version of this register map",
        fields: [
          Field("MAJOR", 16...31, "another one is another map"),
          Field("MINOR", 0...15, "another one has more registers"),
        ]),
    ]
    + (0..<4).map { index in
      Register(
        name: "HASH_\(index)", offset: 0x008 + 4 * index, access: .readOnly,
        text: index == 0
          ? "first 128 bits of the SHA-256 of the design, `accelerator.hash` in the manifest; its first 8 digits"
          : "its next 8 digits")
    }
    + [
      Register(
        name: "LEVELS", offset: 0x018, access: .readWrite,
        text: "residual levels; read only where SELECTABLE is 0",
        fields: [
          Field(
            "CHOSEN", 0...7,
            "levels that the next image is computed with, 1 to BUILT; images that have begun finish in their own"
          ),
          Field("BUILT", 8...15, "levels that there are, the most of any activation"),
          Field("IN_USE", 16...23, "levels of the images inside"),
          Field("SELECTABLE", 24, "1: CHOSEN can be written"),
        ]),
      Register(
        name: "CONTROL", offset: 0x01C, access: .readWrite,
        text: "1 after reset: images are taken",
        fields: [
          Field("ENABLE", 0, "0: no new image is taken; those in flight finish"),
          Field("RESET", 1, "write 1: all images in flight are dropped; 1 until that is done"),
          Field(
            "ABANDON", 2,
            "write 1: the rest of a packet that a reset dropped will not come; reads 0"),
          Field("CLEAR", 3, "write 1: zeroes all counters and marks; reads 0"),
          Field(
            "LOAD", 4,
            "1: no image is begun, and when all packets have ended and all results left the memories are open; 0 where LOAD_WORDS is 0"
          ),
        ]),
      Register(
        name: "STATUS", offset: 0x020, access: .readOnly, text: "what goes on",
        fields: [
          Field("BUSY", 0, "an image has begun and its result has not left, or a reset goes on"),
          Field("DROPPING", 1, "the rest of a packet is being dropped, up to its `tlast`"),
          Field("ERROR", 2, "ERRORS is not 0"),
          Field(
            "SWITCHING", 3,
            "LEVELS.CHOSEN waits until the images inside have left; none is begun meanwhile"),
          Field("LOADING", 4, "the memories are open"),
          Field("CHECKING", 5, "LOAD_CRC is being computed"),
        ]),
      Register(
        name: "IRQ_ENABLE", offset: 0x024, access: .readWrite,
        text: "which events raise `irq`", fields: interrupts),
      Register(
        name: "IRQ_STATUS", offset: 0x028, access: .writeOneToClear,
        text: "which events there were", fields: interrupts),
      Register(
        name: "ERRORS", offset: 0x02C, access: .writeOneToClear, text: "what went wrong",
        fields: [
          Field(
            "SHORT_IMAGE", 0, "`tlast` came early; the rest of the image was made up with zeros"),
          Field("LONG_IMAGE", 1, "`tlast` came late; what was too much was swallowed"),
          Field("READ_ONLY", 2, "a write to a register that is read only"),
          Field("UNMAPPED", 3, "a read or a write where no register is"),
          Field("BAD_LEVELS", 4, "a number of levels that there is not; the old one holds"),
          Field(
            "BAD_LOAD", 5,
            "an access of LOAD_DATA, or a write of LOAD_CRC, while the memories were not open or were being checked; of LOAD_DATA beyond LOAD_WORDS; a write of LOAD_ADDRESS in a check"
          ),
        ]),
    ]
    + counters
    + [
      Register(
        name: "LOAD_WORDS", offset: 0x074, access: .readOnly,
        text: "32-bit words of the memories; 0: they cannot be written"),
      Register(
        name: "LOAD_ADDRESS", offset: 0x078, access: .readWrite,
        text:
          "the word that LOAD_DATA is; 1 more after each access of LOAD_DATA that is carried out"),
      Register(
        name: "LOAD_DATA", offset: 0x07C, access: .readWrite, text: "a word of the memories"),
      Register(
        name: "LOAD_CRC", offset: 0x080, access: .readWrite,
        text:
          "CRC-32 of all words, as zlib computes it of little-endian words; a write begins a new one"
      ),
      Register(
        name: "HIGH_WATER", offset: 0x100, access: .readOnly,
        text: "the most beats that queue k held, 65,535 for more; there are FIFOS of them",
        count: mostQueues),
    ]

  private static let counters: [Register] = [
    ("SHORT_IMAGES", "images whose `tlast` came early"),
    ("LONG_IMAGES", "images whose `tlast` came late"),
    ("BAD_ACCESSES", "reads and writes that ERRORS tells of"),
    ("DROPPED_IMAGES", "images that a reset dropped"),
    ("LAST_BAD_IMAGE", "IMAGES_IN as it was when the newest short or long image began"),
    ("IMAGES_IN", "images taken completely, bad ones too"),
    ("IMAGES_OUT", "results that left, but for those that a reset completed"),
    ("CYCLES_LOW", "cycles with STATUS.BUSY, bits 31:0; a read latches CYCLES_HIGH"),
    ("CYCLES_HIGH", "bits 63:32 as latched"),
    ("STALLS_IN", "cycles in which an input beat was offered and not taken"),
    ("STARVED_IN", "cycles inside an image in which a beat could be taken and none was offered"),
    ("STALLS_OUT", "cycles in which a result beat was offered and not taken"),
    ("IN_BEATS", "beats of an image"),
    ("IN_BYTES", "bytes of a beat of an image"),
    ("OUT_BEATS", "beats of a result"),
    ("OUT_BYTES", "bytes of a beat of a result"),
    ("FIFOS", "queues with a high-water mark"),
  ].enumerated().map { index, counter in
    Register(
      name: counter.0, offset: 0x030 + 4 * index, access: .readOnly, text: counter.1)
  }
}
