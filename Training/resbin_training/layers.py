# SPDX-License-Identifier: Apache-2.0
"""The layers PyTorch lacks: dense and convolutional layers of ±1 weights, and the residual sign."""

from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

WeightMethod = Literal["sign", "tanh", "float"]


class StraightThroughSign(torch.autograd.Function):
    """±1 by sign, with sign(0) = +1; the gradient passes where |x| ≤ 1. Any shape → the same shape."""

    @staticmethod
    def forward(context: Any, x: Tensor) -> Tensor:
        context.save_for_backward(x)
        return signs(x)

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> Tensor:
        (x,) = context.saved_tensors
        return gradient * (x.abs() <= 1)


def signs(x: Tensor) -> Tensor:
    """±1 of x's type, with sign(0) = +1."""
    return torch.copysign(torch.ones((), dtype=x.dtype, device=x.device), x + 0.0)


class BinaryWeight(nn.Module):
    """A weight matrix Θ that becomes ±1, by one of two methods, or stays real ("float", for a teacher).

        sign:  W = sign(Θ), the gradient passing straight through where |Θ| ≤ 1      (BinaryNet, arXiv 1602.02830)
        tanh:  W = c · tanh(T · Θ);  after `harden`, W = c · sign(Θ) and Θ is fixed   (ResBinNet, arXiv 1711.01243)

    T, the temperature, is raised from outside during the training; c > 0 is one trained number a matrix. A batch
    norm after the layer makes c needless, so the export moves it there.
    """

    SMALLEST_SCALE = 1e-3
    temperature: Tensor
    is_hard: Tensor

    def __init__(self, shape: tuple[int, ...], method: WeightMethod) -> None:
        super().__init__()
        self.method = method
        self.latent = nn.Parameter(torch.empty(shape))
        if method == "tanh":
            self.latent.data.uniform_(-0.3, 0.3)
            self.scale = nn.Parameter(torch.ones(()))
            self.register_buffer("temperature", torch.ones(()))
            self.register_buffer("is_hard", torch.zeros((), dtype=torch.bool))
        elif method == "sign":
            self.latent.data.uniform_(-0.1, 0.1)
        else:
            # PyTorch's own bound for a convolution [outputs, channels, …] or a matrix [inputs, outputs].
            fan_in = shape[0] if len(shape) == 2 else self.latent[0].numel()
            self.latent.data.uniform_(-(fan_in**-0.5), fan_in**-0.5)

    def forward(self) -> Tensor:
        if self.method == "sign":
            return StraightThroughSign.apply(self.latent)
        if self.method == "tanh":
            return self.scale * (signs(self.latent.detach()) if self.is_hard
                                 else torch.tanh(self.temperature * self.latent))
        return self.latent

    @property
    def soft(self) -> Tensor:
        """What is still between -1 and 1: Θ by sign, tanh(T · Θ) by tanh. For histograms."""
        return torch.tanh(self.temperature * self.latent) if self.method == "tanh" else self.latent

    @torch.no_grad()
    def harden(self) -> None:
        """From here on the weights are c · sign(Θ), and Θ is no longer trained."""
        if self.method == "tanh":
            self.is_hard.fill_(True)

    @torch.no_grad()
    def constrain(self) -> None:
        """Clips Θ to where its gradient passes, and c to positive numbers. Call it after every optimizer step."""
        if self.method == "sign":
            self.latent.clamp_(-1, 1)
        elif self.method == "tanh":
            self.scale.clamp_(min=self.SMALLEST_SCALE)


class BinaryDense(nn.Module):
    """y = x · W, without a bias. [N, inputs] → [N, outputs]; W [inputs, outputs] is a `BinaryWeight`."""

    def __init__(self, inputs: int, outputs: int, method: WeightMethod = "sign") -> None:
        super().__init__()
        self.weight = BinaryWeight((inputs, outputs), method)

    def forward(self, x: Tensor) -> Tensor:
        return x @ self.weight()


class BinaryConv2d(nn.Module):
    """y = x ⋆ W, without a bias. [N, channels, H, W] → [N, outputs, H', W']; W [outputs, channels, k, k].

    A border of `padding` values holds 0, which is neither level: in hardware those inputs are absent.
    """

    def __init__(self, channels: int, outputs: int, kernel: int, stride: int = 1, padding: int = 0,
                 method: WeightMethod = "sign") -> None:
        super().__init__()
        self.stride, self.padding = stride, padding
        self.weight = BinaryWeight((outputs, channels, kernel, kernel), method)

    def forward(self, x: Tensor) -> Tensor:
        return functional.conv2d(x, self.weight(), stride=self.stride, padding=self.padding)


class StraightThroughResidual(torch.autograd.Function):
    """e = Σ γₗ·bₗ of `ResidualSign`; x of any shape, γ [M] → the shape of x.

    The gradient reaches x as if e were x, where |x| ≤ `REACH`, and each γₗ as if its bₗ were constant. So
    scaling all γ of a layer alike, which the next batch norm undoes, has no gradient. (Backwards through
    the chain of residuals instead, every γ shrinks until the levels coincide.)
    """

    REACH = 1.5

    @staticmethod
    def forward(context: Any, x: Tensor, gammas: Tensor) -> Tensor:
        gammas = gammas.to(x.dtype)
        residual, terms = x + 0.0, []  # -0.0 becomes 0.0, whose sign copies as +1
        for gamma in gammas:
            terms.append(torch.copysign(gamma, residual))
            residual.sub_(terms[-1])
        context.save_for_backward(x, gammas, *terms)
        return sum(terms[1:], terms[0])

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor, Tensor]:
        x, gammas, *terms = context.saved_tensors
        flat = gradient.flatten()
        return (gradient * (x.abs() <= StraightThroughResidual.REACH),
                torch.stack([flat @ term.flatten() / gamma for term, gamma in zip(terms, gammas)]).float())


class ResidualSign(nn.Module):
    """Approximates each value by M scaled signs. Any shape → the same shape.

        r₁ = x,   bₗ = sign(rₗ),   rₗ₊₁ = rₗ - γₗ·bₗ,   e = Σ γₗ·bₗ

    One set of γ [M] a layer, trained through their steps δ > 0, so that they decrease by construction:

        ordered:      γₗ = δₗ + Σ γₖ (k > l), so that e rises with x, and pooling values equals pooling codes
        not ordered:  γₗ = δₗ + γₗ₊₁

    Source: ResBinNet, arXiv 1711.01243, residual binarization.
    """

    def __init__(self, levels: int, ordered: bool = True) -> None:
        super().__init__()
        self.levels, self.ordered = levels, ordered
        self.log_steps = nn.Parameter(torch.empty(levels))
        self.assign(0.8 * 0.5 ** torch.arange(levels, dtype=torch.float32))

    @property
    def gammas(self) -> Tensor:
        """γ [M], the largest first."""
        later = torch.zeros((), device=self.log_steps.device)
        gammas: list[Tensor] = []
        for step in self.log_steps.exp().flip(0):
            gammas.insert(0, later + step)
            later = later + gammas[0] if self.ordered else gammas[0]
        return torch.stack(gammas)

    @torch.no_grad()
    def assign(self, gammas: Tensor) -> None:
        """Sets γ [M], moved to the nearest ones that the construction allows, from the last to the first."""
        later = 0.0
        for level in reversed(range(self.levels)):
            step = max(float(gammas[level]) - later, 1e-3)
            self.log_steps[level] = torch.tensor(step).log()
            later = 2 * later + step if self.ordered else later + step

    def forward(self, x: Tensor) -> Tensor:
        return StraightThroughResidual.apply(x, self.gammas)
