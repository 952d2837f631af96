// SPDX-License-Identifier: Apache-2.0

import VerilogEmission

extension Package {
  /// The files that are the same for every design, from `Files/`.
  var staticFiles: [Design.File] {
    [
      file("driver/resbin.h", PackageResources.resbin_h),
      file("driver/resbin.c", PackageResources.resbin_c),
      file("driver/resbin_dma.h", PackageResources.resbin_dma_h),
      file("driver/resbin_dma.c", PackageResources.resbin_dma_c),
      file("driver/resbin_uio.h", PackageResources.resbin_uio_h),
      file("driver/resbin_uio.c", PackageResources.resbin_uio_c),
      file("driver/resbin.py", PackageResources.resbin_py),
      file("yosys/synthesize_yosys.tcl", PackageResources.synthesize_yosys_tcl),
      file("vivado/support.tcl", PackageResources.support_tcl),
      file("vivado/package_ip.tcl", PackageResources.package_ip_tcl),
      file("vivado/block_design.tcl", PackageResources.block_design_tcl),
      file("vivado/synthesize.tcl", PackageResources.synthesize_tcl),
      file("vivado/constraints.xdc", PackageResources.constraints_xdc),
    ]
  }

  private func file(_ path: String, _ bytes: [UInt8]) -> Design.File {
    Design.File(path: path, text: String(decoding: bytes, as: UTF8.self))
  }
}
