// SPDX-License-Identifier: Apache-2.0

/// The keys that each command's `--json` prints; Docs/reference/json.md says what they mean.
struct JSONKeys {
  /// The command.
  let command: String
  /// Keys that are always there.
  let always: Set<String>
  /// Keys that are there when they have a value.
  var sometimes: Set<String> = []

  static let inspect = JSONKeys(
    command: "inspect",
    always: [
      "network", "inputShape", "inputBits", "weightBits", "flippedChannels", "constantChannels",
      "remarks", "layers", "layers[].name", "layers[].kind", "layers[].output", "layers[].shape",
    ],
    sometimes: [
      "layers[].levels", "layers[].gammas", "layers[].integerGammas", "layers[].gammaBound",
      "layers[].weightBits",
    ])

  static let evaluate = JSONKeys(
    command: "evaluate",
    always: [
      "network", "images", "correct", "accuracy", "predictions", "seconds", "imagesPerSecond",
      "quantization", "quantization.codes", "quantization.differingCodes",
      "quantization.differingPredictions", "quantization.unquantizedAccuracy",
      "quantization.layers",
    ],
    sometimes: [
      "quantization.layers[].layer", "quantization.layers[].gammas",
      "quantization.layers[].weights", "quantization.layers[].step",
      "quantization.layers[].bound", "quantization.scores", "quantization.scores.layer",
      "quantization.scores.step", "quantization.scores.bound",
    ])

  static let generate = JSONKeys(
    command: "generate",
    always: [
      "folder", "clock", "imagesPerSecond", "latencyMicroseconds", "manifest", "manifest.format",
      "manifest.network", "manifest.top", "manifest.hash", "manifest.files", "manifest.input",
      "manifest.input.name", "manifest.input.lanes", "manifest.input.bitsPerLane",
      "manifest.input.beats", "manifest.input.shape", "manifest.output", "manifest.output.name",
      "manifest.output.lanes", "manifest.output.bitsPerLane", "manifest.output.beats",
      "manifest.output.shape", "manifest.timing", "manifest.timing.latency",
      "manifest.timing.interval", "manifest.folds", "manifest.folds.units",
      "manifest.folds.lanes", "manifest.folds.schedule", "manifest.folds.memory", "manifest.stages",
      "manifest.stages[].name", "manifest.stages[].layer", "manifest.stages[].module",
      "manifest.stages[].parameters", "manifest.stages[].outputLanes",
      "manifest.stages[].outputBitsPerLane", "manifest.stages[].cycles",
      "manifest.logicDelay", "manifest.longestPath", "manifest.longestPath.levels",
      "manifest.longestPath.nanoseconds", "manifest.stages[].longestPath",
      "manifest.stages[].longestPath.levels", "manifest.stages[].longestPath.nanoseconds",
      "manifest.estimate", "manifest.estimate.luts", "manifest.estimate.flipFlops",
      "manifest.estimate.ramb18s", "manifest.estimate.dsps", "manifest.stages[].estimate",
      "manifest.stages[].estimate.luts", "manifest.stages[].estimate.flipFlops",
      "manifest.stages[].estimate.ramb18s", "manifest.stages[].estimate.dsps", "bottleneck",
      "bottleneck.layer", "bottleneck.cycles", "manifest.accelerator",
      "manifest.accelerator.module", "manifest.accelerator.hash", "manifest.accelerator.levels",
      "manifest.accelerator.input", "manifest.accelerator.input.bytesPerBeat",
      "manifest.accelerator.input.containerBits", "manifest.accelerator.input.isSigned",
      "manifest.accelerator.output", "manifest.accelerator.output.bytesPerBeat",
      "manifest.accelerator.output.containerBits", "manifest.accelerator.output.isSigned",
    ],
    sometimes: [
      "manifest.accelerator.loadWords", "manifest.modes", "manifest.modes[].levels",
      "manifest.modes[].scoreStep",
      "manifest.modes[].timing", "manifest.modes[].timing.latency",
      "manifest.modes[].timing.interval", "manifest.modes[].highWater",
      "manifest.scoreStep", "bottleneck.fewestCycles", "manifest.stages[].highWater",
      "manifest.stages[].inputs",
    ])

  static let explore = JSONKeys(
    command: "explore",
    always: [
      "network", "device", "clock", "curves", "curves[].points", "curves[].points[].cycles",
      "curves[].points[].imagesPerSecond", "curves[].points[].estimate",
      "curves[].points[].estimate.luts", "curves[].points[].estimate.flipFlops",
      "curves[].points[].estimate.ramb18s", "curves[].points[].estimate.dsps",
      "curves[].points[].folds", "curves[].points[].folds.units",
      "curves[].points[].folds.lanes", "curves[].points[].folds.schedule",
      "curves[].points[].folds.memory", "curves[].points[].bottleneck",
    ],
    sometimes: ["curves[].levels"])

  static let simulate = JSONKeys(
    command: "simulate",
    always: [
      "network", "passed", "status", "images", "agreeing", "comparedValues", "stalls", "seed",
      "predictions", "predictedLatency", "predictedInterval", "clock", "imagesPerSecond", "seconds",
      "queues", "predictedQueues",
    ],
    sometimes: [
      "queues[].stage", "queues[].depth", "queues[].highWater", "predictedQueues[].stage",
      "predictedQueues[].depth", "predictedQueues[].highWater", "correct", "latency", "interval",
      "levels", "reloaded",
      "mismatch", "mismatch.image", "mismatch.layer",
      "mismatch.stage", "mismatch.row", "mismatch.column", "mismatch.channel", "mismatch.level",
      "mismatch.expected", "mismatch.got",
    ])

  static let calibrate = JSONKeys(
    command: "calibrate",
    always: [
      "network", "calibrationImages", "images", "modes", "modes[].levels", "modes[].correct",
      "modes[].accuracy", "file", "seconds",
    ],
    sometimes: ["modes[].droppedAccuracy"])

  static let reload = JSONKeys(
    command: "reload", always: ["model", "design", "words", "checksum", "file"],
    sometimes: ["scoreStep"])

  static let all = [inspect, evaluate, explore, calibrate, generate, simulate, reload]

  /// What is wrong with the keys of a command's output.
  func problems(with keys: Set<String>) -> [String] {
    always.subtracting(keys).sorted().map { "'\($0)' is missing" }
      + keys.subtracting(always).subtracting(sometimes).sorted().map { "'\($0)' is not listed" }
  }
}
