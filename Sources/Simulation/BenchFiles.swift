// SPDX-License-Identifier: Apache-2.0

/// The testbench's own files, which travel in the executable.
enum BenchFiles {
  static let all: [DesignFile] = [
    file("beat_files.h", PackageResources.beat_files_h),
    file("bench_print.h", PackageResources.bench_print_h),
    file("stall_gate.h", PackageResources.stall_gate_h),
    file("stream_bench.cpp", PackageResources.stream_bench_cpp),
    file("stream_bench.h", PackageResources.stream_bench_h),
  ]

  private static func file(_ name: String, _ bytes: [UInt8]) -> DesignFile {
    DesignFile(name, String(decoding: bytes, as: UTF8.self))
  }
}
