# SPDX-License-Identifier: Apache-2.0
"""Random small ONNX networks on maps, random images, and what onnxruntime makes of them.

    python -m resbin_training.random_networks FOLDER --count 60 --seed 1

writes FOLDER/0.onnx, FOLDER/1.onnx … and FOLDER/networks.json: for each file its `images` (bytes in raster order, the
channel fastest) and `outputs` (what the graph's output holds for each image, flat), and `output`, which is one of
`scores`, `class` and `codes` (the values of a residual sign).

Every number has few bits, so that float32 computes without rounding and another implementation must agree exactly. Where
a mean over 3, 6 or 9 values is rounded, no threshold lies near it.
"""

import argparse
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

from .export import IR_VERSION, OPSET, GraphBuilder

IMAGES = 4


@dataclass
class Network:
    """A graph in the making: its last value, and what that value can be."""

    random: np.random.Generator
    images: np.ndarray
    height: int
    width: int
    channels: int
    builder: GraphBuilder = field(default_factory=GraphBuilder)
    value: str = "image"
    is_vector: bool = False
    # Numbers that a border may hold; None where values are sums.
    codes: list[float] | None = None
    # Whether the largest value has the largest code.
    is_ordered: bool = True
    # What the next batch norm's mean is moved by, away from ties.
    nudge: float = 0
    # Whether a batch norm stands since the last codes.
    is_normalised: bool = False
    # Rows and columns of the positions of the last window.
    positions: list[int] = field(default_factory=list)

    def model(self, kind: int, sizes: list[object] | None = None) -> onnx.ModelProto:
        """The graph so far."""
        image = helper.make_tensor_value_info("image", TensorProto.UINT8, ["N", *self.images.shape[1:]])
        output = helper.make_tensor_value_info(self.value, kind, sizes)
        graph = helper.make_graph(
            self.builder.nodes, "random", [image], [output], self.builder.initializers)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)

    # Choices

    def chance(self, many: int) -> bool:
        """True once in so many."""
        return int(self.random.integers(many)) == 0

    def integer(self, low: int, high: int) -> int:
        return int(self.random.integers(low, high + 1))

    def few(self, low: int, high: int, unit: int, shape: tuple[int, ...] | int = ()) -> np.ndarray:
        """Numbers low / unit … high / unit."""
        return (self.random.integers(low, high + 1, shape) / unit).astype(np.float32)

    # Nodes

    def node(self, operator: str, *inputs: str, **attributes: object) -> None:
        name = f"{operator.lower()}_{len(self.builder.nodes)}"
        self.value = self.builder.node(operator, name, self.value, *inputs, **attributes)

    def constant(self, value: np.ndarray | np.generic) -> str:
        return self.builder.constant(f"constant_{len(self.builder.initializers)}", value)

    # Input

    def pixels(self) -> None:
        """uint8 → scale · u + offset, where some pixel means 0 or the two middle ones lie beside it."""
        scale = np.float32([1 / 4, 1 / 128][self.integer(0, 1)])
        zero = [0, 64, 127.5, 128, 255][self.integer(0, 4)]
        shift = np.float32(zero * scale)
        self.node("Cast", to=TensorProto.FLOAT)
        self.node("Mul", self.constant(scale))
        self.node("Sub", self.constant(shift))
        self.codes = [float(scale * np.float32(u) - shift) for u in range(256)]
        if zero == 127.5:
            self.codes.append(0.0)

    # Windows

    def window(self, largest: int, strides: int, pads: bool) -> dict[str, object] | None:
        """Attributes of a window that fits, or None."""
        kernel = [self.integer(1, min(largest, size + 2)) for size in (self.height, self.width)]
        attributes: dict[str, object] = {
            "kernel_shape": kernel, "strides": [self.integer(1, strides) for _ in kernel]}
        top, left, bottom, right = 0, 0, 0, 0
        if pads and self.chance(2):
            mode = ["SAME_UPPER", "SAME_LOWER", "VALID", ""][self.integer(0, 3)]
            if mode.startswith("SAME"):
                sides = list(zip((self.height, self.width), kernel, attributes["strides"]))
                # onnxruntime refuses a window that would leave values out.
                if any((-(-size // stride) - 1) * stride + side < size for size, side, stride in sides):
                    return None
                attributes["auto_pad"] = mode
                self.positions = [-(-size // stride) for size, _, stride in sides]
                return attributes
            if mode == "VALID":
                attributes["auto_pad"] = mode
            else:
                top, bottom = (self.integer(0, kernel[0] - 1) for _ in range(2))
                left, right = (self.integer(0, kernel[1] - 1) for _ in range(2))
                attributes["pads"] = [top, left, bottom, right]
        size = []
        for extent, side, stride in zip(
            (top + self.height + bottom, left + self.width + right), kernel, attributes["strides"]):
            if extent < side:
                return None
            size.append((extent - side) // stride + 1)
        self.positions = size
        return attributes

    def can_be_zero(self) -> bool:
        return self.codes is not None and 0.0 in self.codes

    def pad(self) -> None:
        """A border of any value of the codes, as a node of its own; a window that covers it follows."""
        value = np.float32(self.codes[self.integer(0, len(self.codes) - 1)])
        top, left, bottom, right = (self.integer(0, 1) for _ in range(4))
        pads = np.int64([0, 0, top, left, 0, 0, bottom, right])
        self.node("Pad", self.constant(pads), self.constant(value))
        self.height += top + bottom
        self.width += left + right

    # Layers

    def conv(self) -> bool:
        padded = self.chance(4) and min(self.height, self.width) >= 2
        if padded:
            self.pad()
        attributes = self.window(5, 3, pads=not padded and self.can_be_zero())
        if padded and (attributes is None or min(attributes["kernel_shape"]) < 2):
            # The border must be less than the window.
            attributes = {"kernel_shape": [2, 2], "strides": [1, 1]}
            self.positions = [self.height - 1, self.width - 1]
        if attributes is None:
            return False
        groups = [g for g in (1, 1, 2, self.channels) if self.channels % g == 0]
        group = groups[self.integer(0, len(groups) - 1)]
        filters = group * self.integer(1, max(1, 6 // group))
        weight = self.weights((filters, self.channels // group, *attributes["kernel_shape"]))
        inputs = [self.constant(weight)]
        if self.chance(2):
            inputs.append(self.constant(self.few(-8, 8, 4, filters)))
        if group > 1 or self.chance(2):
            attributes["group"] = group
        self.node("Conv", *inputs, **attributes)
        self.become_sums(self.positions, filters)
        return True

    def weights(self, shape: tuple[int, ...]) -> np.ndarray:
        """±α, with zeros, or integers up to 7 times α; one α a row."""
        signs = self.random.choice([-1, 1], shape)
        kind = self.integer(0, 3)
        if kind == 0:
            signs = signs * self.random.integers(0, 2, shape)
        elif kind == 1:
            signs = signs * self.random.integers(0, 8, shape)
        elif kind == 2:
            signs = signs * (2 * self.random.integers(0, 2, shape) + 1)
        alpha = self.random.choice([0.25, 0.5, 1], shape[0])
        return (signs * alpha.reshape(-1, *[1] * (len(shape) - 1))).astype(np.float32)

    def become_sums(self, size: list[int], channels: int) -> None:
        self.height, self.width = size
        self.channels = channels
        self.codes = None

    def batch_norm(self) -> None:
        """Brings what the images give near 0, so that codes of every kind follow."""
        channels = self.channels
        values = run(self.model(TensorProto.FLOAT), self.images)
        values = np.moveaxis(values, 1, 0).reshape(channels, -1)
        middle = values[:, self.integer(0, values.shape[1] - 1)]
        deviation = np.exp2(np.round(np.log2(np.maximum(np.abs(values - middle[:, None]).max(1), 0.25))))
        mean = np.round(middle * 8) / 8 + self.few(-4, 4, 8, channels) + self.nudge
        scale = self.random.choice([-2, -1, -0.5, 0.25, 0.5, 1, 2, 0], channels)
        bias = self.few(-16, 16, 16, channels)
        numbers = (self.constant(value.astype(np.float32)) for value in (scale, bias, mean, deviation**2))
        self.node("BatchNormalization", *numbers, epsilon=0.0)
        self.nudge = 0
        self.is_normalised = True

    def residual_sign(self) -> None:
        """Levels as GreaterOrEqual or Greater, Where, Sub, Add."""
        levels = self.integer(1, 4)
        gammas = [float(value) for value in self.few(1, 24, 16, levels)]
        self.is_ordered = self.chance(2)
        if self.is_ordered:
            for level in reversed(range(levels - 1)):
                gammas[level] += sum(gammas[level + 1 :])
        else:
            gammas.sort(reverse=True)
        operator = ["GreaterOrEqual", "Greater"][self.integer(0, 1)]
        zero = self.constant(np.float32(0))
        residual, total = self.value, ""
        for level, gamma in enumerate(gammas):
            self.value = residual
            self.node(operator, zero)
            self.node("Where", self.constant(np.float32(gamma)), self.constant(np.float32(-gamma)))
            term = self.value
            if level < levels - 1:
                self.value = residual
                self.node("Sub", term)
                residual = self.value
            self.value = term
            if level > 0:
                self.value = total
                self.node("Add", term)
            total = self.value
        self.is_normalised = False
        self.codes = [0.0]
        for code in range(1 << levels):
            self.codes.append(sum(g if code >> level & 1 else -g for level, g in enumerate(gammas)))

    def max_pool(self) -> None:
        attributes = self.window(3, 3, pads=True)
        # A window that sees nothing but the border has no largest value.
        if attributes is None:
            return
        self.node("MaxPool", **attributes)
        self.height, self.width = self.positions

    def mean(self) -> bool:
        """A mean of codes over up to 9 values, with a batch norm where it is rounded."""
        attributes = self.window(3, 2, pads=self.can_be_zero())
        if attributes is None:
            return False
        rows, columns = attributes["kernel_shape"]
        if "pads" in attributes or "auto_pad" in attributes:
            attributes["count_include_pad"] = 1
        self.node("AveragePool", **attributes)
        self.become_sums(self.positions, self.channels)
        if rows * columns in (3, 6, 9):
            self.nudge = 2.0**-10
            self.batch_norm()
        return True

    def global_mean(self) -> None:
        """The end of a network: scores, which are compared with a tolerance."""
        self.node("GlobalAveragePool")
        self.become_sums([1, 1], self.channels)
        self.flatten()

    def flatten(self) -> None:
        """Channels first as Flatten or Reshape, or channels last behind a Transpose."""
        count = self.height * self.width * self.channels
        kind = self.integer(0, 3)
        if kind == 0:
            self.node("Transpose", perm=[0, 2, 3, 1])
        if kind == 1:
            self.node("Flatten", axis=1)
        else:
            shape = [-1, count] if self.chance(2) else [0, -1]
            self.node("Reshape", self.constant(np.int64(shape)))
        self.height, self.width, self.channels, self.is_vector = 1, 1, count, True

    def dense(self, units: int) -> None:
        if self.chance(2):
            weight = self.weights((units, self.channels))
            inputs = [self.constant(weight)]
            if self.chance(2):
                inputs.append(self.constant(self.few(-8, 8, 4, units)))
            self.node("Gemm", *inputs, transB=1)
        else:
            self.node("MatMul", self.constant(self.weights((units, self.channels)).T.copy()))
            if self.chance(2):
                self.node("Add", self.constant(self.few(-8, 8, 4, units)))
        self.become_sums([1, 1], units)

    def build(self) -> str:
        """A whole network; returns what its output is."""
        self.pixels()
        if self.chance(6):
            self.max_pool()
        for _ in range(self.integer(1, 3)):
            if not (self.chance(6) and self.mean()) and not self.conv():
                break
            # The mean of a few sums, which is exact.
            if self.height % 2 == 0 and not self.is_normalised and self.chance(6):
                self.node("AveragePool", kernel_shape=[2, 1], strides=[2, 1])
                self.height //= 2
            # Behind a batch norm a channel may fall.
            if not self.is_normalised and self.chance(4):
                self.max_pool()
            if not self.is_normalised and not self.chance(4):
                self.batch_norm()
            self.residual_sign()
            if self.is_ordered and self.chance(3):
                self.max_pool()
        if self.chance(4):
            self.global_mean()
            return "scores"
        self.flatten()
        self.dense(self.integer(2, 8))
        if self.chance(3):
            self.residual_sign()
            self.dense(self.integer(2, 5))
        if self.chance(2):
            self.batch_norm()
        if self.chance(4):
            self.residual_sign()
            return "codes"
        return "class" if self.chance(2) else "scores"


def run(network: onnx.ModelProto, images: np.ndarray) -> np.ndarray:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(network.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(None, {"image": images})[0]


def write(folder: Path, number: int, random: np.random.Generator) -> dict[str, object]:
    """One network, its images and onnxruntime's answers."""
    channels, height, width = int(random.integers(1, 5)), int(random.integers(1, 10)), int(random.integers(1, 10))
    images = random.integers(0, 256, (IMAGES, channels, height, width), dtype=np.uint8)
    network = Network(random, images, height, width, channels)
    kind = network.build()
    built = network.model(TensorProto.FLOAT, ["N", network.channels])
    outputs = run(built, images)
    if kind == "class":
        # Equal scores have no one class in another's fixed point.
        ordered = np.sort(outputs, axis=1)
        images = images[ordered[:, -1] - ordered[:, -2] > 1e-3]
        keeps_axis = network.chance(2)
        network.node("ArgMax", axis=1, keepdims=int(keeps_axis))
        built = network.model(TensorProto.INT64, ["N", 1] if keeps_axis else ["N"])
        outputs = run(built, images).reshape(len(images), 1)
    onnx.checker.check_model(built, full_check=True)
    onnx.save(built, folder / f"{number}.onnx")
    return {
        "output": kind,
        "images": images.transpose(0, 2, 3, 1).reshape(len(images), height * width * channels).tolist(),
        "outputs": outputs.tolist(),
    }


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns the exit code."""
    parser = argparse.ArgumentParser(description="Write random ONNX networks and what onnxruntime makes of them.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    random = np.random.default_rng(options.seed)
    networks = [write(options.folder, number, random) for number in range(options.count)]
    (options.folder / "networks.json").write_text(json.dumps(networks))
    return 0


if __name__ == "__main__":
    sys.exit(main())
