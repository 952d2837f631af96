// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import ResBin

@main
struct ResBinCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resbin",
    abstract: "Turn a trained residual-binary network into Verilog, and prove it.",
    discussion: """
      A residual-binary network (ResBinNet) has binary weights, and activations that are sums of \
      1…4 scaled signs. From its ONNX file to an accelerator:

        resbin inspect  Models/mnist-256x3-m2.onnx
        resbin evaluate Models/mnist-256x3-m2.onnx --dataset mnist/
        resbin explore  Models/mnist-256x3-m2.onnx
        resbin generate Models/mnist-256x3-m2.onnx --output build/mnist
        resbin simulate build/mnist --images Models/mnist-test-500-images.idx3-ubyte --count 100
        resbin report   build/mnist

      Every command but `report`, which writes files, prints one JSON object instead of text with \
      --json. Errors go to standard \
      error; the exit code is then 1.
      """,
    version: "0.1.0",
    subcommands: [
      InspectCommand.self, EvaluateCommand.self, ExploreCommand.self, CalibrateCommand.self,
      GenerateCommand.self, SimulateCommand.self, ReportCommand.self, ReloadCommand.self,
    ])

  /// Parses and runs; every failure ends in exit code 1, help in 0.
  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch let error as Diagnostic {
      fail(error.description)
    } catch let error as InvalidInput {
      fail(error.description)
    } catch let error as ExitCode {
      Foundation.exit(error.rawValue)
    } catch {
      let message = fullMessage(for: error)
      if exitCode(for: error).isSuccess {
        print(message)
        Foundation.exit(0)
      }
      fail(message.hasPrefix("Error: ") ? "error: " + message.dropFirst(7) : message)
    }
  }

  private static func fail(_ message: String) -> Never {
    FileHandle.standardError.write(Data((message + "\n").utf8))
    Foundation.exit(1)
  }
}
