// SPDX-License-Identifier: Apache-2.0

import Cores
import Folding
import VerilogEmission

extension DesignReport {
  /// What a page has and no other file: it may be replaced by a newer one.
  public static let mark = "<meta name=\"generator\" content=\"resbin report\">"

  /// One page that needs nothing else: no script, no font, no picture from elsewhere.
  public var page: String {
    let head =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      + "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      + Self.mark + "\n" + HTML.tag("title", "\(manifest.network): accelerator").string
      + "\n<style>\n\(Self.style)</style>\n"
      + "</head>\n<body>\n"
    let main = HTML.tag(
      "main",
      [title, figures, pipeline, stages, parity, runTimeLevels, levels, interface, sources]
        .compactMap(\.self))
    return head + main.string + "</body>\n</html>\n"
  }

  private var title: HTML {
    .tag(
      "section",
      [
        .tag("h1", manifest.network),
        .tag(
          "p",
          [
            .text("Top module "), .tag("code", manifest.accelerator?.module ?? manifest.top),
            .text(", design "), .tag("code", String(manifest.hash.prefix(12))),
            .text(", figures in seconds at \((clock / 1e6).fixed(0)) MHz."),
          ]),
      ])
  }

  private var figures: HTML {
    var cards = [
      card(
        imagesPerSecond.grouped, "images/s",
        "an image every \(manifest.timing.interval.grouped) cycles"),
      card(
        "\((Double(manifest.timing.latency) / clock * 1e6).fixed(2)) µs", "latency",
        "\(manifest.timing.latency.grouped) cycles"),
    ]
    if let estimate = manifest.estimate, let share {
      let cells = resourceCells(estimate).map { $0.isEmpty ? "0" : $0 }
      func of(_ percent: Double) -> String { "\(percent.fixed(1)) % of \(device)" }
      cards.append(card(cells[0], "LUTs", "estimated; \(of(share.luts))"))
      cards.append(card(cells[2], "block RAMs", "RAMB36, estimated; \(of(share.blockRAMs))"))
    }
    if let path = manifest.longestPath {
      cards.append(
        card(
          "\(path.nanosecondsText) ns", "longest path",
          "estimated, cells only, no wires"
            + (measuredPath.map {
              "; measured by Yosys: \($0.nanoseconds.fixed(2)) ns, \($0.levels) levels"
            } ?? "")))
    }
    if let integers {
      cards.append(
        card(
          "\(integers.percent.fixed(2)) %", "accuracy",
          "golden model, \(integers.images.grouped) images"))
    }
    if let simulation {
      cards.append(
        card(
          simulation.passed ? "equal" : "DIFFERENT", "Verilog and golden model",
          "\(simulation.agreeing) of \(simulation.images) images at every joint",
          style: simulation.passed ? "good" : "bad"))
    }
    return .tag("section", class: "cards", cards)
  }

  private func card(_ value: String, _ name: String, _ note: String, style: String = "") -> HTML {
    .tag(
      "div", class: style.isEmpty ? "card" : "card \(style)",
      [
        .tag("div", value, class: "value"), .tag("div", name, class: "name"),
        .tag("div", note, class: "note"),
      ])
  }

  /// Layer after layer, in each its stages; the bar says how much of the time one is busy.
  private var pipeline: HTML {
    var layers: [(name: String, stages: [Manifest.StageEntry])] = []
    for stage in manifest.stages {
      if layers.last?.name == stage.layer {
        layers[layers.count - 1].stages.append(stage)
      } else {
        layers.append((stage.layer, [stage]))
      }
    }
    func stream(_ stream: Manifest.Stream) -> HTML {
      let shape = stream.shape.map(String.init).joined(separator: " × ")
      return .tag(
        "li", class: "stream",
        [
          .tag("div", stream.name, class: "layer"), .tag("div", shape, class: "note"),
          .tag("div", "\(stream.lanes) × \(stream.bitsPerLane) bits a beat", class: "note"),
        ])
    }
    let items = layers.map { layer -> HTML in
      let isSlowest = bottleneck?.layer == layer.name
      return .tag(
        "li", class: isSlowest ? "slow" : nil,
        [.tag("div", layer.name, class: "layer")] + layer.stages.map(box))
    }
    return .tag(
      "section",
      [
        .tag("h2", "Pipeline"),
        .tag("ol", class: "pipeline", [stream(manifest.input)] + items + [stream(manifest.output)]),
        .tag("p", bottleneck?.text ?? "", class: "note"),
      ])
  }

  private func box(_ stage: Manifest.StageEntry) -> HTML {
    let share = min(1, utilisation(of: stage))
    let fold = stage.module == "rb_matrix_unit" ? manifest.folds[stage.layer] : nil
    let detail =
      fold.map {
        "\($0.units) unit\($0.units == 1 ? "" : "s") × \($0.lanes) lane\($0.lanes == 1 ? "" : "s")"
      } ?? stage.module
    return .tag(
      "div", class: "stage",
      [
        .tag("div", stage.name, class: "name"), .tag("div", detail, class: "note"),
        .element(
          "div",
          [
            (name: "class", value: "bar"),
            (name: "title", value: "\((100 * share).fixed(0)) % busy"),
          ],
          [
            .element(
              "div", [(name: "style", value: "width:\((100 * share).fixed(1))%")], [])
          ]),
      ])
  }

  private var stages: HTML {
    let hasQueues = manifest.stages.contains { $0.highWater != nil }
    let rows = manifest.stages.map { stage -> [HTML] in
      let fold = stage.module == "rb_matrix_unit" ? manifest.folds[stage.layer] : nil
      let queue = highWater(of: stage).map {
        "\($0.grouped) of \((stage.parameters["DEPTH"] ?? 0).grouped)"
      }
      return [
        .text(stage.name), .tag("code", stage.module),
        .text(fold.map { "\($0.units) × \($0.lanes), \($0.schedule.rawValue)" } ?? ""),
        .text(stage.cycles.grouped), .text("\((100 * utilisation(of: stage)).fixed(0)) %"),
      ] + (resourceCells(stage.estimate) + pathCells(stage.longestPath)).map(HTML.text)
        + (hasQueues ? [.text(queue ?? "")] : [])
    }
    let total: [HTML] =
      [.tag("strong", "total"), .text(""), .text(""), .text(""), .text("")]
      + (resourceCells(manifest.estimate) + pathCells(manifest.longestPath)).map(HTML.text)
      + (hasQueues ? [.text("")] : [])
    let head = [
      "stage", "core", "units × lanes", "cycles/image", "busy", "LUT", "FF", "RAMB36", "DSP", "ns",
      "levels",
    ]
    return .tag(
      "section",
      [
        .tag("h2", "Stages"),
        .table(
          head + (hasQueues ? ["most beats queued"] : []), numbers: Set(3...11),
          rows: rows + [total]),
      ])
  }

  private var parity: HTML? {
    guard integers != nil || simulation != nil else { return nil }
    var rows: [[HTML]] = []
    func add(_ name: String, _ accuracy: Accuracy?, _ note: String) {
      guard let accuracy else { return }
      rows.append([
        .text(name), .text(accuracy.images.grouped), .text(accuracy.correct.grouped),
        .text("\(accuracy.percent.fixed(2)) %"), .text(note),
      ])
    }
    add(
      "gammas and scores of 20 and 32 bits", reference,
      "in place of the real numbers of the model; all else is exact")
    add("golden model", integers, "the integers that the hardware computes with")
    if let simulation, let correct = simulation.correct {
      rows.append([
        .text("Verilog, simulated"), .text(simulation.images.grouped), .text(correct.grouped),
        .text("\((100 * Double(correct) / Double(max(1, simulation.images))).fixed(2)) %"),
        .text(
          "\(simulation.agreeing) of \(simulation.images) images equal the golden model's in "
            + "\(simulation.comparedValues.grouped) values"),
      ])
    }
    var parts: [HTML] = [
      .tag("h2", "Parity"),
      .table(["", "images", "right", "accuracy", ""], numbers: [1, 2, 3], rows: rows),
    ]
    if let simulation {
      let measured = simulation.latency.map {
        "Latency \($0.grouped) cycles (predicted \(simulation.predictedLatency.grouped)), interval "
          + "\(simulation.interval.map(\.grouped) ?? "-") (predicted \(simulation.predictedInterval.grouped))."
      }
      let equal = equalPredictions.map {
        "On these \(simulation.images) images the golden model and the Verilog predict \($0) alike."
      }
      let texts = [equal, measured, simulation.mismatch.map { "First mismatch: \($0)." }]
      parts += texts.compactMap { $0.map { HTML.tag("p", $0) } }
    }
    return .tag("section", parts)
  }

  private var runTimeLevels: HTML? {
    guard !modes.isEmpty else { return nil }
    return .tag(
      "section",
      [
        .tag("h2", "Levels chosen at run time"),
        .table(
          [
            "levels in use", "interval", "images/s", "latency", "accuracy",
            "Verilog equals golden model",
          ],
          numbers: [0, 1, 2, 3, 4],
          rows: modes.map(row)),
        .tag(
          "p",
          [
            .text("The register "), .tag("code", "LEVELS"),
            .text(" chooses for the images that begin after it was written."),
          ]),
      ])
  }

  private func row(_ mode: Mode) -> [HTML] {
    let rate = clock / Double(mode.timing.interval)
    let microseconds = Double(mode.timing.latency) / clock * 1e6
    let accuracy = mode.accuracy.map { "\($0.percent.fixed(2)) %" }
    let equal = mode.agreeing.map { "\($0) of \(mode.simulated ?? 0) images" }
    return [
      .text("\(mode.levels)"), .text(mode.timing.interval.grouped), .text(rate.grouped),
      .text("\(microseconds.fixed(2)) µs"), .text(accuracy ?? ""), .text(equal ?? ""),
    ]
  }

  private var levels: HTML? {
    guard !outputs.isEmpty else { return nil }
    return .tag(
      "section",
      [
        .tag("h2", "Accuracy by level"),
        .table(
          ["output of the model", "levels", "images", "accuracy"], numbers: [1, 2, 3],
          rows: outputs.map {
            [
              .tag("code", $0.name), .text("\($0.levels)"), .text($0.accuracy.images.grouped),
              .text("\($0.accuracy.percent.fixed(2)) %"),
            ]
          }),
      ])
  }

  private var interface: HTML? {
    guard let accelerator = manifest.accelerator else { return nil }
    func row(_ port: String, _ stream: Manifest.Stream, _ packing: Manifest.Packing) -> [HTML] {
      let sign = packing.isSigned ? "signed " : ""
      return [
        .tag("code", port), .text("\(stream.lanes) \(sign)× \(packing.containerBits) bits"),
        .text("\(packing.bytesPerBeat)"), .text(stream.beats.grouped),
        .text((stream.beats * packing.bytesPerBeat).grouped),
      ]
    }
    return .tag(
      "section",
      [
        .tag("h2", "Ports"),
        .table(
          ["AXI4-Stream", "values of a beat", "bytes a beat", "beats", "bytes"],
          numbers: [2, 3, 4],
          rows: [
            row("s_axis", manifest.input, accelerator.input),
            row("m_axis", manifest.output, accelerator.output),
          ]),
        .tag(
          "p",
          [
            .text("Registers on "), .tag("code", "s_axil"), .text(": "),
            .tag("code", "driver/resbin_registers.h"), .text("; design hash "),
            .tag("code", accelerator.hash), .text("."),
            .text(
              accelerator.loadWords.map {
                " Memories: \($0.grouped) words of 32 bits, which other models can be loaded into."
              } ?? ""),
          ]),
      ])
  }

  private var sources: HTML {
    var items = [
      "Interval, latency, queues: the cycle model of the cores, exact without stalls"
        + (simulation?.latency == nil ? "." : "; compared with the simulation on this page."),
      "Images a second and microseconds: these cycles at the stated clock. No place and route stands behind the clock.",
      "LUT, FF, RAMB36, DSP: of the pipeline, estimated as Yosys counts them for an XC7 device before placement. "
        + "Frames and registers round it take some "
        + (manifest.accelerator?.loadWords == nil
          ? "400 LUTs and 650 flip-flops more." : "650 LUTs and 850 flip-flops more."),
    ]
    if manifest.longestPath != nil {
      items.append(
        "ns, levels: the longest path between registers, estimated from what Yosys makes of the cores: delays of cells "
          + "of an Artix-7, no wires; LUTs, and carry chains as one each. It is no timing sign-off. "
          + (measuredPath.map {
            "Yosys measured \($0.nanoseconds.fixed(2)) ns, \($0.levels) levels, in the netlist of \($0.module), cells alone too."
          } ?? "yosys/synthesize_yosys.tcl measures it in the netlist."))
    }
    if integers != nil {
      items.append(
        "Accuracy: the golden model, which computes what the hardware computes, bit for bit.")
    }
    if let simulation {
      items.append(
        "Verilog: simulated by Verilator, stalls \(simulation.stalls), seed \(simulation.seed), every joint compared."
      )
    }
    return .tag(
      "section",
      [.tag("h2", "Where the figures are from"), .tag("ul", items.map { .tag("li", $0) })])
  }

  private static let style = """
    :root { color-scheme: light dark; --line: #d5d9de; --soft: #f4f6f8; --text: #1c2126; --note: #5b6670; --blue: #1b6ca8; --red: #b3261e; }
    @media (prefers-color-scheme: dark) { :root { --line: #3a4149; --soft: #22272c; --text: #e6e9ec; --note: #9aa5af; --blue: #6db3e8; --red: #ff8a80; } body { background: #16191c; } }
    body { margin: 0; font: 15px/1.5 system-ui, sans-serif; color: var(--text); }
    main { max-width: 1100px; margin: 0 auto; padding: 24px 16px 48px; }
    h1 { font-size: 26px; margin: 0; overflow-wrap: anywhere; } h2 { font-size: 18px; margin: 32px 0 8px; }
    p { margin: 6px 0; overflow-wrap: anywhere; } code { font: 13px ui-monospace, monospace; }
    .note { color: var(--note); font-size: 13px; }
    .cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(160px, 1fr)); gap: 10px; margin-top: 16px; }
    .card { border: 1px solid var(--line); border-radius: 6px; padding: 10px 12px; }
    .card .value { font-size: 21px; font-weight: 600; } .bad .value { color: var(--red); } .good .value { color: var(--blue); }
    .scroll { overflow-x: auto; } table { border-collapse: collapse; font-size: 14px; }
    th, td { text-align: left; padding: 3px 14px 3px 0; border-bottom: 1px solid var(--line); white-space: nowrap; } th { font-weight: 600; color: var(--note); }
    .n { text-align: right; font-variant-numeric: tabular-nums; }
    .pipeline { list-style: none; display: flex; flex-wrap: wrap; gap: 10px 24px; padding: 0; margin: 8px 0; }
    .pipeline li { position: relative; border: 1px solid var(--line); border-radius: 6px; padding: 8px 10px; background: var(--soft); min-width: 120px; }
    .pipeline li:not(:last-child)::after { content: "\\2192"; position: absolute; right: -19px; top: 50%; transform: translateY(-50%); color: var(--note); }
    .pipeline .stream { background: none; border-style: dashed; } .pipeline .slow { border-color: var(--red); }
    .layer { font-weight: 600; } .slow .layer::after { content: " sets the pace"; color: var(--red); font-weight: 400; font-size: 13px; }
    .stage { margin-top: 6px; } .stage .name { font-size: 13px; }
    .bar { height: 5px; background: var(--line); border-radius: 3px; overflow: hidden; } .bar div { height: 100%; background: var(--blue); } .slow .bar div { background: var(--red); }

    """
}
