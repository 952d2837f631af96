# SPDX-License-Identifier: Apache-2.0
"""What residual levels cost: one fold of a network at M = 1, 2 and 3, in series and in parallel.

    price_of_levels.py RESBIN PICTURE [yosys]    prints a table in Markdown and draws it, as ResBinNet's figure 7

The fold is the one that RESBIN chooses for M = 1 at 1,024 cycles (CNV: 21,906 images/s); the layers that read codes take it with both
schedules at M = 2 and 3. Accuracy is that of the shipped models, from their metadata. With `yosys` the LUTs are counted after
synthesis, else estimated.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import matplotlib
import onnx
from measure_cores import design

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402

MODELS = Path(__file__).resolve().parents[2] / "Models"
NETWORKS = {"mnist-256x3": ["--cycles", "1024"], "cifar10-cnv": ["--images-per-second", "21906"]}


def accuracy(model: Path) -> float:
    """Percent on the test images."""
    metadata = {entry.key: entry.value for entry in onnx.load(model).metadata_props}
    return 100 * float(metadata["test_accuracy"])


def generated(resbin: str, model: Path, folder: Path, options: list[str]) -> dict[str, Any]:
    """The report of `resbin generate`."""
    command = [resbin, "generate", str(model), "--output", str(folder), "--json", *options]
    report: dict[str, Any] = json.loads(subprocess.check_output(command, text=True, stderr=subprocess.DEVNULL))
    return report


def main() -> None:
    resbin, picture = sys.argv[1], Path(sys.argv[2])
    measures = sys.argv[3:] == ["yosys"]
    print("| network | M | levels | accuracy | cycles | images/s | LUT | FF | RAMB36 | DSP |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    figure, axes = plt.subplots(2, len(NETWORKS), figsize=(9, 6), sharex=True, squeeze=False)
    for column, (name, options) in enumerate(NETWORKS.items()):
        rows: list[dict[str, Any]] = []
        folds: dict[str, dict[str, Any]] = {}
        for levels in (1, 2, 3):
            model = MODELS / f"{name}-m{levels}.onnx"
            for schedule in ("series", "parallel") if levels > 1 else ("series",):
                # The first layer reads pixels, whatever the level count.
                settings = [
                    f"--fold={layer}=units:{fold['units']},lanes:{fold['lanes']},memory:{fold['memory']},"
                    f"schedule:{fold['schedule'] if index == 0 else schedule}"
                    for index, (layer, fold) in enumerate(folds.items())
                ]
                with tempfile.TemporaryDirectory() as temporary:
                    folder = Path(temporary) / "design"
                    report = generated(resbin, model, folder, settings or options)
                    manifest = report["manifest"]
                    order = list(dict.fromkeys(stage["layer"] for stage in manifest["stages"]))
                    folds = folds or {layer: manifest["folds"][layer] for layer in order if layer in manifest["folds"]}
                    counts = design(folder) if measures else {
                        "luts": manifest["estimate"]["luts"], "flip_flops": manifest["estimate"]["flipFlops"],
                        "ramb18s": manifest["estimate"]["ramb18s"], "dsps": manifest["estimate"]["dsps"],
                    }  # fmt: skip
                rows.append({
                    "M": levels, "schedule": schedule, "accuracy": accuracy(model),
                    "cycles": manifest["timing"]["interval"], "rate": report["imagesPerSecond"], **counts,
                })  # fmt: skip
                row = rows[-1]
                print(
                    f"| {name} | {levels} | {schedule if levels > 1 else ''} | {row['accuracy']:.2f} % | {row['cycles']:,} | "
                    f"{row['rate']:,.0f} | {row['luts']:,} | {row['flip_flops']:,} | {row['ramb18s'] / 2:g} | {row['dsps']} |",
                    flush=True,
                )
        above, below = axes[0][column], axes[1][column]
        for schedule, color in (("series", "#1b6ca8"), ("parallel", "#d1495b")):
            chosen = [row for row in rows if row["schedule"] == schedule or row["M"] == 1]
            places = [row["M"] for row in chosen]
            above.plot(places, [row["luts"] for row in chosen], "o-", color=color, label=f"LUT, {schedule}")
            below.plot(places, [row["rate"] for row in chosen], "o-", color=color, label=f"images/s, {schedule}")
        series = [row for row in rows if row["schedule"] == "series"]
        beside = below.twinx()
        beside.plot([row["M"] for row in series], [row["accuracy"] for row in series], "s--", color="#3a7d44")
        beside.set_ylabel("accuracy, %", color="#3a7d44")
        above.set_title(name)
        above.set_ylim(bottom=0)
        below.set_ylim(bottom=0)
        below.set_xlabel("levels M")
        below.set_xticks([1, 2, 3])
        above.legend()
        below.legend()
    figure.tight_layout()
    figure.savefig(picture, metadata={"Date": None})


if __name__ == "__main__":
    main()
