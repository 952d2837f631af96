# SPDX-License-Identifier: Apache-2.0
"""A trained network as an ONNX model of standard operators, and that model run by onnxruntime."""

from collections.abc import Mapping

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor

from .network import INPUT_SCALE, INPUT_SHIFT, ResidualBinaryNetwork

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

    def node(self, operator: str, name: str, *inputs: str, **attributes: object) -> str:
        self.nodes.append(helper.make_node(operator, inputs, [name], name=name, **attributes))
        return name


def onnx_model(network: ResidualBinaryNetwork, name: str) -> onnx.ModelProto:
    """`network` in eval mode as a graph `name`: image uint8 [N, 1, 28, 28] → scores float [N, 10].

    Weights are int8 ±1 [inputs, outputs]; each residual level is GreaterOrEqual, Where, Sub, Add.
    """
    builder = GraphBuilder()
    node, constant = builder.node, builder.constant
    x = node("Cast", "pixels", "image", to=TensorProto.FLOAT)
    x = node("Mul", "scaled", x, constant("input.scale", INPUT_SCALE))
    x = node("Sub", "shifted", x, constant("input.shift", INPUT_SHIFT))
    x = node("Flatten", "flatten", x, axis=1)
    zero = constant("zero", np.float32(0))

    for index, (dense, norm) in enumerate(zip(network.dense, network.norms)):
        layer = f"fc{index + 1}"
        weight = np.where(_array(dense.weight) >= 0, 1, -1).astype(np.int8)
        weight_float = node("Cast", f"{layer}_weight", constant(f"{layer}.weight", weight), to=TensorProto.FLOAT)
        x = node("MatMul", layer, x, weight_float)

        parameters = {"scale": norm.weight, "bias": norm.bias, "mean": norm.running_mean, "var": norm.running_var}
        names = [constant(f"{layer}_norm.{key}", _array(value)) for key, value in parameters.items()]
        x = node("BatchNormalization", f"{layer}_norm", x, *names, epsilon=norm.eps)

        if index < len(network.signs):
            x = residual_sign(builder, f"{layer}_sign", x, zero, _array(network.signs[index].gammas))

    builder.nodes[-1].output[0] = "scores"
    graph = helper.make_graph(
        builder.nodes, name,
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ["N", 1, 28, 28])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["N", 10])],
        builder.initializers)
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION, producer_name="resbin-training")
    onnx.checker.check_model(model, full_check=True)
    return model


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


def runtime_scores(model: onnx.ModelProto, images: Tensor, threads: int = 1) -> np.ndarray:
    """What onnxruntime computes: images [N, 1, 28, 28] uint8 → scores [N, 10] float32."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    batches = [session.run(["scores"], {"image": batch.numpy()})[0] for batch in images.split(1000)]
    return np.concatenate(batches)


def _array(tensor: Tensor) -> np.ndarray:
    return tensor.detach().cpu().numpy()
