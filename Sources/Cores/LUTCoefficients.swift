// SPDX-License-Identifier: Apache-2.0

/// LUTs of one of each part of a core, from the measurements of Docs/Budgets/cores.csv by
/// `Scripts/measure-cores`, which prints the lines below.
enum LUTCoefficients {
  /// LUTs of one `part` in the core `module`; a part that is not listed costs nothing.
  static func luts(of part: LUTPart, in module: String) -> Double {
    table[module]?[part] ?? 0
  }

  private static let table: [String: [LUTPart: Double]] = [
    "rb_add": [.base: 2, .adderBit: 1],
    "rb_arg_max": [.counterBit: 4.1, .adderBit: 0.58, .selectedBit: 1.32],
    "rb_fifo": [.base: 1.33, .counterBit: 1.67],
    "rb_fork": [.base: 3],
    "rb_line_buffer": [.base: 10.82, .counterBit: 1.1, .selectedBit: 0.99],
    "rb_lookup": [.base: 1],
    "rb_matrix_unit": [
      .counterBit: 2, .adderBit: 0.34, .selectedBit: 0.49, .synapseCounter: 0.74,
      .maskedSynapse: 0.93, .counterOfSix: 1.17, .summedBit: 2.35, .sumBit: 0.14,
      .sharedLane: 1, .differentBit: 1.89, .sharedTotalBit: 0.38, .totalBit: 0.91,
      .productBit: 2.2,
    ],
    "rb_max_pool": [.base: 6, .counterBit: 1, .adderBit: 0.94],
    "rb_pad": [.base: 23.91, .selectedBit: 0.92],
    "rb_residual_encoder": [
      .base: 20.53, .adderBit: 0.71, .constantComparison: 0.91, .selectedBit: 1.21,
    ],
    "rb_score": [.base: 0.5, .counterBit: 4.1],
    "rb_stream_register": [.base: 3, .selectedBit: 1],
    "rb_sum_pool": [.counterBit: 3.36, .selectedBit: 0.88, .totalBit: 1.01],
    "rb_width_down": [.base: 6.37, .counterBit: 0.3, .selectedBit: 1.01],
    "rb_width_up": [.base: 2.94, .counterBit: 1.55],
    "rb_window": [.counterBit: 2.97, .adderBit: 0.81],
  ]
}
