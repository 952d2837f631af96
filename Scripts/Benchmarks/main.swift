// SPDX-License-Identifier: Apache-2.0
//
// What Scripts/benchmark measures of the golden model:
//
//   Benchmarks cnv IMAGES           CNV with random weights on so many random images, on all processors
//   Benchmarks convolution FOLDER   a convolution on one processor, with the input and weights in FOLDER

import Foundation
import GoldenModel
import IntegerNetwork
import Modeling

/// Seconds of processor time that `body` takes, on a clock of the thread or of the process.
func processorSeconds(_ clock: clockid_t = CLOCK_THREAD_CPUTIME_ID, of body: () -> Void) -> Double {
  func now() -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
  let start = now()
  body()
  return now() - start
}

/// Images a second of CNV with codes of 1, 2 and 3 levels.
func measureCNV(images count: Int) throws {
  var random = SystemRandomNumberGenerator()
  let images: [UInt8] = (0..<count * 32 * 32 * 3 / 8).flatMap { _ in
    withUnsafeBytes(of: random.next()) { Array($0) }
  }
  for levels in 1...3 {
    let golden = GoldenExecutor(try randomCNV(levels: levels))
    var classes: [Int] = []
    var time = 0.0
    let busy = processorSeconds(CLOCK_PROCESS_CPUTIME_ID) {
      time = ContinuousClock().measure { classes = golden.predictions(images) } / .seconds(1)
    }
    print(
      "cnv, M = \(levels): \(classes.count) images, \(Int(Double(count) / time)) images/s,",
      "\(Int(1e6 * busy / Double(count))) µs of processor time an image")
  }
}

/// Median processor time of a binary 3×3 convolution with a border of 1, 256 channels and 256 filters on
/// 14×14 pixels, as JSON: of codes that are packed, and of real numbers whose signs are codes.
///
/// `input.f32` in the folder holds [row][column][channel], `weights.f32` [filter][channel][row]
/// [column], all ±1; `sums.i32` is written like the input.
func measureConvolution(in folder: URL) throws {
  func floats(_ name: String) throws -> [Float] {
    let data = try Data(contentsOf: folder.appending(path: name))
    return data.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
  }
  let input = try floats("input.f32")
  let signs = try floats("weights.f32")
  var image = Input.image(14, 14, channels: 256, bits: 1)
  (image.scale, image.offset) = (2, -1)
  let network = Network("convolution", input: image) {
    Conv(256, padding: .all(1), name: "conv")
  }
  let weight = Tensor(shape: [256, 256, 3, 3], values: signs.map(Double.init))
  let graph = try network.lowered(with: Parameters(["conv.weight": weight]))
  let workspace = Workspace(graph)
  var bytes = Array(repeating: UInt8(0), count: input.count)
  let repeats = 200
  var (packed, whole): ([Double], [Double]) = ([], [])
  for _ in 0..<repeats {
    whole.append(
      processorSeconds {
        for index in input.indices { bytes[index] = input[index] >= 0 ? 1 : 0 }
        bytes.withUnsafeBufferPointer { workspace.load($0) }
        workspace.compute(1)
      })
    packed.append(processorSeconds { workspace.compute(1) })
  }
  let sums = workspace.values(of: 1).map(Int32.init)
  try sums.withUnsafeBytes { try Data($0).write(to: folder.appending(path: "sums.i32")) }
  print(
    #"{"packed": \#(packed.sorted()[repeats / 2]), "floats": \#(whole.sorted()[repeats / 2])}"#)
}

switch CommandLine.arguments.dropFirst() {
case let arguments where arguments.first == "cnv":
  try measureCNV(images: arguments.last.flatMap(Int.init) ?? 10_000)
case let arguments where arguments.first == "convolution" && arguments.count == 2:
  try measureConvolution(in: URL(filePath: arguments.last ?? ""))
default:
  print("usage: Benchmarks cnv IMAGES | convolution FOLDER")
}
