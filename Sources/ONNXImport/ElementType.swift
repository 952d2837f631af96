// SPDX-License-Identifier: Apache-2.0

/// The type of a tensor's elements, as far as its numbers can be read exactly.
enum ElementType: Int32 {
  case float = 1
  case uint8 = 2
  case int8 = 3
  case uint16 = 4
  case int16 = 5
  case int32 = 6
  case int64 = 7
  case bool = 9
  case float16 = 10
  case double = 11
  case uint32 = 12
  case uint64 = 13
  case bfloat16 = 16

  /// The names in TensorProto.DataType, by number.
  private static let names = [
    "UNDEFINED", "FLOAT", "UINT8", "INT8", "UINT16", "INT16", "INT32", "INT64", "STRING", "BOOL",
    "FLOAT16", "DOUBLE", "UINT32", "UINT64", "COMPLEX64", "COMPLEX128", "BFLOAT16",
    "FLOAT8E4M3FN", "FLOAT8E4M3FNUZ", "FLOAT8E5M2", "FLOAT8E5M2FNUZ", "UINT4", "INT4",
    "FLOAT4E2M1", "FLOAT8E8M0", "UINT2", "INT2", "FLOAT6E2M3", "FLOAT6E3M2",
  ]

  /// The name of a type number, of the supported and the others.
  static func name(_ number: Int32) -> String {
    names.indices.contains(Int(number)) ? names[Int(number)] : "\(number)"
  }

  /// The name in TensorProto.DataType.
  var name: String { Self.name(rawValue) }

  /// Bytes of an element in `raw_data`.
  var width: Int {
    switch self {
    case .uint8, .int8, .bool: 1
    case .uint16, .int16, .float16, .bfloat16: 2
    case .float, .int32, .uint32: 4
    case .double, .int64, .uint64: 8
    }
  }

  /// True for a type that arithmetic on real values may use.
  var isReal: Bool { self == .float || self == .double }

  /// The integers of the type, nil for a type of reals.
  var integers: ClosedRange<Double>? {
    switch self {
    case .uint8: 0...255
    case .int8: -128...127
    case .uint16: 0...65535
    case .int16: -32768...32767
    case .int32: -2_147_483_648...2_147_483_647
    case .uint32: 0...4_294_967_295
    // Beyond 2^53 a double skips integers.
    case .int64: -9_007_199_254_740_992...9_007_199_254_740_992
    case .uint64: 0...9_007_199_254_740_992
    case .bool: 0...1
    case .float, .double, .float16, .bfloat16: nil
    }
  }

  /// The value of this type that an arithmetic result is rounded to.
  ///
  /// The result of one +, −, ×, ÷ or √ in double, rounded again to float32, is the float32 result:
  /// 53 bits are more than 2 · 24 + 1.
  ///
  /// - Throws: ``Rejection`` when the type has no such value, or no arithmetic here.
  func rounded(_ value: Double) throws(Rejection) -> Double {
    switch self {
    case .double: return value
    case .float: return Double(Float(value))
    case .float16, .bfloat16, .bool:
      throw Rejection(
        "arithmetic on \(name) constants is not supported", hint: "cast them to FLOAT first")
    default:
      guard let integers, integers.contains(value) else {
        throw Rejection(
          "the result \(value.isNaN ? "of a division by 0" : "\(value)") is no \(name) value")
      }
      return value
    }
  }
}
