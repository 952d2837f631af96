// SPDX-License-Identifier: Apache-2.0

import Cores
import Diagnostics
import Foundation
import GoldenModel
import Pipelines
import Simulation
import VerilogEmission

/// Runs the Verilog of a design on images and compares every joint of the network, bit for bit,
/// with the golden model.
public struct DesignVerifier: Sendable {
  /// What the Verilog should compute.
  public let pipeline: Pipeline
  private let simulator: Simulator
  private let loads: Bool
  /// The golden model in each mode of the network.
  private let goldens: [GoldenExecutor]
  /// The stages whose outputs are compared; the last is the design's output.
  private let joints: [Int]
  /// The streams that are recorded: those that are compared, and both sides of each queue.
  private let taps: [Stage.Source]

  /// Builds the Verilator model of `design`, or finds it in the cache.
  ///
  /// - Parameters:
  ///   - design: the files, changed by hand or not.
  ///   - pipeline: what they were generated from.
  ///   - loads: whether the memories are first loaded with what `pipeline` has in them: where that is
  ///     another model of the same shape, see ``Folding/FoldedNetwork/loading(_:)``.
  ///   - trace: whether runs can write waveforms.
  /// - Throws: ``Diagnostic`` without Verilator, or when it rejects the design.
  public init(
    _ design: Design, pipeline: Pipeline, loads: Bool = false, trace: Bool = false,
    optimization: SimulatedDesign.Optimization = .fast, cache: BuildCache = .standard
  ) throws {
    self.pipeline = pipeline
    self.loads = loads
    let graph = pipeline.folding.graph
    goldens = (0..<graph.modes).map { GoldenExecutor(graph.inMode($0)) }
    joints = pipeline.stages.indices.filter { pipeline.stages[$0].carries != nil }
    let besideQueues = pipeline.queueStages.flatMap {
      [.stage($0), pipeline.stages[$0].sources[0]]
    }
    let ends: [Stage.Source] = [.outside, .stage(pipeline.stages.count - 1)]
    var taps: [Stage.Source] = []
    for tap in joints.map({ .stage($0) }) + besideQueues
    where !ends.contains(tap) && !taps.contains(tap) { taps.append(tap) }
    self.taps = taps
    let modules = Set(pipeline.stages.map(\.core.moduleName))
    let files = design.files.filter { $0.path.hasPrefix("rtl/") }.map {
      DesignFile(String($0.path.dropFirst(4)), $0.text)
    }
    simulator = try Simulator.build(
      SimulatedDesign(
        topModule: design.manifest.top, sources: files + StreamProperties.files(for: modules),
        controls: graph.modes > 1 ? ["mode_i"] : [],
        hasLoadBus: pipeline.folding.headroom != nil, inputs: [pipeline.input],
        outputs: [pipeline.output],
        taps: taps.map(pipeline.stream),
        trace: trace, optimization: optimization),
      cache: cache)
  }

  /// Streams whole images through the Verilog and compares.
  ///
  /// - Parameters:
  ///   - images: image after image, as the golden model takes them.
  ///   - mode: which levels are in use, one fewer than their number; nil: all.
  ///   - progress: called with the number of images that have come out.
  /// - Returns: What was seen; a design that is wrong is a value, not an error.
  public func run(
    _ images: [UInt8], mode: Int? = nil, stalls: StallPattern = .none, seed: UInt64 = 1,
    trace: URL? = nil, progress: ((Int) -> Void)? = nil
  ) throws -> VerificationResult {
    let mode = mode ?? pipeline.folding.graph.modes - 1
    let golden = goldens[mode]
    let size = golden.inputCount
    let count = images.count / size
    var input = StreamBeats(pipeline.input, reservingCapacity: count * pipeline.inputBeats)
    for image in 0..<count {
      input.appendImage(images[image * size..<(image + 1) * size].map { Int($0) })
    }
    let timing = pipeline.timing(mode: mode)
    // Stalls of the testbench stretch a run; one that never ends is wrong.
    let limit = (timing.latency + (count + 1) * (timing.interval + pipeline.inputBeats)) * 64
    let simulated = try simulator.run(
      inputs: [input], expectedBeats: [count * pipeline.outputBeats],
      expectedTapBeats: taps.map { tap in
        joints.first { tap == .stage($0) }.map { count * beats(of: $0) } ?? 0
      },
      controls: goldens.count > 1 ? ["mode_i": mode] : [:],
      load: loads ? pipeline.loadImage : nil, stalls: stalls, seed: seed,
      maximumCycles: limit + 100_000, quietCycles: 100_000 + 64 * timing.interval, trace: trace,
      progress: progress)
    var comparison = JointComparison(
      pipeline: pipeline, mode: mode, joints: joints, taps: taps, images: count)
    for image in 0..<count {
      let values = golden.trace(images[image * size..<(image + 1) * size])
      comparison.compare(values, with: simulated, image: image)
    }
    return comparison.result(of: simulated)
  }

  /// Beats of an image on the output of a joint: values that nothing reads come too.
  private func beats(of joint: Int) -> Int {
    let stage = pipeline.stages[joint]
    return stage.carries.map {
      pipeline.folding.graph.nodes[$0.node].shape.count / stage.output.lanes
    } ?? 0
  }
}
