// SPDX-License-Identifier: Apache-2.0

import Datasets
import Foundation
import TestSupport
import Testing

@Suite(.tags(.unit)) struct LabelledImagesTests {
  private let images = idx(sizes: [3, 2, 2], bytes: (0..<12).map { UInt8($0 * 20) })
  private let labels = idx(sizes: [3], bytes: [7, 0, 9])

  // MARK: Files

  @Test func imagesWithoutLabelsHaveNone() throws {
    try TestData.withTemporaryFolder { folder in
      let read = try LabelledImages(contentsOf: folder.write("some-images-idx3-ubyte", images))
      #expect(read.count == 3)
      #expect(read.imageSize == 4)
      #expect("\(read.height)×\(read.width)×\(read.channels)" == "2×2×1")
      #expect(read.pixels == (0..<12).map { UInt8($0 * 20) })
      #expect(read.labels == [])
    }
  }

  @Test func labelsBesideTheImagesAreRead() throws {
    try TestData.withTemporaryFolder { folder in
      try folder.write("t10k-labels-idx1-ubyte", labels)
      let read = try LabelledImages(contentsOf: folder.write("t10k-images-idx3-ubyte", images))
      #expect(read.labels == [7, 0, 9])
    }
  }

  @Test func aFileNamedOtherwiseHasNoLabels() throws {
    try TestData.withTemporaryFolder { folder in
      try folder.write("labels", labels)
      #expect(try LabelledImages(contentsOf: folder.write("pictures", images)).labels == [])
    }
  }

  @Test(.enabled(if: ExternalTool("gzip") != nil, ExternalTool.whyMissing("gzip")))
  func eitherFileMayBePacked() throws {
    for packed in [["images-idx3"], ["labels-idx1"], ["images-idx3", "labels-idx1"]] {
      try TestData.withTemporaryFolder { folder in
        var url = try folder.write("images-idx3", images)
        try folder.write("labels-idx1", labels)
        for name in packed {
          let file = try folder.gzip(name)
          if name == "images-idx3" { url = file }
        }
        #expect(try LabelledImages(contentsOf: url).labels == [7, 0, 9], "\(packed)")
      }
    }
  }

  @Test(arguments: [
    ([3, 4], 12), ([12], 12), ([3, 2, 2, 1, 1], 12), ([3, 2, 2, 0], 0), ([0, 2, 2], 0),
    ([3, 0, 2], 0), ([3, 2, 0], 0),
  ])
  func imagesHaveThreePositiveSizes(sizes: [Int], count: Int) throws {
    try TestData.withTemporaryFolder { folder in
      let bytes = idx(sizes: sizes, bytes: Array(repeating: 1, count: count))
      let url = try folder.write("images", bytes)
      #expect(
        printedError { try LabelledImages(contentsOf: url) } == """
          error: \(url.path): the IDX file has sizes \(sizes); images have three positive \
          ones, or four with channels
            hint: name the file of the images, for instance t10k-images-idx3-ubyte.gz
          """)
    }
  }

  @Test(arguments: [([2], 2), ([4], 4), ([3, 1], 3), ([], 1)])
  func everyImageHasALabel(sizes: [Int], count: Int) throws {
    try TestData.withTemporaryFolder { folder in
      let url = try folder.write("images-idx3", images)
      let labelURL = try folder.write(
        "labels-idx1", idx(sizes: sizes, bytes: Array(repeating: 1, count: count)))
      #expect(
        printedError { try LabelledImages(contentsOf: url) } == """
          error: \(labelURL.path): the IDX file has sizes \(sizes); one label for each of the 3 \
          images of 'images-idx3' is expected
          """)
    }
  }

  @Test func damagedLabelsAreAnError() throws {
    try TestData.withTemporaryFolder { folder in
      let url = try folder.write("images-idx3", images)
      let labelURL = try folder.write("labels-idx1", [1, 2, 3, 4])
      #expect(
        printedError { try LabelledImages(contentsOf: url) }.hasPrefix(
          "error: \(labelURL.path): the file does not begin as an IDX file does"))
    }
  }

  // MARK: Folders

  @Test func aFolderHoldsTestAndTrainingImages() throws {
    try TestData.withTemporaryFolder { folder in
      try folder.write("t10k-images-idx3-ubyte", images)
      try folder.write("t10k-labels-idx1-ubyte", labels)
      try folder.write("train-images-idx3-ubyte", idx(sizes: [1, 2, 2], bytes: [1, 2, 3, 4]))
      try folder.write("train-labels-idx1-ubyte", idx(sizes: [1], bytes: [5]))
      #expect(try LabelledImages(folder: folder).labels == [7, 0, 9])
      #expect(try LabelledImages(folder: folder, split: .test).count == 3)
      #expect(try LabelledImages(folder: folder, split: .train).labels == [5])
    }
  }

  @Test func theShippedImagesAreADataSet() throws {
    let images = try LabelledImages(folder: TestData.models)
    #expect(images.count == 500)
    #expect(images.imageSize == 28 * 28)
    #expect(images.labels.prefix(5) == [7, 2, 1, 0, 4])
  }

  /// Some systems put hidden files beside files that they copy.
  @Test func hiddenFilesAreNoImages() throws {
    try TestData.withTemporaryFolder { folder in
      try folder.write("._t10k-images-idx3-ubyte", [0, 5, 22, 7])
      try folder.write("t10k-images-idx3-ubyte", images)
      try folder.write("t10k-labels-idx1-ubyte", labels)
      #expect(try LabelledImages(folder: folder).count == 3)
    }
  }

  @Test func aMissingFolderIsAnError() throws {
    try TestData.withTemporaryFolder { folder in
      let file = try folder.write("file", images)
      for url in [folder.appending(path: "none"), file] {
        #expect(
          printedError { try LabelledImages(folder: url) } == """
            error: \(url.path): there is no such folder
              hint: name the folder that holds the files of the data set
            """)
      }
    }
  }

  @Test(arguments: [
    (LabelledImages.Split.test, "t10k", "test_batch"), (.train, "train", "data_batch_1"),
  ])
  func aFolderWithoutImagesIsAnError(
    split: LabelledImages.Split, stem: String, batch: String
  ) throws {
    try TestData.withTemporaryFolder { folder in
      try folder.write("\(stem)-labels-idx1-ubyte", labels)
      #expect(
        printedError { try LabelledImages(folder: folder, split: split) } == """
          error: \(folder.path): the folder holds no \(split.rawValue) images
            hint: name a folder with the files of MNIST (\(stem)-images-idx3-ubyte), CIFAR-10 \
          (\(batch).bin) or SVHN (\(split.rawValue)_32x32.mat), or with a folder of PNG or PPM \
          pictures for each class
          """)
    }
  }

  @Test func aDataSetHasLabels() throws {
    try TestData.withTemporaryFolder { folder in
      try folder.write("t10k-images-idx3-ubyte", images)
      #expect(
        printedError { try LabelledImages(folder: folder) } == """
          error: \(folder.path): 't10k-images-idx3-ubyte' has no labels beside it; \
          't10k-labels-idx1-ubyte' is expected
          """)
    }
  }

  /// Parts are what has files or a folder of its own.
  @Test func aFolderSaysItsParts() throws {
    let test = LabelledImages.Split.test
    let cases: [(files: [String], parts: [LabelledImages.Split])] = [
      (["a/0.pgm"], []), (["t10k-images-idx3-ubyte"], [test]), (["train-images.npy"], [.train]),
      (["test_32x32.mat", "train_32x32.mat"], [test, .train]), (["test_batch.bin.gz"], [test]),
      (["test/0/a.pgm", "train/0/a.pgm"], [test, .train]), (["train/0/a.pgm"], [.train]),
      ((1...5).map { "data_batch_\($0).bin" }, [.train]), (["test-labels.npy"], []),
    ]
    for (files, parts) in cases {
      try TestData.withTemporaryFolder { folder in
        for file in files {
          let url = folder.appending(path: file)
          try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
          try folder.write(file, [])
        }
        #expect(try LabelledImages.splits(in: folder) == parts, "\(files)")
      }
    }
  }

  // MARK: Values

  @Test func imagesAreSelectedWithTheirLabels() {
    let all = LabelledImages(
      pixels: Array(0..<12), labels: [7, 0, 9], height: 2, width: 2, channels: 1)
    let some = all.selecting([2, 0, 2])
    #expect(some.pixels == [8, 9, 10, 11, 0, 1, 2, 3, 8, 9, 10, 11])
    #expect(some.labels == [9, 7, 9])
    #expect(some.imageSize == 4)
    var unlabelled = all
    unlabelled.labels = []
    #expect(unlabelled.selecting([1]).labels == [])
    #expect(unlabelled.selecting([1]).pixels == [4, 5, 6, 7])
  }

  @Test(arguments: 0...4) func aPrefixHasItsLabels(count: Int) {
    let all = LabelledImages(
      pixels: Array(0..<12), labels: [7, 0, 9], height: 2, width: 2, channels: 1)
    let some = all.prefix(count)
    #expect(some.count == min(count, 3))
    #expect(some.pixels == Array(all.pixels.prefix(4 * count)))
    #expect(some.labels == Array(all.labels.prefix(count)))
  }

  @Test(arguments: 1...8) func quantizationKeepsTheTopBits(bits: Int) {
    let all = LabelledImages(
      pixels: Array(0...255), labels: [], height: 16, width: 16, channels: 1)
    #expect(all.quantized(toBits: bits) == (0...255).map { UInt8($0 / (1 << (8 - bits))) })
  }
}
