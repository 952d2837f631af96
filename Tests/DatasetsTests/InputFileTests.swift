// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import Datasets

@Suite(.tags(.unit)) struct InputFileTests {
  /// `printf abc | gzip -n`.
  private let abc: [UInt8] = [
    0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0x4b, 0x4c, 0x4a, 6, 0, 0xc2, 0x41, 0x24, 0x35, 3, 0, 0, 0,
  ]

  @Test func membersAndZerosFollowEachOther() throws {
    let text = Array("abc".utf8)
    #expect(try Inflation.gzip.unpack(abc[...], limit: 3) == text)
    #expect(try Inflation.gzip.unpack((abc + abc)[...], limit: 6) == text + text)
    #expect(try Inflation.gzip.unpack((abc + [0, 0, 0])[...], limit: 6) == text)
    #expect(throws: Inflation.Failure.damaged) {
      try Inflation.gzip.unpack((abc + [1])[...], limit: 6)
    }
  }

  @Test func noMoreThanTheLimitIsUnpacked() {
    #expect(throws: Inflation.Failure.tooLarge) {
      try Inflation.gzip.unpack(abc[...], limit: 2)
    }
    #expect(throws: Inflation.Failure.tooLarge) {
      try Inflation.zlib.unpack(
        deflated(Array(repeating: 0, count: 1_000_000))[...], limit: 999_999)
    }
  }

  @Test func everyCutAndEveryWrongChecksumIsFound() {
    for count in 0..<abc.count {
      #expect(throws: Inflation.Failure.damaged, "\(count)") {
        try Inflation.gzip.unpack(abc.prefix(count), limit: 100)
      }
    }
    for index in 15..<abc.count {
      var bytes = abc
      bytes[index] ^= 0x10
      #expect(throws: Inflation.Failure.self, "\(index)") {
        try Inflation.gzip.unpack(bytes[...], limit: 100)
      }
    }
  }

  @Test func longStreamsAreUnpackedWhole() throws {
    let bytes = randomBytes(300_000, seed: 3)
    #expect(try Inflation.zlib.unpack(deflated(bytes)[...], limit: 300_000) == bytes)
  }

  @Test func theNameLosesItsPacking() throws {
    try TestData.withTemporaryFolder { folder in
      let file = try InputFile(contentsOf: folder.write("Test_Batch.BIN.gz", abc))
      #expect(file.name == "test_batch.bin")
      #expect(file.bytes == Array("abc".utf8))
    }
  }

  @Test func aLinkIsFollowedAndADeviceIsNoFile() throws {
    try TestData.withTemporaryFolder { folder in
      let file = try folder.write("a", [1, 2])
      let link = folder.appending(path: "b")
      try FileManager.default.createSymbolicLink(at: link, withDestinationURL: file)
      #expect(try InputFile(contentsOf: link).bytes == [1, 2])
    }
    #expect(
      printedError { try InputFile(contentsOf: URL(filePath: "/dev/zero")) }
        == "error: /dev/zero: the file cannot be read")
  }
}
