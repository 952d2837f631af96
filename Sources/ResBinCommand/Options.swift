// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import ResBin

/// The model that a command reads.
struct ModelOptions: ParsableArguments {
  @Argument(help: "The trained network, an ONNX file.")
  var model: String

  @Option(
    help: "The most bits of an integer that stands for a trained gamma (1…20).")
  var gammaBits = 8

  func read() throws -> TrainedNetwork {
    try TrainedNetwork(onnx: URL(filePath: model))
  }

  var lowering: LoweringOptions { LoweringOptions(gammaBits: gammaBits) }
}

/// How a command prints.
struct OutputOptions: ParsableArguments {
  @Flag(help: "Print one JSON object; Docs/reference/json.md describes its keys.")
  var json = false

  /// Prints a report in the form that was asked for.
  func print(_ report: some Encodable, text: String) throws {
    guard json else {
      Swift.print(text)
      return
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    Swift.print(String(decoding: try encoder.encode(report), as: UTF8.self))
  }
}

extension LevelSchedule: ExpressibleByArgument {}
extension StallPattern: ExpressibleByArgument {}
extension LabelledImages.Split: ExpressibleByArgument {}

/// `fc1=units:16,lanes:49,schedule:series`
struct FoldOverride: ExpressibleByArgument {
  var layer: String
  var fold: LayerFold

  init?(argument: String) {
    let parts = argument.split(separator: "=", maxSplits: 1)
    guard parts.count == 2 else { return nil }
    layer = String(parts[0])
    var values: [Substring: Substring] = [:]
    for setting in parts[1].split(separator: ",") {
      let pair = setting.split(separator: ":", maxSplits: 1)
      guard pair.count == 2, values.updateValue(pair[1], forKey: pair[0]) == nil else {
        return nil
      }
    }
    guard Set(values.keys).isSubset(of: ["units", "lanes", "schedule"]),
      let units = values["units"].flatMap({ Int($0) }),
      let lanes = values["lanes"].flatMap({ Int($0) }),
      let schedule = LevelSchedule(rawValue: String(values["schedule"] ?? "series"))
    else { return nil }
    fold = LayerFold(units: units, lanes: lanes, schedule: schedule)
  }
}

/// Images for a network, as it takes them.
///
/// - Throws: ``Diagnostic`` when their size is not the network's.
func checkedImages(
  _ images: LabelledImages, shape: Shape, bits: Int, path: String
) throws -> [UInt8] {
  guard images.imageSize == shape.count else {
    throw Diagnostic(
      at: path,
      "the images have \(images.height)×\(images.width)×\(images.channels) values; "
        + "the network takes \(shape)",
      hint: "choose images of that size")
  }
  return images.quantized(toBits: bits)
}

/// The first `count` images of `images`, which must hold as many.
func limited(_ images: LabelledImages, to count: Int?, path: String) throws -> LabelledImages {
  guard let count else { return images }
  guard (1...max(1, images.count)).contains(count), images.count > 0 else {
    throw Diagnostic(
      at: path, "\(count) images are asked for; the file holds \(images.count)",
      hint: "use `--count` from 1 to \(images.count)")
  }
  return images.prefix(count)
}
