// SPDX-License-Identifier: Apache-2.0

import Diagnostics
import Foundation

/// Images of unsigned bytes, with labels where there are some.
public struct LabelledImages: Equatable, Sendable {
  /// Image after image: raster pixels, channel fastest.
  public var pixels: [UInt8]
  /// One an image, or empty.
  public var labels: [UInt8]
  /// Rows of an image.
  public var height: Int
  /// Columns of an image.
  public var width: Int
  /// Values of a pixel.
  public var channels: Int

  /// Images.
  public var count: Int { pixels.count / imageSize }

  /// Bytes of an image.
  public var imageSize: Int { height * width * channels }

  public init(pixels: [UInt8], labels: [UInt8], height: Int, width: Int, channels: Int) {
    self.pixels = pixels
    self.labels = labels
    self.height = height
    self.width = width
    self.channels = channels
  }

  /// The first `count` images, or all.
  public func prefix(_ count: Int) -> LabelledImages {
    var images = self
    images.pixels = Array(pixels.prefix(count * imageSize))
    images.labels = Array(labels.prefix(count))
    return images
  }

  /// The images as a network with inputs of `bits` bits takes them: the top bits of each byte.
  public func quantized(toBits bits: Int) -> [UInt8] {
    bits == 8 ? pixels : pixels.map { $0 >> UInt8(8 - bits) }
  }
}

extension LabelledImages {
  /// Which part of a data set.
  public enum Split: String, Sendable, CaseIterable {
    /// The test images.
    case test
    /// The training images.
    case train
  }

  /// Reads an image file; its labels too, where a label file of the matching name lies beside it.
  ///
  /// - Throws: ``Diagnostic`` when the file is missing, damaged or of an unknown kind.
  public init(contentsOf url: URL) throws {
    let file = try IDXFile(contentsOf: url)
    guard file.sizes.count == 3, file.sizes[0] > 0, file.sizes[1] > 0, file.sizes[2] > 0 else {
      throw Diagnostic(
        at: url.path, "the IDX file has sizes \(file.sizes); images have three positive ones",
        hint: "name the file of the images, for instance t10k-images-idx3-ubyte.gz")
    }
    self.init(
      pixels: file.bytes, labels: [], height: file.sizes[1], width: file.sizes[2], channels: 1)
    guard let labelURL = Self.labelFile(of: url) else { return }
    let labelFile = try IDXFile(contentsOf: labelURL)
    guard labelFile.sizes == [count] else {
      throw Diagnostic(
        at: labelURL.path,
        "the IDX file has sizes \(labelFile.sizes); one label for each of the \(count) images of "
          + "'\(url.lastPathComponent)' is expected")
    }
    labels = labelFile.bytes
  }

  /// Reads the images and labels of a data set's folder, with the original file names of MNIST.
  ///
  /// - Throws: ``Diagnostic`` when there are none.
  public init(folder: URL, split: Split = .test) throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: folder.path, isDirectory: &isFolder),
      isFolder.boolValue
    else {
      throw Diagnostic(
        at: folder.path, "there is no such folder",
        hint: "name the folder that holds t10k-images-idx3-ubyte.gz and its labels")
    }
    let stems = split == .test ? ["t10k", "test"] : ["train"]
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    // Hidden files are what some systems put beside the files that they copy.
    let images = names.sorted().first { name in
      !name.hasPrefix(".") && name.contains("images") && name.contains("idx3-ubyte")
        && stems.contains { name.contains($0) }
    }
    guard let images else {
      throw Diagnostic(
        at: folder.path,
        "the folder holds no \(split.rawValue) images; "
          + "\(stems[0])-images-idx3-ubyte or \(stems[0])-images-idx3-ubyte.gz is expected")
    }
    try self.init(contentsOf: folder.appending(path: images))
    guard !labels.isEmpty else {
      throw Diagnostic(
        at: folder.path,
        "'\(images)' has no labels beside it; "
          + "'\(images.replacing("images", with: "labels").replacing("idx3", with: "idx1"))' "
          + "is expected")
    }
  }

  private static func labelFile(of url: URL) -> URL? {
    let name = url.lastPathComponent
    let label = name.replacing("images", with: "labels").replacing("idx3", with: "idx1")
    guard label != name else { return nil }
    let folder = url.deletingLastPathComponent()
    let plain = label.hasSuffix(".gz") ? String(label.dropLast(3)) : label
    return [label, plain, plain + ".gz"].map { folder.appending(path: $0) }
      .first { FileManager.default.fileExists(atPath: $0.path) }
  }
}
