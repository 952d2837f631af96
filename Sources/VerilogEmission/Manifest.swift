// SPDX-License-Identifier: Apache-2.0

import Cores
import Diagnostics
import Folding
import Foundation
import Pipelines

/// What a design folder holds, for machines. Docs/reference/manifest.md describes each key.
public struct Manifest: Codable, Equatable, Sendable {
  /// The manifest's name in the folder.
  public static let fileName = "manifest.json"
  /// The version of this description.
  public static let currentFormat = 1

  /// The version of this description.
  public var format: Int
  /// The network's name.
  public var network: String
  /// The top module.
  public var top: String
  /// SHA-256 of all files but this one, in hexadecimal.
  public var hash: String
  /// The stream that enters.
  public var input: Stream
  /// The stream that leaves.
  public var output: Stream
  /// What a step of the output scores means in the source's numbers; absent for codes.
  public var scoreStep: Double?
  /// Predicted cycles; exact.
  public var timing: PipelineTiming
  /// What differs while fewer levels are in use, 1, 2 … in order; absent where the levels are fixed.
  public var modes: [Mode]?
  /// Linear layer → its fold.
  public var folds: [String: LayerFold]
  /// What the stages take together, estimated; absent in designs of versions without estimates.
  public var estimate: Resources?
  /// Nanoseconds of cells between registers that the cores are cut to, where they can be; absent in
  /// designs of versions that knew no choice.
  public var logicDelay: Double?
  /// The longest way between registers, of all stages, estimated; absent in designs of versions
  /// without estimates of it.
  public var longestPath: LogicPath?
  /// In stream order.
  public var stages: [StageEntry]
  /// The pipeline behind AXI; absent in designs of versions without it.
  public var accelerator: Accelerator?
  /// Paths of all files but this one.
  public var files: [String]

  /// The pipeline while fewer levels are in use than there are.
  public struct Mode: Codable, Equatable, Sendable {
    /// Levels in use.
    public var levels: Int
    /// What a step of the output scores means in the source's numbers; absent for codes.
    public var scoreStep: Double?
    /// Predicted cycles; exact.
    public var timing: PipelineTiming
    /// The most beats that each queue holds when nothing stalls, in the order of the stages; exact.
    public var highWater: [Int]
  }

  /// What software must know of the module that has AXI ports.
  public struct Accelerator: Codable, Equatable, Sendable {
    /// The module.
    public var module: String
    /// The first 128 bits of a SHA-256 over the files of the pipeline, in hexadecimal: in the registers too.
    public var hash: String
    /// The most residual levels of an activation.
    public var levels: Int
    /// 32-bit words of the memories, where they can be written at run time; absent where they cannot.
    public var loadWords: Int?
    /// Images on their way in memory.
    public var input: Packing
    /// Results on their way in memory.
    public var output: Packing

    /// The hash as the registers have it, HASH_0 first.
    public var hashWords: [UInt32] {
      stride(from: 0, to: 32, by: 8).map { start in
        UInt32(hash.dropFirst(start).prefix(8), radix: 16) ?? 0
      }
    }
  }

  /// How the values of a stream lie in the bytes of a beat. Value 0 is in the low bits; where
  /// containers are as wide as values, values stand side by side.
  public struct Packing: Codable, Equatable, Sendable {
    /// Bytes of a beat.
    public var bytesPerBeat: Int
    /// Bits that a value takes.
    public var containerBits: Int
    /// Whether values are in two's complement.
    public var isSigned: Bool
  }

  /// A stream at the outside.
  public struct Stream: Codable, Equatable, Sendable {
    /// The prefix of its ports.
    public var name: String
    /// Values in a beat; lane 0 in the low bits.
    public var lanes: Int
    /// Bits of a value.
    public var bitsPerLane: Int
    /// Beats of an image.
    public var beats: Int
    /// Height, width, channels of the values.
    public var shape: [Int]
  }

  /// One stage.
  public struct StageEntry: Codable, Equatable, Sendable {
    /// Its instance is `u_<name>`, its output nets `<name>_data` and so on.
    public var name: String
    /// The layer it works for.
    public var layer: String
    /// The module.
    public var module: String
    /// Integer parameters.
    public var parameters: [String: Int]
    /// The nets of the streams that enter; absent where it is that of the stage before alone.
    public var inputs: [String]?
    /// Lanes and bits of a lane of its output.
    public var outputLanes: Int
    /// Bits of a lane of its output.
    public var outputBitsPerLane: Int
    /// Cycles that it is busy with an image.
    public var cycles: Int
    /// What it takes, estimated; absent in designs of versions without estimates.
    public var estimate: Resources?
    /// Its longest way between registers, estimated; absent in designs of versions without such
    /// estimates.
    public var longestPath: LogicPath?
    /// The most beats that a queue holds when nothing stalls, exact; absent for other stages.
    public var highWater: Int?
  }
}

extension Pipeline {
  func manifest(
    top: String, accelerator: Manifest.Accelerator, files: [Design.File]
  ) -> Manifest {
    let graph = folding.graph
    let rhythm = rhythm()
    return Manifest(
      format: Manifest.currentFormat, network: graph.name, top: top,
      hash: Design.hash(of: files),
      input: stream(input, beats: inputBeats, node: 0),
      output: stream(output, beats: outputBeats, node: graph.output),
      scoreStep: graph.lowering.scores?.step, timing: rhythm.timing,
      modes: graph.fewerLevels?.enumerated().map { mode, fewer in
        let rhythm = self.rhythm(mode: mode)
        return Manifest.Mode(
          levels: fewer.levels, scoreStep: fewer.scores?.step, timing: rhythm.timing,
          highWater: rhythm.queues.map(\.highWater))
      },
      folds: folding.folds, estimate: resources, logicDelay: logicDelay, longestPath: longestPath,
      stages: stages.indices.map { index in
        entry(index, queue: rhythm.queues.first { $0.stage == stages[index].name })
      }, accelerator: accelerator, files: files.map(\.path))
  }

  private func stream(_ port: StreamPort, beats: Int, node: Int) -> Manifest.Stream {
    let shape = folding.graph.nodes[node].shape
    return Manifest.Stream(
      name: port.name, lanes: port.lanes, bitsPerLane: port.bitsPerLane, beats: beats,
      shape: [shape.height, shape.width, shape.channels])
  }

  private func entry(_ index: Int, queue: QueueFill?) -> Manifest.StageEntry {
    let stage = stages[index]
    let before: Stage.Source = index == 0 ? .outside : .stage(index - 1)
    var parameters: [String: Int] = [:]
    for parameter in stage.core.parameters {
      if case .integer(let value) = parameter.value { parameters[parameter.name] = value }
    }
    return Manifest.StageEntry(
      name: stage.name, layer: stage.layer, module: stage.core.moduleName,
      parameters: parameters,
      inputs: stage.sources == [before] ? nil : stage.sources.map { stream($0).name },
      outputLanes: stage.output.lanes,
      outputBitsPerLane: stage.output.bitsPerLane, cycles: stage.cycles,
      estimate: stage.core.resources, longestPath: stage.core.longestPath,
      highWater: queue?.highWater)
  }
}
