// SPDX-License-Identifier: Apache-2.0

import Diagnostics
import Foundation
import Hashing

/// What a network needs for fewer levels than it has, made for that network and no other: the file that
/// `resbin calibrate` writes.
public struct LevelBanks: Codable, Equatable, Sendable {
  /// The version of the file's form.
  public var levelBanks = Self.currentFormat
  /// The name of the network.
  public var network: String
  /// SHA-256 of the network's nodes, in hexadecimal.
  public var hash: String
  /// What the banks come from.
  public var calibration: Calibration
  /// Encoders and scores for 1, 2 … M − 1 levels.
  public var modes: [LevelMode]

  /// The form that this version reads and writes.
  public static let currentFormat = 1

  /// What banks come from, and what was measured with them.
  public struct Calibration: Codable, Equatable, Sendable {
    /// Images that thresholds and scores come from.
    public var images: Int
    /// Other images, which accuracies were measured on.
    public var testImages: Int
    /// Images of these that are classified right with 1, 2 … M levels.
    public var correct: [Int]

    public init(images: Int, testImages: Int, correct: [Int]) {
      self.images = images
      self.testImages = testImages
      self.correct = correct
    }
  }

  /// The banks of a network in which the levels in use are chosen at run time.
  public init(of graph: IntegerGraph, calibration: Calibration) throws {
    network = graph.name
    hash = try graph.hash()
    self.calibration = calibration
    modes = graph.fewerLevels ?? []
  }

  /// The network with these banks.
  ///
  /// - Parameters:
  ///   - graph: lowered with ``LoweringOptions/keepsWeights``, as when the banks were made.
  ///   - path: their file, for messages.
  /// - Throws: ``Diagnostic`` when they were made for another network, or are damaged.
  public func applied(to graph: IntegerGraph, path: String = "level banks") throws -> IntegerGraph {
    guard network == graph.name else {
      throw Diagnostic(
        at: path, "made for the network '\(network)'; this is '\(graph.name)'",
        hint: "name the file that `resbin calibrate` wrote for this model")
    }
    let found = try graph.hash()
    guard hash == found else {
      throw Diagnostic(
        at: path,
        "made for a '\(network)' of other numbers: its SHA-256 begins with \(hash.prefix(12)), "
          + "that of this one with \(found.prefix(12))",
        hint: "use the `--gamma-bits` of the calibration, or calibrate this model")
    }
    var graph = graph
    graph.fewerLevels = modes
    do {
      try graph.check()
    } catch let error as Diagnostic {
      throw Diagnostic(
        at: path, "the level banks are damaged: \(error.path): \(error.message)",
        hint: "calibrate the model again")
    }
    return graph
  }
}

extension LevelBanks {
  /// Reads a file.
  ///
  /// - Throws: ``Diagnostic`` when it is missing, damaged or of another version.
  public init(contentsOf url: URL) throws {
    guard let data = try? Data(contentsOf: url) else {
      throw Diagnostic(
        at: url.relativePath, "the file is missing or cannot be read",
        hint: "name a file that `resbin calibrate` wrote")
    }
    guard let format = Self.format(of: data) else {
      throw Diagnostic(
        at: url.relativePath, "the file is damaged, or holds no level banks",
        hint: "name a file that `resbin calibrate` wrote")
    }
    guard format == Self.currentFormat else {
      throw Diagnostic(
        at: url.relativePath,
        "the level banks have format \(format); this version reads format \(Self.currentFormat)",
        hint: "calibrate the model again")
    }
    guard let banks = try? JSONDecoder().decode(LevelBanks.self, from: data) else {
      throw Diagnostic(
        at: url.relativePath, "the level banks are damaged", hint: "calibrate the model again")
    }
    self = banks
  }

  /// Writes a file: all of it or, after an error, nothing. Older banks are replaced.
  ///
  /// - Throws: ``Diagnostic`` when something else is there, or the file cannot be written.
  public func write(to url: URL) throws {
    try Self.checkDestination(url)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    try OutputFile.write(encoder.encode(self) + Data("\n".utf8), to: url)
  }

  /// Checks that banks may be written to `url`: before the work, whose result would be lost.
  ///
  /// - Throws: ``Diagnostic`` when the folder is missing, or something else is there.
  public static func checkDestination(_ url: URL) throws {
    try OutputFile.check(url, kind: "file of level banks") { format(of: $0) != nil }
  }

  /// The version that a file of level banks states; nil of another file.
  private static func format(of data: Data) -> Int? {
    struct Header: Decodable {
      var levelBanks: Int
    }
    return (try? JSONDecoder().decode(Header.self, from: data))?.levelBanks
  }
}

extension IntegerGraph {
  /// SHA-256 of the nodes, in hexadecimal: of all that they compute, without names of files, reports
  /// and modes.
  func hash() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return SHA256.hexDigest(of: String(decoding: try encoder.encode(nodes), as: UTF8.self))
  }
}
