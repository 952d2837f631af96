// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import Datasets

@Suite(.tags(.unit)) struct SVHNFileTests {
  /// Sizes 2×3×3×2; the value says where it is: height, width, channel, image.
  private let columns: [UInt8]
  private let raster: [UInt8]

  init() {
    func value(_ row: Int, _ column: Int, _ channel: Int, _ image: Int) -> UInt8 {
      UInt8(image * 100 + row * 30 + column * 7 + channel)
    }
    var columns: [UInt8] = []
    var raster: [UInt8] = []
    for image in 0..<2 {
      for channel in 0..<3 {
        for column in 0..<3 {
          for row in 0..<2 { columns.append(value(row, column, channel, image)) }
        }
      }
      for row in 0..<2 {
        for column in 0..<3 {
          for channel in 0..<3 { raster.append(value(row, column, channel, image)) }
        }
      }
    }
    self.columns = columns
    self.raster = raster
  }

  private func arrays(_ mat: MATBytes) -> (pixels: [UInt8], labels: [UInt8]) {
    (mat.array("X", sizes: [2, 3, 3, 2], columns), mat.array("y", sizes: [2, 1], [10, 7]))
  }

  private func error(_ elements: [UInt8]) -> String {
    printedError { try SVHNFile.images(InputFile(MATBytes().file(elements))) }
  }

  @Test(arguments: [false, true], [false, true])
  func arraysBecomePixels(isBigEndian: Bool, isSmall: Bool) throws {
    let mat = MATBytes(isBigEndian: isBigEndian, isSmall: isSmall)
    let (pixels, labels) = arrays(mat)
    for elements in [
      pixels + labels, labels + mat.element(14, []) + pixels,
      mat.compressed(pixels) + mat.compressed(labels),
      mat.array("other", sizes: [1, 1], type: 9, Array(repeating: 255, count: 8), flags: 6)
        + pixels + labels,
    ] {
      let images = try SVHNFile.images(InputFile(mat.file(elements)))
      #expect(images.pixels == raster)
      #expect(images.labels == [0, 7])
      #expect("\(images.height)×\(images.width)×\(images.channels)" == "2×3×3")
    }
  }

  @Test func oneImageHasNoFourthSize() throws {
    let mat = MATBytes()
    let images = try SVHNFile.images(
      InputFile(
        mat.file(
          mat.array("X", sizes: [2, 3, 3], Array(columns.prefix(18)))
            + mat.array("y", sizes: [1, 1], [1]))))
    #expect(images.pixels == Array(raster.prefix(18)))
    #expect(images.labels == [1])
  }

  /// Types of numbers, each with 10 and 7 in it.
  @Test(arguments: [
    (1, [10, 7]), (3, [10, 0, 7, 0]), (4, [10, 0, 7, 0]), (5, [10, 0, 0, 0, 7, 0, 0, 0]),
    (6, [10, 0, 0, 0, 7, 0, 0, 0]), (7, [0, 0, 0x20, 0x41, 0, 0, 0xE0, 0x40]),
    (9, [0, 0, 0, 0, 0, 0, 0x24, 0x40, 0, 0, 0, 0, 0, 0, 0x1C, 0x40]),
    (12, [10, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0]),
    (13, [10, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0]),
  ]) func labelsOfEveryType(type: Int, bytes: [UInt8]) throws {
    let mat = MATBytes()
    let elements = arrays(mat).pixels + mat.array("y", sizes: [2, 1], type: type, bytes)
    #expect(try SVHNFile.images(InputFile(mat.file(elements))).labels == [0, 7])
  }

  @Test(
    .enabled(if: TestData.python != nil, "needs Python in .venv: Scripts/setup test"),
    arguments: ["uint8", "double"], [false, true])
  func filesOfSciPyAreRead(type: String, isCompressed: Bool) throws {
    let python = try ExternalTool(url: #require(TestData.python))
    try TestData.withTemporaryFolder { folder in
      let script = """
        import numpy, scipy.io
        images = numpy.random.default_rng(7).integers(0, 256, (12, 32, 32, 3), numpy.uint8)
        images.tofile("pixels")
        labels = (numpy.arange(12) % 10 + 1).reshape(-1, 1).astype("\(type)")
        scipy.io.savemat(
            "test_32x32.mat", {"X": images.transpose(1, 2, 3, 0), "y": labels},
            do_compression=\(isCompressed ? "True" : "False"))
        """
      let run = try python.run(["-c", script], in: folder)
      #expect(run.status == 0, "\(run.text)")
      let images = try LabelledImages(folder: folder)
      #expect(images.labels == [1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2])
      #expect("\(images.height)×\(images.width)×\(images.channels)" == "32×32×3")
      #expect(try Data(contentsOf: folder.appending(path: "pixels")) == Data(images.pixels))
    }
  }

  @Test func otherFilesAreErrors() {
    let mat = MATBytes()
    let (pixels, labels) = arrays(mat)
    #expect(error(pixels).hasPrefix("error: f: the MATLAB file has no array 'y'\n"))
    #expect(error([]).hasPrefix("error: f: the MATLAB file has no array 'X' and no array 'y'\n"))
    #expect(
      error(pixels + mat.array("y", sizes: [3, 1], [1, 2, 3]))
        == "error: f: the array 'y' has sizes [3, 1]; one label for each of the 2 images is expected"
    )
    #expect(
      error(pixels + mat.array("y", sizes: [2, 1], [1, 0])) == """
        error: f: the label of image 1 is 0; 1 to 10 are expected, where 10 stands for the digit 0
        """)
    #expect(
      error(mat.array("X", sizes: [6, 6], columns) + labels) == """
        error: f: the array 'X' has sizes [6, 6]; height, width, channels and images are expected
        """)
    #expect(
      error(mat.array("X", sizes: [2, 3, 3, 3], columns) + labels).hasPrefix(
        "error: f: the variable 'X' holds 36 values; its sizes [2, 3, 3, 3] ask for 54\n"))
    #expect(
      error(mat.array("X", sizes: [1 << 30, 1 << 30, 1 << 30], columns) + labels).hasPrefix(
        "error: f: the variable 'X' holds 36 values; its sizes [1073741824, 1073741824, "
          + "1073741824] ask for too many\n"))
    #expect(
      error(mat.array("X", sizes: [-2, 3, 3, -2], columns) + labels).hasPrefix(
        "error: f: the variable 'X' holds 36 values; its sizes [-2, 3, 3, -2] ask for too many\n"))
    #expect(
      error(pixels + mat.array("y", sizes: [2, 1], type: 3, [0, 1, 7, 0]))
        == "error: f: value 0 of the variable 'y' is no integer from 0 to 255")
    #expect(
      error(pixels + mat.array("y", sizes: [2, 1], type: 16, [1, 7]))
        == "error: f: the variable 'y' holds elements of type 16, which are no numbers")
    #expect(
      error(pixels + mat.array("y", sizes: [2, 1], [1, 7], flags: 4))
        == "error: f: the variable 'y' is no array of real numbers (class 4)")
  }

  @Test func theHeaderIsChecked() {
    #expect(
      printedError {
        try SVHNFile.images(InputFile(Array("MATLAB 7.3 MAT-file".utf8)))
      } == """
        error: f: the file is of MATLAB's version 7.3; version 5 is supported
          hint: save it with `save('-v7', …)` in MATLAB, or `scipy.io.savemat` in Python
        """)
    #expect(
      printedError { try SVHNFile.images(InputFile([1, 2])) }.hasPrefix(
        "error: f: the file holds 2 bytes; a MATLAB file begins with 128\n"))
    #expect(
      printedError { try SVHNFile.images(InputFile(Array(repeating: 0, count: 128))) }.hasPrefix(
        "error: f: the file has no byte order mark of a MATLAB file of version 5 at byte 126\n"))
  }

  @Test(arguments: [false, true]) func damageIsDiagnosed(isCompressed: Bool) {
    let mat = MATBytes()
    let (pixels, labels) = arrays(mat)
    expectDiagnosed(
      mat.file(
        isCompressed ? mat.compressed(pixels) + mat.compressed(labels) : pixels + labels),
      by: SVHNFile.images)
  }
}
