# SPDX-License-Identifier: Apache-2.0
"""XNOR-Net's layer in this project's golden model and in PyTorch, by turns.

    python convolution.py BENCHMARKS RUNS

A 3x3 convolution with a border of 1, 256 channels and 256 filters on 14x14 pixels, one image, one thread; medians of 200
repeats, in processor time, which other work on the machine hardly touches. PyTorch computes in float32 with oneDNN, in the
fastest of three forms: both orders of a map, and weights that oneDNN has put in its own order before. Both compute the same
sums of signs, which are compared.
"""

import copy
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from torch.utils import mkldnn


def median_seconds(convolution: torch.nn.Module, image: torch.Tensor, repeats: int = 200) -> float:
    """The median of `repeats` runs in processor time, after ten that do not count."""
    times = []
    for _ in range(10 + repeats):
        start = time.thread_time()
        convolution(image)
        times.append(time.thread_time() - start)
    return statistics.median(times[10:])


def main(benchmarks: str, runs: int) -> None:
    """Prints a line for each run."""
    torch.set_num_threads(1)
    torch.manual_seed(1)
    image = torch.randn(1, 256, 14, 14)
    convolution = torch.nn.Conv2d(256, 256, 3, padding=1, bias=False)
    with torch.inference_mode():
        convolution.weight.copy_(torch.randint(0, 2, convolution.weight.shape) * 2.0 - 1)
        signs = torch.where(image >= 0, 1.0, -1.0)
        forms = [
            (copy.deepcopy(convolution).to(memory_format=order), signs.to(memory_format=order))
            for order in (torch.contiguous_format, torch.channels_last)
        ]
        forms.append((mkldnn.to_mkldnn(copy.deepcopy(convolution).eval()), signs.to_mkldnn()))
        expected = convolution(signs)[0].permute(1, 2, 0).numpy()
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            image[0].permute(1, 2, 0).contiguous().numpy().tofile(folder / "input.f32")
            convolution.weight.detach().numpy().tofile(folder / "weights.f32")
            print(f"{'float32, ms':>14} {'packed, ms':>12} {'ratio':>8} {'from float32, ms':>18} {'ratio':>8}")
            for _ in range(runs):
                output = subprocess.run(
                    [benchmarks, "convolution", folder], check=True, capture_output=True, text=True
                ).stdout
                ours = json.loads(output)
                sums = np.fromfile(folder / "sums.i32", np.int32).reshape(expected.shape)
                if not np.array_equal(sums, expected):
                    sys.exit("error: the sums differ from PyTorch's")
                theirs = min(median_seconds(*form) for form in forms)
                print(
                    f"{theirs * 1e3:>14.3f} {ours['packed'] * 1e3:>12.3f} {theirs / ours['packed']:>8.1f} "
                    f"{ours['floats'] * 1e3:>18.3f} {theirs / ours['floats']:>8.1f}"
                )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
