// swift-tools-version: 6.1
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

// One target a room. A room imports only rooms that stand above it here; Tests/PackageTests reads
// this description and fails on a back edge.
let package = Package(
  name: "resbin",
  platforms: [.macOS(.v14)],
  products: [
    .library(name: "ResBin", targets: ["ResBin"]),
    .executable(name: "resbin", targets: ["ResBinCommand"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
    .package(url: "https://github.com/attaswift/BigInt", from: "6.0.1"),
  ],
  targets: [
    .target(name: "Diagnostics", exclude: ["README.md"]),
    .systemLibrary(
      name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
    .systemLibrary(
      name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),
    .target(name: "Hashing", dependencies: ["CZlib"]),
    .target(
      name: "Datasets", dependencies: ["Diagnostics", "CZlib", "CPNG"], exclude: ["README.md"]),
    .target(name: "Modeling", dependencies: ["Diagnostics"], exclude: ["README.md"]),
    .target(
      name: "ONNXImport",
      dependencies: [
        "Diagnostics", "Modeling",
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ], exclude: ["README.md", "Generated/onnx.proto"]),
    .target(
      name: "IntegerNetwork",
      dependencies: [
        "Diagnostics", "Hashing", "Modeling", .product(name: "BigInt", package: "BigInt"),
      ],
      exclude: ["README.md"]),
    .target(name: "PopcountKernels"),
    .target(
      name: "GoldenModel",
      dependencies: ["Diagnostics", "Modeling", "IntegerNetwork", "PopcountKernels"],
      exclude: ["README.md"]),
    // RTL is a link to the top folder: the cores travel inside the executable.
    .target(
      name: "Cores", exclude: ["README.md", "RTL/README.md"], resources: [.embedInCode("RTL")]),
    .target(
      name: "Folding", dependencies: ["Diagnostics", "IntegerNetwork", "Cores"],
      exclude: ["README.md"]),
    .target(
      name: "Pipelines",
      dependencies: ["Diagnostics", "Modeling", "IntegerNetwork", "Cores", "Folding"],
      exclude: ["README.md"]),
    .target(
      name: "VerilogEmission",
      dependencies: ["Diagnostics", "Hashing", "Cores", "Folding", "Pipelines"],
      exclude: ["README.md"]),
    .target(
      name: "Packaging", dependencies: ["Cores", "Folding", "VerilogEmission"],
      exclude: ["README.md"], resources: [.embedInCode("Files")]),
    // Sim is a link to the top folder: the testbench travels inside the executable.
    .target(
      name: "Simulation", dependencies: ["Diagnostics", "Hashing", "Cores"],
      exclude: ["README.md", "Sim/README.md"], resources: [.embedInCode("Sim")]),
    .target(
      name: "Verification",
      dependencies: [
        "Diagnostics", "Cores", "IntegerNetwork", "GoldenModel", "Folding", "Pipelines",
        "VerilogEmission", "Simulation",
      ], exclude: ["README.md"]),
    .target(
      name: "Reporting",
      dependencies: [
        "Diagnostics", "Modeling", "IntegerNetwork", "GoldenModel", "Cores", "Folding", "Pipelines",
        "VerilogEmission", "Verification",
      ], exclude: ["README.md"]),
    .target(
      name: "ResBin",
      dependencies: [
        "Diagnostics", "Datasets", "Modeling", "ONNXImport", "IntegerNetwork", "GoldenModel",
        "Cores", "Folding", "Pipelines", "VerilogEmission", "Packaging", "Simulation",
        "Verification", "Reporting",
      ]),
    .executableTarget(
      name: "ResBinCommand",
      dependencies: [
        "ResBin", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),

    .executableTarget(
      name: "MNISTFromSwift", dependencies: ["ResBin"], path: "Examples/MNISTFromSwift"),
    .executableTarget(
      name: "CNVFromSwift", dependencies: ["ResBin"], path: "Examples/CNVFromSwift"),
    .executableTarget(
      name: "ShortcutsFromSwift", dependencies: ["ResBin"], path: "Examples/ShortcutsFromSwift"),
    .executableTarget(
      name: "Benchmarks", dependencies: ["Modeling", "IntegerNetwork", "GoldenModel"],
      path: "Scripts/Benchmarks",
      exclude: ["convolution.py", "fit_cores.py", "measure_cores.py", "price_of_levels.py"]),

    .target(name: "TestSupport", dependencies: ["ResBin"], path: "Tests/TestSupport"),
    .testTarget(name: "PackageTests", dependencies: ["TestSupport"]),
    .testTarget(
      name: "DatasetsTests", dependencies: ["Datasets", "CZlib", "CPNG", "TestSupport"]),
    .testTarget(name: "ModelingTests", dependencies: ["Modeling", "TestSupport"]),
    .testTarget(name: "ONNXImportTests", dependencies: ["ONNXImport", "TestSupport"]),
    .testTarget(name: "IntegerNetworkTests", dependencies: ["IntegerNetwork", "TestSupport"]),
    .testTarget(
      name: "GoldenModelTests", dependencies: ["GoldenModel", "PopcountKernels", "TestSupport"]),
    .testTarget(
      name: "CoresTests", dependencies: ["Cores", "Simulation", "TestSupport"],
      exclude: ["Formal"]),
    .testTarget(name: "SimulationTests", dependencies: ["Simulation", "TestSupport"]),
    .testTarget(name: "PipelinesTests", dependencies: ["Pipelines", "TestSupport"]),
    .testTarget(
      name: "VerilogEmissionTests", dependencies: ["VerilogEmission", "TestSupport"],
      exclude: ["Snapshots"]),
    .testTarget(
      name: "PackagingTests", dependencies: ["ResBin", "Packaging", "TestSupport"]),
    .testTarget(
      name: "AcceleratorTests", dependencies: ["ResBin", "TestSupport"],
      exclude: ["AXI", "Driver", "Packages", "Vivado", "requirements.txt"]),
    .testTarget(
      name: "EndToEndTests", dependencies: ["ResBin", "TestSupport"],
      exclude: ["Brevitas", "Switchable"]),
    .testTarget(
      name: "CommandTests", dependencies: ["ResBin", "TestSupport"], exclude: ["Snapshots"]),
  ]
)
