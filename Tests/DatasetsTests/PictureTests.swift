// SPDX-License-Identifier: Apache-2.0

import CPNG
import Foundation
import TestSupport
import Testing

@testable import Datasets

@Suite(.tags(.unit)) struct PictureTests {
  private func pngError(_ bytes: [UInt8]) -> String {
    printedError { try PNGFile.image(InputFile(bytes)) }
  }
  private func mapError(_ text: String, _ bytes: [UInt8] = []) -> String {
    printedError { try PortableMap.image(InputFile(Array(text.utf8) + bytes)) }
  }

  // MARK: PNG

  /// What libpng itself writes, with its filters.
  @Test(arguments: [1, 3]) func picturesOfLibpngAreRead(channels: Int) throws {
    let (height, width) = (17, 23)
    let pixels = (0..<height * width * channels).map { UInt8(truncatingIfNeeded: $0 * $0 / 5) }
    let image = UnsafeMutablePointer<png_image>.allocate(capacity: 1)
    image.initialize(to: png_image())
    defer { image.deallocate() }
    image.pointee.version = UInt32(PNG_IMAGE_VERSION)
    image.pointee.width = UInt32(width)
    image.pointee.height = UInt32(height)
    image.pointee.format = channels == 3 ? UInt32(PNG_FORMAT_FLAG_COLOR) : 0
    var bytes = [UInt8](repeating: 0, count: 100_000)
    var size = bytes.count
    try #require(png_image_write_to_memory(image, &bytes, &size, 0, pixels, 0, nil) != 0)

    let read = try PNGFile.image(InputFile(Array(bytes.prefix(size))))
    #expect(read.pixels == pixels)
    #expect("\(read.height)×\(read.width)×\(read.channels)" == "17×23×\(channels)")
    #expect(read.labels == [])
  }

  /// Every value, also in a file that asks for a gamma or holds a text.
  @Test(arguments: [[], [("gAMA", word(100_000))], [("tEXt", Array("a\0b".utf8))]])
  func valuesAreAsTheyAreStored(chunks: [(String, [UInt8])]) throws {
    let grey = (0...255).map { UInt8($0) }
    let colour = (0..<768).map { UInt8(truncatingIfNeeded: $0 * 3 / 2) }
    let greyFile = png(width: 16, height: 16, colour: 0, rows: grey, chunks: chunks)
    #expect(try PNGFile.image(InputFile(greyFile)).pixels == grey)
    let colourFile = png(width: 16, height: 16, rows: colour, chunks: chunks)
    #expect(try PNGFile.image(InputFile(colourFile)).pixels == colour)
  }

  @Test func fewBitsAndPalettesAreSpread() throws {
    let bits = png(width: 3, height: 2, depth: 1, colour: 0, rows: [0b1010_0000, 0b0110_0000])
    #expect(try PNGFile.image(InputFile(bits)).pixels == [255, 0, 255, 0, 255, 255])
    let nibbles = png(width: 2, height: 1, depth: 4, colour: 0, rows: [0x3F])
    #expect(try PNGFile.image(InputFile(nibbles)).pixels == [51, 255])
    let palette = png(
      width: 2, height: 1, colour: 3, rows: [1, 0], chunks: [("PLTE", [1, 2, 3, 40, 50, 60])])
    let read = try PNGFile.image(InputFile(palette))
    #expect(read.pixels == [40, 50, 60, 1, 2, 3])
    #expect(read.channels == 3)
  }

  @Test func transparencyIsAnError() {
    let message = """
      error: f: the PNG picture has transparency; grey and colour are supported
        hint: take it away, for instance with ImageMagick: `convert … -alpha off picture.png`
      """
    #expect(pngError(png(width: 1, height: 1, colour: 4, rows: [1, 2])) == message)
    #expect(pngError(png(width: 1, height: 1, colour: 6, rows: [1, 2, 3, 4])) == message)
    let transparent = [("tRNS", [UInt8](repeating: 0, count: 6))]
    #expect(pngError(png(width: 1, height: 1, rows: [1, 2, 3], chunks: transparent)) == message)
  }

  @Test func otherPNGFilesAreErrors() {
    #expect(
      pngError(png(width: 1, height: 1, depth: 16, colour: 0, rows: [1, 2])).hasPrefix(
        "error: f: the PNG picture has 16 bits a value; 8 are supported\n"))
    for (width, height) in [(0, 1), (1, 0), (1 << 26, 2), (8192, 8193), (0x7FFF_FFFF, 0x7FFF_FFFF)]
    {
      #expect(
        pngError(png(width: width, height: height, colour: 0, rows: [])).hasPrefix(
          "error: f: the PNG picture has \(height)×\(width) pixels; at most 67108864 values are "
            + "supported\n"))
    }
    #expect(
      pngError([1, 2]).hasPrefix("error: f: the file does not begin as a PNG picture does\n"))
    #expect(
      pngError(PNGFile.magic + pngChunk("IEND", [])).hasPrefix(
        "error: f: the PNG picture has no header\n"))
    #expect(
      pngError(png(width: 4, height: 4, rows: Array(repeating: 1, count: 12))).hasPrefix(
        "error: f: the PNG picture is damaged ("))
  }

  @Test func aWrongChecksumOfThePixelsIsFound() {
    let bytes = png(width: 1, height: 1, colour: 0, rows: [7])
    // Pixels, then four bytes of their checksum, four of the chunk's, and the last chunk.
    let start = bytes.count - 12 - 8
    #expect(!pngError(bytes).contains("damaged"))
    let packed = Array(bytes[41..<bytes.count - 16])
    let wrong = Array(packed.dropLast()) + [packed[packed.count - 1] ^ 1]
    let file = Array(bytes[..<33]) + pngChunk("IDAT", wrong) + pngChunk("IEND", [])
    #expect(file.count == bytes.count && start > 41)
    #expect(pngError(file).hasPrefix("error: f: the PNG picture is damaged ("))
  }

  @Test(arguments: [0, 2]) func damagedPNGFilesAreDiagnosed(colour: Int) {
    let pixels = randomBytes(colour == 2 ? 60 : 20, seed: 8)
    expectDiagnosed(png(width: 5, height: 4, colour: colour, rows: pixels), by: PNGFile.image)
  }

  /// Damage with right checksums gets further.
  @Test func damagedChunksAreDiagnosed() {
    expectDiagnosed(Array(word(5) + word(4) + [8, 0, 0, 0, 0]), isCutFound: false) { file in
      let header = file.bytes + Array(repeating: 0, count: 13 - file.bytes.count)
      return try PNGFile.image(
        InputFile(
          PNGFile.magic + pngChunk("IHDR", header)
            + pngChunk("IDAT", deflated(Array(repeating: 0, count: 24))) + pngChunk("IEND", [])))
    }
    expectDiagnosed(deflated([0, 1, 2, 1, 3, 4])) { file in
      try PNGFile.image(
        InputFile(
          PNGFile.magic + pngChunk("IHDR", word(2) + word(2) + [8, 0, 0, 0, 0])
            + pngChunk("IDAT", file.bytes) + pngChunk("IEND", [])))
    }
  }

  // MARK: PGM and PPM

  @Test(arguments: [
    "P5 3 2 255\n", "P5\n3 2\n255\n", "P5#a\n# 7 7\n 3\t2 #b\r255 ", "P5\r\n3 2\r\n255\n",
  ]) func greyMaps(header: String) throws {
    let image = try PortableMap.image(InputFile(Array(header.utf8) + [10, 35, 0, 255, 32, 9]))
    #expect(image.pixels == [10, 35, 0, 255, 32, 9])
    #expect("\(image.height)×\(image.width)×\(image.channels)" == "2×3×1")
  }

  @Test func colourMaps() throws {
    let image = try PortableMap.image(InputFile(Array("P6 1 2 255\n".utf8) + [1, 2, 3, 4, 5, 6]))
    #expect(image.pixels == [1, 2, 3, 4, 5, 6])
    #expect("\(image.height)×\(image.width)×\(image.channels)" == "2×1×3")
  }

  @Test func otherMapsAreErrors() {
    #expect(
      mapError("P3 1 1 255 1 2 3").hasPrefix(
        "error: f: the file does not begin as a binary PGM or PPM picture does ('P5' or 'P6')\n"))
    for header in [
      "P5 1", "P5 a 1 255 ", "P5 1 1 255", "P5 1 1 255a", "P5 9999999999 1 255 ", "P5",
    ] {
      #expect(
        mapError(header)
          == "error: f: the header of the picture is damaged; width, height and 255 are expected",
        "\(header)")
    }
    #expect(
      mapError("P5 1 1 65535\n", [1, 2]).hasPrefix(
        "error: f: the picture has 1 columns, 1 rows and values up to 65535; 255 (8 bits) is "))
    #expect(mapError("P5 0 1 255\n").hasPrefix("error: f: the picture has 0 columns, 1 rows and "))
    #expect(
      mapError("P6 999999999 999999999 255\n", [1]) == """
        error: f: the picture holds 1 bytes after its header; 999999999×999999999×3 are expected
          hint: fetch the file again; it is cut short or has a tail
        """)
  }

  @Test func damagedMapsAreDiagnosed() {
    expectDiagnosed(
      Array("P6 #c\n3 2 255\n".utf8) + randomBytes(18, seed: 4), by: PortableMap.image)
  }
}
