// SPDX-License-Identifier: Apache-2.0

import Foundation
import ResBin
import TestSupport
import Testing

/// A design folder with images as they stand on `s_axis_tdata` and, from the golden model, results as they
/// stand on `m_axis_tdata`.
struct PackedDesign {
  let folder: URL
  let images: URL
  let results: URL
  /// The results with 1, 2 … levels in use, where they are chosen at run time.
  let fewer: [URL]
  /// What loads another model, and its results, where memories can be written.
  let reload: [URL]

  /// The most beats that each queue holds while so many images are sent without a pause.
  let marks: (_ images: Int) -> [Int]

  /// Writes all of it into `root`.
  ///
  /// - Parameter other: another model of the same shape, for a reloadable design.
  init(
    _ pipeline: Pipeline, images pixels: [UInt8], other: IntegerGraph? = nil, in root: URL
  ) throws {
    marks = { pipeline.queues(images: $0).map(\.highWater) }
    folder = root.appending(path: "design")
    images = root.appending(path: "images.bin")
    results = root.appending(path: "results.bin")
    let design = try pipeline.verilog().packaged()
    try design.write(to: folder)
    let manifest = design.manifest
    let accelerator = try #require(manifest.accelerator)
    let graph = pipeline.folding.graph
    let size = graph.nodes[0].shape.count
    let starts = Array(stride(from: 0, to: pixels.count, by: size))
    let input = starts.map { start in
      let image = pixels[start..<start + size].map { Int($0) }
      return Self.packed(image, manifest.input.lanes, accelerator.input)
    }
    try Data(input.joined()).write(to: images)
    fewer = (1..<graph.modes).map { root.appending(path: "results-\($0).bin") }
    reload =
      other == nil ? [] : ["parameters.rbp", "reloaded.bin"].map { root.appending(path: $0) }
    var expected = (fewer + [results]).enumerated().map { (graph.inMode($0), $1) }
    if let other {
      let image = try ParameterImage(of: pipeline.loading(other), into: manifest)
      try image.data.write(to: reload[0])
      expected.append((other.inMode(other.modes - 1), reload[1]))
    }
    for (graph, file) in expected {
      let golden = GoldenExecutor(graph)
      let output = starts.map { start in
        let values = golden.trace(pixels[start..<start + size])[graph.output]
        return Self.packed(values, manifest.output.lanes, accelerator.output)
      }
      try Data(output.joined()).write(to: file)
    }
  }

  /// What the scripts want to know.
  var arguments: [String] {
    [folder.path, "--images", images.path, "--expected", results.path]
      + (fewer.isEmpty ? [] : ["--fewer"] + fewer.map(\.path))
      + (reload.isEmpty ? [] : ["--reload"] + reload.map(\.path))
  }

  /// Beat after beat, value 0 in the low bits, whole bytes: written from the words of the reference, bit by
  /// bit, without the product's own packing.
  private static func packed(
    _ values: [Int], _ lanes: Int, _ packing: Manifest.Packing
  ) -> Data {
    var data = Data()
    for beat in stride(from: 0, to: values.count, by: lanes) {
      var bytes = [UInt8](repeating: 0, count: packing.bytesPerBeat)
      for lane in 0..<lanes {
        for bit in 0..<packing.containerBits where values[beat + lane] >> bit & 1 == 1 {
          let position = lane * packing.containerBits + bit
          bytes[position / 8] |= 1 << UInt8(position % 8)
        }
      }
      data += bytes
    }
    return data
  }

  /// A shipped MNIST network at its default fold, with the first of the shipped images.
  static func mnist(levels: Int, count: Int, in root: URL) throws -> PackedDesign {
    let images = try LabelledImages(
      contentsOf: TestData.models.appending(path: "mnist-test-500-images.idx3-ubyte"))
    return try PackedDesign(
      "mnist-256x3-m\(levels).onnx", target: .cycles(1024), images.prefix(count), in: root)
  }

  /// The shipped MNIST network whose levels are chosen at run time.
  ///
  /// - Parameter isReloadable: Whether the network that was trained for three levels can be loaded.
  static func joint(
    count: Int, isReloadable: Bool = false, in root: URL
  ) throws -> PackedDesign {
    let images = try LabelledImages(
      contentsOf: TestData.models.appending(path: "mnist-test-500-images.idx3-ubyte")
    ).prefix(count)
    let model = TestData.models.appending(path: "mnist-256x3-joint.onnx")
    let graph = try IntegerGraph.choosingLevels(
      among: ONNXModel(contentsOf: model).networksByLevels())
    let pipeline = try Pipeline(
      graph.folded(to: .cycles(1024), headroom: isReloadable ? Headroom(for: graph) : nil))
    let trained = try TrainedNetwork(onnx: TestData.models.appending(path: "mnist-256x3-m3.onnx"))
    let other = try trained.network.lowered(
      with: trained.parameters, options: LoweringOptions(keepsWeights: true))
    return try PackedDesign(
      pipeline, images: images.quantized(toBits: pipeline.input.bitsPerLane),
      other: isReloadable ? other.droppingLevels() : nil, in: root)
  }

  /// Levels chosen at run time, and pools and strides that leave rows and columns over: results leave while
  /// pixels arrive and are computed in which no result has a part. Other random parameters can be loaded.
  static func leftOver(count: Int, in root: URL) throws -> PackedDesign {
    let network = Network("left over", input: .image(10, 9, channels: 1, bits: 8)) {
      Conv(4, kernel: 3, name: "conv1")
      ResidualSign(levels: 2)
      Conv(4, kernel: 3, name: "conv2")
      MaxPool(2, stride: 2)
      ResidualSign(levels: 2)
      Conv(4, kernel: 2, stride: 2, name: "conv3")
      ResidualSign(levels: 2)
      Flatten()
      Dense(4, name: "fc")
    }
    var random = SeededRandom(seed: 5)
    let images = (0..<100).flatMap { _ in RandomNetwork.image(for: network, using: &random) }
    let graphs = try (0..<2).map { _ in
      try network.lowered(
        with: network.randomParameters(using: &random), options: LoweringOptions(keepsWeights: true)
      ).calibrated(on: images)
    }
    let folding = try graphs[0].folded(to: .cycles(2000), headroom: Headroom(for: graphs[0]))
    return try PackedDesign(
      Pipeline(folding), images: Array(images.prefix(count * 90)), other: graphs[1], in: root)
  }

  /// The shipped CNV, fast enough to have queues, with the first of the shipped pictures.
  static func cnv(count: Int, in root: URL) throws -> PackedDesign {
    let images = try LabelledImages(
      contentsOf: TestData.models.appending(path: "cifar10-test-100-images.bin"))
    return try PackedDesign(
      "cifar10-cnv-m1.onnx", target: .imagesPerSecond(24_000, clock: 200e6),
      images.prefix(count), in: root)
  }

  /// CNV an eighth as wide, two levels, random weights, taking whole windows: queues of many beats.
  static func wholeWindows(count: Int, in root: URL) throws -> PackedDesign {
    var random = SeededRandom(seed: 21)
    let trained = try CNV.random(levels: 2, divisor: 8, using: &random)
    let graph = try trained.network.lowered(with: trained.parameters)
    let pipeline = try Pipeline(graph.folded(to: .imagesPerSecond(100_000, clock: 200e6)))
    let images = (0..<count).flatMap { _ in
      RandomNetwork.image(for: trained.network, using: &random)
    }
    return try PackedDesign(pipeline, images: images, in: root)
  }

  private init(
    _ model: String, target: FoldTarget, _ images: LabelledImages, in root: URL
  ) throws {
    let trained = try TrainedNetwork(onnx: TestData.models.appending(path: model))
    let graph = try trained.network.lowered(with: trained.parameters)
    let pipeline = try Pipeline(graph.folded(to: target))
    try self.init(
      pipeline, images: images.quantized(toBits: pipeline.input.bitsPerLane), in: root)
  }
}
