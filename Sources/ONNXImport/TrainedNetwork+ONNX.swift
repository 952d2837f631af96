// SPDX-License-Identifier: Apache-2.0

import Foundation
import Modeling

extension TrainedNetwork {
  /// Imports an ONNX file.
  ///
  /// - Parameter output: the name of the graph's output that is read, or nil for the first.
  /// - Throws: ``InvalidInput`` with everything that is not supported, each with its node.
  public init(onnx url: URL, output: String? = nil) throws {
    self = try ONNXModel(contentsOf: url).trainedNetwork(output: output)
  }

  /// Imports the bytes of an ONNX file.
  ///
  /// - Parameters:
  ///   - bytes: the file's content.
  ///   - name: the file's name, for messages and for a network without a name of its own.
  ///   - output: the name of the graph's output that is read, or nil for the first.
  /// - Throws: ``InvalidInput`` with everything that is not supported, each with its node.
  public init(onnx bytes: some Sequence<UInt8>, name: String, output: String? = nil) throws {
    self = try ONNXModel(bytes, name: name).trainedNetwork(output: output)
  }
}
