// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import Datasets

@Suite(.tags(.unit)) struct CIFARFileTests {
  private static let batch = TestData.shared.appending(path: "cifar10/test_batch.bin.gz")

  @Test func planesBecomePixels() throws {
    let planes: [UInt8] = [0] + randomBytes(3072, seed: 1) + [9] + randomBytes(3072, seed: 2)
    let images = try CIFARFile.images(InputFile(planes))
    #expect(images.labels == [0, 9])
    #expect("\(images.height)×\(images.width)×\(images.channels)" == "32×32×3")
    #expect(images.count == 2)
    for (image, pixel, channel) in [(0, 0, 0), (0, 0, 2), (0, 33, 1), (1, 0, 0), (1, 1023, 2)] {
      let stored = planes[image * 3073 + 1 + channel * 1024 + pixel]
      #expect(images.pixels[image * 3072 + pixel * 3 + channel] == stored)
    }
  }

  @Test(arguments: [0, 1, 3072, 3074, 6145]) func recordsAreWhole(count: Int) {
    #expect(
      printedError { try CIFARFile.images(InputFile(Array(repeating: 0, count: count))) } == """
        error: f: the file holds \(count) bytes; CIFAR-10's files hold records of 3073
          hint: fetch the file again; name a batch of the binary version, for instance \
        test_batch.bin
        """)
  }

  @Test func labelsAreDigits() {
    var bytes = [UInt8](repeating: 0, count: 6146)
    bytes[3073] = 10
    #expect(
      printedError { try CIFARFile.images(InputFile(bytes)) }.hasPrefix(
        "error: f: the label of image 1 is 10; 0 to 9 are expected\n"))
  }

  @Test func damageIsDiagnosed() {
    expectDiagnosed([3] + randomBytes(3072, seed: 5), by: CIFARFile.images)
  }

  @Test(
    .enabled(
      if: FileManager.default.fileExists(atPath: batch.path),
      Comment(rawValue: TestData.whyNoShared)),
    .enabled(if: TestData.python != nil, "needs Python in .venv: Scripts/setup test"))
  func theTestBatchIsThatOfNumPy() throws {
    let images = try LabelledImages(contentsOf: Self.batch)
    #expect(images.count == 10_000)
    for label in UInt8(0)..<10 {
      #expect(images.labels.count { $0 == label } == 1000, "label \(label)")
    }
    let python = try ExternalTool(url: #require(TestData.python))
    try TestData.withTemporaryFolder { folder in
      let script = """
        import gzip, sys, numpy
        records = numpy.frombuffer(gzip.open(sys.argv[1]).read(), numpy.uint8).reshape(-1, 3073)
        records[:, 0].tofile("labels")
        records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1).tofile("pixels")
        """
      let run = try python.run(["-c", script, Self.batch.path], in: folder)
      #expect(run.status == 0, "\(run.text)")
      #expect(try Data(contentsOf: folder.appending(path: "labels")) == Data(images.labels))
      #expect(try Data(contentsOf: folder.appending(path: "pixels")) == Data(images.pixels))
    }
  }
}
