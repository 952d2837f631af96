// SPDX-License-Identifier: Apache-2.0

import GoldenModel
import IntegerNetwork

/// What accuracy a network has with each number of levels in use, before and after a calibration:
/// `resbin calibrate`.
public struct CalibrationReport: Codable, Equatable, Sendable {
  /// The network's name.
  public var network: String
  /// Images that thresholds and scores come from.
  public var calibrationImages: Int
  /// Other images, which the accuracies are of.
  public var images: Int
  /// 1, 2 … M levels.
  public var modes: [Mode]
  /// The file with the banks.
  public var file: String
  /// Wall-clock seconds of the calibration, without the measurements.
  public var seconds: Double

  /// A number of levels in use.
  public struct Mode: Codable, Equatable, Sendable {
    /// m.
    public var levels: Int
    /// Images whose prediction is their label.
    public var correct: Int
    /// correct / images, in percent.
    public var accuracy: Double
    /// In percent, where the other levels are left out and nothing makes up for them; nil for all levels.
    public var droppedAccuracy: Double?
  }

  /// Measures a calibrated network.
  ///
  /// - Parameters:
  ///   - images: whole images one after the other, none of those of the calibration.
  ///   - labels: one an image.
  /// - Throws: `Diagnostic` when the network has no modes of fewer levels.
  public init(
    _ graph: IntegerGraph, calibrationImages: Int, images: [UInt8], labels: [UInt8], file: String,
    seconds: Double
  ) throws {
    func correct(_ graph: IntegerGraph) -> Int {
      zip(GoldenExecutor(graph).predictions(images), labels).count { $0 == Int($1) }
    }
    func percent(_ correct: Int) -> Double {
      100 * Double(correct) / Double(max(1, labels.count))
    }
    let dropped = try graph.droppingLevels()
    network = graph.name
    self.calibrationImages = calibrationImages
    self.images = labels.count
    modes = (0..<graph.modes).map { mode in
      let right = correct(graph.inMode(mode))
      let isWhole = mode == graph.modes - 1
      return Mode(
        levels: mode + 1, correct: right, accuracy: percent(right),
        droppedAccuracy: isWhole ? nil : percent(correct(dropped.inMode(mode))))
    }
    self.file = file
    self.seconds = seconds
  }

  /// For the terminal.
  public var text: String {
    var table = TextTable(["levels", "dropped", "calibrated"], numbers: [0, 1, 2])
    table.rows = modes.map { mode in
      [
        "\(mode.levels)", mode.droppedAccuracy.map { "\($0.fixed(2)) %" } ?? "",
        "\(mode.accuracy.fixed(2)) %",
      ]
    }
    return """
      \(network): calibrated on \(calibrationImages.grouped) images in \(seconds.fixed(1)) s, \
      measured on \(images.grouped) others

      \(table.text)

      written to \(file)
      """
  }
}
