// SPDX-License-Identifier: Apache-2.0

import Cores
import Diagnostics
import Foundation
import Hashing
import Pipelines

/// What the memories of a reloadable design are to hold for another model: the drivers write it over
/// AXI4-Lite. Docs/reference/parameter-image.md describes the words.
public struct ParameterImage: Equatable, Sendable {
  /// `RSBP`, as a little-endian word.
  public static let magic: UInt32 = 0x5042_5352
  /// The version of the header.
  public static let format: UInt32 = 1
  /// Words of the header.
  public static let headerWords = 10

  /// Header and memories, 32-bit words.
  public let words: [UInt32]
  /// What a step of the model's scores means in its numbers; nil for codes and indices.
  public let scoreStep: Double?

  /// CRC-32 of the memories, the number that register LOAD_CRC shows.
  public var checksum: UInt32 { words[7] }

  /// The same, eight hexadecimal digits.
  public var checksumText: String { hexadecimal([UInt64(checksum)], width: 32) }

  /// The image that loads a model into a design.
  ///
  /// - Parameters:
  ///   - loaded: the model on the hardware of the design, see `Pipeline.loading(_:)`.
  ///   - design: the manifest of the design, see ``Manifest/checkHash(of:)``.
  public init(of loaded: Pipeline, into design: Manifest) {
    let memories = loaded.loadImage
    scoreStep = loaded.folding.graph.lowering.scores?.step
    let step = (scoreStep ?? 0).bitPattern
    words =
      [Self.magic, Self.format] + (design.accelerator?.hashWords ?? [])
      + [
        UInt32(memories.count), CRC32.checksum(of: memories), UInt32(truncatingIfNeeded: step),
        UInt32(step >> 32),
      ] + memories
  }

  /// Little-endian.
  public var data: Data { Self.data(of: words) }

  /// What a C header with an image says of itself.
  package static let headerMark = "Parameters for resbin_load"

  /// Whether a file may be one: what an older image may be replaced by.
  public static func isImage(_ data: Data) -> Bool {
    data.starts(with: Self.data(of: [magic]))
      || String(decoding: data.prefix(120), as: UTF8.self).contains(headerMark)
  }

  private static func data(of words: [UInt32]) -> Data {
    words.map(\.littleEndian).withUnsafeBytes { Data($0) }
  }
}

extension Manifest {
  /// - Throws: ``Diagnostic`` when the files of the design are not what this version makes of `pipeline`.
  public func checkHash(of pipeline: Pipeline) throws {
    guard let accelerator, accelerator.hash == (try pipeline.verilog().manifest.accelerator?.hash)
    else {
      throw Diagnostic(
        at: network, "the design is not what this version of resbin makes of its network.json",
        hint:
          "use the version that generated it, or generate it again and build the hardware from it")
    }
  }
}
