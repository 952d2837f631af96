// SPDX-License-Identifier: Apache-2.0

import Diagnostics
import Foundation
import Modeling
import SwiftProtobuf

/// A model file in the ONNX format, read but not yet understood.
///
///     let model = try ONNXModel(contentsOf: URL(filePath: "mnist.onnx"))
///     let trained = try model.trainedNetwork()
public struct ONNXModel: Sendable {
  /// Where messages say they are: the file's name.
  public let file: String
  private let proto: ONNXModelProto
  private let size: Int

  /// Reads a file.
  ///
  /// - Throws: ``InvalidInput`` when it cannot be read, or is not an ONNX file.
  public init(contentsOf url: URL) throws {
    let data: Data
    do {
      data = try Data(contentsOf: url, options: .mappedIfSafe)
    } catch {
      var isFolder: ObjCBool = false
      let exists = FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder)
      let reason =
        !exists
        ? "there is no such file" : isFolder.boolValue ? "it is a folder" : "it cannot be read"
      throw InvalidInput([Diagnostic(.error, at: url.path, reason)])
    }
    try self.init(data, name: url.lastPathComponent)
  }

  /// Reads the bytes of a file.
  ///
  /// - Parameters:
  ///   - bytes: the file's content.
  ///   - name: the file's name, for messages and for a network without a name of its own.
  /// - Throws: ``InvalidInput`` when it is not an ONNX file.
  public init(_ bytes: some Sequence<UInt8>, name: String) throws {
    let data = bytes as? Data ?? Data(bytes)
    self.file = name
    self.size = data.count
    do {
      self.proto = try ONNXModelProto(serializedBytes: data)
    } catch {
      throw InvalidInput([
        Diagnostic(
          .error, at: name, "this is not an ONNX file, or a damaged one",
          notes: ["\(data.count) bytes were read"], hint: "export it again")
      ])
    }
  }

  /// The name of the network: the graph's, or the file's where exporters give every graph the same.
  public var name: String {
    let name = proto.graph.name
    let isAutomatic = ["", "main_graph", "torch_jit", "torch-jit-export"].contains(name)
    return isAutomatic ? URL(filePath: file).deletingPathExtension().lastPathComponent : name
  }

  /// The names of the graph's outputs; each is a network of its own.
  public var outputs: [String] { proto.graph.output.map(\.name) }

  /// The note that says which of several outputs is read where none is asked for; nil where there
  /// is no choice.
  public var remarkOnOutputs: Diagnostic? {
    try? GraphOutput(nil, of: outputs).remark(in: file)
  }

  /// What the exporter wrote beside the network: `dataset`, `test_accuracy`.
  public var metadata: [String: String] {
    Dictionary(
      proto.metadataProps.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
  }

  /// The layers, the trained numbers, and remarks on how the file was understood.
  ///
  /// What the output does not depend on is not read. The network is called ``name``, or `name-output`
  /// for an output that is not the first, so that the designs of one file can be told apart.
  ///
  /// - Parameter output: one of ``outputs``; nil for the first, with a remark where there are more.
  /// - Exactness: every number is the file's, or follows from the file's as onnxruntime would
  ///   compute it; only the order of float32 roundings inside layers is not modelled.
  /// - Throws: ``InvalidInput`` with everything that is not supported, each with its node.
  public func trainedNetwork(output: String? = nil) throws -> TrainedNetwork {
    guard proto.hasGraph else {
      throw InvalidInput([
        Diagnostic(
          .error, at: file, "the file holds no graph",
          hint: "this may be another kind of file, or a damaged one; export it again")
      ])
    }
    try checkOpset()
    let graph = try ONNXGraph(proto.graph, output: output, file: file)
    var importer = try ONNXImporter(graph, size: size)
    return try importer.network(
      named: graph.output.isFirst ? name : "\(name)-\(graph.output.name)")
  }

  /// The networks of 1, 2 … levels that a file has which was trained for several: those of the outputs
  /// `<output>_m1`, `<output>_m2` …, and last that of `output`.
  ///
  /// - Parameter output: that with all levels; nil for the first.
  /// - Throws: ``InvalidInput`` as ``trainedNetwork(output:)``, and where there is no other output.
  public func networksByLevels(output: String? = nil) throws -> [TrainedNetwork] {
    let name = output ?? outputs.first ?? ""
    let fewer = (1...outputs.count + 1).map { "\(name)_m\($0)" }.prefix { outputs.contains($0) }
    guard !fewer.isEmpty else {
      throw InvalidInput([
        Diagnostic(
          .error, at: file,
          "the file has no output '\(name)_m1'; a choice of levels needs one for each smaller number of "
            + "levels",
          hint: output == nil
            ? "train the network with `--joint`, or make banks with `resbin calibrate` and name "
              + "them with `--level-banks`"
            : "name the output with all levels, or leave `--model-output` out")
      ])
    }
    return try fewer.map { try trainedNetwork(output: $0) } + [trainedNetwork(output: name)]
  }

  /// Refuses versions of ONNX's own operators whose nodes mean something else.
  private func checkOpset() throws {
    let standard = proto.opsetImport.first { $0.domain.isEmpty || $0.domain == "ai.onnx" }
    guard let standard else {
      throw InvalidInput([
        Diagnostic(.error, at: file, "the file does not say which ONNX operators it uses (opset)")
      ])
    }
    guard standard.version >= 7 else {
      throw InvalidInput([
        Diagnostic(
          .error, at: file,
          "the file uses opset \(standard.version); 7 or later is expected, where inputs are "
            + "broadcast as today",
          hint: "export with opset_version=17")
      ])
    }
  }
}
