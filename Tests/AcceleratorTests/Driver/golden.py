# SPDX-License-Identifier: Apache-2.0
"""Results of a dense network as its accelerator sends them, computed from network.json with numpy.

    golden.py DESIGN IMAGES EXPECTED

IMAGES holds images one after the other, a byte a pixel; EXPECTED gets the bytes of m_axis_tdata of
their results. Only what Docs/reference/manifest.md says of the format is used, so that this is a
model of its own beside the one in Swift.
"""

import base64
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np


def matrix(description: dict[str, Any]) -> np.ndarray:
    """Rows of +1 and -1."""
    rows, columns = description["rows"], description["columns"]
    words = np.frombuffer(base64.b64decode(description["words"]), dtype=np.uint8)
    bits = np.unpackbits(words.reshape(rows, -1), axis=1, bitorder="little")[:, :columns]
    return bits.astype(np.int64) * 2 - 1


def encoded(sums: np.ndarray, operation: dict[str, Any]) -> np.ndarray:
    """Codes of sums as the integers that they stand for."""
    weights = operation["code"]["weights"]
    thresholds = np.array(operation["thresholds"], dtype=np.int64)
    channels = np.arange(sums.shape[1])[None, :]
    node = np.ones_like(sums)
    values = np.zeros_like(sums)
    for weight in weights:
        bit = sums >= thresholds[channels, node - 1]
        values += weight * (2 * bit.astype(np.int64) - 1)
        node = 2 * node + bit
    return values


def results(network: dict[str, Any], pixels: np.ndarray) -> np.ndarray:
    value = pixels.astype(np.int64)
    for node in network["graph"]["nodes"]:
        ((kind, arguments),) = node["operation"].items()
        operation = arguments.get("_0", {})
        if kind == "input":
            value = 2 * value - 255
        elif kind == "popcount":
            if operation.get("window") or operation.get("mask") or operation["scales"] != [1]:
                raise SystemExit(f"{node['name']}: only dense layers of binary weights")
            value = value @ matrix(operation["weights"]).T
        elif kind == "encode" and not any(operation["falling"]):
            value = encoded(value, operation)
        elif kind == "score":
            value = value * np.array(operation["multipliers"]) + np.array(operation["offsets"])
        else:
            raise SystemExit(f"{node['name']}: no model of {kind}")
    return value


def main() -> None:
    design, images, expected = map(Path, sys.argv[1:])
    manifest = json.loads((design / "manifest.json").read_text())
    network = json.loads((design / "network.json").read_text())
    size = manifest["input"]["lanes"] * manifest["input"]["beats"]
    pixels = np.frombuffer(images.read_bytes(), dtype=np.uint8).reshape(-1, size)
    bits = next(bits for bits in (8, 16, 32, 64) if bits >= manifest["output"]["bitsPerLane"])
    expected.write_bytes(results(network, pixels).astype(f"<i{bits // 8}").tobytes())


if __name__ == "__main__":
    main()
