// SPDX-License-Identifier: Apache-2.0

/// The rules of a stream as assertions, bound to every stream of the cores in a design.
public enum StreamProperties {
  /// The property module and a bind file for each of the cores in `modules` (file names such as
  /// `rb_fifo.v`). Empty until the property files exist.
  public static func files(for modules: Set<String>) -> [DesignFile] {
    []
  }
}
