// SPDX-License-Identifier: Apache-2.0

import Diagnostics

/// Replaces each value of the input by an entry of a table: any function of a pixel.
///
///     q = table[u],   q means scale · q + offset
///
/// It is for inputs that the source quantizes in a way that no scale and offset say, as Brevitas'
/// networks for CIFAR-10 do: 256 pixels become 255 values of another grid.
///
/// - Shape: any map of codes, the network's input → the same map, `bits` levels a value.
/// - Exactness: integers only; nothing is rounded here.
/// - Hardware: a small memory a lane, latency 1 cycle; RTL/rb_lookup.v.
/// - Throws: `Diagnostic` when the table does not have an entry of `bits` bits for every code.
/// - Source: Brevitas, `brevitas_examples.bnn_pynq`, the quantized input of CNV and TFC.
public struct Lookup: PrimitiveLayer, Equatable {
  public static let kind = "Lookup"
  public static let naming = LayerNaming.suffix("lookup")

  /// What each code u becomes, from u = 0 on.
  public var table: [Int]
  /// Bits of an entry, 1…8.
  public var bits: Int
  /// What a step of an entry means; positive.
  public var scale: Double
  /// What the entry 0 means.
  public var offset: Double
  public var name: String?

  public init(
    _ table: [Int], bits: Int, scale: Double, offset: Double, name: String? = nil
  ) {
    self.table = table
    self.bits = bits
    self.scale = scale
    self.offset = offset
    self.name = name
  }

  public func output(
    for input: Feature, at path: String, _ diagnostics: inout DiagnosticCollector
  ) -> Feature? {
    guard case .code(let levels) = input.values else {
      diagnostics.error(
        at: path,
        "the input is \(input.values == .index ? "a class index" : "real sums"); the codes of the "
          + "network's input are expected",
        hint: "put it directly behind the input")
      return nil
    }
    guard (1...8).contains(bits) else {
      diagnostics.error(at: path, "\(bits) bits an entry; 1…8 are supported")
      return nil
    }
    guard table.count == 1 << levels else {
      diagnostics.error(
        at: path,
        "the table has \(table.count) entries; \(1 << levels) are expected for codes of "
          + "\(levels) bit\(levels == 1 ? "" : "s")")
      return nil
    }
    if let index = table.firstIndex(where: { !(0..<1 << bits).contains($0) }) {
      diagnostics.error(
        at: path,
        "table[\(index)] is \(table[index]); an entry of \(bits) bit\(bits == 1 ? "" : "s"), "
          + "0…\((1 << bits) - 1), is expected")
      return nil
    }
    guard scale > 0, scale < Tensor.limit, offset.magnitude < Tensor.limit else {
      diagnostics.error(
        at: path,
        "scale \(scale) and offset \(offset); numbers of float32's range are expected, "
          + "the scale positive")
      return nil
    }
    return Feature(input.shape, .code(levels: bits))
  }
}
