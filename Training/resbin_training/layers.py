# SPDX-License-Identifier: Apache-2.0
"""The two layers PyTorch lacks: a dense layer of ±1 weights, and the residual sign."""

from typing import Any

import torch
from torch import Tensor, nn


class StraightThroughSign(torch.autograd.Function):
    """±1 by sign, with sign(0) = +1; the gradient passes where |x| ≤ 1. Any shape → the same shape."""

    @staticmethod
    def forward(context: Any, x: Tensor) -> Tensor:
        context.save_for_backward(x)
        return torch.where(x >= 0, 1.0, -1.0)

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> Tensor:
        (x,) = context.saved_tensors
        return gradient * (x.abs() <= 1)


class BinaryDense(nn.Module):
    """y = x · sign(W), without a bias. [N, inputs] → [N, outputs].

    W [inputs, outputs] is latent: only its signs are used and exported. `constrain` keeps it
    within [-1, 1], where its gradient passes.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(inputs, outputs).uniform_(-0.1, 0.1))

    def forward(self, x: Tensor) -> Tensor:
        return x @ StraightThroughSign.apply(self.weight)

    @torch.no_grad()
    def constrain(self) -> None:
        """Clips the latent weights. Call it after every optimizer step."""
        self.weight.clamp_(-1, 1)


class StraightThroughResidual(torch.autograd.Function):
    """e = Σ γₗ·bₗ of `ResidualSign`; x of any shape, γ [M] → the shape of x.

    The gradient reaches x as if e were x, where |x| ≤ `REACH`, and each γₗ as if its bₗ were constant. So
    scaling all γ of a layer alike, which the next batch norm undoes, has no gradient. (Backwards through
    the chain of residuals instead, every γ shrinks until the levels coincide.)
    """

    REACH = 1.5

    @staticmethod
    def forward(context: Any, x: Tensor, gammas: Tensor) -> Tensor:
        residual, total, bits = x, torch.zeros(()), []
        for gamma in gammas:
            bits.append(torch.where(residual >= 0, 1.0, -1.0))
            residual = residual - gamma * bits[-1]
            total = total + gamma * bits[-1]
        context.save_for_backward(x, *bits)
        return total

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor, Tensor]:
        x, *bits = context.saved_tensors
        return (gradient * (x.abs() <= StraightThroughResidual.REACH),
                torch.stack([(gradient * bit).sum() for bit in bits]))


class ResidualSign(nn.Module):
    """Approximates each value by M scaled signs. [N, channels] → [N, channels].

        r₁ = x,   bₗ = sign(rₗ),   rₗ₊₁ = rₗ - γₗ·bₗ,   e = Σ γₗ·bₗ

    γ [M] is trained, one set for the whole layer; `constrain` keeps it positive and decreasing.
    Source: ResBinNet, arXiv 1711.01243, residual binarization.
    """

    SMALLEST_GAMMA = 1e-3
    LARGEST_RATIO = 0.95  # of a γ to the one before it

    def __init__(self, levels: int) -> None:
        super().__init__()
        self.gammas = nn.Parameter(0.8 * 0.5 ** torch.arange(levels, dtype=torch.float32))

    def forward(self, x: Tensor) -> Tensor:
        return StraightThroughResidual.apply(x, self.gammas)

    @torch.no_grad()
    def constrain(self) -> None:
        """Clips every γ to a share of the one before it. Call it after every optimizer step."""
        levels = len(self.gammas)
        largest = float("inf")
        for level in range(levels):
            smallest = self.SMALLEST_GAMMA / self.LARGEST_RATIO ** (levels - 1 - level)
            self.gammas[level].clamp_(smallest, max(largest, smallest))
            largest = float(self.gammas[level]) * self.LARGEST_RATIO
