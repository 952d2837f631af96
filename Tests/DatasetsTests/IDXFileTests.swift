// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import Datasets

@Suite(.tags(.unit)) struct IDXFileTests {
  private func error(_ bytes: [UInt8]) -> String {
    printedError { try IDXFile(bytes: bytes, path: "f.idx") }
  }

  @Test(arguments: [[6], [2, 3], [1, 2, 3], [3, 2, 1, 1], []]) func sizesAndBytes(sizes: [Int])
    throws
  {
    let bytes = (0..<sizes.reduce(1, *)).map { UInt8($0 + 7) }
    let file = try IDXFile(bytes: idx(sizes: sizes, bytes: bytes), path: "f.idx")
    #expect(file.sizes == sizes)
    #expect(file.bytes == bytes)
  }

  @Test func sizesAreBigEndian() throws {
    let file = try IDXFile(
      bytes: idx(sizes: [0x0102], bytes: Array(repeating: 0, count: 0x0102)), path: "f.idx")
    #expect(file.sizes == [258])
  }

  @Test(arguments: [[], [0], [0, 0, 8], [1, 0, 8, 0, 5], [0, 1, 8, 0, 5], Array("PK\u{3}".utf8)])
  func aFileBeginsWithTwoZeros(bytes: [UInt8]) {
    #expect(
      error(bytes) == """
        error: f.idx: the file does not begin as an IDX file does (two zero bytes)
          hint: name an original MNIST file, for instance t10k-images-idx3-ubyte.gz
        """)
  }

  @Test(arguments: [0, 9, 0x0D, 255] as [UInt8]) func elementsAreBytes(type: UInt8) {
    #expect(
      error(idx(type: type, sizes: [1], bytes: [0])) == """
        error: f.idx: the IDX file holds elements of type \(type); 8 (unsigned bytes) is supported
        """)
  }

  @Test func aHeaderIsWhole() {
    #expect(
      error([0, 0, 8, 3, 0, 0, 0, 1, 0]) == """
        error: f.idx: the file ends inside its header: 9 bytes, 16 are expected for 3 axes
        """)
  }

  @Test(arguments: [5, 7, 0]) func theSizesSayHowManyBytes(count: Int) {
    #expect(
      error(idx(sizes: [2, 3], bytes: Array(repeating: 0, count: count))) == """
        error: f.idx: the file holds \(count) bytes after its header; its sizes [2, 3] ask for 6
          hint: fetch the file again; it is cut short or has a tail
        """)
  }

  @Test func sizesThatOverflowAreAnError() {
    let huge = Array(repeating: 0xFFFF_FFFF, count: 3)
    #expect(
      error(idx(sizes: huge, bytes: [1])) == """
        error: f.idx: the file holds 1 bytes after its header; its sizes \(huge) ask for \
        \(Int.max)
          hint: fetch the file again; it is cut short or has a tail
        """)
  }

  @Test func aPlainFileIsRead() throws {
    try TestData.withTemporaryFolder { folder in
      let url = try folder.write("f.idx", idx(sizes: [2], bytes: [3, 4]))
      #expect(try IDXFile(contentsOf: url).bytes == [3, 4])
    }
  }

  @Test(.enabled(if: ExternalTool("gzip") != nil, ExternalTool.whyMissing("gzip")))
  func aPackedFileIsRead() throws {
    try TestData.withTemporaryFolder { folder in
      // More than a pipe holds.
      let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) }
      try folder.write("it's a file.idx", idx(sizes: [200_000], bytes: bytes))
      let url = try folder.gzip("it's a file.idx")
      #expect(url.pathExtension == "gz")
      #expect(try IDXFile(contentsOf: url).bytes == bytes)
    }
  }

  @Test(.enabled(if: ExternalTool("gzip") != nil, ExternalTool.whyMissing("gzip")))
  func aDamagedPackedFileIsAnError() throws {
    try TestData.withTemporaryFolder { folder in
      try folder.write("f.idx", idx(sizes: [4], bytes: [1, 2, 3, 4]))
      let packed = [UInt8](try Data(contentsOf: folder.gzip("f.idx")))
      let url = try folder.write("f.idx.gz", Array(packed.dropLast(6)))
      #expect(
        printedError { try IDXFile(contentsOf: url) } == """
          error: \(url.path): the gzip file is damaged or cut short
            hint: fetch the file again; `gzip -t '\(url.path)'` tests it
          """)
    }
  }

  @Test func aMissingFileIsAnError() throws {
    try TestData.withTemporaryFolder { folder in
      let url = folder.appending(path: "none.idx")
      #expect(
        printedError { try IDXFile(contentsOf: url) }
          == "error: \(url.path): there is no such file")
    }
  }

  @Test func aFolderIsNoFile() throws {
    try TestData.withTemporaryFolder { folder in
      #expect(
        printedError { try IDXFile(contentsOf: folder) }
          == "error: \(folder.path): the file cannot be read")
    }
  }
}
