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
from pathlib import Path

import numpy as np
import onnxruntime

from . import InputError
from .data import read_cifar, read_idx


def read_images(path: Path) -> np.ndarray:
    """[N, channels, height, width] uint8 from CIFAR-10 records, named .bin or .bin.gz, or an IDX file."""
    if path.name.removesuffix(".gz").endswith(".bin"):
        return read_cifar(path)
    return read_idx(path, 3)[:, None]


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns the exit code."""
    parser = argparse.ArgumentParser(description="Run an ONNX model on images with onnxruntime.")
    parser.add_argument("model", type=Path)
    parser.add_argument("--images", type=Path, required=True, help="IDX images, or CIFAR-10 records in a .bin file, gzip-compressed or not")
    parser.add_argument("--output", metavar="NAME", help="the output to read of a model that has several; the first without it")
    parser.add_argument("--count", type=int, help="only the first COUNT images")
    parser.add_argument("--scores", action="store_true", help="print every score too")
    parser.add_argument("--threads", type=int, default=0, help="onnxruntime's threads; 0 lets it choose")
    parser.add_argument("--batch", type=int, default=1000, help="images a call")
    options = parser.parse_args(arguments)
    try:
        images = read_images(options.images)[: options.count]
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = options.threads
        session = onnxruntime.InferenceSession(str(options.model), settings)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except Exception as error:  # onnxruntime raises its own types, one for each kind of trouble
        print(f"error: {options.model}: {error}", file=sys.stderr)
        return 1
    name = session.get_inputs()[0].name
    outputs = [output.name for output in session.get_outputs()]
    output = outputs[0] if options.output is None else options.output
    if output not in outputs:
        print(f"error: {options.model}: the graph has no output '{output}'; it has {', '.join(outputs)}", file=sys.stderr)
        return 1
    batches = [images[start : start + options.batch] for start in range(0, len(images), options.batch)]
    session.run([output], {name: batches[0]})
    start = time.perf_counter()
    scores = np.concatenate([session.run([output], {name: batch})[0] for batch in batches])
    seconds = time.perf_counter() - start
    report = {
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
