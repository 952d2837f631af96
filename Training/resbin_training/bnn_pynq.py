# SPDX-License-Identifier: Apache-2.0
"""BNN-PYNQ's CNV for CIFAR-10 as an ONNX model.

    python -m resbin_training.bnn_pynq ../shared/data/models/bnn-pynq-cifar10-cnvW1A1.json cifar10-cnv-bnn-pynq.onnx

SOURCE is a network in its plain form: a JSON description and, beside it, a .bin of weights of one bit. A neuron's bit
there is "popcount > t", or "2·Σ w·q > t" over pixels q / 128 in the first layer. Both sides are integers of one
parity, so a bias half a step below the next value gives the same bit for > and ≥, and no sum is ever 0:

    popcount > t  ⟺  s + (n - 2t - 1) ≥ 0,  s = 2·popcount - n        2·Σ w·q > t  ⟺  Σ w·q/128 - (t | 1)/256 ≥ 0

The one thing that changes is the pixel: 2p/255 - 1 in place of its rounding to q / 128. A first sum then stays at
least 1/65280 away from 0, well above the rounding of float32.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

from . import InputError
from .export import IR_VERSION, OPSET, GraphBuilder, add_metadata, residual_sign
from .network import INPUT_SCALE, INPUT_SHIFT


def converted(description: dict[str, Any], weights: bytes, name: str) -> onnx.ModelProto:
    """The described network as a graph `name`: image uint8 [N, 3, 32, 32] → scores float [N, 10].

    Weights are int8 ±1, [outputs, channels, 3, 3] or [inputs, outputs]; scores are the signed sums of the last layer.
    """
    builder = GraphBuilder()
    node, constant = builder.node, builder.constant
    x = node("Cast", "pixels", "image", to=TensorProto.FLOAT)
    x = node("Mul", "scaled", x, constant("input.scale", INPUT_SCALE))
    x = node("Sub", "shifted", x, constant("input.shift", INPUT_SHIFT))
    zero, one = constant("zero", np.float32(0)), np.array([1], np.float32)

    numbers = {"conv": 0, "pool": 0, "fc": 0}
    for layer in description["layers"]:
        kind = {"conv3x3": "conv", "maxpool2x2": "pool", "dense": "fc"}.get(layer["type"])
        if kind is None:
            raise InputError(f"layer type is '{layer['type']}'; expected conv3x3, maxpool2x2 or dense")
        numbers[kind] += 1
        own = f"{kind}{numbers[kind]}"
        if kind == "pool":
            x = node("MaxPool", own, x, kernel_shape=[2, 2], strides=[2, 2])
            continue
        if own == "fc1":
            if (size := description["layers"][sum(numbers.values()) - 2]["out_dim"]) != 1:
                raise InputError(f"the last map is {size} × {size} pixels; expected one, whose values have one order")
            x = node("Flatten", "flatten", x, axis=1)
        rows = _weights(layer, weights)
        weight = node("Cast", f"{own}_weight", constant(f"{own}.weight", rows), to=TensorProto.FLOAT)
        biases = _biases(layer)
        inputs = [x, weight] if biases is None else [x, weight, constant(f"{own}.bias", biases)]
        x = node("Conv" if kind == "conv" else "Gemm", own, *inputs)
        if biases is not None:
            x = residual_sign(builder, f"{own}_sign", x, zero, one)

    builder.nodes[-1].output[0] = "scores"
    graph = helper.make_graph(
        builder.nodes, name,
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ["N", 3, 32, 32])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["N", 10])],
        builder.initializers)
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION, producer_name="resbin-training")
    add_metadata(model, {key: description[key] for key in ("source", "licence", "dataset")})
    onnx.checker.check_model(model, full_check=True)
    return model


def _weights(layer: dict[str, Any], data: bytes) -> np.ndarray:
    """±1 int8: [outputs, channels, 3, 3] from bits in the order (ky, kx, c), or [inputs, outputs]."""
    outputs = layer.get("out_channels") or layer["used_outputs"]
    start, row_bytes = layer["weights_offset"], layer["row_bytes"]
    packed = np.frombuffer(data, np.uint8)[start : start + outputs * row_bytes]
    if len(packed) != outputs * row_bytes:
        raise InputError(f"the weights have {len(data)} bytes; expected at least {start + outputs * row_bytes}")
    bits = np.unpackbits(packed.reshape(outputs, row_bytes), axis=1, bitorder="little").astype(np.int8)
    if layer["type"] == "dense":
        return np.ascontiguousarray(bits[:, : layer["in_features"]].T * 2 - 1)
    channels = layer["in_channels"]
    taps = bits[:, : 9 * channels].reshape(outputs, 3, 3, channels)
    return np.ascontiguousarray(taps.transpose(0, 3, 1, 2) * 2 - 1)


def _biases(layer: dict[str, Any]) -> np.ndarray | None:
    """What makes x ≥ 0 the source's comparison; None where there is none: scores."""
    if "thresholds" not in layer:
        return None
    thresholds = np.array([values[0] for values in layer["thresholds"]], np.int64)
    match layer["compare"]:
        case "popcount>t":
            inputs = layer.get("in_features") or 9 * layer["in_channels"]
            return (inputs - 2 * thresholds - 1).astype(np.float32)
        case "fixed_sum*256>t":
            return (-(thresholds | 1) / 256).astype(np.float32)
        case other:
            raise InputError(f"the comparison is '{other}'; expected popcount>t or fixed_sum*256>t")


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns the exit code."""
    parser = argparse.ArgumentParser(description="Write a BNN-PYNQ network in its plain form as an ONNX model.")
    parser.add_argument("source", type=Path, help="the .json of the network; its .bin lies beside it")
    parser.add_argument("output", type=Path, help="the ONNX file to write")
    options = parser.parse_args(arguments)
    try:
        try:
            description = json.loads(options.source.read_text())
            weights = options.source.with_suffix(".bin").read_bytes()
        except (OSError, ValueError) as error:
            raise InputError(f"{options.source}: cannot be read: {error}") from error
        try:
            model = converted(description, weights, options.output.stem)
        except KeyError as error:
            raise InputError(f"{options.source}: {error} is missing") from error
        except InputError as error:
            raise InputError(f"{options.source}: {error}") from error
        try:
            onnx.save(model, options.output)
        except OSError as error:
            raise InputError(f"{options.output}: cannot be written: {error}") from error
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
