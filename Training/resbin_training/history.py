# SPDX-License-Identifier: Apache-2.0
"""What a training left behind: the history.json of a run folder."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import InputError

WRITTEN = "expected the history that resbin_training.train writes"


@dataclass(frozen=True)
class Epoch:
    """What one epoch gave; `temperature` and `histograms` as they stood at its end."""

    number: int  # from 1
    loss: float  # mean over the steps; not finite where the training diverged
    temperature: float
    is_binary: bool  # false while "tanh" weights are not yet ±1
    validation: dict[str, float]  # by mode, 0…1
    gammas: dict[str, list[list[float]]]  # by mode, of each layer but the last, the largest first
    histograms: list[list[int]]  # of each layer: counts in equal bins from -1 to 1

    @property
    def accuracy(self) -> float:
        """On the validation images, the mean over the modes: what the best epoch has most of."""
        return sum(self.validation.values()) / len(self.validation)


@dataclass(frozen=True)
class History:
    """A training, epoch by epoch; of an unfinished one, the epochs so far."""

    name: str  # of the run folder
    method: str  # "sign", "tanh" or "float"
    layers: list[str]
    epochs: list[Epoch]

    @property
    def modes(self) -> list[str]:
        """The level counts that share the weights, rising; one alone where the training was not joint."""
        return sorted(self.epochs[0].validation, key=int)

    @property
    def soft(self) -> list[Epoch]:
        """The epochs before "tanh" weights became ±1."""
        return [epoch for epoch in self.epochs if not epoch.is_binary]

    @property
    def hardened(self) -> Epoch | None:
        """The first epoch of "tanh" weights that were ±1."""
        return next((epoch for epoch in self.epochs if epoch.is_binary), None) if self.method == "tanh" else None

    @property
    def best(self) -> Epoch | None:
        """The epoch that training exports: of those with binary weights the most accurate, the later one on a tie."""
        return max((epoch for epoch in self.epochs if epoch.is_binary or self.method != "tanh"),
                   key=lambda epoch: (epoch.accuracy, epoch.number), default=None)


def read(run: Path) -> History:
    """The history of the folder `run`, or an `InputError` where it is not what training writes."""
    name = Path(os.path.abspath(run)).name
    if not run.is_dir():
        raise InputError(f"{run}: no such directory; expected a run folder of resbin_training.train")
    path = run / "history.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}; {WRITTEN}") from error
    except (ValueError, RecursionError) as error:  # neither UTF-8 nor JSON
        raise InputError(f"{path}: is no JSON: {error}; {WRITTEN}") from error
    try:
        method, layers = content["settings"]["method"], [str(layer) for layer in content["layers"]]
        epochs = [_epoch(entry) for entry in content["epochs"]]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{path}: is damaged: {type(error).__name__} {error}; {WRITTEN}") from error
    signs = 0 if method == "float" else len(layers) - 1
    if not epochs or any(
            epoch.number != index + 1 or epoch.validation.keys() != epochs[0].validation.keys()
            or len(epoch.histograms) != len(layers) or not all(map(sum, epoch.histograms))
            or any(len(epoch.gammas.get(mode, [])) != signs for mode in epoch.validation)
            for index, epoch in enumerate(epochs)):
        raise InputError(f"{path}: its epochs do not fit together; {WRITTEN}")
    return History(name, method, layers, epochs)


def _epoch(entry: dict[str, Any]) -> Epoch:
    return Epoch(
        number=int(entry["epoch"]), loss=float(entry["loss"]), temperature=float(entry["temperature"]),
        is_binary=bool(entry["is_binary"]),
        validation={str(int(mode)): float(accuracy) for mode, accuracy in entry["validation"].items()},
        gammas={mode: [[float(gamma) for gamma in layer] for layer in layers]
                for mode, layers in entry["gammas"].items()},
        histograms=[[int(count) for count in counts] for counts in entry["histograms"]])
