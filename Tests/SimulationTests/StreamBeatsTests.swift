// SPDX-License-Identifier: Apache-2.0

import Cores
import Simulation
import TestSupport
import Testing

@Suite(.tags(.unit))
struct StreamBeatsTests {
  @Test func lanesLieSideBySideFromTheLowBits() {
    var beats = StreamBeats(StreamPort("in", lanes: 3, bitsPerLane: 3))
    beats.append(lanes: [1, 2, 7])
    beats.append(lanes: [0, 7, 0], last: true)
    // 111 010 001, then 000 111 000.
    #expect(beats.bytes == [0b1101_0001, 0b1, 0b0011_1000, 0])
    #expect(beats.bytesPerBeat == 2)
    #expect(beats.last == [false, true])
    #expect(beats.imageCount == 1)
    #expect(beats.lanes(ofBeat: 0) == [1, 2, 7])
    #expect(beats.allLanes == [1, 2, 7, 0, 7, 0])
  }

  @Test(arguments: [1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64], [1, 2, 3, 5, 8])
  func everyWidthRoundTrips(bits: Int, lanes: Int) {
    let port = StreamPort("in", lanes: lanes, bitsPerLane: bits)
    let mask = Int(bitPattern: UInt.max >> UInt(64 - bits))
    var generator = SplitMix(state: UInt64(bits * 100 + lanes))
    let values = (0..<20 * lanes).map { _ in Int(truncatingIfNeeded: generator.next()) & mask }
    let beats = StreamBeats(port, images: [values])
    #expect(beats.allLanes == values)
    #expect(beats.bytes.count == 20 * ((bits * lanes + 7) / 8))
    // The bits of the last byte above the width are zero.
    let used = port.width - 8 * (beats.bytesPerBeat - 1)
    let lastBytes = (1...20).map { beats.bytes[$0 * beats.bytesPerBeat - 1] }
    #expect(lastBytes.allSatisfy { Int($0) >> used == 0 })
  }

  @Test func negativeValuesAreTwosComplement() {
    for bits in [2, 5, 8, 16, 33, 64] {
      let port = StreamPort("in", lanes: 3, bitsPerLane: bits)
      let beats = StreamBeats(port, images: [[-1, 1, -2]])
      #expect((0..<3).map { beats.signedLane($0, ofBeat: 0) } == [-1, 1, -2], "\(bits) bits")
    }
    let beats = StreamBeats(StreamPort("in", lanes: 1, bitsPerLane: 4), images: [[-1]])
    #expect(beats.lane(0, ofBeat: 0) == 15)
  }

  @Test func lanesOver64BitsAreSignExtended() {
    let port = StreamPort("in", lanes: 2, bitsPerLane: 100)
    let beats = StreamBeats(port, images: [[-3, 5]])
    #expect(beats.bytes[..<12].elementsEqual([0xFD] + [UInt8](repeating: 0xFF, count: 11)))
    #expect(beats.bytes[12] == 0x5F)
    #expect(beats.lanes(ofBeat: 0) == [-3, 5])
  }

  @Test(arguments: [1, 2, 5, 64], [(1, 7), (1, 8), (3, 21), (64, 2)])
  func flagsStandAboveTheLanes(flags: Int, shape: (bits: Int, lanes: Int)) throws {
    let port = StreamPort("in", lanes: shape.lanes, bitsPerLane: shape.bits, flags: flags)
    #expect(port.width == shape.lanes * shape.bits + flags)
    #expect(StreamPort("other", lanes: 1, bitsPerLane: 1).flags == 0)
    let mask = shape.bits == 64 ? -1 : (1 << shape.bits) - 1
    let every = flags == 64 ? -1 : (1 << flags) - 1
    let ones = Array(repeating: mask, count: shape.lanes)
    let zeros = Array(repeating: 0, count: shape.lanes)
    var beats = StreamBeats(port)
    beats.append(lanes: ones)
    beats.append(lanes: zeros, flags: 1)
    beats.append(lanes: zeros, last: true, flags: -1)
    #expect((0..<3).map { beats.flags(ofBeat: $0) } == [0, 1, every])
    #expect((0..<3).map { beats.lanes(ofBeat: $0) } == [ones, zeros, zeros])
    // Bit by bit: the lanes, the flags, then zeros up to the byte.
    let bits = (0..<8 * beats.bytesPerBeat).map { bit in
      (0..<3).map { beats.bytes[$0 * beats.bytesPerBeat + bit / 8] >> UInt8(bit % 8) & 1 }
    }
    let lanesEnd = shape.lanes * shape.bits
    #expect(bits[..<lanesEnd].allSatisfy { $0 == [1, 0, 0] })
    #expect(bits[lanesEnd] == [0, 1, 1])
    #expect(bits[(lanesEnd + 1)..<port.width].allSatisfy { $0 == [0, 0, 1] })
    #expect(bits[port.width...].allSatisfy { $0 == [0, 0, 0] })
  }

  @Test func anotherFlagIsAMismatch() throws {
    let port = StreamPort("out", lanes: 2, bitsPerLane: 4, flags: 2)
    var expected = StreamBeats(port)
    expected.append(lanes: [1, 2], last: true)
    expected.append(lanes: [0, 0], last: true, flags: 1)
    var actual = StreamBeats(port)
    actual.append(lanes: [1, 2], last: true)
    actual.append(lanes: [0, 0], last: false, flags: 2)
    let mismatch = try #require(actual.firstMismatch(from: expected))
    #expect(mismatch.kind == .flags(expected: 1, actual: 2))
    #expect(
      mismatch.description == "out: beat 1 (image 1, beat 0 of it): expected flags 1, got 2")
  }

  @Test func theFirstMismatchIsNamed() throws {
    let port = StreamPort("out", lanes: 2, bitsPerLane: 4)
    let expected = StreamBeats(port, images: [[1, 2, 3, 4], [5, 6, 7, 8]])
    #expect(expected.firstMismatch(from: expected) == nil)

    let wrong = StreamBeats(port, images: [[1, 2, 3, 4], [5, 6, 7, 9]])
    let mismatch = try #require(wrong.firstMismatch(from: expected))
    #expect(mismatch.kind == .lane(1, expected: 8, actual: 9))
    #expect(
      mismatch.description == "out: beat 3 (image 1, beat 1 of it), lane 1: expected 8, got 9")

    let late = StreamBeats(port, images: [[1, 2, 3, 4, 5, 6, 7, 8]])
    #expect(
      late.firstMismatch(from: expected)?.description
        == "out: beat 1 (image 0, beat 1 of it): expected last = 1, got 0")

    let short = StreamBeats(port, images: [[1, 2, 3, 4], [5, 6]])
    #expect(short.firstMismatch(from: expected)?.kind == .last(expected: false))
    let empty = StreamBeats(port)
    #expect(
      empty.firstMismatch(from: expected)?.description
        == "out: expected 4 beats, got 0; the first 0 are equal")
  }
}
