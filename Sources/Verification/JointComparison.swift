// SPDX-License-Identifier: Apache-2.0

import Cores
import GoldenModel
import IntegerNetwork
import Pipelines
import Simulation

/// Compares recorded streams with golden values, image after image.
struct JointComparison {
  let pipeline: Pipeline
  /// The mode that the run was in.
  let mode: Int
  let joints: [Int]
  /// The streams that are recorded, in the order of the records.
  let taps: [Stage.Source]
  let images: Int
  private var agreeing = 0
  private var comparedValues = 0
  private var mismatch: Mismatch?

  init(pipeline: Pipeline, mode: Int, joints: [Int], taps: [Stage.Source], images: Int) {
    self.pipeline = pipeline
    self.mode = mode
    self.joints = joints
    self.taps = taps
    self.images = images
  }

  /// Compares image `image` at every joint.
  mutating func compare(
    _ values: [[Int]], with simulated: SimulationResult, image: Int
  ) {
    guard let output = simulated.outputs.first else { return }
    var agrees = true
    for joint in joints {
      let stage = pipeline.stages[joint]
      guard let carries = stage.carries else { continue }
      let record = taps.firstIndex(of: .stage(joint)).map { simulated.taps[$0] } ?? output
      comparedValues += values[carries.node].count
      let difference = firstDifference(
        values[carries.node], carries, stage: stage, record: record, image: image)
      if let difference {
        agrees = false
        if mismatch == nil { mismatch = difference }
      }
    }
    if agrees { agreeing += 1 }
  }

  /// What the run has shown.
  func result(of simulated: SimulationResult) -> VerificationResult {
    let outputs = outputs(of: simulated)
    return VerificationResult(
      status: simulated.status, images: images, agreeing: agreeing,
      comparedValues: comparedValues, mismatch: mismatch, outputs: outputs,
      predictions: outputs.map(pipeline.folding.graph.prediction),
      starts: firsts(simulated.inputCycles.first ?? []),
      completions: completions(of: simulated), queues: queues(of: simulated))
  }

  /// How full each queue was, from the cycles of the beats on both sides.
  private func queues(of simulated: SimulationResult) -> [QueueFill] {
    func cycles(of source: Stage.Source) -> [Int] {
      guard source != .outside else { return simulated.inputCycles.first ?? [] }
      let record = taps.firstIndex(of: source).map { simulated.taps[$0] }
      return (record ?? simulated.outputs.first)?.cycles ?? []
    }
    return pipeline.queueStages.map { queue in
      let outputs = cycles(of: .stage(queue))
      var left = 0
      var highWater = 0
      for (entered, cycle) in cycles(of: pipeline.stages[queue].sources[0]).enumerated() {
        while left < outputs.count, outputs[left] <= cycle { left += 1 }
        highWater = max(highWater, entered + 1 - left)
      }
      return QueueFill(of: pipeline.stages[queue], highWater: highWater)
    }
  }

  private func firstDifference(
    _ values: [Int], _ carries: CarriedValues, stage: Stage, record: StreamRecord, image: Int
  ) -> Mismatch? {
    let port = stage.output
    let shape = pipeline.folding.graph.nodes[carries.node].shape
    let beats = values.count / port.lanes
    for index in values.indices {
      let channel = index % shape.channels
      let pixel = index / shape.channels
      let beat = image * beats + index / port.lanes
      let expected = Int(
        truncatingIfNeeded: carries.lane(
          values[index], channel: channel, bits: port.bitsPerLane, mode: mode))
      let isLast = index / port.lanes == beats - 1
      let got = beat < record.beats.count ? record.lane(index % port.lanes, ofBeat: beat) : nil
      let hasRightLast = got == nil || record.beats.last[beat] == isLast
      if got == expected && hasRightLast { continue }
      return Mismatch(
        image: image, layer: pipeline.folding.graph.nodes[carries.node].name, stage: stage.name,
        row: pixel / shape.width, column: pixel % shape.width, channel: channel,
        level: level(of: expected, got, carries.node), expected: expected, got: got)
    }
    return nil
  }

  /// The first level whose bits differ.
  private func level(of expected: Int, _ got: Int?, _ node: Int) -> Int? {
    guard let got, got != expected, let code = pipeline.folding.graph.code(of: node) else {
      return nil
    }
    let difference = UInt(bitPattern: expected ^ got)
    return code.levels - (UInt.bitWidth - 1 - difference.leadingZeroBitCount)
  }

  private func outputs(of simulated: SimulationResult) -> [[Int]] {
    guard let record = simulated.outputs.first else { return [] }
    let beats = pipeline.outputBeats
    return (0..<min(images, record.beats.count / beats)).map { image in
      (image * beats..<(image + 1) * beats).flatMap { beat in
        (0..<record.beats.port.lanes).map { lane in
          pipeline.outputKind == .scores
            ? record.beats.signedLane(lane, ofBeat: beat) : record.lane(lane, ofBeat: beat)
        }
      }
    }
  }

  private func completions(of simulated: SimulationResult) -> [Int] {
    guard let record = simulated.outputs.first else { return [] }
    let beats = pipeline.outputBeats
    return stride(from: beats - 1, to: record.cycles.count, by: beats).map { record.cycles[$0] }
  }

  private func firsts(_ cycles: [Int]) -> [Int] {
    stride(from: 0, to: cycles.count, by: pipeline.inputBeats).map { cycles[$0] }
  }
}
