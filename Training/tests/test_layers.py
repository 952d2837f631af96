# SPDX-License-Identifier: Apache-2.0
"""The layers by hand and against the papers' equations."""

import pytest
import torch

from resbin_training.layers import BinaryConv2d, BinaryDense, BinaryWeight, ResidualSign, StraightThroughSign

SEED = 20


def test_sign_of_zero_is_plus_one() -> None:
    x = torch.tensor([-2.0, -0.5, -0.0, 0.0, 0.5, 2.0], requires_grad=True)
    bits = StraightThroughSign.apply(x)
    bits.sum().backward()
    assert bits.tolist() == [-1, -1, 1, 1, 1, 1]
    assert x.grad is not None and x.grad.tolist() == [0, 1, 1, 1, 1, 0]


def test_residual_sign_by_hand() -> None:
    layer = ResidualSign(2)
    layer.assign(torch.tensor([1.0, 0.25]))
    values = layer(torch.tensor([[-3.0, -0.9, -0.0, 0.0, 0.9, 1.0]]))
    torch.testing.assert_close(values, torch.tensor([[-1.25, -0.75, 0.75, 0.75, 0.75, 1.25]]))


@pytest.mark.parametrize("levels", [1, 2, 3, 4])
@pytest.mark.parametrize("ordered", [True, False])
def test_residual_sign_is_the_papers_recursion(levels: int, ordered: bool) -> None:
    torch.manual_seed(SEED)
    layer = ResidualSign(levels, ordered)
    layer.log_steps.data.normal_()
    x = torch.randn(1000, 3, requires_grad=True)
    values = layer(x)
    residual, total = x.detach().clone(), torch.zeros(1000, 3)
    bits = []
    for gamma in layer.gammas.detach():
        bits.append(torch.where(residual >= 0, 1.0, -1.0))
        residual, total = residual - gamma * bits[-1], total + gamma * bits[-1]
    torch.testing.assert_close(values, total)

    # The stated gradients: straight through to x, and to each γ as if its bit were constant.
    weight = torch.randn(1000, 3)
    gammas = layer.gammas
    gammas.retain_grad()
    from_apply = torch.autograd.grad((layer(x) * weight).sum(), [x, layer.log_steps])
    torch.testing.assert_close(from_apply[0], weight * (x.detach().abs() <= 1.5))
    torch.stack([(weight * bit).sum() for bit in bits]).mul(gammas).sum().backward(inputs=[layer.log_steps])
    torch.testing.assert_close(from_apply[1], layer.log_steps.grad, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("levels", [1, 2, 3, 4])
def test_gammas_decrease_by_construction(levels: int) -> None:
    generator = torch.Generator().manual_seed(SEED)
    for ordered in (True, False):
        layer = ResidualSign(levels, ordered)
        for _ in range(100):
            layer.log_steps.data.normal_(0, 3, generator=generator)
            gammas = layer.gammas.double()
            assert (gammas > 0).all()
            for level in range(levels - 1):
                later = gammas[level + 1:].sum() if ordered else gammas[level + 1]
                assert gammas[level] >= later * (1 - 1e-6)


def test_values_rise_with_x_when_ordered() -> None:
    x = torch.linspace(-3, 3, 2001)
    ordered, free = ResidualSign(3), ResidualSign(3, ordered=False)
    free.assign(torch.tensor([0.5, 0.45, 0.4]))
    assert (ordered(x).diff() >= -1e-6).all()
    assert (free(x).diff() < -0.1).any()  # so the option says something


def test_assigned_gammas_are_kept_where_the_construction_allows_them() -> None:
    layer = ResidualSign(3)
    layer.assign(torch.tensor([2.0, 1.0, 0.25]))
    torch.testing.assert_close(layer.gammas, torch.tensor([2.0, 1.0, 0.25]))
    layer.assign(torch.tensor([0.1, 0.1, 0.1]))
    assert (layer.gammas > 0).all() and layer.gammas[0] >= layer.gammas[1:].sum()


def test_temperature_is_the_change_of_variable() -> None:
    weight = BinaryWeight((3, 4), "tanh")
    with torch.no_grad():
        weight.scale.fill_(0.5)
        weight.temperature.fill_(7.0)
    torch.testing.assert_close(weight(), 0.5 * torch.tanh(7 * weight.latent))
    weight().sum().backward()
    assert weight.latent.grad is not None and weight.scale.grad is not None
    weight.harden()
    torch.testing.assert_close(weight(), 0.5 * torch.where(weight.latent >= 0, 1.0, -1.0))
    assert not torch.autograd.grad(weight().sum(), weight.latent, allow_unused=True)[0]


def test_constrained_weights_stay_where_their_gradient_passes() -> None:
    sign, tanh = BinaryWeight((2, 2), "sign"), BinaryWeight((2, 2), "tanh")
    sign.latent.data.fill_(3)
    tanh.scale.data.fill_(-1)
    sign.constrain()
    tanh.constrain()
    assert sign.latent.max() == 1 and float(tanh.scale.detach()) > 0


def test_a_convolution_is_a_dense_layer_on_windows() -> None:
    torch.manual_seed(SEED)
    convolution, dense = BinaryConv2d(2, 5, 3, stride=2, padding=1), BinaryDense(18, 5)
    dense.weight.latent.data.copy_(convolution.weight.latent.detach().reshape(5, 18).T)
    x = torch.sign(torch.randn(4, 2, 8, 8))
    windows = torch.nn.functional.unfold(x, 3, stride=2, padding=1).transpose(1, 2)
    torch.testing.assert_close(convolution(x).flatten(2).transpose(1, 2), dense(windows))
