// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import ONNXImport

/// Initializers of every type, in both forms, and damaged ones.
@Suite(.tags(.unit)) struct ConstantTests {
  private func tensor(
    _ type: ElementType, _ dims: [Int64], _ fill: (inout ONNXTensorProto) -> Void = { _ in }
  ) -> ONNXTensorProto {
    var tensor = ONNXTensorProto()
    tensor.name = "w"
    tensor.dims = dims
    tensor.dataType = type.rawValue
    fill(&tensor)
    return tensor
  }

  @Test(
    arguments: [
      (.float, [0x00, 0x00, 0xC0, 0x3F, 0x01, 0, 0, 0x80], [1.5, -0x1p-149]),
      (.double, [0x9A, 0x99, 0x99, 0x99, 0x99, 0x99, 0xB9, 0x3F], [0.1]),
      (
        .float16, [0x00, 0x3C, 0x01, 0x80, 0xFF, 0x7B, 0x00, 0xFC],
        [1, -0x1p-24, 65504, -.infinity]
      ),
      (.bfloat16, [0x80, 0x3F, 0x49, 0xC0], [1, -3.140625]),
      (.int8, [0x7F, 0x80, 0xFF], [127, -128, -1]),
      (.uint8, [0x7F, 0x80, 0xFF], [127, 128, 255]),
      (.bool, [0, 1, 2], [0, 1, 1]),
      (.int16, [0xFE, 0xFF], [-2]),
      (.uint16, [0xFE, 0xFF], [65534]),
      (.int32, [0xFE, 0xFF, 0xFF, 0xFF], [-2]),
      (.uint32, [0xFE, 0xFF, 0xFF, 0xFF], [4_294_967_294]),
      (.int64, [0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], [-2]),
      (.uint64, [0xFE, 0, 0, 0, 0, 0, 0x10, 0], [4_503_599_627_370_750]),
    ] as [(ElementType, [UInt8], [Double])])
  func littleEndianBytesAreReadExactly(
    type: ElementType, bytes: [UInt8], values: [Double]
  ) throws {
    let constant = try Constant(
      tensor(type, [Int64(values.count)]) { $0.rawData = Data(bytes) })
    #expect(constant.type == type)
    #expect(constant.values == values)
    #expect(constant.source == "w")
  }

  @Test func theFieldsWithATypeOfTheirOwnAreRead() throws {
    #expect(
      try Constant(tensor(.float, [1]) { $0.floatData = [0.1] }).values == [Double(Float(0.1))])
    #expect(try Constant(tensor(.double, [1]) { $0.doubleData = [0.1] }).values == [0.1])
    #expect(try Constant(tensor(.int64, [2]) { $0.int64Data = [-5, 6] }).values == [-5, 6])
    #expect(try Constant(tensor(.uint64, [1]) { $0.uint64Data = [6] }).values == [6])
    #expect(try Constant(tensor(.uint32, [1]) { $0.uint64Data = [6] }).values == [6])
    for type in [ElementType.int8, .int16, .int32] {
      #expect(try Constant(tensor(type, [2]) { $0.int32Data = [-5, 6] }).values == [-5, 6])
    }
    for type in [ElementType.uint8, .uint16] {
      #expect(try Constant(tensor(type, [1]) { $0.int32Data = [6] }).values == [6])
    }
    #expect(try Constant(tensor(.bool, [2]) { $0.int32Data = [0, 1] }).values == [0, 1])
    #expect(try Constant(tensor(.float16, [1]) { $0.int32Data = [0x3C00] }).values == [1])
    #expect(try Constant(tensor(.bfloat16, [1]) { $0.int32Data = [0x3F80] }).values == [1])
    #expect(try Constant(tensor(.float, [2, 0])).values.isEmpty)
  }

  @Test func everyHalfPrecisionNumberIsRead() {
    for bits in 0...UInt16.max {
      // Shifting a binary16 pattern into a float32 leaves the exponent 112 too small.
      let shifted = Float(bitPattern: UInt32(bits & 0x8000) << 16 | UInt32(bits & 0x7FFF) << 13)
      let value = Constant.float16(bits)
      if bits & 0x7C00 == 0x7C00 {
        #expect(!value.isFinite && value.isNaN == (bits & 0x3FF != 0))
      } else if value != Double(shifted) * 0x1p112 {
        Issue.record("\(bits) is read as \(value)")
      }
    }
  }

  @Test func damagedTensorsAreRefused() throws {
    func message(_ tensor: ONNXTensorProto) -> String {
      do {
        return "read: \(try Constant(tensor))"
      } catch {
        return "\(error.message) | \(error.hint ?? "")"
      }
    }
    let again = "the file is damaged; export it again"
    #expect(
      message(tensor(.float, [2, 3]) { $0.rawData = Data(count: 23) })
        == "FLOAT [2, 3] needs 24 bytes, raw_data has 23 | \(again)")
    #expect(
      message(tensor(.float, [1 << 61, 2]) { $0.rawData = Data(count: 4) })
        == "FLOAT [2305843009213693952, 2] needs more than 2^63 bytes, raw_data has 4 | \(again)")
    #expect(
      message(tensor(.float, [1 << 62, 1 << 62]))
        == "the shape [4611686018427387904, 4611686018427387904] is not possible | ")
    #expect(message(tensor(.float, [-1])) == "the shape [-1] is not possible | ")
    #expect(
      message(tensor(.float, [1 << 40]))
        == "the shape [1099511627776] needs 1099511627776 values, the file holds 0 | \(again)")
    #expect(
      message(tensor(.float, [2]) { $0.floatData = [1] })
        == "the shape [2] needs 2 values, the file holds 1 | \(again)")
    #expect(
      message(tensor(.float, [1]) { $0.dataLocation = .external })
        == "the numbers are kept in another file; one file with everything is expected | "
        + "onnx.save(model, path, save_as_external_data=False)")
    #expect(
      message(tensor(.float, [1]) { $0.segment = .init() })
        == "a segment of a tensor is not supported | ")
    #expect(
      message(tensor(.int8, [1]) { $0.int32Data = [200] })
        == "it holds 200, which is no INT8 value up to 2^53 | ")
    #expect(
      message(tensor(.int64, [1]) { $0.int64Data = [.max - 1] })
        == "it holds 9223372036854775806, which is no INT64 value up to 2^53 | ")
    #expect(
      message(tensor(.float16, [1]) { $0.int32Data = [-1] })
        == "int32_data holds -1, which is no 16-bit pattern | ")
    for (number, name) in [(8, "STRING"), (14, "COMPLEX64"), (22, "INT4"), (99, "99"), (-1, "-1")] {
      #expect(
        message(tensor(.float, [1]) { $0.dataType = Int32(number) })
          == "the type \(name) is not supported | store it as FLOAT or INT8")
    }
  }

  @Test func theMessageNamesTheInitializer() throws {
    var model = ModelBuilder.small()
    model.proto.graph.initializer[0].rawData = Data(count: 3)
    let name = model.proto.graph.initializer[0].name
    #expect(
      try model.complaint() == """
        error: model.onnx: initializer '\(name)': FLOAT [] needs 4 bytes, raw_data has 3
          hint: the file is damaged; export it again
        """)
  }
}
