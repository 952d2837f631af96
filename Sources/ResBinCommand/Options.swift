// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import ResBin

/// The model that a command reads.
struct ModelOptions: ParsableArguments {
  @Argument(help: "The trained network, an ONNX file.")
  var model: String

  @Option(
    help: ArgumentHelp(
      "The output to read of a model that has several. (default: the first)", valueName: "name"))
  var modelOutput: String?

  @Option(
    help:
      "The most bits of an integer that stands for a trained gamma, 1…20. (default: 8; for `reload` that of the design)"
  )
  var gammaBits: Int?

  /// What they name.
  var source: ModelSource { ModelSource(path: model, output: modelOutput, gammaBits: gammaBits) }
}

/// A model, and how it is read and lowered.
struct ModelSource {
  /// An ONNX file.
  var path: String
  /// nil: the first.
  var output: String?
  /// nil: as many as are usual.
  var gammaBits: Int?

  /// The model. A command that shows no remarks says on standard error which of several outputs was
  /// taken where none was asked for.
  func read(showsRemarks: Bool = false) throws -> TrainedNetwork {
    let file = try ONNXModel(contentsOf: URL(filePath: path))
    let trained = try file.trainedNetwork(output: output)
    if !showsRemarks, output == nil, let remark = file.remarkOnOutputs {
      FileHandle.standardError.write(Data("\(remark)\n".utf8))
    }
    return trained
  }

  var lowering: LoweringOptions {
    gammaBits.map { LoweringOptions(gammaBits: $0) } ?? LoweringOptions()
  }

  /// The network, lowered.
  ///
  /// - Parameter keepsWeights: as all numbers of levels of a network need it.
  func readLowered(keepsWeights: Bool = false) throws -> IntegerGraph {
    let trained = try read()
    var options = lowering
    options.keepsWeights = keepsWeights
    return try trained.network.lowered(with: trained.parameters, options: options)
  }

  /// The network in which the levels in use are chosen at run time: of the outputs for each number of
  /// them, or of what `resbin calibrate` wrote.
  ///
  /// - Parameter hint: what to do with a model that has no levels to choose from.
  func readChoosingLevels(banks: String?, hint: String) throws -> IntegerGraph {
    if let banks {
      return try LevelBanks(contentsOf: URL(filePath: banks))
        .applied(to: readLowered(keepsWeights: true), path: banks)
    }
    let file = try ONNXModel(contentsOf: URL(filePath: path))
    let networks: [TrainedNetwork]
    do {
      networks = try file.networksByLevels(output: output)
    } catch {
      let whole = try file.trainedNetwork(output: output)
      let graph = try whole.network.lowered(with: whole.parameters, options: lowering)
      guard graph.levels == 1 else { throw error }
      throw Diagnostic(
        at: path, "every activation has one level: there is nothing to choose", hint: hint)
    }
    return try .choosingLevels(among: networks, options: lowering)
  }

  /// The model as it is loaded into a design that was generated with `--reloadable`.
  ///
  /// - Parameter banks: see ``readChoosingLevels(banks:hint:)``.
  func readLoading(into folding: FoldedNetwork, banks: String?) throws -> IntegerGraph {
    var model = self
    if let headroom = folding.headroom {
      model.gammaBits = gammaBits ?? headroom.gammaBits
      guard model.lowering.gammaBits <= headroom.gammaBits else {
        throw Diagnostic(
          at: "--gamma-bits",
          "\(model.lowering.gammaBits) bits; the memories of the design have room for \(headroom.gammaBits)",
          hint: "leave it out")
      }
    }
    let choosesLevels = folding.graph.modes > 1
    guard banks == nil || choosesLevels else {
      throw Diagnostic(
        at: "--level-banks", "given for a design with a fixed number of levels",
        hint: "leave it out, or generate the design with `--run-time-levels`")
    }
    guard choosesLevels else { return try model.readLowered() }
    return try model.readChoosingLevels(
      banks: banks, hint: "give a model with activations of \(folding.graph.levels) levels")
  }
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
    Swift.print(String(decoding: try encoded(report), as: UTF8.self))
  }
}

/// A report as JSON: keys in order, one a line.
func encoded(_ report: some Encodable) throws -> Data {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
  return try encoder.encode(report)
}

/// What is said of a manifest that is not that of the design's network.
func manifestDiffers(in folder: String) -> Diagnostic {
  Diagnostic(
    at: "\(folder)/\(Manifest.fileName)",
    "the manifest does not say what network.json leads to: one of them was changed, or is of another version",
    hint: "generate the design again")
}

/// Says on standard error when a design is no longer as it was generated.
func noteChanges(of design: Design, folder: String) {
  guard !design.isUnchanged else { return }
  note("\(folder): files were changed since the design was generated")
}

/// A line on standard error.
func note(_ text: String) {
  FileHandle.standardError.write(Data("note: \(text)\n".utf8))
}

extension LevelSchedule: ExpressibleByArgument {}
extension StallPattern: ExpressibleByArgument {}
extension LabelledImages.Split: ExpressibleByArgument {}

/// `fc1=units:16,lanes:49,schedule:series,memory:block,popcount:2`
struct FoldOverride {
  var layer: String
  var fold: LayerFold

  /// - Throws: a message that says what is expected.
  init(parsing argument: String) throws {
    let parts = argument.split(separator: "=", maxSplits: 1)
    var values: [Substring: Substring] = [:]
    for setting in parts.last?.split(separator: ",") ?? [] {
      let pair = setting.split(separator: ":", maxSplits: 1)
      guard pair.count == 2, values.updateValue(pair[1], forKey: pair[0]) == nil else {
        throw Self.expected
      }
    }
    guard parts.count == 2,
      Set(values.keys).isSubset(of: ["units", "lanes", "schedule", "memory", "popcount"]),
      let units = values["units"].flatMap({ Int($0) }),
      let lanes = values["lanes"].flatMap({ Int($0) }),
      let schedule = LevelSchedule(rawValue: String(values["schedule"] ?? "series")),
      let memory = MemoryKind(rawValue: String(values["memory"] ?? "automatic"))
    else { throw Self.expected }
    layer = String(parts[0])
    fold = LayerFold(units: units, lanes: lanes, schedule: schedule, memory: memory)
    if let popcount = values["popcount"] {
      guard let cycles = Int(popcount) else { throw Self.expected }
      fold.popcountCycles = cycles
    }
  }

  private static let expected = ValidationError(
    "a fold reads 'layer=units:16,lanes:49,schedule:series,memory:block,popcount:2'; schedule is series or "
      + "parallel, memory automatic, distributed or block, popcount 1 or 2 cycles")
}

/// A clock in MHz that a device could have.
func checkClock(_ clock: Double) throws {
  guard (0.001...10_000).contains(clock) else {
    throw Diagnostic(at: "--clock", "\(clock) MHz; a number from 0.001 to 10000 is expected")
  }
}

/// Images for a network, as it takes them.
///
/// - Throws: ``Diagnostic`` when their size is not the network's.
func checkedImages(
  _ images: LabelledImages, shape: Shape, bits: Int, path: String
) throws -> [UInt8] {
  // A vector takes images of any form.
  let hasForm =
    shape.isVector
    || (images.height, images.width, images.channels)
      == (shape.height, shape.width, shape.channels)
  guard images.imageSize == shape.count, hasForm else {
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
