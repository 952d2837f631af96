// SPDX-License-Identifier: Apache-2.0

import Foundation
import ResBin
import TestSupport
import Testing

/// Random convolutional ONNX networks: what onnxruntime makes of them, the golden model must make
/// of them too, number by number.
@Suite(
  .tags(.endToEnd),
  .enabled(
    if: TestData.python != nil,
    "needs the Python tools of Training/pyproject.toml in .venv: run Scripts/setup test"))
struct RandomONNXTests {
  /// A network's images and what onnxruntime makes of them.
  private struct Reference: Decodable {
    enum Output: String, Decodable {
      case scores, `class`, codes
    }
    var output: Output
    var images: [[UInt8]]
    var outputs: [[Double]]
  }

  @Test(arguments: 0..<(TestData.isExhaustive ? 10 : 1))
  func outputsEqualOnnxruntime(seed: Int) throws {
    let count = 60
    try TestData.withTemporaryFolder { folder in
      let references = try onnxruntime(count: count, seed: seed, in: folder)
      #expect(references.count == count)
      for (number, reference) in references.enumerated() {
        let trained = try TrainedNetwork(onnx: folder.appending(path: "\(number).onnx"))
        let graph = try trained.network.lowered(
          with: trained.parameters, options: LoweringOptions(gammaBits: 12, scoreBits: 32))
        #expect(graph.lowering.codes.allSatisfy { $0.bound == 0 })
        let golden = GoldenExecutor(graph)
        for (image, expected) in zip(reference.images, reference.outputs) {
          let (values, bound) = numbers(golden.outputs(image), reference.output, graph)
          let isEqual =
            values.count == expected.count
            && zip(values, expected).allSatisfy { abs($0 - $1) <= bound }
          #expect(isEqual, "seed \(seed), network \(number): \(values), not \(expected)")
        }
      }
    }
  }

  /// A fault in one weight shows in some network's numbers: the comparison can fail.
  @Test func aTurnedWeightIsSeen() throws {
    try TestData.withTemporaryFolder { folder in
      let references = try onnxruntime(count: 10, seed: 99, in: folder)
      var differing = 0
      for (number, reference) in references.enumerated() where reference.output == .scores {
        var trained = try TrainedNetwork(onnx: folder.appending(path: "\(number).onnx"))
        for name in trained.parameters.tensors.keys where name.hasSuffix(".weight") {
          trained.parameters[name]?.values[0] *= -1
        }
        let graph = try trained.network.lowered(
          with: trained.parameters, options: LoweringOptions(gammaBits: 12, scoreBits: 32))
        for (image, expected) in zip(reference.images, reference.outputs) {
          let (values, bound) = numbers(GoldenExecutor(graph).outputs(image), .scores, graph)
          if zip(values, expected).contains(where: { abs($0 - $1) > bound }) { differing += 1 }
        }
      }
      #expect(differing > 0)
    }
  }

  /// The integers that leave the network as the source's numbers, and how far they may be from them.
  private func numbers(
    _ output: [Int], _ kind: Reference.Output, _ graph: IntegerGraph
  ) -> (values: [Double], bound: Double) {
    switch kind {
    case .class:
      return (output.map { Double($0) }, 0)
    case .scores:
      // float32 rounds a mean over a number of values that is no power of two.
      let scores = graph.lowering.scores
      return (output.map { Double($0) * (scores?.step ?? 1) }, (scores?.bound ?? 0) + 0x1p-13)
    case .codes:
      let gammas = graph.lowering.codes.last?.gammas ?? []
      let values = output.map { code in
        gammas.reversed().enumerated().reduce(0) { sum, level in
          code >> level.offset & 1 == 1 ? sum + level.element : sum - level.element
        }
      }
      return (values, 0)
    }
  }

  private func onnxruntime(count: Int, seed: Int, in folder: URL) throws -> [Reference] {
    let python = ExternalTool(url: try #require(TestData.python))
    let result = try python.run(
      [
        "-m", "resbin_training.random_networks", folder.path, "--count", "\(count)", "--seed",
        "\(seed)",
      ], in: folder,
      environment: ["PYTHONPATH": TestData.repository.appending(path: "Training").path])
    #expect(result.status == 0, Comment(rawValue: result.error))
    return try JSONDecoder().decode(
      [Reference].self, from: Data(contentsOf: folder.appending(path: "networks.json")))
  }
}
