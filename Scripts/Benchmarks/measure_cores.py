# SPDX-License-Identifier: Apache-2.0
"""What Yosys makes of each core: fills in the counts of Docs/Budgets/cores.csv.

    measure_cores.py TABLE [CORE | new]    measures every row, or those of a core, or those without counts
    measure_cores.py DESIGN                counts a whole network, a folder of `resbin generate`

A row names a core and its parameters; memories are filled with random words. LUTs are LUT1 ... LUT6 cells and the
LUTs that RAM32M and the like take up; flip-flops are FD* cells; a RAMB36 counts as two RAMB18.

Levels and picoseconds are those of the longest path, each of its own: from a register or an input to a register or an
output. A LUT is a level, so is a read of memory in LUTs, and so is a carry chain, however long; the wide multiplexers
of a slice (MUXF7, MUXF8) are none, nor are block RAMs and DSP blocks, where paths begin and end. Picoseconds are the latest
arrival of Yosys' `sta`: the delays of cells that its library has for an Artix-7, block RAMs and DSP blocks among them,
and no wires.
"""

import csv
import json
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

RTL = Path(__file__).resolve().parents[2] / "RTL"
COUNTS = ["luts", "lut_rams", "flip_flops", "ramb18s", "dsps", "levels", "picoseconds"]
COLUMNS = ["core", "parameters", *COUNTS, "yosys"]

# LUTs of a cell that is memory, as the XC7 counts them.
LUT_RAMS = {
    "RAM32M": 4, "RAM64M": 4, "RAM32X1D": 2, "RAM64X1D": 2, "RAM128X1D": 4,
    "RAM32X1S": 1, "RAM64X1S": 1, "RAM128X1S": 2, "RAM256X1S": 4, "SRL16E": 1, "SRLC32E": 1,
}  # fmt: skip

# Yosys 0.23 moves the running totals and their adder into a DSP block that multiplies them, where the way back from
# the register to the adder is lost: the netlist is wrong, and too small. Kept wires stay outside.
KEEP = "setattr -set keep 1 w:totals_q"

Parameters = dict[str, int]

# Core -> the parameter that names its memory -> width and depth of the memory.
MEMORIES = {
    "rb_matrix_unit": {
        "WEIGHTS_FILE": lambda p: (p["UNITS"] * p["LANES"], p["GROUPS"] * p["WEIGHT_LEVELS"] * p["WORDS"]),
        "MASK_FILE": lambda p: (p["UNITS"] * p["LANES"], p["GROUPS"] * p["WEIGHT_LEVELS"] * p["WORDS"]),
    },
    "rb_residual_encoder": {
        "THRESHOLDS_FILE": lambda p: (
            p["UNITS"] * ((2 ** p["LEVELS"] - 1) * p["SUM_WIDTH"] + p["FALLING"]), p["GROUPS"]),
    },
    "rb_rom": {"INIT_FILE": lambda p: (p["WIDTH"], p["DEPTH"])},
    "rb_lookup": {"TABLE_FILE": lambda p: (p["OUT_BITS"], 2 ** p["IN_BITS"])},
    "rb_score": {
        "COEFFICIENTS_FILE": lambda p: (
            p["UNITS"] * (p["MULTIPLIER_WIDTH"] + p["SCORE_WIDTH"]), p["GROUPS"]),
    },
}  # fmt: skip


def literal(parameters: dict[str, str], name: str) -> str:
    """The value of a parameter for Yosys: an integer, or a:b:c, a packed vector with a in the low bits."""
    value = parameters[name]
    if name != "GAMMAS":
        return value
    width = int(parameters["GAMMA_WIDTH"])
    elements = [int(element) for element in value.split(":")]
    number = sum(element << (index * width) for index, element in enumerate(elements))
    return f"{width * len(elements)}'d{number}"


def shared_counts(lanes: int, units: int, blocks: int, neurons: int) -> dict[str, str]:
    """SHARED_ORDER and SHARED_SIZES of random weights, as Sources/Cores/SharedCounts.swift makes them."""
    weights = random.Random(f"{lanes} {units} {neurons}")
    width = lanes.bit_length()
    order, sizes = [], []
    full = units - blocks * (neurons - 1)  # blocks; the others have a neuron fewer
    for block in range(blocks):
        rows = [weights.getrandbits(lanes) for _ in range(neurons - (block >= full))]
        numbers = [
            sum(((row ^ rows[0]) >> lane & 1) << bit for bit, row in enumerate(rows[1:])) for lane in range(lanes)
        ]
        order += [(rows[0] >> lane & 1) << width | lane for lane in sorted(range(lanes), key=lambda i: numbers[i])]
        sizes += [numbers.count(number) for number in range(2 ** (neurons - 1))]

    def packed(elements: list[int], width: int) -> str:
        number = sum(element << (index * width) for index, element in enumerate(elements))
        return f"{width * len(elements)}'h{number:x}"

    return {"SHARED_ORDER": packed(order, width + 1), "SHARED_SIZES": packed(sizes, width)}


def synthesized(sources: list[str], top: str, before: str, folder: Path) -> dict[str, int]:
    """The columns of the table after synthesis."""
    script = (
        f"read_verilog -defer {' '.join(sources)}; {before}hierarchy -top {top}; proc; {KEEP}; "
        f"synth_xilinx -family xc7 -flatten -noiopad -top {top}; tee -o stat.json stat -json; "
        "setattr -mod -unset keep_hierarchy; setattr -unset keep_hierarchy; flatten; clean; "
        "write_json netlist.json; "
        "read_verilog -lib -specify -overwrite +/xilinx/cells_sim.v; clean; tee -o sta.txt sta"
    )
    subprocess.run(["yosys", "-q", "-p", script], cwd=folder, check=True, capture_output=True)
    text = (folder / "stat.json").read_text()
    cells = json.loads(text[text.index("{") :])["design"]["num_cells_by_type"]
    latest = re.search(r"is (\d+):", (folder / "sta.txt").read_text())
    netlist = json.loads((folder / "netlist.json").read_text())["modules"][top]
    picoseconds = int(latest[1]) if latest else 0
    return counts(cells) | {"levels": levels(netlist), "picoseconds": picoseconds}


# Inputs of cells from which a path goes on to the outputs, and the levels that it takes there. From CI, a carry chain
# goes on.
THROUGH = {
    **{f"LUT{n}": ({f"I{i}" for i in range(n)}, 1) for n in range(1, 7)},
    "INV": ({"I"}, 0), "BUFG": ({"I"}, 0),
    "MUXF7": ({"I0", "I1", "S"}, 0), "MUXF8": ({"I0", "I1", "S"}, 0), "MUXF9": ({"I0", "I1", "S"}, 0),
    "CARRY4": ({"S", "DI", "CYINIT"}, 1),
    "RAM32M": ({f"ADDR{p}" for p in "ABCD"}, 1), "RAM64M": ({f"ADDR{p}" for p in "ABCD"}, 1),
    **{f"RAM{n}X1D": ({"A", "DPRA"} | {f"{a}{i}" for a in ("A", "DPRA") for i in range(7)}, 1) for n in (32, 64, 128)},
    **{f"RAM{n}X1S": ({"A"} | {f"A{i}" for i in range(8)}, 1) for n in (32, 64, 128, 256)},
}  # fmt: skip


def levels(module: dict[str, Any]) -> int:
    """The most levels between two registers of a netlist of Yosys (`write_json`)."""
    drivers: dict[int, list[tuple[set[int], int]]] = {}
    for cell in module["cells"].values():
        if cell["type"] not in THROUGH:
            continue
        inputs, cost = THROUGH[cell["type"]]

        def bits(ports: set[str], cell: dict[str, Any] = cell) -> set[int]:
            return {bit for port in ports for bit in cell["connections"].get(port, []) if isinstance(bit, int)}

        for port, direction in cell["port_directions"].items():
            if direction == "output":
                for bit in cell["connections"][port]:
                    drivers[bit] = [(bits(inputs), cost), (bits({"CI"}), 0)]
    depth: dict[int, int] = {}
    for start in drivers:
        stack = [start]
        while stack:
            bit = stack[-1]
            sources = {source for those, _ in drivers.get(bit, []) for source in those}
            missing = [source for source in sources if source not in depth]
            if missing:
                stack += missing
                continue
            depth[stack.pop()] = max(
                (depth[source] + cost for those, cost in drivers.get(bit, []) for source in those), default=0)
    return max(depth.values(), default=0)


def counts(cells: dict[str, int]) -> dict[str, int]:
    """The columns of the table that count cells."""
    unknown = [c for c in cells if re.match("RAM[0-9]|SRL|ROM", c) and c not in LUT_RAMS]
    assert not unknown, unknown
    lut_rams = sum(n * LUT_RAMS.get(cell, 0) for cell, n in cells.items())
    return {
        "luts": sum(n for cell, n in cells.items() if re.fullmatch("LUT[1-6]", cell)) + lut_rams,
        "lut_rams": lut_rams,
        "flip_flops": sum(n for cell, n in cells.items() if cell.startswith("FD")),
        "ramb18s": cells.get("RAMB18E1", 0) + 2 * cells.get("RAMB36E1", 0),
        "dsps": cells.get("DSP48E1", 0),
    }


def measured(core: str, parameters: dict[str, str]) -> dict[str, int]:
    """One core, alone."""
    numbers = {name: int(value) for name, value in parameters.items() if name != "GAMMAS"}
    files = MEMORIES.get(core, {})
    if core == "rb_matrix_unit" and numbers["MASKED"] == 0:
        files = {"WEIGHTS_FILE": files["WEIGHTS_FILE"]}
    shared = numbers.get("SHARED_BLOCKS", 0) > 0
    if shared:
        files = {}
    parts = ["rb_rom", "rb_rom_array"] if files else []
    if core == "rb_matrix_unit":
        parts += ["rb_adder_tree"]
    if shared:
        parts += ["rb_shared_counts", "rb_lane_count", "rb_sum_tree"]
    sources = [RTL / f"{name}.v" for name in dict.fromkeys([core, *parts])]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for source in sources:  # Yosys sets no parameter to a string.
            text = re.sub(r'(\w+_FILE)( *)= ""', r'\1\2= "\1.mem"', source.read_text())
            (folder / source.name).write_text(text)
        values = {name: literal(parameters, name) for name in parameters}
        if shared:
            values |= shared_counts(*(numbers[name] for name in ["LANES", "UNITS", "SHARED_BLOCKS", "SHARED_NEURONS"]))
        for file, shape in files.items():
            width, depth = shape(numbers)
            words = random.Random(f"{core} {parameters} {file}")
            (folder / f"{file}.mem").write_text(
                "".join(f"{words.getrandbits(width):x}\n" for _ in range(depth)))
        settings = " ".join(f"-set {name} {value}" for name, value in values.items())
        before = f"chparam {settings} {core}; "
        return synthesized([source.name for source in sources], core, before, folder)


def design(folder: Path) -> dict[str, int]:
    """A whole network, as `resbin generate` wrote it."""
    top = json.loads((folder / "manifest.json").read_text())["top"]
    sources = sorted(path.name for path in (folder / "rtl").glob("*.v"))
    return synthesized(sources, top, "", folder / "rtl")


def main() -> None:
    if Path(sys.argv[1]).is_dir():
        print(json.dumps(design(Path(sys.argv[1]))))
        return
    table, chosen = Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "all"
    rows = list(csv.DictReader(table.open()))
    version = re.match(r"Yosys (\S+)", subprocess.check_output(["yosys", "-V"], text=True))
    assert version
    for row in rows:
        is_new = not all(row.get(column) for column in COUNTS)
        if chosen not in ("all", row["core"]) and not (chosen == "new" and is_new):
            continue
        parameters = dict(pair.split("=") for pair in row["parameters"].split())
        row.update({k: str(v) for k, v in measured(row["core"], parameters).items()}, yosys=version[1])
        print(row["core"], row["parameters"], *(row[column] for column in COUNTS), flush=True)
        with table.open("w", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    main()
