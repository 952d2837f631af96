// SPDX-License-Identifier: Apache-2.0

import Diagnostics
import Foundation

extension LabelledImages {
  /// Reads images of any supported kind, with their labels where the file holds them or a label file
  /// of the matching name lies beside it; a folder is read as ``init(folder:split:)`` reads it.
  ///
  /// The ending of the name says what the file is: `.bin` (CIFAR-10), `.mat` (SVHN), `.npy`, `.png`,
  /// `.ppm`, `.pgm`; without one of these, its first bytes do. Every kind may be a gzip file.
  ///
  /// - Throws: ``Diagnostic`` when the file is missing, damaged or of an unknown kind.
  public init(contentsOf url: URL) throws {
    if Self.isFolder(url) {
      try self.init(folder: url)
      return
    }
    let file = try InputFile(contentsOf: url)
    guard let kind = FileKind(of: file) else {
      throw Diagnostic(
        at: url.path, "the file is of no kind that is known here",
        hint: "name an IDX file (MNIST), a .bin file of CIFAR-10, a .mat file of SVHN, a .npy file "
          + "or a PNG, PPM or PGM picture; each may be a .gz file")
    }
    switch kind {
    case .cifar: self = try CIFARFile.images(file)
    case .svhn: self = try SVHNFile.images(file)
    case .png: self = try PNGFile.image(file)
    case .portableMap: self = try PortableMap.image(file)
    case .npy: self = try Self.images(NPYFile(file), url)
    case .idx: self = try Self.images(IDXFile(bytes: file.bytes, path: file.path), url)
    }
  }

  /// The images of an IDX file, with the labels of the file beside it.
  private static func images(_ file: IDXFile, _ url: URL) throws -> LabelledImages {
    guard file.sizes.count == 3 || file.sizes.count == 4, file.sizes.allSatisfy({ $0 > 0 }) else {
      throw Diagnostic(
        at: url.path,
        "the IDX file has sizes \(file.sizes); images have three positive ones, or four with "
          + "channels",
        hint: "name the file of the images, for instance t10k-images-idx3-ubyte.gz")
    }
    var images = LabelledImages(tensor: file.bytes, sizes: file.sizes)
    if let labelURL = labelFile(of: url) {
      let labels = try IDXFile(contentsOf: labelURL)
      try images.add(labels.bytes, sizes: labels.sizes, kind: "IDX", from: labelURL, of: url)
    }
    return images
  }

  /// The images of a NumPy file, with the labels of the file beside it.
  private static func images(_ file: NPYFile, _ url: URL) throws -> LabelledImages {
    guard file.sizes.count == 3 || file.sizes.count == 4, file.sizes.allSatisfy({ $0 > 0 }) else {
      throw Diagnostic(
        at: url.path,
        "the NumPy file has shape \(file.sizes); [images, height, width] or "
          + "[images, height, width, channels] is expected",
        hint: "save the array as `array.reshape(…)`")
    }
    var images = LabelledImages(tensor: file.bytes, sizes: file.sizes)
    if let labelURL = labelFile(of: url) {
      let labels = try NPYFile(InputFile(contentsOf: labelURL))
      try images.add(labels.bytes, sizes: labels.sizes, kind: "NumPy", from: labelURL, of: url)
    }
    return images
  }

  /// Images, height, width and, if there is a fourth size, channels.
  private init(tensor: [UInt8], sizes: [Int]) {
    self.init(
      pixels: tensor, labels: [], height: sizes[1], width: sizes[2],
      channels: sizes.count == 4 ? sizes[3] : 1)
  }

  private mutating func add(
    _ labels: [UInt8], sizes: [Int], kind: String, from labelURL: URL, of url: URL
  ) throws {
    guard sizes == [count] else {
      throw Diagnostic(
        at: labelURL.path,
        "the \(kind) file has sizes \(sizes); one label for each of the \(count) images of "
          + "'\(url.lastPathComponent)' is expected")
    }
    self.labels = labels
  }

  private static func labelFile(of url: URL) -> URL? {
    let name = url.lastPathComponent
    let label = labelName(of: name)
    guard label != name else { return nil }
    let folder = url.deletingLastPathComponent()
    let plain = label.hasSuffix(".gz") ? String(label.dropLast(3)) : label
    return [label, plain, plain + ".gz"].map { folder.appending(path: $0) }
      .first { FileManager.default.fileExists(atPath: $0.path) }
  }

  /// The name of the file with the labels of an image file; the same name where there is none.
  static func labelName(of name: String) -> String {
    name.replacing("images", with: "labels").replacing("idx3", with: "idx1")
      .replacing("idx4", with: "idx1")
  }
}

/// What an image file is.
private enum FileKind {
  case cifar, svhn, npy, png, portableMap, idx

  /// The kind by the ending of the file's name, else by its first bytes.
  init?(of file: InputFile) {
    switch file.name.split(separator: ".").last {
    case "bin": self = .cifar
    case "mat": self = .svhn
    case "npy": self = .npy
    case "png": self = .png
    case "ppm", "pgm": self = .portableMap
    default:
      if file.bytes.starts(with: NPYFile.magic) {
        self = .npy
      } else if file.bytes.starts(with: PNGFile.magic) {
        self = .png
      } else if PortableMap.begins(file.bytes) {
        self = .portableMap
      } else if file.bytes.starts(with: Array("MATLAB ".utf8)) {
        self = .svhn
      } else if file.bytes.starts(with: [0, 0]) {
        self = .idx
      } else {
        return nil
      }
    }
  }
}
