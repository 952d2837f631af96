// SPDX-License-Identifier: Apache-2.0

import VerilogEmission

/// What a parameter image holds: `resbin reload`.
public struct ReloadReport: Codable, Equatable, Sendable {
  /// The model's name.
  public var model: String
  /// The network that the design was generated from.
  public var design: String
  /// 32-bit words of the memories.
  public var words: Int
  /// Their CRC-32, which register LOAD_CRC shows after a check, in hexadecimal.
  public var checksum: String
  /// What a step of a score means in the model's numbers; nil for codes and indices.
  public var scoreStep: Double?
  /// The file.
  public var file: String

  public init(_ image: ParameterImage, model: String, design: String, file: String) {
    self.model = model
    self.design = design
    words = image.words.count - ParameterImage.headerWords
    checksum = image.checksumText
    scoreStep = image.scoreStep
    self.file = file
  }

  /// For the terminal.
  public var text: String {
    """
    \(model) for the design of \(design): \(words.grouped) words, CRC-32 \(checksum)\
    \(scoreStep.map { ", score step \($0)" } ?? "")
    written to \(file)
    """
  }
}
