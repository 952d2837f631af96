// SPDX-License-Identifier: Apache-2.0

import Dispatch
import IntegerNetwork
import PopcountKernels

/// Executes an ``IntegerGraph``, bit-packed: the reference for every bit of the hardware.
///
/// Values are in the order of the streams: raster pixels, channel fastest. Codes are unsigned
/// integers whose most significant bit is level 1.
public struct GoldenExecutor: Sendable {
  /// What is executed.
  public var graph: IntegerGraph { plan.graph }
  private let plan: Plan

  public init(_ graph: IntegerGraph) {
    self.init(graph, instructions: resbin_best)
  }

  /// Instructions that the processor has not are replaced by plain code.
  init(_ graph: IntegerGraph, instructions: resbin_instructions) {
    plan = Plan(graph, instructions: instructions)
  }

  /// Values of one image.
  public var inputCount: Int { graph.nodes[0].shape.count }

  /// Values that leave the network for one image.
  public var outputCount: Int { graph.nodes[graph.output].shape.count }

  /// The values of every node for one image.
  ///
  /// - Parameter image: ``inputCount`` unsigned integers below 2^bits.
  public func trace(_ image: some Sequence<UInt8>) -> [[Int]] {
    let image = Array(image)
    precondition(image.count == inputCount, "an image has \(inputCount) values")
    let workspace = Workspace(plan)
    image.withUnsafeBufferPointer { workspace.run($0) }
    return graph.nodes.indices.map { workspace.values(of: $0) }
  }

  /// The values that leave the network, image after image, on all processors.
  ///
  /// - Parameter images: whole images one after the other.
  /// - Returns: ``outputCount`` values for each image.
  public func outputs(_ images: [UInt8]) -> [Int] {
    reduce(images, initial: Array(repeating: 0, count: outputCount)) { result, values in
      result = values(graph.output)
    }.flatMap { $0 }
  }

  /// The class of each image: the index that leaves the network, or that of its largest score.
  public func predictions(_ images: [UInt8]) -> [Int] {
    reduce(images, initial: 0) { result, values in
      result = graph.prediction(from: values(graph.output))
    }
  }

  /// A value for each image, computed from the values of its nodes, on all processors.
  ///
  /// - Parameter body: is given the values of a node, by the node's index.
  public func reduce<Result: Sendable>(
    _ images: [UInt8], initial: Result, _ body: @Sendable (inout Result, (Int) -> [Int]) -> Void
  ) -> [Result] {
    spread(images, initial: initial) {
      Workspace(plan)
    } body: { workspace, image, result in
      workspace.run(image)
      body(&result, workspace.values(of:))
    }
  }

  /// A value for each image, computed from the values of its nodes here and in another network that takes
  /// the same images, on all processors.
  ///
  /// - Parameter body: is given the values of a node here and of a node there, by their indices.
  func reduce<Result: Sendable>(
    _ images: [UInt8], beside other: GoldenExecutor, initial: Result,
    _ body: @Sendable (inout Result, (Int) -> [Int], (Int) -> [Int]) -> Void
  ) -> [Result] {
    precondition(inputCount == other.inputCount, "the other network takes other images")
    return spread(images, initial: initial) {
      (Workspace(plan), Workspace(other.plan))
    } body: { workspaces, image, result in
      workspaces.0.run(image)
      workspaces.1.run(image)
      body(&result, workspaces.0.values(of:), workspaces.1.values(of:))
    }
  }

  /// How many codes of each image differ from those of another lowering of this network, on all
  /// processors.
  ///
  /// - Parameter nodes: nodes that send codes of the same shape and levels in both.
  public func differingCodes(
    from other: GoldenExecutor, nodes: [Int], on images: [UInt8]
  ) -> [Int] {
    for node in nodes {
      precondition(
        graph.nodes[node].shape == other.graph.nodes[node].shape
          && graph.code(of: node)?.levels == other.graph.code(of: node)?.levels,
        "node \(node) sends other codes in the other graph")
    }
    return spread(images, initial: 0) {
      (Workspace(plan), Workspace(other.plan))
    } body: { workspaces, image, result in
      workspaces.0.run(image)
      workspaces.1.run(image)
      result = workspaces.0.differingCodes(from: workspaces.1, nodes: nodes)
    }
  }

  /// A value for each image, on all processors; a chunk of images shares a workspace.
  private func spread<Result: Sendable, Memory>(
    _ images: [UInt8], initial: Result, workspace: @Sendable () -> Memory,
    body: @Sendable (Memory, UnsafeBufferPointer<UInt8>, inout Result) -> Void
  ) -> [Result] {
    let size = inputCount
    let count = images.count / size
    var results = Array(repeating: initial, count: count)
    // More chunks than processors, so that a slow one does not hold up the end.
    let chunk = max(1, min(64, count / 8))
    results.withUnsafeMutableBufferPointer { results in
      images.withUnsafeBufferPointer { images in
        // Chunks write disjoint parts.
        nonisolated(unsafe) let (results, images) = (results, images)
        DispatchQueue.concurrentPerform(iterations: (count + chunk - 1) / chunk) { index in
          let memory = workspace()
          for image in index * chunk..<min(count, (index + 1) * chunk) {
            let bytes = UnsafeBufferPointer(rebasing: images[image * size..<(image + 1) * size])
            body(memory, bytes, &results[image])
          }
        }
      }
    }
    return results
  }
}

extension IntegerGraph {
  /// The class that the values which leave the network stand for: an index, or that of the largest
  /// score.
  package func prediction(from output: [Int]) -> Int {
    if case .argMax = nodes[self.output].operation { return output[0] }
    return argMax(output)
  }
}

/// The index of the largest value, the first of equals.
package func argMax<Value: FixedWidthInteger>(
  _ values: some RandomAccessCollection<Value>
) -> Int {
  var best = (index: 0, value: Value.min)
  for (index, value) in values.enumerated() where value > best.value { best = (index, value) }
  return best.index
}
