// SPDX-License-Identifier: Apache-2.0

/// LUTs of one of each part of a core, from the measurements of Docs/Budgets/cores.csv by
/// `Scripts/measure-cores`, which prints the lines below.
enum LUTCoefficients {
  /// LUTs of one `part` in the core `module`; a part that is not listed costs nothing.
  static func luts(of part: LUTPart, in module: String) -> Double {
    table[module]?[part] ?? 0
  }

  private static let table: [String: [LUTPart: Double]] = [
    "rb_arg_max": [.adderBit: 1.23, .selectedBit: 0.58],
    "rb_fifo": [.base: 1.33, .counterBit: 1.67],
    "rb_line_buffer": [.base: 10.82, .counterBit: 1.1, .selectedBit: 0.99],
    "rb_lookup": [.base: 1],
    "rb_matrix_unit": [
      .counterBit: 1.94, .adderBit: 0.44, .selectedBit: 0.5, .synapseCounter: 0.73,
      .maskedSynapse: 0.93, .counterOfSix: 1.19, .summedBit: 2.35, .sumBit: 0.18, .totalBit: 0.9,
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
