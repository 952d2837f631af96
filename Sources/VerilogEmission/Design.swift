// SPDX-License-Identifier: Apache-2.0

import Cores
import Diagnostics
import Foundation
import Pipelines

/// Everything that makes an accelerator: Verilog, memory images, file list, manifest and the
/// integer network, so that the folder is usable without the checkout.
public struct Design: Sendable {
  /// A file of the design.
  public struct File: Equatable, Sendable {
    /// The path inside the folder, for instance `rtl/rb_fifo.v`.
    public var path: String
    /// Its text.
    public var text: String

    public init(path: String, text: String) {
      self.path = path
      self.text = text
    }
  }

  /// What the folder holds, for machines.
  public var manifest: Manifest
  /// All files, the manifest among them, in the order in which they are written.
  public var files: [File]

  /// The design with other files beside its own.
  package func adding(_ others: [File]) throws -> Design {
    var design = self
    design.files = files.filter { $0.path != Manifest.fileName } + others
    design.manifest.files = design.files.map(\.path)
    design.manifest.hash = Self.hash(of: design.files)
    design.files.append(
      File(path: Manifest.fileName, text: try json(design.manifest)))
    return design
  }

  /// The Verilog of the top module.
  public var topModule: String {
    files.first { $0.path == "rtl/\(manifest.top).v" }?.text ?? ""
  }
}

extension Pipeline {
  /// The Verilog of this pipeline, and what belongs to it. The same pipeline gives the same bytes.
  public func verilog() throws -> Design {
    let top = VerilogName.topModule(folding.graph.name)
    var files: [Design.File] = []
    files.append(Design.File(path: "rtl/\(top).v", text: VerilogPrinter.print(topModule(top))))
    var seen: Set<String> = []
    func append(_ file: RTLFile) {
      guard seen.insert(file.name).inserted else { return }
      files.append(Design.File(path: "rtl/\(file.name)", text: file.text))
    }
    for stage in stages { stage.core.files.forEach(append) }
    for stage in stages {
      for memory in stage.core.memories {
        files.append(
          Design.File(path: "rtl/\(memory.fileName(of: stage))", text: memory.text(of: stage)))
      }
    }
    files.append(Design.File(path: "network.json", text: try json(folding)))
    // Whoever reads the hash in a register knows all that the pipeline computes.
    let accelerator = accelerator(of: top, hash: String(Design.hash(of: files).prefix(32)))
    let wrapper = VerilogPrinter.print(module(of: accelerator, around: top))
    files.append(Design.File(path: "rtl/\(accelerator.module).v", text: wrapper))
    AcceleratorCores.files.forEach(append)
    if isReloadable { append(AcceleratorCores.loaderFile) }
    if !queueStages.isEmpty { append(AcceleratorCores.highWaterFile) }
    let verilog = files.map(\.path).filter { $0.hasSuffix(".v") }
    files.append(
      Design.File(path: "files.f", text: verilog.joined(separator: "\n") + "\n"))
    let manifest = manifest(top: top, accelerator: accelerator, files: files)
    files.append(Design.File(path: Manifest.fileName, text: try json(manifest)))
    return Design(manifest: manifest, files: files)
  }
}

/// Stable JSON: keys in order, one a line.
func json(_ value: some Encodable) throws -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
  return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
}

extension MemoryImage {
  /// `fc1_matrix_weights.mem` for the parameter `WEIGHTS_FILE` of stage `fc1_matrix`.
  func fileName(of stage: Stage) -> String {
    let role = parameter.replacing("_FILE", with: "").lowercased()
    return "\(stage.name)_\(role).mem"
  }

  /// The file for `$readmemh`: one word a line, in hexadecimal, with what it holds.
  func text(of stage: Stage) -> String {
    var lines: [String] = []
    lines.reserveCapacity(words.count + 2)
    lines.append("// SPDX-License-Identifier: Apache-2.0")
    lines.append(
      "// layer \(stage.layer), \(stage.core.moduleName) \(parameter): "
        + "\(depth) word\(depth == 1 ? "" : "s") of \(width) bit\(width == 1 ? "" : "s")")
    for (index, word) in words.enumerated() {
      let comment = index < comments.count ? "  // \(comments[index])" : ""
      lines.append(hexadecimal(word, width: width) + comment)
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
