# SPDX-License-Identifier: Apache-2.0
"""A trained network as an ONNX model of standard operators, and that model run by onnxruntime."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor

from .layers import BinaryWeight
from .network import INPUT_SCALE, INPUT_SHIFT, INPUT_THRESHOLD, Architecture, Norm, ResidualBinaryNetwork

OPSET = 17
IR_VERSION = 8  # the one that came with opset 17


class GraphBuilder:
    """The nodes and initializers of a graph in the making; a node and its one output share a name."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []

    def constant(self, name: str, value: np.ndarray | np.generic) -> str:
        self.initializers.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def node(self, operator: str, name: str, *inputs: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(operator, inputs, [name], name=name, **attributes))
        return name


def onnx_model(network: ResidualBinaryNetwork, name: str) -> onnx.ModelProto:
    """`network` in eval mode as a graph `name`: image uint8 [N, channels, height, width] → scores float [N, 10].

    Weights are int8 ±1, [outputs, channels, k, k] or [inputs, outputs]; each residual level is GreaterOrEqual, Where,
    Sub, Add. A joint network has an output for each level count, `scores` of all levels first, then `scores_m2`, …;
    the nodes and parameters of the latter end in `_m2`, …, and all use the same weights.
    """
    architecture = network.architecture
    builder = GraphBuilder()
    node, constant = builder.node, builder.constant
    x = node("Cast", "pixels", "image", to=TensorProto.FLOAT)
    zero = constant("zero", np.float32(0))
    if architecture.input_bits == 1:
        is_high = node("GreaterOrEqual", "is_high", x, constant("input.threshold", INPUT_THRESHOLD))
        x = node("Where", "signed", is_high, constant("one", np.float32(1)), constant("minus_one", np.float32(-1)))
    else:
        x = node("Mul", "scaled", x, constant("input.scale", INPUT_SCALE))
        x = node("Sub", "shifted", x, constant("input.shift", INPUT_SHIFT))

    weights = []
    for layer_name, weight in zip(architecture.names, network.binary_weights):
        if weight.method == "float" or (weight.method == "tanh" and not weight.is_hard):
            raise ValueError(f"the weights of {layer_name} are not binary yet")
        value = np.where(_array(weight.latent) >= 0, 1, -1).astype(np.int8)
        weights.append(node("Cast", f"{layer_name}_weight", constant(f"{layer_name}.weight", value),
                            to=TensorProto.FLOAT))

    first = _linear(builder, architecture, 0, x, weights[0], "")
    outputs: list[str] = []
    for mode_name, mode in network.banks.items():
        suffix = f"_m{mode_name}" if outputs else ""
        x = first
        for index, (layer, layer_name) in enumerate(zip(architecture.layers, architecture.names)):
            if index > 0:
                x = _linear(builder, architecture, index, x, weights[index], suffix)
            x = _norm(builder, f"{layer_name}_norm{suffix}", x, mode.norm(index), network.binary_weights[index])
            if layer.pool == "before":
                x = _pool(builder, f"{layer_name}_pool{suffix}", x)
            if sign := mode.sign(index):
                x = residual_sign(builder, f"{layer_name}_sign{suffix}", x, zero, _array(sign.gammas))
            if layer.pool == "after":
                x = _pool(builder, f"{layer_name}_pool{suffix}", x)
        outputs.append(f"scores{suffix}")
        builder.nodes[-1].output[0] = outputs[-1]

    graph = helper.make_graph(
        builder.nodes, name,
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ["N", *architecture.image])],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, ["N", architecture.layers[-1].outputs])
         for output in outputs],
        builder.initializers)
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION, producer_name="resbin-training")
    onnx.checker.check_model(model, full_check=True)
    return model


def _linear(builder: GraphBuilder, architecture: Architecture, index: int, x: str, weight: str, suffix: str) -> str:
    """The convolution or the matrix product; the first dense layer flattens its input before."""
    layer, name = architecture.layers[index], architecture.names[index]
    if layer.kernel:
        return builder.node("Conv", f"{name}{suffix}", x, weight)
    if name == "fc1":
        x = builder.node("Flatten", f"flatten{suffix}", x, axis=1)
    return builder.node("MatMul", f"{name}{suffix}", x, weight)


def _norm(builder: GraphBuilder, name: str, x: str, norm: Norm, weight: BinaryWeight) -> str:
    """The batch norm, with the weights' scale c moved into it: of c·s it makes what this one makes of s.

        (c·s - mean) / √(var + ε)  =  (s - mean/c) / √(var/c² + ε/c²)
    """
    scale = float(weight.scale.detach()) if weight.method == "tanh" else 1.0
    parameters = {"scale": _array(norm.weight), "bias": _array(norm.bias),
                  "mean": _array(norm.get_buffer("running_mean")) / np.float32(scale),
                  "var": _array(norm.get_buffer("running_var")) / np.float32(scale**2)}
    names = [builder.constant(f"{name}.{key}", value) for key, value in parameters.items()]
    return builder.node("BatchNormalization", name, x, *names, epsilon=norm.eps / scale**2)


def _pool(builder: GraphBuilder, name: str, x: str) -> str:
    return builder.node("MaxPool", name, x, kernel_shape=[2, 2], strides=[2, 2])


def residual_sign(builder: GraphBuilder, prefix: str, x: str, zero: str, gammas: np.ndarray) -> str:
    """r₁ = x, bₗ = rₗ ≥ 0, eₗ = ±γₗ, rₗ₊₁ = rₗ - eₗ; returns the name of Σ eₗ."""
    node, constant = builder.node, builder.constant
    residual, total = x, ""
    for level, value in enumerate(gammas, start=1):
        gamma = constant(f"{prefix}.gamma{level}", value)
        negative = node("Neg", f"{prefix}_negative{level}", gamma)
        bit = node("GreaterOrEqual", f"{prefix}_bit{level}", residual, zero)
        term = node("Where", f"{prefix}_term{level}", bit, gamma, negative)
        if level < len(gammas):
            residual = node("Sub", f"{prefix}_residual{level + 1}", residual, term)
        total = term if level == 1 else node("Add", f"{prefix}_sum{level}", total, term)
    return total


def add_metadata(model: onnx.ModelProto, entries: Mapping[str, object]) -> None:
    """Writes `entries` into the model's metadata_props, as text."""
    helper.set_model_props(model, {key: str(value) for key, value in entries.items()})


def runtime_scores(model: onnx.ModelProto, images: Tensor, threads: int = 1) -> list[np.ndarray]:
    """What onnxruntime computes, for each output: images [N, channels, height, width] uint8 → scores [N, 10] float32."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    batches = [session.run(None, {"image": batch.cpu().numpy()}) for batch in images.split(1000)]
    return [np.concatenate(scores) for scores in zip(*batches)]


def _array(tensor: Tensor) -> np.ndarray:
    return tensor.detach().cpu().numpy()
