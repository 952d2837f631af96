#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Builds an accelerator with Verilator and runs both drivers on it.

    run.py DESIGN [--images FILE --expected FILE [--fewer FILE …] [--reload IMAGE EXPECTED]] [--seeds N]
           [--work FOLDER]

DESIGN      a folder that `resbin generate` wrote, with its AXI wrapper in rtl/.
--images    images one after the other, as they stand on s_axis_tdata, and
--expected  their results, as they stand on m_axis_tdata. Without these, random images and golden.py,
            which knows dense networks of a fixed number of levels.
--fewer     the same with 1, 2 … levels in use, where they are chosen at run time.
--reload    a parameter image that `resbin reload` made for DESIGN from another model, and the results of
            that model for the same images.

The C driver is compiled with the warnings of a strict project as errors, by each C compiler there is,
once plainly and once with the sanitizers of addresses and undefined behaviour. Needs Verilator 5.006,
a C and a C++ compiler, numpy for Python. Exit code 1 when something fails.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
DRIVER = HERE.parents[2] / "Sources" / "Packaging" / "Files" / "driver"
STRICT = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-O2", "-g"]


def run(*command: object, **options: Any) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([str(part) for part in command], check=True, text=True, **options)


def build(*command: object) -> None:
    """Says something only when it fails: linkers warn of much that is not ours."""
    result = subprocess.run([str(part) for part in command], text=True, capture_output=True)
    if result.returncode != 0:
        print(result.stdout + result.stderr, file=sys.stderr)
        result.check_returncode()


def links(compiler: str, *flags: str) -> bool:
    """Whether a compiler is there and can make a program."""
    if not shutil.which(compiler):
        return False
    language = "c++" if compiler.endswith("++") else "c"
    text = "#include <string>\n" if language == "c++" else ""
    with tempfile.TemporaryDirectory() as folder:
        command = [compiler, *flags, "-x", language, "-", "-o", f"{folder}/probe"]
        program = text + "int main(void) { return 0; }"
        return subprocess.run(command, input=program, text=True, capture_output=True).returncode == 0


def build_harness(design: Path, manifest: "dict[str, Any]", work: Path) -> Path:
    """The library of harness.h."""
    top = manifest["top"] + "_axi"
    model = work / "model"
    compiler = "clang++" if links("clang++") else "g++"
    sources = sorted((design / "rtl").glob("*.v"))
    build("verilator", "--cc", "-Wno-fatal", "-Wno-lint", "--x-assign", "unique", "--x-initial", "unique",
        "--prefix", "Vtop", "--top-module", top, "--Mdir", model, "-CFLAGS", "-O2 -fPIC",
        "--build", "-j", "1", "-MAKEFLAGS", f"CXX={compiler}", *sources)
    root = run("verilator", "--getenv", "VERILATOR_ROOT", capture_output=True).stdout.strip()
    accelerator = manifest["accelerator"]
    library = work / "libharness.so"
    build(compiler, "-std=c++17", "-O2", "-fPIC", "-shared", "-Wall", "-Wextra",
        f"-DHARNESS_IN_BYTES={accelerator['input']['bytesPerBeat']}",
        f"-DHARNESS_OUT_BYTES={accelerator['output']['bytesPerBeat']}",
        f"-I{model}", f"-I{HERE}", "-isystem", f"{root}/include", "-isystem", f"{root}/include/vltstd",
        HERE / "harness.cpp", f"{root}/include/verilated.cpp", f"{root}/include/verilated_threads.cpp",
        *sorted(model.glob("*__ALL.a")), "-lpthread", "-o", library)
    return library


def test_c(header: Path, top: str, work: Path, arguments: "list[object]", rtl: Path) -> None:
    files = [DRIVER / "resbin.c", DRIVER / "resbin_dma.c", DRIVER / "resbin_uio.c", HERE / "test_driver.c"]
    sanitizers = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    for compiler in ("gcc", "clang"):
        for flags in ([], sanitizers):
            if not links(compiler, *flags):
                print(" ".join([f"C driver: {compiler}", *flags, "skipped: it makes no programs here"]))
                continue
            program = work / "test_driver"
            build(compiler, *STRICT, *flags, f'-DDESIGN_HEADER="{top}_design.h"', f"-DDESIGN={top}_design", f"-I{DRIVER}",
                f"-I{header}", f"-I{HERE}", *files, f"-L{work}", "-lharness", f"-Wl,-rpath,{work}", "-o", program)
            print(" ".join([f"C driver: {compiler}", *flags]), flush=True)
            run(program, *arguments, cwd=rtl)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("design", type=Path)
    parser.add_argument("--images", type=Path)
    parser.add_argument("--expected", type=Path)
    parser.add_argument("--fewer", type=Path, nargs="*", default=[])
    parser.add_argument("--reload", type=Path, nargs=2, metavar=("IMAGE", "EXPECTED"), default=[])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--work", type=Path)
    options = parser.parse_args()
    if options.reload and not options.images:
        parser.error("--reload needs --images: its results are of the same")
    design = options.design.resolve()
    manifest = json.loads((design / "manifest.json").read_text())
    work = (options.work or Path(tempfile.mkdtemp(prefix="resbin-driver-"))).resolve()
    work.mkdir(parents=True, exist_ok=True)
    header = design / "driver"

    images, expected = options.images, options.expected
    if images is None:
        images, expected = work / "images.bin", work / "expected.bin"
        size = manifest["input"]["lanes"] * manifest["input"]["beats"]
        images.write_bytes(random.Random(1).randbytes(24 * size))
        run(sys.executable, HERE / "golden.py", design, images, expected)

    try:
        # Memory images are read by name, from the working folder.
        library = build_harness(design, manifest, work)
        arguments = [images.resolve(), expected.resolve(), 0, options.seeds]
        if options.reload:
            arguments += ["--reload", *(path.resolve() for path in options.reload)]
        arguments += [path.resolve() for path in options.fewer]
        test_c(header.resolve(), manifest["top"], work, arguments, design / "rtl")
        environment = dict(os.environ, RESBIN_HARNESS=str(library), PYTHONPATH=str(DRIVER))
        run(sys.executable, HERE / "test_driver.py", design, *arguments, cwd=design / "rtl", env=environment)
    except subprocess.CalledProcessError as error:
        sys.exit(f"{error.cmd[0]} ended with {error.returncode}")
    finally:
        if options.work is None:
            shutil.rmtree(work)


if __name__ == "__main__":
    main()
