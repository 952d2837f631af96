// SPDX-License-Identifier: Apache-2.0

import Folding
import VerilogEmission

/// What the files around the Verilog are written for.
public struct PackagingOptions: Sendable {
  /// The FPGA.
  public var device: Device
  /// The clock in hertz.
  public var clock: Double

  public init(device: Device = .zc706, clock: Double = 200e6) {
    self.device = device
    self.clock = clock
  }
}

extension Design {
  /// The design with all that it takes to build, load and run it: C and Python drivers, scripts for
  /// Vivado and Yosys, a FuseSoC core.
  public func packaged(
    for options: PackagingOptions = PackagingOptions()
  ) throws -> Design {
    guard let accelerator = manifest.accelerator else { return self }
    let package = Package(manifest: manifest, accelerator: accelerator, options: options)
    return try adding(package.files)
  }
}

/// Writes what differs from design to design.
struct Package {
  let manifest: Manifest
  let accelerator: Manifest.Accelerator
  let options: PackagingOptions

  var files: [Design.File] {
    [
      Design.File(path: "driver/resbin_registers.h", text: RegisterMap.cHeader),
      Design.File(path: "driver/\(manifest.top)_design.h", text: designHeader),
      Design.File(path: "vivado/design.tcl", text: vivadoDescription),
      Design.File(path: "\(accelerator.module).core", text: fuseSoCCore),
    ] + staticFiles
  }
}

/// Printable ASCII without what could end a string, a comment or a list.
func plain(_ text: String) -> String {
  String(
    text.unicodeScalars.map { scalar in
      let isPlain = (" "..."~").contains(scalar) && !"\"\\{}[]$*/".unicodeScalars.contains(scalar)
      return isPlain ? Character(scalar) : "?"
    })
}
