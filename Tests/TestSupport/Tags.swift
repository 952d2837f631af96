// SPDX-License-Identifier: Apache-2.0

import Testing

extension Tag {
  /// Seconds, no tools.
  @Tag public static var unit: Self
  /// Needs Verilator.
  @Tag public static var rtl: Self
  /// From a model file to simulated RTL.
  @Tag public static var endToEnd: Self
  /// Proofs by a solver.
  @Tag public static var formal: Self
}
