# SPDX-License-Identifier: Apache-2.0
"""Networks of binary layers, batch norms and residual signs, for one level count or for several at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from .layers import BinaryConv2d, BinaryDense, BinaryWeight, ResidualSign, WeightMethod

# A pixel u in 0…255 enters as u·scale - shift, about -1…1, in float32, here and in the ONNX file.
INPUT_SCALE = np.float32(2 / 255)
INPUT_SHIFT = np.float32(1)
# A pixel of one bit enters as +1 from here on, and as -1 below.
INPUT_THRESHOLD = np.float32(128)


@dataclass(frozen=True)
class Layer:
    """A weight layer: a convolution of `kernel` × `kernel` without a border, or a dense layer (`kernel` 0)."""

    outputs: int
    kernel: int = 0
    pool: Literal["", "before", "after"] = ""  # 2 × 2 maxima, before or after the residual sign


@dataclass(frozen=True)
class Architecture:
    """Images [channels, height, width] of 8 or 1 bits a pixel, and the layers; the last one makes the scores."""

    image: tuple[int, int, int]
    layers: tuple[Layer, ...]
    input_bits: Literal[1, 8] = 8

    @property
    def names(self) -> list[str]:
        """conv1, conv2, …, fc1, fc2, …"""
        counts = {"conv": 0, "fc": 0}
        names = []
        for layer in self.layers:
            kind = "conv" if layer.kernel else "fc"
            counts[kind] += 1
            names.append(f"{kind}{counts[kind]}")
        return names


def perceptron(widths: Sequence[int], input_bits: Literal[1, 8] = 8) -> Architecture:
    """784-…-10 on MNIST's images."""
    return Architecture((1, 28, 28), tuple(Layer(width) for width in widths), input_bits)


CNV = Architecture((3, 32, 32), (
    Layer(64, 3), Layer(64, 3, "after"), Layer(128, 3), Layer(128, 3, "after"), Layer(256, 3), Layer(256, 3),
    Layer(512), Layer(512), Layer(10)))


Norm = nn.BatchNorm1d | nn.BatchNorm2d


class Mode(nn.Module):
    """The batch norms and residual signs of one level count: its bank."""

    norms: nn.ModuleList  # of Norm, one for each layer
    signs: nn.ModuleList  # of ResidualSign, or ReLU in a teacher, one for each layer but the last

    def __init__(self, layers: Sequence[Layer], levels: Sequence[int], ordered: bool) -> None:
        super().__init__()
        self.norms = nn.ModuleList(
            nn.BatchNorm2d(layer.outputs) if layer.kernel else nn.BatchNorm1d(layer.outputs) for layer in layers)
        self.signs = nn.ModuleList(ResidualSign(count, ordered) if count else nn.ReLU() for count in levels)

    def norm(self, index: int) -> Norm:
        return cast(Norm, self.norms[index])

    def sign(self, index: int) -> ResidualSign | None:
        """Of the layer at `index`; None after the last layer and in a teacher."""
        found = self.signs[index] if index < len(self.signs) else None
        return found if isinstance(found, ResidualSign) else None


class ResidualBinaryNetwork(nn.Module):
    """[N, channels, height, width] pixels u in 0…255, of any type → [N, 10] scores.

    [weights → BatchNorm → ResidualSign] for each layer but the last, which is weights → BatchNorm. `levels` names the
    residual levels of each layer but the last. A joint network has a `Mode` for each m = 1…max(levels), in which
    a layer uses min(m, its levels); the weights are those of all modes. Levels of 0 make a network of ReLU, a teacher.
    """

    scale: Tensor
    shift: Tensor

    def __init__(self, architecture: Architecture, levels: Sequence[int], joint: bool = False,
                 method: WeightMethod = "sign", ordered: bool = True) -> None:
        super().__init__()
        if len(levels) != len(architecture.layers) - 1:
            raise ValueError(f"{len(levels)} level counts for {len(architecture.layers) - 1} layers")
        self.architecture, self.levels, self.ordered = architecture, tuple(levels), ordered
        self.weights = nn.ModuleList()
        channels, height, width = architecture.image
        for layer in architecture.layers:
            if layer.kernel:
                self.weights.append(BinaryConv2d(channels, layer.outputs, layer.kernel, method=method))
                height, width = height - layer.kernel + 1, width - layer.kernel + 1
            else:
                self.weights.append(BinaryDense(channels * height * width, layer.outputs, method))
                height = width = 1
            if layer.pool:
                height, width = height // 2, width // 2
            channels = layer.outputs
        top = max(self.levels)
        self.modes = nn.ModuleDict({
            str(m): Mode(architecture.layers, [min(m, count) for count in self.levels], ordered)
            for m in (range(top, 0, -1) if joint else [top])})
        self.register_buffer("scale", torch.tensor(INPUT_SCALE), persistent=False)
        self.register_buffer("shift", torch.tensor(INPUT_SHIFT), persistent=False)

    @property
    def binary_weights(self) -> list[BinaryWeight]:
        return [cast(BinaryWeight, layer.weight) for layer in self.weights]

    @property
    def banks(self) -> dict[str, Mode]:
        """By the name of the level count, the one of all levels first."""
        return {name: cast(Mode, mode) for name, mode in self.modes.items()}

    def forward(self, image: Tensor) -> Tensor:
        """The scores with all levels."""
        return self.scores_by_mode(image, [next(iter(self.modes))])[0]

    def scores_by_mode(self, image: Tensor, modes: Sequence[str] | None = None) -> list[Tensor]:
        """The scores of each of `modes`, by default of all, the one of all levels first."""
        first = self._first_sums(image)  # the same in every mode
        return [self._scores(first, self.banks[mode]) for mode in modes or self.banks]

    def _first_sums(self, image: Tensor) -> Tensor:
        x = image.float()
        if self.architecture.input_bits == 1:
            x = torch.where(x >= float(INPUT_THRESHOLD), 1.0, -1.0)
        else:
            x = x * self.scale - self.shift
        sums: Tensor = self.weights[0](x if self.architecture.layers[0].kernel else x.flatten(1))
        return sums

    def _scores(self, sums: Tensor, mode: Mode) -> Tensor:
        layers = self.architecture.layers
        for index, layer in enumerate(layers):
            x: Tensor = mode.norms[index](sums)
            if index == len(layers) - 1:
                return x
            # While e rises with x, the maximum of e is the e of the maximum: pooled first, the sign has a quarter of
            # the work and its gradient reaches the maximum.
            pools_first = layer.pool == "before" or (layer.pool == "after" and self.ordered)
            if pools_first:
                x = functional.max_pool2d(x, 2)
            x = mode.signs[index](x)
            if layer.pool and not pools_first:
                x = functional.max_pool2d(x, 2)
            sums = self.weights[index + 1](x if layers[index + 1].kernel else x.flatten(1))
        raise AssertionError("a network has a layer")

    def gammas(self) -> dict[str, list[list[float]]]:
        """By mode, the γ of each layer but the last."""
        return {name: [sign.gammas.tolist() for sign in mode.signs if isinstance(sign, ResidualSign)]
                for name, mode in self.banks.items()}

    def constrain(self) -> None:
        """Puts the parameters back within their bounds. Call it after every optimizer step."""
        for weight in self.binary_weights:
            weight.constrain()
