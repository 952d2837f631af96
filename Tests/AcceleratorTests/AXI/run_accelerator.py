#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Builds an accelerator with Verilator and runs test_accelerator.py on it, with cocotb.

    run_accelerator.py DESIGN --images images.bin --expected scores.bin [--fewer scores-1.bin …]

DESIGN      a folder that `resbin generate` wrote: manifest.json, rtl/.
--images    the images one after the other, each as it stands on s_axis_tdata: `beats` beats of the
            manifest's input, a beat as whole bytes, lane 0 in the low bits of the first byte.
--expected  the results of the same images, each as it stands on m_axis_tdata: `beats` beats of the
            manifest's output, a beat as whole bytes, the first byte the lowest.
--fewer     the same with 1, 2 … levels in use, where they are chosen at run time.
--reload    where the memories can be written: a parameter image of another model, as `resbin reload`
            writes it for DESIGN, and that model's results of the same images.
--seed, --seeds, --count, --test: the first seed, how many of the random mix, how many images of
            the first test, only one test.

Needs cocotb 1.9.2, cocotbext-axi 0.1.28 and Verilator 5.006 or later. Exit code 1 when a test fails.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree
from pathlib import Path

HERE = Path(__file__).resolve().parent


def compiler():
    """clang++ makes models twice as fast as g++; not every one can link them."""
    if shutil.which("clang++"):
        with tempfile.TemporaryDirectory() as folder:
            probe = ["clang++", "-x", "c++", "-", "-o", f"{folder}/probe"]
            text = "#include <string>\nint main(int n, char**) { return std::string(n - 1, 'x').size(); }"
            if subprocess.run(probe, input=text, text=True, capture_output=True).returncode == 0:
                return "clang++"
    return "g++"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("design", type=Path)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--expected", type=Path, required=True)
    parser.add_argument("--fewer", type=Path, nargs="*", default=[])
    parser.add_argument("--reload", type=Path, nargs=2, metavar=("IMAGE", "EXPECTED"))
    parser.add_argument("--build", type=Path, help="where to build (a temporary folder)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--marks", type=int, nargs="*", help="of the queues, after 11 images")
    parser.add_argument("--test")
    return parser.parse_args()


def run(options, build):
    from cocotb.runner import get_runner

    design = options.design.resolve()
    manifest = json.loads((design / "manifest.json").read_text())
    top = manifest["top"] + "_axi"
    defines = {
        "ACCELERATOR": top,
        "IN_BEATS": manifest["input"]["beats"],
        "OUT_BEATS": manifest["output"]["beats"],
    }
    os.environ.setdefault("CXX", compiler())
    os.environ.setdefault("LINK", os.environ["CXX"])
    os.environ.setdefault("MAKEFLAGS", f"CXX={os.environ['CXX']} LINK={os.environ['LINK']}")
    verilog = sorted((design / "rtl").glob("*.v"))
    runner = get_runner("verilator")
    runner.build(
        verilog_sources=verilog + [HERE / "axi_checker.sv"], hdl_toplevel=top, defines=defines,
        build_dir=str(build), always=True,
        build_args=["-Wno-fatal", "-O3", "--x-assign", "unique", "--x-initial",
                                "unique", "-CFLAGS", "-O1"])
    sys.path.insert(0, str(HERE))
    results = runner.test(
        hdl_toplevel=top, test_module="test_accelerator", test_dir=str(design / "rtl"),
        build_dir=str(build), results_xml=str(build / "results.xml"), testcase=options.test,
        seed=options.seed, plusargs=["+verilator+rand+reset+2", f"+verilator+seed+{options.seed}"],
        extra_env={
            "RESBIN_DESIGN": str(design),
            "RESBIN_IMAGES": str(options.images.resolve()),
            "RESBIN_EXPECTED": str(options.expected.resolve()),
            "RESBIN_FEWER": ":".join(str(path.resolve()) for path in options.fewer),
            "RESBIN_RELOAD": ":".join(str(path.resolve()) for path in options.reload or []),
            "RESBIN_MARKS": json.dumps(options.marks),
            "RESBIN_SEED": str(options.seed),
            "RESBIN_SEEDS": str(options.seeds),
            "RESBIN_COUNT": str(options.count),
        })
    cases = list(xml.etree.ElementTree.parse(results).iter("testcase"))
    failed = [case.get("name") for case in cases if case.find("failure") is not None]
    ran = [case for case in cases if case.find("skipped") is None]
    print(f"{len(ran) - len(failed)} of {len(ran)} tests passed", *failed)
    return 1 if failed or not ran else 0


def main():
    options = arguments()
    if options.build:
        options.build.mkdir(parents=True, exist_ok=True)
        return run(options, options.build.resolve())
    with tempfile.TemporaryDirectory() as folder:
        return run(options, Path(folder))


if __name__ == "__main__":
    sys.exit(main())
