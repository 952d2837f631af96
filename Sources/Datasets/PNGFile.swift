// SPDX-License-Identifier: Apache-2.0

import CPNG
import Diagnostics

/// A grey or colour PNG picture of up to 8 bits a value, decoded by libpng.
///
/// - Shape: height × width × 1 or 3; a palette is a colour picture.
/// - Exactness: values as they are stored; gammas and colour profiles are passed over, as the
///   readers of training frameworks do. Transparent pictures are an error: what lies behind them is
///   not known.
/// - Source: the PNG specification (www.w3.org/TR/png-3), libpng's simplified interface.
enum PNGFile {
  static let magic: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

  /// The most values of a picture: far more than a network takes, and little memory.
  private static let limit = 1 << 26

  /// Decodes and checks the bytes of a file.
  static func image(_ file: InputFile) throws -> LabelledImages {
    let (stored, header) = try essentials(of: file)
    let channels = header.isColour ? 3 : 1
    // libpng keeps the address.
    let image = UnsafeMutablePointer<png_image>.allocate(capacity: 1)
    image.initialize(to: png_image())
    defer {
      png_image_free(image)
      image.deallocate()
    }
    image.pointee.version = UInt32(PNG_IMAGE_VERSION)
    var pixels = [UInt8](repeating: 0, count: header.height * header.width * channels)
    let isWhole = stored.withUnsafeBytes { bytes in
      guard png_image_begin_read_from_memory(image, bytes.baseAddress, bytes.count) != 0 else {
        return false
      }
      // The two formats of the interface's format flags: grey, and colour without alpha.
      image.pointee.format = header.isColour ? UInt32(PNG_FORMAT_FLAG_COLOR) : 0
      return pixels.withUnsafeMutableBytes { pixels in
        png_image_finish_read(image, nil, pixels.baseAddress, 0, nil) != 0
      }
    }
    // libpng only warns of some damage, a wrong checksum of the pixels for instance.
    guard isWhole, image.pointee.warning_or_error == 0 else {
      let message = withUnsafeBytes(of: image.pointee.message) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      throw Diagnostic(
        at: file.path, "the PNG picture is damaged (\(message))", hint: "fetch the file again")
    }
    return LabelledImages(
      pixels: pixels, labels: [], height: header.height, width: header.width, channels: channels)
  }

  private struct Header {
    var width: Int
    var height: Int
    var isColour: Bool
  }

  /// The chunks that say what the stored values are, and what the first of them says.
  private static func essentials(of file: InputFile) throws -> ([UInt8], Header) {
    let bytes = file.bytes
    guard bytes.starts(with: magic) else {
      throw Diagnostic(
        at: file.path, "the file does not begin as a PNG picture does", hint: "fetch the file again"
      )
    }
    func word(_ index: Int) -> Int { (0..<4).reduce(0) { $0 << 8 | Int(bytes[index + $1]) } }
    var stored = magic
    var header: Header?
    var start = magic.count
    var type = ""
    while type != "IEND" {
      guard bytes.count - start >= 12, bytes.count - start - 12 >= word(start) else {
        throw Diagnostic(
          at: file.path, "the PNG picture ends inside a chunk",
          hint: "fetch the file again; it is cut short")
      }
      let end = start + 12 + word(start)
      type = String(decoding: bytes[start + 4..<start + 8], as: UTF8.self)
      if header == nil {
        guard type == "IHDR", word(start) == 13 else {
          throw Diagnostic(
            at: file.path, "the PNG picture has no header", hint: "fetch the file again")
        }
        header = try Self.header(
          width: word(start + 8), height: word(start + 12), bits: bytes[start + 16],
          colour: bytes[start + 17], path: file.path)
      }
      if type == "tRNS" { throw transparent(file.path) }
      // An upper-case letter marks a chunk without which the picture cannot be read.
      if bytes[start + 4] & 0x20 == 0 { stored += bytes[start..<end] }
      start = end
    }
    guard let header else {
      throw Diagnostic(at: file.path, "the PNG picture has no header", hint: "fetch the file again")
    }
    return (stored, header)
  }

  private static func header(
    width: Int, height: Int, bits: UInt8, colour: UInt8, path: String
  ) throws -> Header {
    if colour == 4 || colour == 6 { throw transparent(path) }
    guard bits <= 8 else {
      throw Diagnostic(
        at: path, "the PNG picture has \(bits) bits a value; 8 are supported",
        hint: "convert it, for instance with ImageMagick: `convert … -depth 8 picture.png`")
    }
    let isColour = colour != 0
    guard width > 0, height > 0, width <= limit, height <= limit,
      width * height * (isColour ? 3 : 1) <= limit
    else {
      throw Diagnostic(
        at: path,
        "the PNG picture has \(height)×\(width) pixels; at most \(limit) values are supported",
        hint: "bring it to the size of the network's input")
    }
    return Header(width: width, height: height, isColour: isColour)
  }

  private static func transparent(_ path: String) -> Diagnostic {
    Diagnostic(
      at: path, "the PNG picture has transparency; grey and colour are supported",
      hint: "take it away, for instance with ImageMagick: `convert … -alpha off picture.png`")
  }
}
