// SPDX-License-Identifier: Apache-2.0

import Cores

/// When the images of a pipeline come out, with a source that is always ready to send and a sink
/// that is always ready to take. Exact: the simulated hardware has the same cycles.
public struct PipelineTiming: Equatable, Codable, Sendable {
  /// Cycles from the transfer of an image's first beat in to that of its last beat out, the
  /// pipeline being empty.
  public var latency: Int
  /// Cycles between the ends of two images, once the pipeline is full.
  public var interval: Int
}

extension Pipeline {
  /// Latency and interval from the handshakes of the cores.
  public func timing() -> PipelineTiming {
    // After as many images as fit into the buffers the rhythm is settled.
    let images =
      6
      + stages.reduce(0) { held, stage in
        if case .window(let window) = stage.core.handshake {
          held + window.imagesHeld
        } else {
          held
        }
      }
    let completions = completions(images: images)
    return PipelineTiming(
      latency: completions[0],
      interval: completions[images - 1] - completions[images - 2])
  }

  /// The cycle in which the last beat of each of the first `images` images leaves, counted from
  /// the transfer of the very first beat in.
  ///
  /// Steps the handshake machine of each core, one cycle at a time.
  public func completions(images: Int) -> [Int] {
    var machines = stages.map { $0.core.handshake.machine() }
    var completions: [Int] = []
    var beatsToSend = images * inputBeats
    var beatsReceived = 0
    var cycle = 0
    // What each stage's output sees in this cycle: the ready of the stage that reads it.
    var ready = Array(repeating: true, count: stages.count)
    var valid = Array(repeating: false, count: stages.count)
    while completions.count < images {
      var sourceReady = true
      for index in stages.indices.reversed() {
        let inputReady = machines[index].ready(outputReady: ready[index])
        switch stages[index].source {
        case .outside: sourceReady = inputReady
        case .stage(let source): ready[source] = inputReady
        }
      }
      let sends = beatsToSend > 0 && sourceReady
      for index in stages.indices { valid[index] = machines[index].valid }
      for index in stages.indices {
        let input: Bool =
          switch stages[index].source {
          case .outside: sends
          case .stage(let source): valid[source] && ready[source]
          }
        machines[index].clock(input: input, output: valid[index] && ready[index])
      }
      if sends { beatsToSend -= 1 }
      if valid.last ?? sends {
        beatsReceived += 1
        if beatsReceived % outputBeats == 0 { completions.append(cycle) }
      }
      cycle += 1
    }
    return completions
  }
}
