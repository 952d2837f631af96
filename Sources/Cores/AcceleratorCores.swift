// SPDX-License-Identifier: Apache-2.0

/// The cores that make an AXI accelerator of a pipeline. They stand around it and are no stages: the
/// pipeline's cycles do not hang on them.
public enum AcceleratorCores {
  /// Their files in RTL/.
  public static var files: [RTLFile] {
    [
      RTLFile(name: "rb_image_frame.v", bytes: PackageResources.rb_image_frame_v),
      RTLFile(name: "rb_result_frame.v", bytes: PackageResources.rb_result_frame_v),
      RTLFile(name: "rb_axi_control.v", bytes: PackageResources.rb_axi_control_v),
    ]
  }

  /// Queues whose high-water marks `rb_axi_control` has registers for.
  public static let mostMarks = 64

  /// The file of the core that writes the memories, for pipelines whose memories can be written.
  public static var loaderFile: RTLFile {
    RTLFile(name: "rb_loader.v", bytes: PackageResources.rb_loader_v)
  }

  /// The file of the core that watches a queue, for pipelines that have queues.
  public static var highWaterFile: RTLFile {
    RTLFile(name: "rb_high_water.v", bytes: PackageResources.rb_high_water_v)
  }
}
