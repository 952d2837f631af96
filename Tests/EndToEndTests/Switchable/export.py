# SPDX-License-Identifier: Apache-2.0
"""Writes a small network that can be switched between 3, 2 and 1 levels, with random parameters.

    pip install onnx numpy
    python export.py switchable.onnx

One graph, an output for each count of levels: `scores` (3), `scores_m2`, `scores_m1`. Each is a chain of its own, with
batch norms and gammas of its own, over the same int8 weights. Weights pass one Cast for all chains, those of `fc1` one
Cast for each.

    image 8×8 → conv1 3×3, 4 → norm → sign → pool 2 → fc1 16 → norm → sign → fc2 4 → norm → scores

Every number has few bits, so that float32 computes without rounding.
"""

import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

GAMMAS = {3: [0.75, 0.375, 0.1875], 2: [0.8125, 0.4375], 1: [1.0625]}

random = np.random.default_rng(1)
nodes, initializers = [], []


def constant(name, value):
    initializers.append(numpy_helper.from_array(np.asarray(value), name))
    return name


def node(operator, name, *inputs, **attributes):
    nodes.append(helper.make_node(operator, inputs, [name], name=name, **attributes))
    return name


def norm(name, x, channels, suffix):
    numbers = {
        "scale": random.choice([-1, 0.5, 1, 2], channels),
        "bias": random.integers(-8, 9, channels) / 16,
        "mean": random.integers(-8, 9, channels) / 8,
        "var": random.choice([4, 16], channels),
    }
    names = [constant(f"{name}{suffix}.{key}", value.astype(np.float32)) for key, value in numbers.items()]
    return node("BatchNormalization", name + suffix, x, *names, epsilon=0.0)


def sign(name, x, gammas, suffix):
    residual, total = x, ""
    for level, value in enumerate(gammas, start=1):
        gamma = constant(f"{name}{suffix}.gamma{level}", np.float32(value))
        negative = node("Neg", f"{name}_negative{level}{suffix}", gamma)
        bit = node("GreaterOrEqual", f"{name}_bit{level}{suffix}", residual, "zero")
        term = node("Where", f"{name}_term{level}{suffix}", bit, gamma, negative)
        if level < len(gammas):
            residual = node("Sub", f"{name}_residual{level + 1}{suffix}", residual, term)
        total = term if level == 1 else node("Add", f"{name}_sum{level}{suffix}", total, term)
    return total


constant("zero", np.float32(0))
for layer, shape in {"conv1": (4, 1, 3, 3), "fc1": (36, 16), "fc2": (16, 4)}.items():
    constant(f"{layer}.weight", random.choice([-1, 1], shape).astype(np.int8))
pixels = node("Cast", "pixels", "image", to=TensorProto.FLOAT)
pixels = node("Mul", "scaled", pixels, constant("input.scale", np.float32(1 / 128)))
pixels = node("Sub", "shifted", pixels, constant("input.shift", np.float32(1)))
shared = {name: node("Cast", f"{name}_weight", f"{name}.weight", to=TensorProto.FLOAT) for name in ("conv1", "fc2")}

outputs = []
for levels, gammas in GAMMAS.items():
    suffix = "" if levels == 3 else f"_m{levels}"
    x = node("Conv", f"conv1{suffix}", pixels, shared["conv1"])
    x = norm("conv1_norm", x, 4, suffix)
    x = sign("conv1_sign", x, gammas, suffix)
    x = node("MaxPool", f"conv1_pool{suffix}", x, kernel_shape=[2, 2], strides=[2, 2])
    x = node("Flatten", f"flatten{suffix}", x, axis=1)
    x = node("MatMul", f"fc1{suffix}", x, node("Cast", f"fc1_weight{suffix}", "fc1.weight", to=TensorProto.FLOAT))
    x = norm("fc1_norm", x, 16, suffix)
    x = sign("fc1_sign", x, gammas, suffix)
    x = node("MatMul", f"fc2{suffix}", x, shared["fc2"])
    norm("fc2_norm", x, 4, suffix)
    outputs.append(f"scores{suffix}")
    nodes[-1].output[0] = outputs[-1]

graph = helper.make_graph(
    nodes, "switchable",
    [helper.make_tensor_value_info("image", TensorProto.UINT8, ["N", 1, 8, 8])],
    [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", 4]) for name in outputs],
    initializers)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
onnx.checker.check_model(model, full_check=True)
onnx.save(model, sys.argv[1])
