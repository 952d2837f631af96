# SPDX-License-Identifier: Apache-2.0
"""LUTs of one of each part, by least squares on the relative error over the rows of a core.

    fit_cores.py PARTS    PARTS is what CostTableTests writes: Docs/Budgets/cores.csv with the parts of each row

Prints the table of Sources/Cores/LUTCoefficients.swift, and how far each core is off with it.
"""

import csv
import sys
from statistics import median

import numpy as np
from scipy.optimize import nnls

FIRST_PART = 4  # after core, parameters, luts, memoryLUTs
SMALLEST = 40  # LUTs below which an error counts as if there were as many

with open(sys.argv[1]) as file:
    rows = list(csv.DictReader(file))
parts = list(rows[0])[FIRST_PART:]
swift, errors = [], []
for core in sorted({row["core"] for row in rows}):
    own = [row for row in rows if row["core"] == core]
    used = [part for part in parts if any(float(row[part]) for row in own)]
    measured = np.array([float(row["luts"]) for row in own])
    memory = np.array([float(row["memoryLUTs"]) for row in own])
    counts = np.array([[float(row[part]) for part in used] for row in own])
    weights = 1 / np.maximum(measured, SMALLEST)
    values, _ = nnls(counts * weights[:, None], (measured - memory) * weights)
    values = np.round(values, 2)
    off = np.abs(counts @ values + memory - measured) * weights * 100
    worst = own[int(np.argmax(off))]["parameters"]
    errors.append(f"{core:<20} {len(own):>3} rows  median {median(off):5.1f} %  worst {max(off):5.1f} %  {worst}")
    if "-v" in sys.argv:
        for row, e, o in zip(own, counts @ values + memory, off):
            print(f"  {row['luts']:>6} {e:8.0f} {o:5.1f}  {row['parameters']} {[row[p] for p in used]}")
    entries = ", ".join(f".{part}: {value:g}" for part, value in zip(used, values) if value)
    swift.append(f'    "{core}": [{entries}],')
print("\n".join(swift), "\n")
print("\n".join(errors))
