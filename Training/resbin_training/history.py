# SPDX-License-Identifier: Apache-2.0
"""What a training left behind: the history.json of a run folder, checked as it is read."""

import json
import math
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import InputError


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
    """The history of the folder `run`; an `InputError` names the first value that training does not write."""
    name = Path(os.path.abspath(run)).name
    if not name.isprintable():
        raise InputError(f"{name!r}: is the name of a run folder; expected characters that can be shown")
    if not run.is_dir():
        raise InputError(f"{run}: no such directory; expected a run folder of resbin_training.train")
    path = run / "history.json"
    if not path.exists():
        raise InputError(f"{path}: no such file; expected the history that resbin_training.train writes")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:  # neither UTF-8 nor JSON
        raise InputError(f"{path}: is no JSON: {error}; expected the history that resbin_training.train writes"
                         ) from error
    with _blaming(path):
        return _history(name, _Value("the file", content))


class _Unexpected(Exception):
    """A value of another kind than training writes; the message says where and what."""


@contextmanager
def _blaming(path: Path) -> Iterator[None]:
    try:
        yield
    except _Unexpected as error:
        raise InputError(f"{path}: {error}") from error


@dataclass(frozen=True)
class _Value:
    """A value of the file, and where it stands there."""

    where: str
    value: Any

    def fail(self, expected: str) -> _Unexpected:
        shown = json.dumps(self.value)
        shown = shown if len(shown) <= 40 else f"{shown[:39]}…"
        return _Unexpected(f"{self.where} is {shown}; expected {expected}")

    def __getitem__(self, key: str) -> "_Value":
        where = key if self.where == "the file" else f"{self.where}.{key}"
        content = self.dictionary()
        if key not in content:
            raise _Unexpected(f"{where} is missing; expected the history that resbin_training.train writes")
        return content[key]

    def dictionary(self) -> "dict[str, _Value]":
        if not isinstance(self.value, dict):
            raise self.fail("an object")
        prefix = "" if self.where == "the file" else f"{self.where}."
        return {key: _Value(f"{prefix}{key}", value) for key, value in self.value.items()}

    def entries(self) -> "list[_Value]":
        if not isinstance(self.value, list):
            raise self.fail("a list")
        return [_Value(f"{self.where}[{index}]", value) for index, value in enumerate(self.value)]

    def entries_of(self, count: int, what: str) -> "list[_Value]":
        values = self.entries()
        if len(values) != count:
            raise _Unexpected(f"{self.where} holds {len(values)}; expected {count}, {what}")
        return values

    def text(self) -> str:
        if not isinstance(self.value, str) or not self.value.isprintable():
            raise self.fail("a text that can be shown")
        return self.value

    def truth(self) -> bool:
        if not isinstance(self.value, bool):
            raise self.fail("true or false")
        return self.value

    def whole(self) -> int:
        if not isinstance(self.value, int) or isinstance(self.value, bool) or not 0 <= self.value < 2**53:
            raise self.fail("a whole number, 0 or more")
        return self.value

    def number(self, expected: str = "a number", allows: Callable[[float], bool] = lambda value: True) -> float:
        if not isinstance(self.value, (int, float)) or isinstance(self.value, bool):
            raise self.fail(expected)
        try:
            value = float(self.value)
        except OverflowError:
            value = math.inf
        if not allows(value):
            raise self.fail(expected)
        return value


def _history(name: str, file: _Value) -> History:
    method = file["settings"]["method"]
    if method.text() not in ("sign", "tanh", "float"):
        raise method.fail('"sign", "tanh" or "float"')
    layers = [layer.text() for layer in file["layers"].entries()]
    if not layers:
        raise _Unexpected("layers holds none; expected one or more")
    signs = 0 if method.value == "float" else len(layers) - 1
    epochs = [_epoch(value, len(layers), signs) for value in file["epochs"].entries()]
    if not epochs:
        raise _Unexpected("epochs holds none; expected one or more")
    if method.value == "tanh" and epochs[0].is_binary:
        raise _Unexpected("epochs[0].is_binary is true; expected false, as weights by tanh begin soft")
    for index, epoch in enumerate(epochs):
        if epoch.number != index + 1:
            raise _Unexpected(f"epochs[{index}].epoch is {epoch.number}; expected {index + 1}")
        if epoch.validation.keys() != epochs[0].validation.keys():
            raise _Unexpected(f"epochs[{index}].validation has the modes {', '.join(epoch.validation)}; expected"
                              f" {', '.join(epochs[0].validation)}, as epochs[0] has")
    return History(name, method.text(), layers, epochs)


def _epoch(entry: _Value, layers: int, signs: int) -> Epoch:
    validation = entry["validation"].dictionary()
    for mode in validation:
        if mode not in ("0", "1", "2", "3", "4"):
            raise _Unexpected(f"{entry.where}.validation has the mode {mode!r}; expected level counts, 0 to 4")
    if not validation:
        raise _Unexpected(f"{entry.where}.validation holds none; expected an accuracy for each mode")
    return Epoch(
        number=entry["epoch"].whole(),
        loss=entry["loss"].number(),
        temperature=entry["temperature"].number("a finite number above 0", _is_positive),
        is_binary=entry["is_binary"].truth(),
        validation={mode: value.number("an accuracy, 0 to 1", lambda value: 0 <= value <= 1)
                    for mode, value in validation.items()},
        gammas={mode: _gammas(entry["gammas"][mode], signs) for mode in validation},
        histograms=[_counts(value) for value in entry["histograms"].entries_of(layers, "one for each layer")])


def _gammas(value: _Value, signs: int) -> list[list[float]]:
    return [_of_levels(of_layer) for of_layer in value.entries_of(signs, "one for each residual sign")]


def _of_levels(value: _Value) -> list[float]:
    gammas = [gamma.number("a finite number above 0", _is_positive) for gamma in value.entries()]
    if not 1 <= len(gammas) <= 4:
        raise _Unexpected(f"{value.where} holds {len(gammas)}; expected 1 to 4, one for each level")
    return gammas


def _counts(value: _Value) -> list[int]:
    counts = [count.whole() for count in value.entries()]
    if sum(counts) == 0:
        raise _Unexpected(f"{value.where} counts no weights; expected a histogram")
    return counts


def _is_positive(value: float) -> bool:
    return 0 < value < math.inf
