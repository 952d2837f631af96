// SPDX-License-Identifier: Apache-2.0

import Cores

/// The beats of one stream: what to drive into it, or what came out of it.
///
/// The data of all beats lie in one array, `bytesPerBeat` bytes a beat, little endian, with zeros
/// above the width of the stream: exactly what the testbench reads and writes.
public struct StreamBeats: Equatable, Sendable {
  /// The stream: its name, its lanes, their width, and its flags.
  public var port: StreamPort
  /// The data of all beats, `bytesPerBeat` bytes each.
  public private(set) var bytes: [UInt8]
  /// For each beat, whether it is the last of its image.
  public private(set) var last: [Bool]

  /// Bytes of one beat.
  public var bytesPerBeat: Int { (port.width + 7) / 8 }
  /// Beats.
  public var count: Int { last.count }
  /// Beats that end an image.
  public var imageCount: Int { last.count { $0 } }

  /// A stream without beats.
  public init(_ port: StreamPort, reservingCapacity beats: Int = 0) {
    self.port = port
    bytes = []
    last = []
    bytes.reserveCapacity(beats * bytesPerBeat)
    last.reserveCapacity(beats)
  }

  /// A stream of whole images: lanes in the order in which they travel, `last` on the last beat of
  /// each image.
  ///
  /// - Parameter images: For each image its lanes, a multiple of `port.lanes`.
  public init(_ port: StreamPort, images: [[Int]]) {
    self.init(port, reservingCapacity: images.reduce(0) { $0 + $1.count } / max(1, port.lanes))
    for image in images { appendImage(image) }
  }

  /// The beats as the testbench wrote them.
  init(_ port: StreamPort, bytes: [UInt8], last: [Bool]) {
    self.port = port
    self.bytes = bytes
    self.last = last
  }

  /// Adds one beat.
  ///
  /// - Parameters:
  ///   - lanes: One value a lane, lane 0 first; the low `bitsPerLane` bits of each count, so that
  ///     negative values are two's complement.
  ///   - last: Whether the beat is the last of its image.
  ///   - flags: The flags of the beat, flag 0 in the low bit.
  public mutating func append(
    lanes: some Collection<Int>, last: Bool = false, flags: Int = 0
  ) {
    precondition(
      lanes.count == port.lanes,
      "stream '\(port.name)' has \(port.lanes) lanes, not \(lanes.count)")
    let start = bytes.count
    bytes.append(contentsOf: repeatElement(0, count: bytesPerBeat))
    self.last.append(last)
    var bit = start * 8
    for lane in lanes {
      put(lane, atBit: bit, width: port.bitsPerLane)
      bit += port.bitsPerLane
    }
    put(flags, atBit: bit, width: port.flags)
  }

  /// Adds the beats of one image, with `last` on its last beat.
  ///
  /// - Parameter lanes: The image's values in the order in which they travel.
  public mutating func appendImage(_ lanes: [Int]) {
    precondition(
      lanes.count.isMultiple(of: port.lanes),
      "\(lanes.count) values do not fill beats of \(port.lanes) lanes")
    for start in stride(from: 0, to: lanes.count, by: port.lanes) {
      let end = start + port.lanes
      append(lanes: lanes[start..<end], last: end == lanes.count)
    }
  }

  /// The value of a lane; a lane of 64 bits is read as two's complement.
  public func lane(_ index: Int, ofBeat beat: Int) -> Int {
    let width = port.bitsPerLane
    let bits = get(atBit: beat * bytesPerBeat * 8 + index * width, width: min(width, 64))
    return Int(truncatingIfNeeded: bits)
  }

  /// The value of a lane that holds a two's complement number.
  public func signedLane(_ index: Int, ofBeat beat: Int) -> Int {
    let shift = 64 - min(port.bitsPerLane, 64)
    return (lane(index, ofBeat: beat) << shift) >> shift
  }

  /// The lanes of a beat, lane 0 first.
  public func lanes(ofBeat beat: Int) -> [Int] {
    (0..<port.lanes).map { lane($0, ofBeat: beat) }
  }

  /// The flags of a beat, flag 0 in the low bit.
  public func flags(ofBeat beat: Int) -> Int {
    guard port.flags > 0 else { return 0 }
    let bit = beat * bytesPerBeat * 8 + port.lanes * port.bitsPerLane
    return Int(truncatingIfNeeded: get(atBit: bit, width: min(port.flags, 64)))
  }

  /// All lanes of all beats in the order in which they travel.
  public var allLanes: [Int] {
    (0..<count).flatMap { lanes(ofBeat: $0) }
  }

  /// Writes the low `width` bits of a value; a field wider than 64 bits is sign-extended.
  private mutating func put(_ value: Int, atBit firstBit: Int, width: Int) {
    var bit = firstBit
    var left = width
    var rest = value
    while left > 0 {
      let room = min(8 - bit % 8, left)
      let mask = UInt8(truncatingIfNeeded: (1 << room) - 1)
      bytes[bit / 8] |= (UInt8(truncatingIfNeeded: rest) & mask) << UInt8(bit % 8)
      rest >>= room
      bit += room
      left -= room
    }
  }

  private func get(atBit firstBit: Int, width: Int) -> UInt64 {
    bytes.withUnsafeBufferPointer { bytes in
      var value: UInt64 = 0
      var byte = firstBit / 8
      var shift = -(firstBit % 8)
      while shift < width {
        let bits = UInt64(bytes[byte])
        value |= shift < 0 ? bits &>> UInt64(-shift) : bits &<< UInt64(shift)
        byte += 1
        shift += 8
      }
      return width == 64 ? value : value & ((1 << UInt64(width)) - 1)
    }
  }
}
