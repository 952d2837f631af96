#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Gives a design folder to FuseSoC and to Yosys, as a user would.

    run.py DESIGN [--no-yosys]

DESIGN has <top>.core, vivado/design.tcl and yosys/synthesize_yosys.tcl. FuseSoC is skipped where it is not
installed (pip install fusesoc), Yosys takes a minute or more. The core has to be resolved, to lint, and to
fail when a name in the Verilog is wrong. Exit code 1 when something fails.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path


def succeeds(*command: object, folder: Path) -> bool:
    environment = dict(os.environ, XDG_CACHE_HOME=f"{folder}/cache", XDG_CONFIG_HOME=f"{folder}/config")
    result = subprocess.run([str(part) for part in command], cwd=folder, env=environment, text=True, capture_output=True)
    if result.returncode != 0:
        (folder / "last.log").write_text(result.stdout + result.stderr)
    return result.returncode == 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("design", type=Path)
    parser.add_argument("--no-yosys", action="store_true")
    options = parser.parse_args()
    top = json.loads((options.design / "manifest.json").read_text())["top"] + "_axi"
    failed = 0

    def report(name: str, is_right: bool, folder: Path) -> None:
        nonlocal failed
        print(("ok       " if is_right else "FAILED   ") + name, flush=True)
        failed += not is_right
        if not is_right and (folder / "last.log").exists():
            print((folder / "last.log").read_text()[-2000:])

    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "design"
        shutil.copytree(options.design, folder, ignore=shutil.ignore_patterns("build"))
        if shutil.which("fusesoc"):
            core = f"resbin:accelerator:{top}"
            fusesoc = ["fusesoc", "--cores-root", ".", "run", "--build-root", f"{temporary}/fusesoc"]
            report("FuseSoC resolves the core", succeeds("fusesoc", "--cores-root", ".", "core", "show", core, folder=folder), folder)
            report("FuseSoC lints it", succeeds(*fusesoc, "--target=lint", core, folder=folder), folder)
            report("FuseSoC makes a Vivado project", succeeds(*fusesoc, "--setup", "--target=vivado", core, folder=folder), folder)
            verilog = folder / "rtl" / f"{top}.v"
            text = verilog.read_text()
            verilog.write_text(text.replace("!aresetn", "!aresetm"))
            report("a wrong name is found", text != verilog.read_text() and not succeeds(*fusesoc, "--target=lint", core, folder=folder), folder)
            verilog.write_text(text)
        else:
            print("skipped  FuseSoC is not installed")
        if not options.no_yosys and shutil.which("yosys"):
            report("Yosys synthesises it", succeeds("yosys", "-q", "-c", "yosys/synthesize_yosys.tcl", folder=folder), folder)
            statistics = folder / "build" / "yosys" / f"{top}.stat"
            text = statistics.read_text() if statistics.exists() else ""
            report("Yosys kept block RAMs and multipliers", "RAMB" in text and "DSP48E1" in text, folder)
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
