// SPDX-License-Identifier: Apache-2.0

// `import ResBin` brings every room.
@_exported import Cores
@_exported import Datasets
@_exported import Diagnostics
@_exported import Folding
@_exported import GoldenModel
@_exported import IntegerNetwork
@_exported import Modeling
@_exported import ONNXImport
@_exported import Packaging
@_exported import Pipelines
@_exported import Reporting
@_exported import Simulation
@_exported import Verification
@_exported import VerilogEmission
