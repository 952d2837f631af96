# SPDX-License-Identifier: Apache-2.0
"""The network: 784-256-256-256-10, binary weights, M residual levels between the dense layers."""

import numpy as np
import torch
from torch import Tensor, nn

from .layers import BinaryDense, ResidualSign

# A pixel u in 0…255 enters as u·scale - shift, about -1…1, in float32, here and in the ONNX file.
INPUT_SCALE = np.float32(2 / 255)
INPUT_SHIFT = np.float32(1)

WIDTHS = (784, 256, 256, 256, 10)


class ResidualBinaryNetwork(nn.Module):
    """[N, 1, 28, 28] pixels u in 0…255, of any type → [N, 10] scores.

    Flatten, then [BinaryDense → BatchNorm → ResidualSign] × 3, then BinaryDense → BatchNorm.
    """

    def __init__(self, levels: int) -> None:
        super().__init__()
        self.levels = levels
        self.dense = nn.ModuleList(BinaryDense(i, o) for i, o in zip(WIDTHS, WIDTHS[1:]))
        self.norms = nn.ModuleList(nn.BatchNorm1d(outputs) for outputs in WIDTHS[1:])
        self.signs = nn.ModuleList(ResidualSign(levels) for _ in WIDTHS[1:-1])
        self.register_buffer("scale", torch.tensor(INPUT_SCALE), persistent=False)
        self.register_buffer("shift", torch.tensor(INPUT_SHIFT), persistent=False)

    def forward(self, image: Tensor) -> Tensor:
        x = (image.float() * self.scale - self.shift).flatten(1)
        for dense, norm, residual_sign in zip(self.dense, self.norms, self.signs):
            x = residual_sign(norm(dense(x)))
        return self.norms[-1](self.dense[-1](x))

    def constrain(self) -> None:
        """Puts the parameters back within their bounds. Call it after every optimizer step."""
        for layer in [*self.dense, *self.signs]:
            layer.constrain()
