# SPDX-License-Identifier: Apache-2.0
"""What onnxruntime makes of images with a model: the independent reference of the parity tests.

    python -m resbin_training.predict MODEL --images t10k-images-idx3-ubyte.gz
    python -m resbin_training.predict MODEL --images test_batch.bin.gz --output scores_m1

prints one JSON object: `predictions` (the index of the largest score of each image), `scores` (with --scores),
`seconds` and `images_per_second` of the run alone.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch

from . import InputError
from .data import read_cifar, read_idx
from .start import best_network


def read_images(path: Path) -> np.ndarray:
    """[N, channels, height, width] uint8 from CIFAR-10 records, named .bin or .bin.gz, or an IDX file."""
    if path.name.removesuffix(".gz").endswith(".bin"):
        return read_cifar(path)
    return read_idx(path, 3)[:, None]


def onnx_scores(path: Path, output: str | None, threads: int) -> Callable[[np.ndarray], np.ndarray]:
    """Images → scores by onnxruntime: those of `output`, or of the first one."""
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = threads
    try:
        session = onnxruntime.InferenceSession(str(path), settings)
    except Exception as error:  # onnxruntime raises its own types, one for each kind of trouble
        raise InputError(f"{path}: {error}") from error
    chosen = _chosen(path, output, [output.name for output in session.get_outputs()])
    name = session.get_inputs()[0].name
    return lambda images: session.run([chosen], {name: images})[0]


def pytorch_scores(path: Path, output: str | None, threads: int) -> Callable[[np.ndarray], np.ndarray]:
    """Images → scores by PyTorch, of a checkpoint's best network; outputs have the names that its export has."""
    if threads:
        torch.set_num_threads(threads)
    _, network = best_network(path)
    modes = {"scores" if not index else f"scores_m{mode}": mode for index, mode in enumerate(network.banks)}
    mode = modes[_chosen(path, output, list(modes))]

    def run(images: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            scores: np.ndarray = network.scores_by_mode(torch.tensor(images), [mode])[0].numpy()
        return scores
    return run


def _chosen(path: Path, output: str | None, outputs: list[str]) -> str:
    if output is not None and output not in outputs:
        raise InputError(f"{path}: the network has no output '{output}'; it has {', '.join(outputs)}")
    return output or outputs[0]


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns the exit code."""
    parser = argparse.ArgumentParser(description="Run a trained model on images.")
    parser.add_argument("model", type=Path, help="an .onnx model, for onnxruntime, or a run's checkpoint.pt, for PyTorch")
    parser.add_argument("--images", type=Path, required=True,
                        help="IDX images, or CIFAR-10 records in a .bin file, gzip-compressed or not")
    parser.add_argument("--output", metavar="NAME", help="the output to read of a model that has several; the first without it")
    parser.add_argument("--count", type=int, help="only the first COUNT images")
    parser.add_argument("--scores", action="store_true", help="print every score too")
    parser.add_argument("--threads", type=int, default=0, help="of the processor; 0 leaves it to the library")
    parser.add_argument("--batch", type=int, default=1000, help="images a call")
    options = parser.parse_args(arguments)
    try:
        images = read_images(options.images)[: options.count]
        scores_of = pytorch_scores if options.model.suffix == ".pt" else onnx_scores
        run = scores_of(options.model, options.output, options.threads)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    batches = [images[start : start + options.batch] for start in range(0, len(images), options.batch)]
    run(batches[0])
    start = time.perf_counter()
    scores = np.concatenate([run(batch) for batch in batches])
    seconds = time.perf_counter() - start
    report: dict[str, Any] = {
        "predictions": scores.argmax(1).tolist(),
        "seconds": seconds,
        "images_per_second": len(images) / seconds,
    }
    if options.scores:
        report["scores"] = scores.tolist()
    json.dump(report, sys.stdout)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
