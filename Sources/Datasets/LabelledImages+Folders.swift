// SPDX-License-Identifier: Apache-2.0

import Diagnostics
import Foundation

extension LabelledImages {
  /// Which part of a data set.
  public enum Split: String, Sendable, CaseIterable {
    /// The test images.
    case test
    /// The training images.
    case train
  }

  /// Reads a data set's folder: MNIST, CIFAR-10 and SVHN by their original file names, else pictures.
  ///
  /// | the folder holds | read as |
  /// |---|---|
  /// | `t10k-images-idx3-ubyte`, `train-…`, and their labels; `test-images.npy` | MNIST, tensors |
  /// | `test_batch.bin`, `data_batch_1.bin` … `data_batch_5.bin` | CIFAR-10 |
  /// | `test_32x32.mat`, `train_32x32.mat` | SVHN |
  /// | folders `test` and `train` | pictures, as below, in one of them |
  /// | folders of PNG, PPM or PGM pictures | a class each, 0 the first by name |
  /// | PNG, PPM or PGM pictures | images without labels |
  ///
  /// Pictures come in the order of their names. Every file may be packed by gzip.
  ///
  /// - Throws: ``Diagnostic`` when there are no images, or one cannot be read.
  public init(folder: URL, split: Split = .test) throws {
    let names = try Self.names(in: folder)
    if let images = Self.tensorFile(in: names, split: split) {
      try self.init(contentsOf: folder.appending(path: images))
      guard !labels.isEmpty else {
        throw Diagnostic(
          at: folder.path,
          "'\(images)' has no labels beside it; '\(Self.labelName(of: images))' is expected")
      }
    } else if let batches = try Self.batches(in: names, of: folder, split: split) {
      self = try Self.joined(batches.map { folder.appending(path: $0) })
    } else if let images = try Self.pictures(in: folder, names: names, split: split) {
      self = images
    } else {
      throw Diagnostic(
        at: folder.path, "the folder holds no \(split.rawValue) images",
        hint: "name a folder with the files of MNIST (\(split == .test ? "t10k" : "train")-images-"
          + "idx3-ubyte), CIFAR-10 (\(Self.cifarStems(split)[0]).bin) or SVHN (\(split.rawValue)"
          + "_32x32.mat), or with a folder of PNG or PPM pictures for each class")
    }
  }

  /// The parts that a data set's folder is divided into, of those of ``Split``; none when all of its
  /// images are read as either.
  ///
  /// - Throws: ``Diagnostic`` when there is no such folder, or a file of a part is missing.
  public static func splits(in folder: URL) throws -> [Split] {
    let names = try names(in: folder)
    return try Split.allCases.filter { split in
      try tensorFile(in: names, split: split) != nil
        || batches(in: names, of: folder, split: split) != nil
        || names.contains(split.rawValue) && isFolder(folder.appending(path: split.rawValue))
    }
  }

  /// What lies in a folder, sorted; hidden files, which some systems put beside others, are left out.
  private static func names(in folder: URL) throws -> [String] {
    guard isFolder(folder) else {
      throw Diagnostic(
        at: folder.path, "there is no such folder",
        hint: "name the folder that holds the files of the data set")
    }
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path) else {
      throw Diagnostic(at: folder.path, "the folder cannot be read")
    }
    return names.filter { !$0.hasPrefix(".") }.sorted()
  }

  // MARK: Files of many images

  private static func tensorFile(in names: [String], split: Split) -> String? {
    let stems = split == .test ? ["t10k", "test"] : ["train"]
    return names.first { name in
      name.contains("images") && stems.contains { name.contains($0) }
        && ["idx3-ubyte", "idx4-ubyte", ".npy"].contains { name.contains($0) }
    }
  }

  private static func cifarStems(_ split: Split) -> [String] {
    split == .test ? ["test_batch"] : (1...5).map { "data_batch_\($0)" }
  }

  /// The files of CIFAR-10 or SVHN.
  private static func batches(
    in names: [String], of folder: URL, split: Split
  ) throws -> [String]? {
    func file(_ name: String) -> String? { [name, name + ".gz"].first(where: names.contains) }
    if let images = file("\(split.rawValue)_32x32.mat") { return [images] }
    let stems = cifarStems(split)
    let found = stems.compactMap { file("\($0).bin") }
    guard !found.isEmpty else { return nil }
    if let missing = stems.first(where: { file("\($0).bin") == nil }) {
      throw Diagnostic(
        at: folder.path,
        "the folder holds \(found.count) of \(stems.count) batches of CIFAR-10; "
          + "'\(missing).bin' is missing", hint: "fetch the data set again")
    }
    return found
  }

  // MARK: Pictures

  private static let endings: Set = ["png", "ppm", "pgm"]

  private static func isPicture(_ name: String) -> Bool {
    let parts = name.lowercased().split(separator: ".")
    guard parts.count > 1, let last = parts.last else { return false }
    return endings.contains(String(last == "gz" ? parts[parts.count - 2] : last))
  }

  /// The pictures of the part `split` of a folder.
  private static func pictures(
    in folder: URL, names: [String], split: Split
  ) throws -> LabelledImages? {
    let parts = names.filter { Split(rawValue: $0) != nil && isFolder(folder.appending(path: $0)) }
    guard !parts.isEmpty else { return try pictures(in: folder, names: names) }
    guard parts.contains(split.rawValue) else { return nil }
    let part = folder.appending(path: split.rawValue)
    return try pictures(in: part, names: self.names(in: part))
  }

  /// The pictures of a folder, or of the folders in it, each of which is a class.
  private static func pictures(in folder: URL, names: [String]) throws -> LabelledImages? {
    let here = names.filter(isPicture).map { folder.appending(path: $0) }
    let classes = try names.map { folder.appending(path: $0) }.filter(isFolder).map { url in
      try self.names(in: url).filter(isPicture).map { url.appending(path: $0) }
    }
    guard classes.contains(where: { !$0.isEmpty }) else {
      return here.isEmpty ? nil : try joined(here)
    }
    guard here.isEmpty else {
      throw Diagnostic(
        at: here[0].path, "the picture lies beside folders of pictures; its class is not known",
        hint: "put it into the folder of its class")
    }
    guard classes.count <= 256 else {
      throw Diagnostic(
        at: folder.path,
        "the folder holds \(classes.count) folders; at most 256 classes are supported")
    }
    var images = try joined(classes.flatMap { $0 })
    images.labels = classes.indices.flatMap { index in
      [UInt8](repeating: UInt8(index), count: classes[index].count)
    }
    return images
  }

  static func isFolder(_ url: URL) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder)
      && isFolder.boolValue
  }

  /// The images of files, one after the other; all have one size.
  private static func joined(_ urls: [URL]) throws -> LabelledImages {
    var all = LabelledImages(pixels: [], labels: [], height: 1, width: 1, channels: 1)
    for (index, url) in urls.enumerated() {
      let images = try LabelledImages(contentsOf: url)
      if index == 0 {
        all = images
        continue
      }
      guard (images.height, images.width, images.channels) == (all.height, all.width, all.channels)
      else {
        throw Diagnostic(
          at: url.path,
          "the picture has \(images.height)×\(images.width)×\(images.channels) values; "
            + "'\(urls[0].lastPathComponent)' has \(all.height)×\(all.width)×\(all.channels)",
          hint: "bring all pictures to one size, and to grey or to colour")
      }
      all.pixels += images.pixels
      all.labels += images.labels
    }
    return all
  }
}
