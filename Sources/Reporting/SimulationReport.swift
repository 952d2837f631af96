// SPDX-License-Identifier: Apache-2.0

import Pipelines
import Verification
import VerilogEmission

/// What the Verilog did: `resbin simulate`.
public struct SimulationReport: Codable, Equatable, Sendable {
  /// The name of the network that the design was generated from.
  public var network: String
  /// The model that was loaded into its memories, as it was given.
  public var reloaded: String?
  /// True when everything that was checked is right.
  public var passed: Bool
  /// How the simulation ended.
  public var status: String
  /// Images sent.
  public var images: Int
  /// Images of which every value at every joint equals the golden model's.
  public var agreeing: Int
  /// Values that were compared.
  public var comparedValues: Int
  /// The first difference.
  public var mismatch: Mismatch?
  /// The levels in use, in a design in which they are chosen at run time.
  public var levels: Int?
  /// The stall pattern.
  public var stalls: String
  /// The seed of the stalls.
  public var seed: UInt64
  /// Classes that the Verilog gave, one an image that came out.
  public var predictions: [Int]
  /// Predictions that are their label; absent without labels.
  public var correct: Int?
  /// Measured cycles, without stalls only.
  public var latency: Int?
  public var interval: Int?
  /// Predicted cycles.
  public var predictedLatency: Int
  public var predictedInterval: Int
  /// How full the queues were at most; empty in designs without queues.
  public var queues: [QueueFill]
  /// The same as predicted without stalls, for many images.
  public var predictedQueues: [QueueFill]
  /// The clock for figures in seconds, in hertz.
  public var clock: Double
  /// clock / interval.
  public var imagesPerSecond: Double
  /// Wall-clock seconds of the simulation.
  public var seconds: Double

  public init(
    _ result: VerificationResult, manifest: Manifest, reloaded: String? = nil,
    levels: Int? = nil, stalls: String, seed: UInt64, labels: [UInt8], clock: Double,
    seconds: Double
  ) {
    network = manifest.network
    self.reloaded = reloaded
    status = result.status.description
    images = result.images
    agreeing = result.agreeing
    comparedValues = result.comparedValues
    mismatch = result.mismatch
    // The last mode is that of the manifest itself.
    let mode = manifest.modes.flatMap { modes in modes.first { $0.levels == levels } }
    self.levels = manifest.modes.map { levels ?? $0.count + 1 }
    self.stalls = stalls
    self.seed = seed
    // Codes that leave the network are no classes.
    let hasClasses = manifest.scoreStep != nil
    predictions = hasClasses ? result.predictions : []
    correct =
      labels.isEmpty || !hasClasses ? nil : zip(predictions, labels).count { $0 == Int($1) }
    let isUnstalled = stalls == "none"
    latency = isUnstalled ? result.latency : nil
    interval = isUnstalled ? result.interval : nil
    let timing = mode?.timing ?? manifest.timing
    predictedLatency = timing.latency
    predictedInterval = timing.interval
    queues = result.queues
    predictedQueues = result.queues.enumerated().map { index, queue in
      var predicted = queue
      let entry = manifest.stages.first { $0.name == queue.stage }
      let inMode = mode.map { $0.highWater.dropFirst(index).first ?? queue.depth }
      predicted.highWater = inMode ?? entry?.highWater ?? queue.depth
      return predicted
    }
    self.clock = clock
    imagesPerSecond = clock / Double(interval ?? timing.interval)
    self.seconds = seconds
    let hasRightCycles =
      (latency ?? predictedLatency) == predictedLatency
      && (result.images < 8 || (interval ?? predictedInterval) == predictedInterval)
    // Few images may not fill a queue as far as many do.
    let hasRoom = zip(queues, predictedQueues).allSatisfy { queue, predicted in
      queue.highWater <= (isUnstalled ? predicted.highWater : queue.depth)
    }
    passed = result.passed && hasRightCycles && hasRoom
  }

  /// For the terminal.
  public var text: String {
    var lines = [
      "\(network): \(agreeing) of \(images) images agree with the golden model at every joint "
        + "(\(comparedValues.grouped) values, stalls \(stalls), seed \(seed))"
    ]
    if let reloaded { lines.append("loaded: \(reloaded)") }
    if let levels { lines.append("levels in use: \(levels)") }
    if status != "finished" { lines.append("simulation: \(status)") }
    // After a run that stopped, a value that never came is no news.
    if let mismatch, status == "finished" || mismatch.got != nil {
      lines.append("first mismatch: \(mismatch)")
    }
    if let correct, predictions.count == images {
      lines.append(
        "accuracy of the Verilog: \(correct) of \(images), "
          + "\((100 * Double(correct) / Double(max(1, images))).fixed(2)) %")
    }
    if correct == nil, !predictions.isEmpty {
      // Pictures without labels: what they are.
      let classes = predictions.prefix(10).map(String.init).joined(separator: " ")
      lines.append(
        "class\(predictions.count == 1 ? "" : "es") by the Verilog: \(classes)"
          + (predictions.count > 10 ? " …" : ""))
    }
    if let latency {
      lines.append(
        "latency \(latency.grouped) cycles (predicted \(predictedLatency.grouped)), interval "
          + "\(interval.map(\.grouped) ?? "-") (predicted \(predictedInterval.grouped)): "
          + "\(imagesPerSecond.grouped) images/s at \((clock / 1e6).fixed(0)) MHz")
    }
    for (queue, predicted) in zip(queues, predictedQueues) {
      let note = latency == nil ? "" : " (predicted \(predicted.highWater.grouped))"
      lines.append(
        "queue \(queue.stage): \(queue.highWater.grouped) of \(queue.depth.grouped) beats at most"
          + note)
    }
    let rate = Double(images) / max(seconds, 1e-9)
    lines.append("simulated in \(seconds.fixed(2)) s, \(rate.fixed(1)) images/s")
    lines.append(passed ? "passed" : "FAILED")
    return lines.joined(separator: "\n")
  }
}
