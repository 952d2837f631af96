// SPDX-License-Identifier: Apache-2.0

import Diagnostics

/// A network and its trained numbers, as an importer returns them.
public struct TrainedNetwork: Sendable {
  /// The layers.
  public var network: Network
  /// The numbers.
  public var parameters: Parameters
  /// What the reader of the file should know: rules that the source uses, for instance for sign(0).
  public var remarks: [Diagnostic]

  public init(network: Network, parameters: Parameters, remarks: [Diagnostic] = []) {
    self.network = network
    self.parameters = parameters
    self.remarks = remarks
  }
}
