# SPDX-License-Identifier: Apache-2.0
"""Beginning a training from a network that exists: a checkpoint of this program, or an ONNX model of the same layers."""

from pathlib import Path
from typing import Any

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from . import InputError
from .layers import ResidualSign, signs
from .network import Mode, ResidualBinaryNetwork
from .recipes import RECIPES, Settings, settings_from

# |Θ| of a weight of which only the sign is known: evenly between these, so that they do not turn all at once.
LATENTS = (0.01, 0.2)


def loaded(path: Path) -> dict[str, Any]:
    """A checkpoint's content."""
    try:
        content: dict[str, Any] = torch.load(path, weights_only=True, map_location="cpu")
        content["settings"]["levels"]
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    except Exception as error:  # torch.load raises many kinds
        raise InputError(f"{path}: is no checkpoint of this program") from error
    return content


def best_network(path: Path) -> tuple[Settings, ResidualBinaryNetwork]:
    """The best network so far of a checkpoint, in eval mode, and its settings."""
    content = loaded(path)
    settings = settings_from(content["settings"])
    network = built(settings)
    network.load_state_dict(content["progress"]["best_state"] or content["network"])
    return settings, network.eval()


def built(settings: Settings) -> ResidualBinaryNetwork:
    """The untrained network of `settings`."""
    return ResidualBinaryNetwork(RECIPES[settings.recipe].architecture, settings.layer_levels, settings.joint,
                                 settings.method, settings.ordered)


def begin(network: ResidualBinaryNetwork, path: Path, images: Tensor) -> None:
    """Gives `network` the weights, and as far as it has them the batch norms and γ, of the file at `path`.

    A file without batch norms has a bias before each sign; the position of that sign among a layer's sums is measured
    on `images`, so that the batch norm begins where the sign was.
    """
    if path.suffix == ".onnx":
        _begin_from_onnx(network, path, images)
    else:
        _, source = best_network(path)
        if source.architecture != network.architecture:
            raise InputError(f"{path}: holds another network than the recipe's")
        for target, weight in zip(network.binary_weights, source.binary_weights):
            target.latent.data.copy_(weight.latent)
        for name, bank in network.banks.items():
            _copy_bank(bank, source.banks.get(name) or next(iter(source.banks.values())))


@torch.no_grad()
def _copy_bank(target: Mode, source: Mode) -> None:
    for to, of in zip(target.norms, source.norms):
        to.load_state_dict(of.state_dict())
    for to, of in zip(target.signs, source.signs):
        if isinstance(to, ResidualSign) and isinstance(of, ResidualSign):
            _assign(to, of.gammas)


def _assign(sign: ResidualSign, gammas: Tensor) -> None:
    """As many of `gammas` as there are levels; a level more halves the last one."""
    values = gammas.detach().tolist()[: sign.levels]
    while len(values) < sign.levels:
        values.append(values[-1] / 2)
    sign.assign(torch.tensor(values))


@torch.no_grad()
def _begin_from_onnx(network: ResidualBinaryNetwork, path: Path, images: Tensor) -> None:
    try:
        graph = onnx.load(path).graph
    except Exception as error:  # protobuf and onnx raise their own kinds
        raise InputError(f"{path}: cannot be read as an ONNX model") from error
    values = {tensor.name: torch.tensor(numpy_helper.to_array(tensor)) for tensor in graph.initializer}
    names = network.architecture.names
    for name, weight in zip(names, network.binary_weights):
        source = values.get(f"{name}.weight")
        if source is None or source.shape != weight.latent.shape:
            found = "no such weights" if source is None else f"{name}.weight {list(source.shape)}"
            raise InputError(f"{path}: holds {found}; expected {name}.weight {list(weight.latent.shape)}")
        size = torch.empty_like(weight.latent).uniform_(*LATENTS)
        weight.latent.copy_(signs(source.float()) * size)
    for mode_name, mode in network.banks.items():
        top = max(network.levels)
        suffix = f"_m{mode_name}" if f"{names[0]}_norm_m{mode_name}.scale" in values and int(mode_name) != top else ""
        if f"{names[0]}_norm{suffix}.scale" not in values:
            _measure_biases(network, mode_name, values, images)
            continue
        for index, name in enumerate(names):
            norm = mode.norm(index)
            for part, target in (("scale", norm.weight), ("bias", norm.bias),
                                 ("mean", norm.get_buffer("running_mean")), ("var", norm.get_buffer("running_var"))):
                target.copy_(values[f"{name}_norm{suffix}.{part}"])
            if sign := mode.sign(index):
                gammas = [values[key].reshape(1) for level in range(1, 5)
                          if (key := f"{name}_sign{suffix}.gamma{level}") in values]
                _assign(sign, torch.cat(gammas))


def _measure_biases(network: ResidualBinaryNetwork, mode_name: str, values: dict[str, Tensor], images: Tensor) -> None:
    """b before a sign at s + b ≥ 0 becomes β = (mean + b) / deviation over the images' sums s of that layer."""
    mode = network.banks[mode_name]
    network.eval()
    handles: list[RemovableHandle] = []

    def measure(index: int, name: str) -> None:
        size = 1.0

        def before_weights(_: nn.Module, arguments: tuple[Tensor]) -> None:
            # The bias belongs to inputs of ±1; those of this network are smaller or larger.
            nonlocal size
            size = float(arguments[0].square().mean().sqrt()) if index > 0 else 1.0

        def before_norm(_: nn.Module, arguments: tuple[Tensor]) -> None:
            norm, sums = mode.norm(index), arguments[0]
            mean, variance = norm.get_buffer("running_mean"), norm.get_buffer("running_var")
            dimensions = [0, *range(2, sums.dim())]
            mean.copy_(sums.mean(dimensions))
            variance.copy_(sums.var(dimensions).clamp(min=1e-3))
            bias = values.get(f"{name}.bias")
            if bias is not None:
                norm.bias.copy_((mean + size * bias) / (variance + norm.eps).sqrt())

        handles.append(network.weights[index].register_forward_pre_hook(before_weights))
        handles.append(mode.norms[index].register_forward_pre_hook(before_norm))

    for index, name in enumerate(network.architecture.names):
        measure(index, name)
    network.scores_by_mode(images, [mode_name])
    for handle in handles:
        handle.remove()
