// SPDX-License-Identifier: Apache-2.0

import CZlib

/// A container of deflated bytes.
///
/// - Source: RFC 1950 (zlib), RFC 1952 (gzip).
enum Inflation {
  /// A gzip file: one member after the other.
  case gzip
  /// One zlib stream.
  case zlib

  /// Why bytes cannot be unpacked.
  enum Failure: Error {
    /// A wrong header, code or checksum, or an end that comes too early.
    case damaged
    /// More bytes than were allowed.
    case tooLarge
  }

  /// The bytes in the container, at most `limit`.
  func unpack(_ packed: ArraySlice<UInt8>, limit: Int) throws(Failure) -> [UInt8] {
    // zlib keeps the address of its state.
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    stream.initialize(to: z_stream())
    defer { stream.deallocate() }
    let windowBits: Int32 = self == .gzip ? 15 + 16 : 15
    guard
      inflateInit2_(stream, windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { throw .damaged }
    defer { inflateEnd(stream) }

    var unpacked: [UInt8] = []
    var rest = packed
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let input = rest.prefix(1 << 30)
      let (status, taken, given) = step(stream, from: input, to: &buffer)
      rest = rest.dropFirst(taken)
      guard unpacked.count + given <= limit else { throw .tooLarge }
      unpacked += buffer[..<given]
      switch status {
      case Z_OK where taken > 0 || given > 0: continue
      case Z_STREAM_END:
        if rest.isEmpty || self == .zlib { return unpacked }
        // Some programs fill a file up with zeros, as gzip allows.
        if rest.allSatisfy({ $0 == 0 }) { return unpacked }
        guard inflateReset(stream) == Z_OK else { throw .damaged }
      default: throw .damaged
      }
    }
  }

  /// One call of zlib: its status, the bytes that it took and those that it gave.
  private func step(
    _ stream: UnsafeMutablePointer<z_stream>, from input: ArraySlice<UInt8>,
    to buffer: inout [UInt8]
  ) -> (status: Int32, taken: Int, given: Int) {
    input.withUnsafeBufferPointer { source in
      buffer.withUnsafeMutableBufferPointer { sink in
        stream.pointee.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
        stream.pointee.avail_in = UInt32(source.count)
        stream.pointee.next_out = sink.baseAddress
        stream.pointee.avail_out = UInt32(sink.count)
        let status = inflate(stream, Z_NO_FLUSH)
        return (
          status, source.count - Int(stream.pointee.avail_in),
          sink.count - Int(stream.pointee.avail_out)
        )
      }
    }
  }
}
