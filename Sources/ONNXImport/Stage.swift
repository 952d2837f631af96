// SPDX-License-Identifier: Apache-2.0

import Modeling

/// A layer of the network in the making. It never changes: what merges with it makes a new stage,
/// and those that the output does not need are left out in the end.
struct Stage {
  var layer: any PrimitiveLayer
  /// By slot.
  var parameters: [String: Tensor] = [:]
  /// Earlier stages.
  var inputs: [Int]
  /// From the file's names; one from its kind is taken without it.
  var name: String?
  /// What leaves it.
  var feature: Feature
}
