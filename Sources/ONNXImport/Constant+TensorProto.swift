// SPDX-License-Identifier: Apache-2.0

import Foundation

extension Constant {
  /// Reads a tensor of the file.
  ///
  /// - Exactness: every number is read as it stands; an integer beyond ±2^53 is refused, but for
  ///   the ends of INT64, which are ±∞.
  /// - Throws: ``Rejection`` when the tensor is damaged, kept in another file, or of another type.
  init(_ tensor: ONNXTensorProto) throws(Rejection) {
    guard let type = ElementType(rawValue: tensor.dataType) else {
      throw Rejection(
        "the type \(ElementType.name(tensor.dataType)) is not supported",
        hint: "store it as FLOAT or INT8")
    }
    guard tensor.dataLocation != .external, tensor.externalData.isEmpty else {
      throw Rejection(
        "the numbers are kept in another file; one file with everything is expected",
        hint: "onnx.save(model, path, save_as_external_data=False)")
    }
    guard !tensor.hasSegment else { throw Rejection("a segment of a tensor is not supported") }
    let shape = tensor.dims.map { Int($0) }
    guard let count = elementCount(shape) else {
      throw Rejection("the shape \(shape) is not possible")
    }
    let values =
      tensor.hasRawData
      ? try Self.raw(tensor.rawData, type, shape, count) : try Self.typed(tensor, type)
    guard values.count == count else {
      throw Rejection(
        "the shape \(shape) needs \(count) values, the file holds \(values.count)",
        hint: "the file is damaged; export it again")
    }
    self.init(type, shape: shape, values: values, source: tensor.name.isEmpty ? nil : tensor.name)
  }

  // MARK: Little-endian bytes

  private static func raw(
    _ data: Data, _ type: ElementType, _ shape: [Int], _ count: Int
  ) throws(Rejection) -> [Double] {
    let (size, overflow) = count.multipliedReportingOverflow(by: type.width)
    guard !overflow, data.count == size else {
      throw Rejection(
        "\(type.name) \(shape) needs \(overflow ? "more than 2^63" : "\(size)") bytes, "
          + "raw_data has \(data.count)",
        hint: "the file is damaged; export it again")
    }
    switch type {
    case .float: return words(data, UInt32.self) { Double(Float(bitPattern: $0)) }
    case .double: return words(data, UInt64.self) { Double(bitPattern: $0) }
    case .float16: return words(data, UInt16.self, float16)
    case .bfloat16: return words(data, UInt16.self, bfloat16)
    case .bool: return words(data, UInt8.self) { $0 == 0 ? 0 : 1 }
    case .uint8: return words(data, UInt8.self) { Double($0) }
    case .int8: return words(data, Int8.self) { Double($0) }
    case .uint16: return words(data, UInt16.self) { Double($0) }
    case .int16: return words(data, Int16.self) { Double($0) }
    case .uint32: return words(data, UInt32.self) { Double($0) }
    case .int32: return words(data, Int32.self) { Double($0) }
    case .int64: return try exact(words(data, Int64.self) { $0 })
    case .uint64: return try exact(words(data, UInt64.self) { $0 })
    }
  }

  private static func words<Word: FixedWidthInteger, Value>(
    _ data: Data, _ type: Word.Type, _ value: (Word) -> Value
  ) -> [Value] {
    data.withUnsafeBytes { bytes in
      var values: [Value] = []
      values.reserveCapacity(bytes.count / MemoryLayout<Word>.size)
      for offset in stride(from: 0, to: bytes.count, by: MemoryLayout<Word>.size) {
        let word = bytes.loadUnaligned(fromByteOffset: offset, as: Word.self)
        values.append(value(Word(littleEndian: word)))
      }
      return values
    }
  }

  // MARK: The fields with a type of their own

  private static func typed(
    _ tensor: ONNXTensorProto, _ type: ElementType
  ) throws(Rejection) -> [Double] {
    switch type {
    case .float: return tensor.floatData.map { Double($0) }
    case .double: return tensor.doubleData
    case .int64: return try exact(tensor.int64Data)
    case .uint32, .uint64: return try exact(tensor.uint64Data, within: type)
    case .float16: return try exact(tensor.int32Data, as: UInt16.self).map(float16)
    case .bfloat16: return try exact(tensor.int32Data, as: UInt16.self).map(bfloat16)
    default: return try exact(tensor.int32Data, within: type)
    }
  }

  private static func exact<Word: BinaryInteger>(
    _ words: [Word], within type: ElementType = .int64
  ) throws(Rejection) -> [Double] {
    var values: [Double] = []
    values.reserveCapacity(words.count)
    for word in words {
      if let bound = Self.bound(word) {
        values.append(bound)
        continue
      }
      guard let value = Double(exactly: word), let range = type.integers, range.contains(value)
      else { throw Rejection("it holds \(word), which is no \(type.name) value up to 2^53") }
      values.append(value)
    }
    return values
  }

  /// The ends of INT64 stand for no bound: what exporters write for the end of a slice.
  private static func bound(_ word: some BinaryInteger) -> Double? {
    if word == Int64.max { return .infinity }
    return word == Int64.min || word == Int64.min + 1 ? -.infinity : nil
  }

  private static func exact<Word: FixedWidthInteger>(
    _ words: [Int32], as type: Word.Type
  ) throws(Rejection) -> [Word] {
    var values: [Word] = []
    for word in words {
      guard let value = Word(exactly: word) else {
        throw Rejection("int32_data holds \(word), which is no 16-bit pattern")
      }
      values.append(value)
    }
    return values
  }

  // MARK: Half precision

  /// IEEE binary16: 1 sign bit, 5 exponent bits, 10 fraction bits.
  static func float16(_ bits: UInt16) -> Double {
    let fraction = Double(bits & 0x3FF)
    let exponent = Int(bits >> 10) & 0x1F
    let magnitude: Double =
      switch exponent {
      case 0: fraction * 0x1p-24
      case 31: fraction == 0 ? .infinity : .nan
      default: Double(sign: .plus, exponent: exponent - 25, significand: fraction + 1024)
      }
    return bits >> 15 == 0 ? magnitude : -magnitude
  }

  /// The upper half of a float32.
  static func bfloat16(_ bits: UInt16) -> Double {
    Double(Float(bitPattern: UInt32(bits) << 16))
  }
}
