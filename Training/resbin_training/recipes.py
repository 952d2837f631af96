# SPDX-License-Identifier: Apache-2.0
"""The settings of a training, and the recipes: which network on which data, and how it is trained."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

from . import InputError
from .data import Augmentation
from .layers import WeightMethod
from .network import CNV, Architecture, perceptron

Levels = tuple[int, ...]


@dataclass(frozen=True)
class Settings:
    """All that decides the trained network, besides the data and the machine's arithmetic."""

    recipe: str
    levels: Levels  # one count for all layers, or one for each layer but the last
    joint: bool = False  # a bank of batch norms and γ for each m = 1…M, over the same weights
    method: WeightMethod = "sign"
    ordered: bool = True  # γ of a level at least the sum of the later ones
    seed: int = 1
    epochs: int = 60
    harden: int = 1  # epochs more after "tanh" weights became ±1
    temperature: float = 30.0  # of "tanh" weights in the last epoch; 1 in the first, geometric between
    batch: int = 128
    rate: float = 5e-3
    schedule: Literal["cosine", "constant"] = "cosine"
    smoothing: float = 0.0
    distillation: float = 0.0  # share of the loss that compares with a teacher
    shift: float = 0.0
    degrees: float = 0.0
    flip: bool = False
    validation: int = 10_000
    bf16: float = 0.0  # share of the epochs, the first ones, that are computed in bfloat16
    start: str = ""
    teacher: str = ""

    @property
    def augmentation(self) -> Augmentation:
        return Augmentation(self.shift, self.degrees, self.flip)

    @property
    def epochs_in_all(self) -> int:
        return self.epochs + (self.harden if self.method == "tanh" else 0)

    def is_hardening(self, epoch: int) -> bool:
        """Whether `epoch`, counted from 0, comes after "tanh" weights became ±1."""
        return self.method == "tanh" and epoch >= self.epochs

    @property
    def layer_levels(self) -> Levels:
        count = len(RECIPES[self.recipe].architecture.layers) - 1
        return self.levels * count if len(self.levels) == 1 else self.levels

    def checked(self) -> "Settings":
        """Self, or an `InputError` that names the option."""
        for name, (least, most) in BOUNDS.items():
            value = getattr(self, name)
            if not least <= value <= most:
                raise InputError(f"--{name} is {value}; expected {least} to {most}")
        count = len(RECIPES[self.recipe].architecture.layers) - 1
        if len(self.levels) not in (1, count):
            raise InputError(f"--levels names {len(self.levels)} counts; expected one, or {count}, one for each layer"
                             " but the last")
        if self.method == "float":
            if set(self.levels) != {0} or self.joint:
                raise InputError("--method float makes a teacher of real weights and ReLU; expected --levels 0 alone")
        elif any(not 1 <= level <= 4 for level in self.levels):
            raise InputError(f"--levels is {','.join(map(str, self.levels))}; expected 1 to 4")
        if self.joint and max(self.levels) == 1:
            raise InputError("--joint shares weights between level counts; expected --levels of 2 or more")
        if self.method == "tanh" and self.harden == 0:
            raise InputError("--harden is 0; weights by --method tanh need an epoch or more after they became ±1")
        if self.distillation and not (self.teacher or self.joint):
            raise InputError(f"--distillation is {self.distillation}; expected a --teacher, or --joint, where the network"
                             " of all levels teaches the others")
        if self.teacher and not self.distillation:
            raise InputError("--teacher teaches nothing while --distillation is 0; expected a share above 0")
        return self


BOUNDS: dict[str, tuple[float, float]] = {
    "seed": (0, 1_000_000), "epochs": (1, 10_000), "harden": (0, 1000), "temperature": (1, 10_000),
    "batch": (2, 10_000), "rate": (1e-6, 1.0), "smoothing": (0.0, 0.9), "distillation": (0.0, 1.0),
    "shift": (0.0, 14.0), "degrees": (0.0, 180.0), "validation": (1, 50_000), "bf16": (0.0, 1.0)}


@dataclass(frozen=True)
class Recipe:
    """A network on a data set: settings that measured well here, and those of the paper."""

    dataset: str
    architecture: Architecture
    measured: Mapping[str, Any]
    paper: Mapping[str, Any]

    def settings(self, name: str, as_paper: bool, given: Mapping[str, Any]) -> Settings:
        return Settings(recipe=name, **{**(self.paper if as_paper else self.measured), **given})


# ResBinNet, arXiv 1711.01243: temperature adjustment, 30+1, 50+1 and 10+1 epochs for MNIST, CIFAR-10 and SVHN. It does
# not say what the optimizer was; a constant rate of Adam without augmentation is this project's reading.
_PAPER = {"method": "tanh", "harden": 1, "rate": 1e-3, "schedule": "constant"}
_MNIST_PAPER = {**_PAPER, "epochs": 30}
_MNIST = {"epochs": 60, "rate": 5e-3, "shift": 1.0, "degrees": 5.0}
_CIFAR = {"epochs": 300, "rate": 5e-3, "batch": 128, "shift": 4.0, "flip": True, "validation": 5000}

RECIPES: dict[str, Recipe] = {
    "mnist-256x3": Recipe("MNIST", perceptron((256, 256, 256, 10)), _MNIST, _MNIST_PAPER),
    "mnist-256x3-1bit": Recipe("MNIST", perceptron((256, 256, 256, 10), 1), _MNIST, _MNIST_PAPER),
    "mnist-1024x3": Recipe("MNIST", perceptron((1024, 1024, 1024, 10)), _MNIST, _MNIST_PAPER),
    "mnist-1024x3-1bit": Recipe("MNIST", perceptron((1024, 1024, 1024, 10), 1), _MNIST, _MNIST_PAPER),
    "cifar10-cnv": Recipe("CIFAR-10", CNV, _CIFAR, {**_PAPER, "epochs": 50, "validation": 5000}),
    "svhn-cnv": Recipe("SVHN", CNV, {**_CIFAR, "epochs": 60, "shift": 2.0, "flip": False},
                       {**_PAPER, "epochs": 10, "validation": 5000}),
}


def settings_from(content: Mapping[str, Any]) -> Settings:
    """The settings that a checkpoint holds."""
    known = {entry.name for entry in fields(Settings)}
    values = {key: value for key, value in content.items() if key in known}
    return Settings(**{**values, "levels": tuple(values["levels"])})
