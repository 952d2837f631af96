// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import Datasets

@Suite(.tags(.unit)) struct ImageFolderTests {
  /// A grey picture of 1×2.
  private func pgm(_ a: UInt8, _ b: UInt8) -> [UInt8] { Array("P5 2 1 255\n".utf8) + [a, b] }

  private func folders(_ names: [String], below folder: URL) throws {
    for name in names {
      try FileManager.default.createDirectory(
        at: folder.appending(path: name), withIntermediateDirectories: true)
    }
  }

  private func batch(_ label: UInt8, _ value: UInt8) -> [UInt8] {
    [label] + Array(repeating: value, count: 3072)
  }

  @Test func aFolderIsAClass() throws {
    try TestData.withTemporaryFolder { folder in
      try folders(["dog", "cat", "none", ".hidden"], below: folder)
      try folder.write("dog/2.pgm", pgm(5, 6))
      try folder.write("dog/10.PNG", png(width: 2, height: 1, colour: 0, rows: [3, 4]))
      try folder.write("cat/b.pgm", pgm(1, 2))
      try folder.write("cat/notes.txt", [1])
      try folder.write(".hidden/b.pgm", pgm(1, 2))
      try folder.write("zebra.txt", [1])
      let images = try LabelledImages(folder: folder)
      #expect(images.pixels == [1, 2, 3, 4, 5, 6])
      #expect(images.labels == [0, 1, 1])
      #expect(try LabelledImages(folder: folder, split: .train) == images)
      #expect(try LabelledImages(contentsOf: folder) == images)
    }
  }

  @Test func testAndTrainFoldersAreHonoured() throws {
    try TestData.withTemporaryFolder { folder in
      try folders(["test/0", "test/1", "train/0", "train/1"], below: folder)
      try folder.write("test/1/a.pgm", pgm(1, 2))
      try folder.write("train/0/a.pgm", pgm(3, 4))
      #expect(try LabelledImages(folder: folder).labels == [1])
      #expect(try LabelledImages(folder: folder).pixels == [1, 2])
      #expect(try LabelledImages(folder: folder, split: .train).pixels == [3, 4])
      try FileManager.default.removeItem(at: folder.appending(path: "train"))
      #expect(
        printedError { try LabelledImages(folder: folder, split: .train) }.hasPrefix(
          "error: \(folder.path): the folder holds no train images\n"))
    }
  }

  @Test func picturesWithoutFoldersHaveNoLabels() throws {
    try TestData.withTemporaryFolder { folder in
      try folder.write("b.ppm", Array("P6 1 1 255\n".utf8) + [4, 5, 6])
      try folder.write("a.png", png(width: 1, height: 1, rows: [1, 2, 3]))
      let images = try LabelledImages(folder: folder)
      #expect(images.pixels == [1, 2, 3, 4, 5, 6])
      #expect(images.labels == [])
      #expect(images.channels == 3)
    }
  }

  @Test func picturesHaveOneSize() throws {
    try TestData.withTemporaryFolder { folder in
      try folder.write("a.pgm", pgm(1, 2))
      try folder.write("b.pgm", pgm(1, 2))
      let other = try folder.write("c.ppm", Array("P6 2 1 255\n".utf8) + [1, 2, 3, 4, 5, 6])
      try folder.write("d.pgm", Array("P5 1 1 255\n".utf8) + [4])
      #expect(
        printedError { try LabelledImages(folder: folder) } == """
          error: \(other.path): the picture has 1×2×3 values; 'a.pgm' has 1×2×1
            hint: bring all pictures to one size, and to grey or to colour
          """)
    }
  }

  @Test func aPictureBesideClassesIsAnError() throws {
    try TestData.withTemporaryFolder { folder in
      try folders(["0"], below: folder)
      try folder.write("0/a.pgm", pgm(1, 2))
      let stray = try folder.write("a.pgm", pgm(1, 2))
      #expect(
        printedError { try LabelledImages(folder: folder) } == """
          error: \(stray.path): the picture lies beside folders of pictures; its class is not known
            hint: put it into the folder of its class
          """)
    }
  }

  @Test func aDamagedPictureIsNamed() throws {
    try TestData.withTemporaryFolder { folder in
      try folder.write("a.pgm", pgm(1, 2))
      let damaged = try folder.write("b.png", [1, 2, 3])
      #expect(
        printedError { try LabelledImages(folder: folder) }.hasPrefix(
          "error: \(damaged.path): the file does not begin as a PNG picture does"))
    }
  }

  @Test func cifarsBatchesAreJoined() throws {
    try TestData.withTemporaryFolder { folder in
      for index in UInt8(1)...5 {
        try folder.write("data_batch_\(index).bin", batch(index, 10 * index))
      }
      try folder.write("test_batch.bin", batch(9, 90))
      let test = try LabelledImages(folder: folder)
      #expect(test.labels == [9])
      #expect(test.pixels == Array(repeating: 90, count: 3072))
      let train = try LabelledImages(folder: folder, split: .train)
      #expect(train.labels == [1, 2, 3, 4, 5])
      #expect(train.count == 5)
      #expect(train.pixels[4 * 3072] == 50)
      try FileManager.default.removeItem(at: folder.appending(path: "data_batch_3.bin"))
      #expect(
        printedError { try LabelledImages(folder: folder, split: .train) } == """
          error: \(folder.path): the folder holds 4 of 5 batches of CIFAR-10; 'data_batch_3.bin' \
          is missing
            hint: fetch the data set again
          """)
    }
  }

  @Test func theFirstBytesSayWhatAFileIs() throws {
    let mat = MATBytes()
    let svhn = mat.file(
      mat.array("X", sizes: [1, 2, 1, 1], [1, 2]) + mat.array("y", sizes: [1, 1], [3]))
    try TestData.withTemporaryFolder { folder in
      for (index, bytes) in [
        idx(sizes: [1, 1, 2], bytes: [1, 2]), idx(sizes: [1, 1, 2, 1], bytes: [1, 2]),
        npy(shape: "(1, 1, 2)", bytes: [1, 2]), pgm(1, 2), svhn,
        png(width: 2, height: 1, colour: 0, rows: [1, 2]),
      ].enumerated() {
        let images = try LabelledImages(contentsOf: folder.write("\(index)", bytes))
        #expect(images.pixels == [1, 2], "\(index)")
        #expect("\(images.height)×\(images.width)×\(images.channels)" == "1×2×1", "\(index)")
      }
      for (index, bytes) in [[], [1], Array("text".utf8)].enumerated() {
        let url = try folder.write("\(index).txt", bytes)
        #expect(
          printedError { try LabelledImages(contentsOf: url) } == """
            error: \(url.path): the file is of no kind that is known here
              hint: name an IDX file (MNIST), a .bin file of CIFAR-10, a .mat file of SVHN, a .npy \
            file or a PNG, PPM or PGM picture; each may be a .gz file
            """)
      }
    }
  }
}
