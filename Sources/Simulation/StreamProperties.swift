// SPDX-License-Identifier: Apache-2.0

/// The rules of a stream as assertions, bound to every stream of every core in a design.
public enum StreamProperties {
  /// The property modules, and the bind file of each module that has one.
  ///
  /// - Parameter modules: The modules of a design, for instance `rb_fifo`; a bind file for a module
  ///   that is not there would not compile.
  public static func files(for modules: Set<String>) -> [DesignFile] {
    let names = modules.filter { binds[$0] != nil }.sorted()
    guard !names.isEmpty else { return [] }
    var rules = [file("rb_stream_properties.sv", PackageResources.rb_stream_properties_sv)]
    if names.contains("rb_add") {
      rules.append(file("rb_join_properties.sv", PackageResources.rb_join_properties_sv))
    }
    return rules + names.map { file("\($0)_bind.sv", binds[$0] ?? []) }
  }

  private static let binds: [String: [UInt8]] = [
    "rb_add": PackageResources.rb_add_bind_sv,
    "rb_arg_max": PackageResources.rb_arg_max_bind_sv,
    "rb_fifo": PackageResources.rb_fifo_bind_sv,
    "rb_fork": PackageResources.rb_fork_bind_sv,
    "rb_line_buffer": PackageResources.rb_line_buffer_bind_sv,
    "rb_lookup": PackageResources.rb_lookup_bind_sv,
    "rb_matrix_unit": PackageResources.rb_matrix_unit_bind_sv,
    "rb_max_pool": PackageResources.rb_max_pool_bind_sv,
    "rb_pad": PackageResources.rb_pad_bind_sv,
    "rb_residual_encoder": PackageResources.rb_residual_encoder_bind_sv,
    "rb_score": PackageResources.rb_score_bind_sv,
    "rb_stream_register": PackageResources.rb_stream_register_bind_sv,
    "rb_sum_pool": PackageResources.rb_sum_pool_bind_sv,
    "rb_width_down": PackageResources.rb_width_down_bind_sv,
    "rb_width_up": PackageResources.rb_width_up_bind_sv,
    "rb_window": PackageResources.rb_window_bind_sv,
  ]

  private static func file(_ name: String, _ bytes: [UInt8]) -> DesignFile {
    DesignFile(name, String(decoding: bytes, as: UTF8.self))
  }
}
