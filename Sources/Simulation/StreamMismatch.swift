// SPDX-License-Identifier: Apache-2.0

/// The first place where a stream is not what was expected.
public struct StreamMismatch: Equatable, Sendable, CustomStringConvertible {
  /// What differs.
  public enum Kind: Equatable, Sendable {
    /// A lane holds another value.
    case lane(Int, expected: Int, actual: Int)
    /// The beat has other flags.
    case flags(expected: Int, actual: Int)
    /// `last` is set where it should not be, or the reverse.
    case last(expected: Bool)
    /// The beats before are equal, and there are more or fewer of them.
    case count(expected: Int, actual: Int)
  }

  /// The stream.
  public var stream: String
  /// The beat, counted from 0 over all images.
  public var beat: Int
  /// The image that the beat belongs to, counted from 0.
  public var image: Int
  /// The beat within its image.
  public var beatInImage: Int
  /// What differs.
  public var kind: Kind

  public var description: String {
    let place = "\(stream): beat \(beat) (image \(image), beat \(beatInImage) of it)"
    switch kind {
    case .lane(let lane, let expected, let actual):
      return "\(place), lane \(lane): expected \(expected), got \(actual)"
    case .flags(let expected, let actual):
      return "\(place): expected flags \(expected), got \(actual)"
    case .last(let expected):
      return "\(place): expected last = \(expected ? 1 : 0), got \(expected ? 0 : 1)"
    case .count(let expected, let actual):
      return "\(stream): expected \(expected) beats, got \(actual); the first \(beat) are equal"
    }
  }
}

extension StreamBeats {
  /// The first place where these beats are not the expected ones; nil where all are equal.
  ///
  /// Data are compared lane by lane, then the flags, then `last`. A lane over 64 bits is compared whole and
  /// reported by its low 64 bits.
  public func firstMismatch(from expected: StreamBeats) -> StreamMismatch? {
    let common = min(count, expected.count)
    if bytes == expected.bytes && last == expected.last { return nil }
    var image = 0
    var imageStart = 0
    func mismatch(_ beat: Int, _ kind: StreamMismatch.Kind) -> StreamMismatch {
      StreamMismatch(
        stream: port.name, beat: beat, image: image, beatInImage: beat - imageStart, kind: kind)
    }
    for beat in 0..<common {
      let range = beat * bytesPerBeat..<(beat + 1) * bytesPerBeat
      if bytes[range] != expected.bytes[range] {
        let expectedLanes = expected.lanes(ofBeat: beat)
        let actualLanes = lanes(ofBeat: beat)
        let flags = (expected: expected.flags(ofBeat: beat), actual: flags(ofBeat: beat))
        if expectedLanes == actualLanes && flags.expected != flags.actual {
          return mismatch(beat, .flags(expected: flags.expected, actual: flags.actual))
        }
        let lane =
          zip(expectedLanes, actualLanes).enumerated()
          .first { $0.element.0 != $0.element.1 }?.offset ?? 0
        return mismatch(
          beat, .lane(lane, expected: expectedLanes[lane], actual: actualLanes[lane]))
      }
      if last[beat] != expected.last[beat] {
        return mismatch(beat, .last(expected: expected.last[beat]))
      }
      if last[beat] {
        image += 1
        imageStart = beat + 1
      }
    }
    return mismatch(common, .count(expected: expected.count, actual: count))
  }
}
