// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import Datasets

/// The bytes of a NumPy file.
func npy(
  _ type: String = "|u1", shape: String, fortran: Bool = false, version: UInt8 = 1, bytes: [UInt8]
) -> [UInt8] {
  var header =
    "{'descr': '\(type)', 'fortran_order': \(fortran ? "True" : "False"), 'shape': \(shape), }"
  header += String(repeating: " ", count: 117 - header.count) + "\n"
  let length = [UInt8(header.utf8.count), 0] + (version == 1 ? [] : [0, 0])
  return NPYFile.magic + [version, 0] + length + Array(header.utf8) + bytes
}

@Suite(.tags(.unit)) struct NPYFileTests {
  private func error(_ bytes: [UInt8]) -> String {
    printedError { try NPYFile(InputFile(bytes)) }
  }

  @Test(arguments: [1, 2, 3] as [UInt8]) func versions(version: UInt8) throws {
    let file = try NPYFile(
      InputFile(npy(shape: "(1, 2, 3)", version: version, bytes: [1, 2, 3, 4, 5, 255])))
    #expect(file.sizes == [1, 2, 3])
    #expect(file.bytes == [1, 2, 3, 4, 5, 255])
  }

  @Test(arguments: [
    ("|i1", [7, 3]), ("<i2", [7, 0, 3, 0]), (">u2", [0, 7, 0, 3]),
    ("<i8", [7, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0]), (">i4", [0, 0, 0, 7, 0, 0, 0, 3]),
  ]) func integersThatAreBytes(type: String, bytes: [UInt8]) throws {
    #expect(try NPYFile(InputFile(npy(type, shape: "(2,)", bytes: bytes))).bytes == [7, 3])
  }

  @Test func otherFilesAreErrors() {
    #expect(
      error([1, 2, 3]).hasPrefix("error: f: the file does not begin as a NumPy file does\n"))
    #expect(
      error(npy(shape: "(1,)", version: 4, bytes: [1])).hasPrefix(
        "error: f: the NumPy file has version 4; 1 to 3 are supported\n"))
    #expect(
      error(npy("<f4", shape: "(1,)", bytes: [0, 0, 0, 0])) == """
        error: f: the NumPy file holds elements of type '<f4'; '|u1' (unsigned bytes) is supported
          hint: save the array as `array.astype(numpy.uint8)`
        """)
    #expect(
      error(npy(shape: "(2, 1)", fortran: true, bytes: [1, 2])) == """
        error: f: the NumPy file is in Fortran order; C order is supported
          hint: save the array as `numpy.ascontiguousarray(array)`
        """)
    #expect(
      error(npy(shape: "(2, 2)", bytes: [1, 2, 3])) == """
        error: f: the NumPy file holds 3 bytes after its header; its shape [2, 2] of '|u1' asks \
        for 4 × 1
          hint: it is cut short or has a tail; save the array with `numpy.save` again
        """)
    let huge = String(repeating: "9", count: 18)
    #expect(error(npy("<i8", shape: "(\(huge),)", bytes: [1])).contains("asks for \(huge) × 8"))
    #expect(error(npy(shape: "(\(huge), \(huge))", bytes: [1])).contains("asks for too many"))
    #expect(error(npy(shape: "(9\(huge)9,)", bytes: [1])).contains("asks for too many"))
    #expect(
      error(npy("<i2", shape: "(2,)", bytes: [1, 0, 0, 1])).hasPrefix(
        "error: f: element 1 of the NumPy file is no integer from 0 to 255\n"))
    #expect(
      error(npy("|i1", shape: "(1,)", bytes: [200])).hasPrefix(
        "error: f: element 0 of the NumPy file is no integer from 0 to 255\n"))
  }

  @Test func damageIsDiagnosed() {
    expectDiagnosed(npy("<i2", shape: "(2, 2)", bytes: [1, 0, 2, 0, 3, 0, 4, 0])) {
      try NPYFile($0)
    }
  }

  // MARK: As images

  @Test(arguments: [("(2, 2, 3)", 1), ("(2, 2, 1, 3)", 3)])
  func tensorsAreImages(shape: String, channels: Int) throws {
    try TestData.withTemporaryFolder { folder in
      let pixels = randomBytes(12, seed: 2)
      let url = try folder.write("test-images.npy", npy(shape: shape, bytes: pixels))
      #expect(try LabelledImages(contentsOf: url).labels == [])
      try folder.write("test-labels.npy", npy("<i2", shape: "(2,)", bytes: [4, 0, 9, 0]))
      let images = try LabelledImages(folder: folder)
      #expect(images.pixels == pixels)
      #expect(images.labels == [4, 9])
      #expect(images.channels == channels)
      #expect(images.count == 2)
      try folder.write("test-labels.npy", npy(shape: "(3,)", bytes: [4, 0, 9]))
      #expect(printedError { try LabelledImages(contentsOf: url) }.contains("has sizes [3]; one "))
    }
  }

  @Test(arguments: ["(12,)", "(3, 4)", "(0, 2, 3)", "(1, 1, 1, 3, 4)", "()"])
  func otherTensorsAreNone(shape: String) throws {
    try TestData.withTemporaryFolder { folder in
      let count = ["(0, 2, 3)": 0, "()": 1][shape] ?? 12
      let url = try folder.write(
        "a.npy", npy(shape: shape, bytes: Array(repeating: 1, count: count)))
      #expect(
        printedError { try LabelledImages(contentsOf: url) }.contains(
          "; [images, height, width] or [images, height, width, channels] is expected"))
    }
  }
}
