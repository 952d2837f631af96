// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@Suite(.tags(.unit)) struct HelpTests {
  @Test(arguments: [
    "", "inspect", "evaluate", "explore", "calibrate", "generate", "simulate", "report", "reload",
  ])
  func theHelpIsTheCommittedOne(command: String) throws {
    try Resbin.inFolder { resbin in
      let output = try resbin.run("\(command) --help")
      #expect(output.status == 0)
      #expect(output.error == "")
      try Snapshot("help\(command.isEmpty ? "" : "-\(command)").txt").expect(output.output)
      #expect(try resbin.run("help \(command)").output == output.output)
    }
  }

  @Test func withoutACommandThereIsHelp() throws {
    try Resbin.inFolder { resbin in
      let output = try resbin.run("")
      #expect(output.status == 0)
      #expect(output.output == (try resbin.run("--help").output))
    }
  }

  @Test func theVersionIsANumber() throws {
    try Resbin.inFolder { resbin in
      let output = try resbin.run("--version")
      #expect(output.status == 0)
      #expect(output.error == "")
      #expect(output.output.wholeMatch(of: /\d+\.\d+\.\d+\n/) != nil)
    }
  }
}
