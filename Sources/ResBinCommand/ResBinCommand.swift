// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

@main
struct ResBinCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "resbin")
}
